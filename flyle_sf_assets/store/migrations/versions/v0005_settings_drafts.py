"""Settings that an administrator has started and not saved yet."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One row per tenant, bound by row-level security like every other table."""
    op.execute(
        """
        CREATE TABLE flyle.settings_drafts (
            tenant_id text PRIMARY KEY CHECK (tenant_id <> ''),
            document jsonb NOT NULL CHECK (jsonb_typeof(document) = 'object'),
            base_version integer,
            author text NOT NULL,
            saved_at timestamptz NOT NULL
        )
        """
    )
    op.execute(
        "COMMENT ON TABLE flyle.settings_drafts IS"
        " 'Settings begun in the console and not saved yet; gone once saved'"
    )
    op.execute(
        "COMMENT ON COLUMN flyle.settings_drafts.base_version IS"
        " 'The settings version that it began from; null when there was none'"
    )
    op.execute(
        "SELECT flyle.protect_tenant_table('flyle.settings_drafts',"
        " 'SELECT, INSERT, UPDATE, DELETE', '')"
    )
