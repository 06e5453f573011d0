"""${message}"""

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Later tables: call flyle.protect_tenant_table, and raise SCHEMA_VERSION."""
