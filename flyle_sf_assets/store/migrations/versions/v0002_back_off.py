"""When a link is tried again after failures, and when it was last compared as a whole."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds columns to the links; those that were there before have never failed."""
    # The whole file at once: the driver takes several statements only without parameters.
    op.get_bind().connection.cursor().execute(
        Path(__file__).with_name("v0002_back_off.sql").read_text(encoding="utf-8"), None
    )
