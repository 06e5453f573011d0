"""How all tenants stand together: states, lag, what is held or rejected, API use, the worst.

`health_of` is a pure function of rows that are kept per tenant; `read_health` reads them. What is
made of it: metadata of the asset ``flyle/fleet_health`` (``defs/fleet_health.py``), and the metrics
of the console (``console/pages/metrics.py``).
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flyle_sf_assets.errors import Text
from flyle_sf_assets.settings.refresh_limits import Refresh
from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets.store.syncs.api_usage import OrgUsage, read_usage
from flyle_sf_assets.store.tenants.links import LinkState
from flyle_sf_assets.store.tenants.tenant_health import TenantRow, tenant_rows
from flyle_sf_assets.tenants.api_budget import SPENT
from flyle_sf_assets.tenants.applied_settings import NOT_APPLIED

OVERDUE_AFTER = timedelta(hours=1)
"""A queue and a slow org may take that long; after that an operator should check."""

LAGS_AFTER = 2.0
"""A tenant that was not synced for this many of its intervals is named."""

WORST_MAX = 20

_AWAY: tuple[LinkState, ...] = ("not_connected", "disconnected")


@dataclass(frozen=True, slots=True)
class Spread:
    """The median, the 95th percentile (nearest rank) and the maximum; zeros of nothing."""

    p50: float = 0.0
    p95: float = 0.0
    max: float = 0.0

    @staticmethod
    def of(values: Iterable[float]) -> "Spread":
        """The spread of the values.

        >>> Spread.of([3, 1, 2])
        Spread(p50=2, p95=3, max=3)
        """
        ranked = sorted(values)
        if not ranked:
            return Spread()
        return Spread(_ranked(ranked, 0.5), _ranked(ranked, 0.95), ranked[-1])


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a tenant is named: a stable ``code``, and the words with its figure."""

    code: str
    text: Text


@dataclass(frozen=True, slots=True)
class TroubledTenant:
    """A tenant to look at; ``reasons`` are never empty, the worst first."""

    tenant_id: str
    state: LinkState
    lag_intervals: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class ApiUse:
    """The orgs' API requests of 24 hours: ours of all orgs, and the shares of the fullest org.

    ``ours_max`` and ``all_max`` are shares of an org's daily limit, from 0: what we used, and what
    everybody used. Orgs that have not reported their limit are in ``calls_24h`` only.
    """

    calls_24h: int = 0
    orgs: int = 0
    ours_max: float = 0.0
    all_max: float = 0.0


@dataclass(frozen=True, slots=True)
class FleetHealth:
    """How all tenants stand at ``counted_at``.

    ``live`` tenants must be refreshed. The lag is the time since a live tenant was last synced (of
    one that waits for its first sync: since it was registered or connected), in seconds and in its
    own intervals.
    ``worst`` has at most `WORST_MAX` of the ``troubled`` tenants.
    """

    counted_at: datetime
    states: Mapping[LinkState, int]
    live: int
    lag_s: Spread
    lag_intervals: Spread
    overdue: int
    held: int
    postponed: int
    never_synced: int
    with_rejected: int
    rejected: int
    companies: int
    api: ApiUse
    troubled: int
    worst: tuple[TroubledTenant, ...]

    @property
    def tenants(self) -> int:
        """All tenants that have settings."""
        return sum(self.states.values())


def read_health(database: Database, now: datetime, *, every_s: int | None = None) -> FleetHealth:
    """The health of all tenants now; ``every_s`` replaces every tenant's own interval."""
    with database.fleet() as tx:
        rows = tenant_rows(tx)
        usage = read_usage(tx, [row.tenant_id for row in rows], now)
    return health_of(rows, tuple(usage.values()), now, every_s=every_s)


