"""The English texts of notices; ``title`` and ``body`` are the Japanese ones."""

from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the columns; older notices have no English text of their own."""
    op.execute("ALTER TABLE flyle.notifications ADD COLUMN title_en text, ADD COLUMN body_en text")
    op.execute(
        "COMMENT ON COLUMN flyle.notifications.title_en IS"
        " 'In English; null for notices of earlier versions'"
    )
    op.execute(
        "COMMENT ON COLUMN flyle.notifications.body_en IS"
        " 'In English; null for notices of earlier versions'"
    )
