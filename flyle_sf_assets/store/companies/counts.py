"""Numbers of companies, rejected values and kept values, of one tenant or of all tenants."""

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


def count_rejected(tx: TenantTransaction) -> int:
    """The number of values that are rejected and not resolved."""
    return int(
        tx.execute(
            "SELECT count(*) FROM rejected_records"
            " WHERE tenant_id = :tenant_id AND resolved_at IS NULL"
        ).scalar_one()
    )


def count_kept(tx: Transaction) -> dict[str, dict[int, int]]:
    """By tenant and sync that was rolled back: how many values are kept."""
    counted: dict[str, dict[int, int]] = {}
    for row in tx.execute(
        "SELECT tenant_id, sync_id, count(*) AS kept FROM rolled_back GROUP BY 1, 2 ORDER BY 1, 2"
    ):
        counted.setdefault(str(row.tenant_id), {})[int(row.sync_id)] = int(row.kept)
    return counted
