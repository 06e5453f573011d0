"""The history of companies by month, so that old months are dropped and not deleted row by row."""

from pathlib import Path

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Moves every row of the history into the partition of its month."""
    # The whole file at once: the driver accepts several statements only without parameters.
    op.get_bind().connection.cursor().execute(
        Path(__file__).with_name("v0019_history_by_month.sql").read_text(encoding="utf-8"), None
    )
