"""The console: sessions, the progress of a running sync, and companies by name."""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the tables and the index."""
    connection = op.get_bind()
    # The whole file at once: the driver accepts several statements only without parameters.
    connection.connection.cursor().execute(
        Path(__file__).with_name("v0006_console.sql").read_text(encoding="utf-8"), None
    )
