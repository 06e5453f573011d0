"""The number of companies by status, of one tenant or of all tenants."""

from flyle_sf_assets.store.postgres.database import TenantTransaction, Transaction


def companies_by_status(tx: Transaction) -> dict[str, dict[str, int]]:
    """Numbers of companies by tenant and status; in a tenant's transaction only that tenant's."""
    counts: dict[str, dict[str, int]] = {}
    rows = tx.execute(
        "SELECT tenant_id, status, count(*) AS companies FROM companies GROUP BY tenant_id, status"
    )
    for row in rows:
        counts.setdefault(str(row.tenant_id), {})[str(row.status)] = int(row.companies)
    return counts


def linked_companies(tx: TenantTransaction) -> int:
    """The number of linked companies of one tenant."""
    return companies_of(tx)["linked"]


def companies_of(tx: TenantTransaction) -> dict[str, int]:
    """One tenant's numbers by status, from indexes only: few companies are not linked."""
    rows = tx.execute(
        "SELECT status, count(*) AS companies FROM companies"
        " WHERE tenant_id = :tenant_id AND status <> 'linked' GROUP BY status"
    )
    counts = {str(row.status): int(row.companies) for row in rows}
    everything = tx.execute(
        "SELECT count(*) FROM companies WHERE tenant_id = :tenant_id"
    ).scalar_one()
    return {"linked": int(everything) - sum(counts.values()), **counts}
