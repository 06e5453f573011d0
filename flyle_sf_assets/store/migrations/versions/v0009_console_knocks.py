"""Request counts shared by all processes of the console."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the table."""
    # Counts of a minute: a crash may empty them, so the table is unlogged.
    op.execute(
        "CREATE UNLOGGED TABLE flyle.console_knocks ("
        " tenant_id text NOT NULL CHECK (tenant_id <> ''),"
        " address text NOT NULL,"
        " since timestamptz NOT NULL,"
        " knocks integer NOT NULL,"
        " PRIMARY KEY (tenant_id, address, since))"
    )
    op.execute(
        "COMMENT ON TABLE flyle.console_knocks IS"
        " 'Attempts to enter the console within a minute; below the tenant ''*'' by address alone'"
    )
    op.execute(
        "SELECT flyle.protect_tenant_table('flyle.console_knocks',"
        " 'SELECT, INSERT, UPDATE, DELETE', '')"
    )
