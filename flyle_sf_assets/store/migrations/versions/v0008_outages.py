"""Since when an org does not answer, and when a sync was last tried or requested."""

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds columns to the links; they are empty for existing links."""
    # The whole file at once: the driver accepts several statements only without parameters.
    op.get_bind().connection.cursor().execute(
        Path(__file__).with_name("v0008_outages.sql").read_text(encoding="utf-8"), None
    )
