"""How every tenant stands, one row each, from rows that are kept per tenant.

No company, record or sync is read: the numbers of companies and rejected values are those that
the last refresh which wrote companies stored on the link.
"""

from dataclasses import dataclass
from datetime import datetime

from flyle_sf_assets.store.postgres.database import FleetTransaction
from flyle_sf_assets.store.tenants.links import LinkState


@dataclass(frozen=True, slots=True)
class TenantRow:
    """One tenant that has settings; times are UTC.

    ``every`` is its interval as written (``3h``). ``waiting_since`` is its last sync, or the time
    since which it waits for the first one after it was registered or connected. ``codes`` are those
    of its items that need a person, ``failure`` that of the item why its sync fails.
    """

    tenant_id: str
    state: LinkState
    every: str
    waiting_since: datetime
    last_synced_at: datetime | None = None
    next_due_at: datetime | None = None
    held_since: datetime | None = None
    companies: int = 0
    rejected: int = 0
    codes: tuple[str, ...] = ()
    failure: str | None = None
    failing_since: datetime | None = None


def tenant_rows(tx: FleetTransaction) -> tuple[TenantRow, ...]:
    """Every tenant that has settings, by name."""
    found = tx.execute(_TENANTS)
    return tuple(TenantRow(**{**row._asdict(), "codes": tuple(row.codes)}) for row in found)


_TENANTS = """
SELECT s.tenant_id, coalesce(l.state, 'not_connected') AS state, s.every,
    greatest(l.last_synced_at, c.connected_at, s.registered_at) AS waiting_since, l.last_synced_at,
    l.next_due_at, h.held_since, coalesce(l.companies, 0) AS companies,
    coalesce(l.rejected, 0) AS rejected,
    ARRAY(SELECT DISTINCT a.one ->> 'code' FROM jsonb_array_elements(l.attention) AS a (one)
        ORDER BY 1) AS codes,
    f.one ->> 'code' AS failure, CAST(f.one ->> 'since' AS timestamptz) AS failing_since
FROM (SELECT DISTINCT ON (v.tenant_id) v.tenant_id, document #>> '{refresh,every}' AS every,
        min(v.created_at) OVER (PARTITION BY v.tenant_id) AS registered_at
    FROM settings_versions AS v LEFT JOIN settings_refusals AS r USING (tenant_id, version)
    ORDER BY v.tenant_id, r.version IS NOT NULL, v.version DESC) AS s
LEFT JOIN links AS l USING (tenant_id)
LEFT JOIN held_changes AS h USING (tenant_id)
LEFT JOIN connections AS c USING (tenant_id)
LEFT JOIN LATERAL (SELECT a.one FROM jsonb_array_elements(l.attention) AS a (one)
    WHERE CAST(a.one ->> 'of_sync' AS boolean) LIMIT 1) AS f ON true
ORDER BY s.tenant_id
"""
