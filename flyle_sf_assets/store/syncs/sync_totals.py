"""What each tenant's ended syncs add up to: numbers, seconds, rows and API calls, as histograms.

The figures only grow, so that they can be scraped as Prometheus counters by any process. They are
kept per tenant: all tenants are added up without reading a sync. A run that Dagster tries again
ends its sync more than once, and counts each time with the figures of the sync so far.
"""

# ruff: noqa: S608  the SQL is formatted only from this file's own numbers and column names

import itertools
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flyle_sf_assets.store.postgres.database import FleetTransaction, TenantTransaction

SECONDS_BOUNDS = (1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600)
PULLED_BOUNDS = (0, 1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
CALLS_BOUNDS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000)
"""Upper bounds, included; stored buckets depend on them: a change needs a migration."""

ABANDONED_STATE = "abandoned"
"""The result of a sync whose process died: its seconds are those until it was noticed."""

_BUCKETS = {
    "seconds_buckets": ("seconds", SECONDS_BOUNDS),
    "pulled_buckets": ("pulled", PULLED_BOUNDS),
    "calls_buckets": ("api_calls", CALLS_BOUNDS),
}


@dataclass(frozen=True, slots=True)
class Histogram:
    """Syncs by one figure: ``counts`` per bound, the last above all of them; ``total`` its sum."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float


@dataclass(frozen=True, slots=True)
class SyncTotals:
    """All tenants' ended syncs of one kind with one result, since migration 0020."""

    kind: str
    state: str
    syncs: int
    seconds: Histogram
    pulled: Histogram
    api_calls: Histogram


@dataclass(frozen=True, slots=True)
class EndedSyncs:
    """The syncs that ended in a period, with one result; ``seconds`` are of the ``syncs``."""

    state: str
    syncs: int
    p50_s: float
    p95_s: float
    max_s: float
    total_s: float


def end_syncs(
    tx: TenantTransaction,
    assignments: str,
    where: str,
    *,
    columns: str,
    abandoned: str,
    **values: Any,
) -> tuple[Any, ...]:
    """Ends syncs by an UPDATE, adds them to the totals, and returns these ``columns`` of each.

    ``assignments`` and ``where`` are SQL of the caller's own, without the tenant; ``abandoned`` is
    the error of a sync whose process died.
    """
    return tuple(
        tx.execute(
            f"WITH ended AS (UPDATE syncs SET {assignments}"
            f" WHERE tenant_id = :tenant_id AND {where} RETURNING {columns}), {_COUNT}"
            f" SELECT {columns} FROM ended",
            abandoned=abandoned,
            **values,
        )
    )


def sync_totals(tx: FleetTransaction) -> tuple[SyncTotals, ...]:
    """All tenants' ended syncs, by kind and result; one pass over the totals of each tenant."""
    sums = ", ".join(
        f"CAST(sum({name}[{place}]) AS bigint) AS {name}_{place}"
        for name, (_, bounds) in _BUCKETS.items()
        for place in range(1, len(bounds) + 2)
    )
    rows = tx.execute(
        "SELECT kind, state, CAST(sum(syncs) AS bigint) AS syncs, sum(seconds) AS seconds,"
        " CAST(sum(pulled) AS bigint) AS pulled, CAST(sum(api_calls) AS bigint) AS api_calls,"
        f" {sums} FROM sync_totals GROUP BY kind, state ORDER BY kind, state"
    )
    return tuple(_totals(row._asdict()) for row in rows)


def ended_syncs(tx: FleetTransaction, since: datetime) -> tuple[EndedSyncs, ...]:
    """All tenants' syncs that ended since then, by result; read from an index."""
    return tx.rows(
        EndedSyncs,
        "SELECT state, count(*) AS syncs,"
        " percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds) AS p50_s,"
        " percentile_disc(0.95) WITHIN GROUP (ORDER BY seconds) AS p95_s,"
        " max(seconds) AS max_s, sum(seconds) AS total_s FROM (SELECT state,"
        f" {_SECONDS} AS seconds FROM syncs WHERE finished_at > :since) AS s"
        " GROUP BY state ORDER BY state",
        since=since,
    )


def _totals(row: dict[str, Any]) -> SyncTotals:
    def histogram(name: str) -> Histogram:
        figure, bounds = _BUCKETS[name]
        counts = (row[f"{name}_{place}"] for place in range(1, len(bounds) + 2))
        return Histogram(bounds, tuple(counts), float(row[figure]))

    return SyncTotals(
        row["kind"], row["state"], row["syncs"], *(histogram(name) for name in _BUCKETS)
    )


def _bucket_counts(figure: str, bounds: tuple[float, ...]) -> str:
    """An array: how many rows are in each bucket."""
    counts = []
    for low, high in itertools.pairwise([None, *bounds, None]):
        conditions = [
            *([f"{figure} > {low}"] if low is not None else []),
            *([f"{figure} <= {high}"] if high is not None else []),
        ]
        counts.append(f"count(*) FILTER (WHERE {' AND '.join(conditions)})")
    return f"ARRAY[{', '.join(counts)}]"


def _added(name: str, bounds: tuple[float, ...]) -> str:
    """The assignment that adds one array to another."""
    sums = (f"t.{name}[{place}] + excluded.{name}[{place}]" for place in range(1, len(bounds) + 2))
    return f"{name} = ARRAY[{', '.join(sums)}]"


_SECONDS = "CAST(greatest(extract(epoch FROM finished_at - started_at), 0) AS double precision)"
_SUMS = ("syncs", "seconds", "pulled", "api_calls")

_COUNT = (
    f"counted AS (INSERT INTO sync_totals AS t (tenant_id, kind, state, {', '.join(_SUMS)},"
    f" {', '.join(_BUCKETS)}) SELECT tenant_id, kind, state, count(*), sum(seconds), sum(pulled),"
    f" sum(api_calls), {', '.join(_bucket_counts(*one) for one in _BUCKETS.values())}"
    " FROM (SELECT tenant_id, kind, CASE WHEN error = :abandoned THEN"
    f" '{ABANDONED_STATE}' ELSE state END AS state, pulled, api_calls, {_SECONDS} AS seconds"
    " FROM ended) AS e GROUP BY 1, 2, 3 ON CONFLICT (tenant_id, kind, state) DO UPDATE SET "
    + ", ".join([f"{name} = t.{name} + excluded.{name}" for name in _SUMS])
    + ", "
    + ", ".join(_added(name, bounds) for name, (_, bounds) in _BUCKETS.items())
    + ")"
)
