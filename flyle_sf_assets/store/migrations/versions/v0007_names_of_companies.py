"""The index of companies by name is used only for names."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes it partial: a look-up by id, without ``name > ''``, cannot use it.

    Without statistics the planner chose it instead of the primary key, and scanned all of it for
    each look-up.
    """
    op.execute("DROP INDEX flyle.companies_by_name")
    op.execute(
        "CREATE INDEX companies_by_name ON flyle.companies (tenant_id, name, external_id)"
        " WHERE name > ''"
    )
    op.execute(
        "COMMENT ON INDEX flyle.companies_by_name IS"
        " 'Every company; only a query that states its condition can use it, no look-up by id'"
    )
