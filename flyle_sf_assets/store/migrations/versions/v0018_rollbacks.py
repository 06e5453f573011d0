"""What a rollback keeps, which sync a rollback concerns, and since when a mapping is as it is."""

from pathlib import Path

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates a table and adds two columns without default: no row is rewritten."""
    # The whole file at once: the driver accepts several statements only without parameters.
    op.get_bind().connection.cursor().execute(
        Path(__file__).with_name("v0018_rollbacks.sql").read_text(encoding="utf-8"), None
    )
