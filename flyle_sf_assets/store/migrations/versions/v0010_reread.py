"""Which datasets a sync read again because a record file was damaged or lost."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column."""
    op.execute("ALTER TABLE flyle.syncs ADD COLUMN reread text[] NOT NULL DEFAULT '{}'")
    op.execute(
        "COMMENT ON COLUMN flyle.syncs.reread IS"
        " 'Datasets read again because a record file was damaged or lost, and why'"
    )
