"""The table of connections, and the mark that everything must be read again."""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the table and the column."""
    # The whole file at once: the driver accepts several statements only without parameters.
    op.get_bind().connection.cursor().execute(
        Path(__file__).with_name("v0004_connections.sql").read_text(encoding="utf-8"), None
    )
