"""Kept figures of tenants and of their syncs, and the outbox of webhooks."""

from pathlib import Path

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates tables, columns and an index; counts the companies of each tenant once."""
    # The whole file at once: the driver accepts several statements only without parameters.
    op.get_bind().connection.cursor().execute(
        Path(__file__).with_name("v0020_fleet.sql").read_text(encoding="utf-8"), None
    )
