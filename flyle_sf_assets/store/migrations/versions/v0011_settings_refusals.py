"""Settings versions that are not applied, and why settings files cannot be used."""

from pathlib import Path

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the table; an existing version that was refused is compared again."""
    # The whole file at once: the driver accepts several statements only without parameters.
    op.get_bind().connection.cursor().execute(
        Path(__file__).with_name("v0011_settings_refusals.sql").read_text(encoding="utf-8"), None
    )
