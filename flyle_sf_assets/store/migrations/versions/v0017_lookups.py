"""Indexes for the settings of one author, and for a tenant's last complete syncs of one kind."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds two indexes; no table and no row changes."""
    op.execute(
        "CREATE INDEX settings_versions_of_author ON flyle.settings_versions"
        " (author, tenant_id, version DESC)"
    )
    op.execute(
        "CREATE INDEX syncs_done_of_kind ON flyle.syncs (tenant_id, kind, sync_id DESC)"
        " WHERE state = 'done'"
    )
