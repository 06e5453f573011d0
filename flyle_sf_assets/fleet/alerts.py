"""Fleet alerts: what concerns many tenants at once, told when it begins and when it is over."""

from collections.abc import Mapping
from dataclasses import dataclass

from flyle_sf_assets.errors import Text
from flyle_sf_assets.fleet.health import FleetHealth
from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets.store.tenants.webhook_outbox import (
    ALERT,
    ALERT_OVER,
    ALL_TENANTS,
    open_alerts,
    put_fleet_event,
)

SHARE_MAX = 0.05
"""Above this share of the live tenants it is not the matter of single tenants any more."""

LAG_INTERVALS_MAX = 2.0
API_USED_MAX = 0.9

_TEXTS = {
    "many_failing": Text("多くのテナントの連携が失敗しています", "Many tenants fail"),
    "many_overdue": Text("多くのテナントの更新が遅れています", "Many tenants are overdue"),
    "sync_lag": Text("同期の遅れが大きくなっています", "Tenants lag behind"),
    "api_limit_near": Text(
        "APIリクエストの上限に近い組織があります", "An org is near its API limit"
    ),
}

_FIGURES = {
    "many_failing": "{tenants}/{of}",
    "many_overdue": "{tenants}/{of}",
    "sync_lag": "p95: {intervals_p95} × interval",
    "api_limit_near": "{used_percent} %",
}


@dataclass(frozen=True, slots=True)
class FleetAlert:
    """One alert: its ``code``, and the ``figures`` that it is about."""

    code: str
    figures: Mapping[str, float]


def fleet_alerts(health: FleetHealth) -> tuple[FleetAlert, ...]:
    """The alerts that the fleet's health gives reason to."""
    failing, live = health.states["failing"], health.live
    lag, used = health.lag_intervals.p95, health.api.all_max
    judged = (
        (failing > SHARE_MAX * live, "many_failing", {"tenants": failing, "of": live}),
        (
            health.overdue > SHARE_MAX * live,
            "many_overdue",
            {"tenants": health.overdue, "of": live},
        ),
        (lag > LAG_INTERVALS_MAX, "sync_lag", {"intervals_p95": round(lag, 2)}),
        (used > API_USED_MAX, "api_limit_near", {"used_percent": round(used * 100, 1)}),
    )
    return tuple(FleetAlert(code, figures) for is_so, code, figures in judged if is_so)


def store_alerts(database: Database, health: FleetHealth) -> tuple[int, int]:
    """Stores the events of alerts that begin or are over now; returns how many of each."""
    current = {alert.code: alert for alert in fleet_alerts(health)}
    with database.tenant(ALL_TENANTS) as tx:
        known = open_alerts(tx)
        begun, over = current.keys() - known, known - current.keys()
        for code in sorted(begun):
            put_fleet_event(tx, ALERT, code, current[code].figures, health.counted_at)
        for code in sorted(over):
            put_fleet_event(tx, ALERT_OVER, code, {}, health.counted_at)
    return len(begun), len(over)


def alert_text(kind: str, code: str, data: Mapping[str, object]) -> Text:
    """What people read of an alert, with its figures."""
    words = _TEXTS[code]
    if kind == ALERT_OVER:
        return Text(f"解消: {words.ja}", f"Over: {words.en}")
    return Text(words.ja, f"{words.en} ({_FIGURES[code].format_map(data)})")