def health_of(
    rows: Sequence[TenantRow],
    usage: Iterable[OrgUsage],
    now: datetime,
    *,
    every_s: int | None = None,
) -> FleetHealth:
    """The health of these tenants; ``usage`` is the ledger of their orgs, in any order."""
    live = [row for row in rows if row.state not in _AWAY]
    lags = {row.tenant_id: _lag_s(row, now) for row in live}
    intervals = {
        row.tenant_id: lags[row.tenant_id] / (every_s or Refresh(every=row.every).every_s)
        for row in live
    }
    troubled = [
        TroubledTenant(row.tenant_id, row.state, intervals[row.tenant_id], reasons)
        for row in live
        if (reasons := tuple(_reasons(row, intervals[row.tenant_id], now)))
    ]
    troubled.sort(key=_badness)
    states = Counter(row.state for row in rows)
    return FleetHealth(
        counted_at=now,
        states={state: states[state] for state in STATES},
        live=len(live),
        lag_s=Spread.of(lags.values()),
        lag_intervals=Spread.of(intervals.values()),
        overdue=sum(_is_overdue(row, now) for row in live),
        held=sum(row.held_since is not None for row in live),
        postponed=sum(SPENT in row.codes for row in live),
        never_synced=sum(row.last_synced_at is None for row in live),
        with_rejected=sum(row.rejected > 0 for row in live),
        rejected=sum(row.rejected for row in live),
        companies=sum(row.companies for row in rows),
        api=_api_use(usage),
        troubled=len(troubled),
        worst=tuple(troubled[:WORST_MAX]),
    )


STATES: tuple[LinkState, ...] = (
    "not_connected",
    "connected",
    "initial_sync",
    "linked",
    "failing",
    "held",
    "disconnected",
)

_SEVERITY = ("failing", "overdue", "held", "lagging", NOT_APPLIED, SPENT, "rejected")
"""The codes of reasons, the worst first."""


def _badness(tenant: TroubledTenant) -> tuple[int, float, str]:
    return (_SEVERITY.index(tenant.reasons[0].code), -tenant.lag_intervals, tenant.tenant_id)


def _reasons(row: TenantRow, lag_intervals: float, now: datetime) -> Iterable[Reason]:
    """In the order of `_SEVERITY`."""
    if row.state == "failing":
        since = _ago(row.failing_since, now)
        code = row.failure or "unknown"
        yield Reason("failing", Text(f"失敗({code}{since.ja})", f"failing ({code}{since.en})"))
    if _is_overdue(row, now):
        late = _hours(row.next_due_at, now)
        yield Reason("overdue", Text(f"予定から{late}遅れ", f"overdue by {late}"))
    if row.held_since is not None:
        held = _hours(row.held_since, now)
        yield Reason("held", Text(f"{held}前から保留", f"held for {held}"))
    if lag_intervals > LAGS_AFTER:
        times = f"{lag_intervals:.1f}"
        yield Reason(
            "lagging",
            Text(f"間隔の{times}倍同期なし", f"not synced for {times} of its intervals"),
        )
    if NOT_APPLIED in row.codes:
        yield Reason(NOT_APPLIED, Text("新しい設定を適用できない", "newest settings not applied"))
    if SPENT in row.codes:
        yield Reason(SPENT, Text("API上限のため延期", "postponed: API budget spent"))
    if row.rejected:
        yield Reason(
            "rejected",
            Text(f"受け取れない値{row.rejected:,}件", f"{row.rejected:,} rejected values"),
        )


def _is_overdue(row: TenantRow, now: datetime) -> bool:
    return row.next_due_at is not None and row.next_due_at < now - OVERDUE_AFTER


def _lag_s(row: TenantRow, now: datetime) -> float:
    return max((now - row.waiting_since).total_seconds(), 0.0)


def _ago(since: datetime | None, now: datetime) -> Text:
    if since is None:
        return Text("", "")
    return Text(f"、{_hours(since, now)}前から", f", for {_hours(since, now)}")


def _hours(since: datetime | None, now: datetime) -> str:
    return f"{max((now - since).total_seconds(), 0) / 3600:.1f} h" if since else "?"


def _api_use(usage: Iterable[OrgUsage]) -> ApiUse:
    """Tenants of one org share its ledger: each org counts once."""
    orgs = {one.org_id: one for one in usage if one.org_id is not None}
    limits = [(one, one.daily_max) for one in orgs.values() if one.daily_max]
    return ApiUse(
        calls_24h=sum(one.used_by_us for one in orgs.values()),
        orgs=len(orgs),
        ours_max=max((one.used_by_us / limit for one, limit in limits), default=0.0),
        all_max=max(((one.used_by_org or 0) / limit for one, limit in limits), default=0.0),
    )


def _ranked(ranked: Sequence[float], share: float) -> float:
    return ranked[math.ceil(share * len(ranked)) - 1]
