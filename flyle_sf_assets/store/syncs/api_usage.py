"""The ledger of API calls: each tenant's own counts by the hour, and what its org reported.

Tenants that share an org share its limit, so a ledger is read for an org and written by tenants.
Source of the limit: REST API Developer Guide, "Limit Info Header"; it counts a rolling 24 hours,
and was recorded to lag behind by 12 s and more.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from flyle_sf_assets.store.postgres.database import FleetTransaction, TenantTransaction
from flyle_sf_assets.store.syncs.syncs import SyncKind

DAY = timedelta(hours=24)

READING_LAGS = timedelta(minutes=5)
"""Readings of one org that are this close together count as one; the highest is believed."""

_HOUR = timedelta(hours=1)
_KEPT = timedelta(days=2)
_SYNCS_COMPARED = 5


@dataclass(frozen=True, slots=True)
class LimitReading:
    """One ``Sforce-Limit-Info``: the org's requests of 24 hours, and its daily limit."""

    used: int
    daily_max: int


@dataclass(frozen=True, slots=True)
class OrgUsage:
    """A tenant's org, by the ledger. Requests of the last 24 hours.

    ``daily_max`` and ``used_by_org`` are None before the org reported them; ``used_by_us`` counts
    all tenants of the org, ``used_by_tenant`` this one.
    """

    tenant_id: str
    org_id: str | None = None
    daily_max: int | None = None
    used_by_org: int | None = None
    used_by_us: int = 0
    used_by_tenant: int = 0
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HourOfCalls:
    """Our calls to one org in the hour that begins at ``hour`` (UTC)."""

    hour: datetime
    calls: int


def add_calls(
    tx: TenantTransaction, calls: int, reading: LimitReading | None, now: datetime
) -> None:
    """Adds API calls to the hour of ``now``, and stores the org's own figure if there is one.

    Nothing is stored before the tenant's first contact with its org, which stores the org's id.
    """
    is_new_hour = tx.execute(
        "INSERT INTO api_calls AS c (tenant_id, org_id, hour, calls)"
        " SELECT tenant_id, org_id, date_trunc('hour', CAST(:now AS timestamptz)), :calls"
        " FROM links WHERE tenant_id = :tenant_id AND org_id IS NOT NULL"
        " ON CONFLICT (tenant_id, org_id, hour) DO UPDATE SET calls = c.calls + excluded.calls"
        " RETURNING xmax = 0",
        now=now,
        calls=calls,
    ).scalar()
    if is_new_hour:
        tx.execute(
            "DELETE FROM api_calls WHERE tenant_id = :tenant_id AND hour < :before",
            before=now - _KEPT,
        )
    if reading is not None and reading.daily_max > 0:
        _put_reading(tx, calls, reading, now)


def _put_reading(tx: TenantTransaction, calls: int, reading: LimitReading, now: datetime) -> None:
    tx.execute(
        "INSERT INTO org_usage AS o (tenant_id, org_id, daily_max, reading, used, read_at)"
        " SELECT tenant_id, org_id, :daily_max, :used, :used, :now"
        " FROM links WHERE tenant_id = :tenant_id AND org_id IS NOT NULL"
        " ON CONFLICT (tenant_id) DO UPDATE SET org_id = excluded.org_id,"
        " daily_max = excluded.daily_max, reading = excluded.reading, read_at = excluded.read_at,"
        " used = CASE WHEN o.org_id = excluded.org_id AND o.read_at > :lately"
        " THEN greatest(excluded.reading, o.used + :calls) ELSE excluded.reading END",
        daily_max=reading.daily_max,
        used=reading.used,
        now=now,
        calls=calls,
        lately=now - READING_LAGS,
    )


def read_usage(
    tx: FleetTransaction, tenants: Collection[str], now: datetime
) -> dict[str, OrgUsage]:
    """The ledger of each tenant's org, by tenant; a tenant without a link has no entry.

    An hour that is partly older than a day counts whole, and an org's figure of another day not.
    """
    found = tx.rows(
        OrgUsage,
        "WITH asked AS (SELECT tenant_id, org_id FROM links"
        " WHERE tenant_id = ANY(CAST(:tenants AS text[]))),"
        " orgs AS (SELECT DISTINCT org_id FROM asked WHERE org_id IS NOT NULL),"
        " ours AS (SELECT org_id, tenant_id, sum(calls) AS calls FROM api_calls"
        " WHERE org_id IN (SELECT org_id FROM orgs) AND hour > :since GROUP BY 1, 2),"
        " sums AS (SELECT org_id, sum(calls) AS calls FROM ours GROUP BY 1),"
        " seen AS (SELECT org_id, max(read_at) AS read_at FROM org_usage"
        " WHERE org_id IN (SELECT org_id FROM orgs) GROUP BY 1),"
        " told AS (SELECT o.org_id, max(s.read_at) AS read_at,"
        " max(o.used) FILTER (WHERE o.read_at > :day_ago) AS used,"
        " (array_agg(o.daily_max ORDER BY o.read_at DESC))[1] AS daily_max"
        " FROM org_usage AS o JOIN seen AS s USING (org_id)"
        " WHERE o.read_at > s.read_at - CAST(:lag AS interval) GROUP BY 1)"
        " SELECT a.tenant_id, a.org_id, told.daily_max,"
        " CAST(greatest(told.used, CASE WHEN told.used IS NULL THEN NULL ELSE sums.calls END)"
        " AS bigint) AS used_by_org,"
        " CAST(coalesce(sums.calls, 0) AS bigint) AS used_by_us,"
        " CAST(coalesce(ours.calls, 0) AS bigint) AS used_by_tenant, told.read_at"
        " FROM asked AS a LEFT JOIN told USING (org_id) LEFT JOIN sums USING (org_id)"
        " LEFT JOIN ours ON ours.org_id = a.org_id AND ours.tenant_id = a.tenant_id",
        tenants=list(tenants),
        since=now - DAY - _HOUR,
        day_ago=now - DAY,
        lag=READING_LAGS,
    )
    return {one.tenant_id: one for one in found}


def hours_of_org(tx: FleetTransaction, org_id: str, now: datetime) -> tuple[HourOfCalls, ...]:
    """Our calls to the org in the last 24 hours, by the hour, the oldest first."""
    return tx.rows(
        HourOfCalls,
        "SELECT hour, CAST(sum(calls) AS bigint) AS calls FROM api_calls"
        " WHERE org_id = :org_id AND hour > :since GROUP BY 1 ORDER BY 1",
        org_id=org_id,
        since=now - DAY - _HOUR,
    )


def most_calls_lately(tx: FleetTransaction, tenant: str, kind: SyncKind) -> int | None:
    """The most API calls of the tenant's last complete syncs of that kind; None without any."""
    found = tx.execute(
        "SELECT max(api_calls) FROM (SELECT api_calls FROM syncs"
        " WHERE tenant_id = :tenant AND kind = :kind AND state = 'done'"
        " ORDER BY sync_id DESC LIMIT :compared) AS lately",
        tenant=tenant,
        kind=kind,
        compared=_SYNCS_COMPARED,
    ).scalar_one()
    return None if found is None else int(found)
