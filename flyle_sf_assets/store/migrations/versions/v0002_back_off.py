"""When a link is retried after failures, and when its last full comparison was."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds columns to the links; existing links have never failed."""
    # The whole file at once: the driver accepts several statements only without parameters.
    op.get_bind().connection.cursor().execute(
        Path(__file__).with_name("v0002_back_off.sql").read_text(encoding="utf-8"), None
    )
