"""What each settings version changed, and what was last read of each settings file."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates both tables."""
    # The whole file at once: the driver accepts several statements only without parameters.
    op.get_bind().connection.cursor().execute(
        Path(__file__).with_name("v0003_settings_changes.sql").read_text(encoding="utf-8"), None
    )
