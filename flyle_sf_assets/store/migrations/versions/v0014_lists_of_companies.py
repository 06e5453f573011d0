"""Indexes for lists of companies by status, name and update, and of the companies of a sync."""

from pathlib import Path

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Replaces two indexes and adds one; no table and no row changes."""
    # The whole file at once: the driver accepts several statements only without parameters.
    op.get_bind().connection.cursor().execute(
        Path(__file__).with_name("v0014_lists_of_companies.sql").read_text(encoding="utf-8"), None
    )
