"""The asset ``flyle/fleet_health``: how all tenants stand, as metadata that the UI plots over time.

Materialized every hour, and by hand. What does not belong here: the figures themselves
(``fleet/health.py``), and checks, which say what is wrong (``defs/fleet_checks.py``).
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from dagster import (
    AssetSelection,
    MarkdownMetadataValue,
    MaterializeResult,
    ResourceParam,
    ScheduleDefinition,
    asset,
    define_asset_job,
)

from flyle_sf_assets.defs import keys
from flyle_sf_assets.defs.failures import guarded
from flyle_sf_assets.defs.fleet import SCHEDULE_STATUS
from flyle_sf_assets.defs.resources import Refreshes
from flyle_sf_assets.fleet.health import FleetHealth, Spread, TroubledTenant, read_health
from flyle_sf_assets.store.syncs.sync_totals import EndedSyncs, ended_syncs

SYNCS_OF = timedelta(hours=24)

_PARTITION = f"/assets/{'/'.join(keys.COMPANIES.path)}?view=partitions&partition="
_HEAD = (
    "| tenant / テナント | state / 状態 | lag in intervals / 間隔に対する遅れ | reasons | 理由 |\n"
    "|---|---|---|---|---|"
)
_NONE = "No tenant needs a look. / 確認が必要なテナントはありません。"


@asset(
    key=keys.FLEET_HEALTH,
    group_name="fleet",
    kinds={"postgres"},
    owners=["team:data"],
    description="How all tenants stand: states, lag, overdue, held, rejected, API use, companies,"
    " the syncs of 24 hours, and the worst tenants with reasons. It reads rows that are kept per"
    " tenant, never companies.",
)
@guarded
def fleet_health(refreshes: ResourceParam[Refreshes]) -> MaterializeResult[None]:
    """One pass over all tenants' rows."""
    installation, now = refreshes.installation(), refreshes.clock()
    health = read_health(
        installation.database, now, every_s=installation.environment.refresh_every_s
    )
    with installation.database.fleet() as tx:
        ended = ended_syncs(tx, now - SYNCS_OF)
    return MaterializeResult(metadata=health_metadata(health, ended))


def health_metadata(health: FleetHealth, ended: Iterable[EndedSyncs]) -> dict[str, Any]:
    """What the asset's page shows; numbers are plotted, so their names never change."""
    syncs = {one.state: one for one in ended}
    done = syncs.get("done")
    return {
        "worst tenants": MarkdownMetadataValue(worst_table(health)),
        "tenants": health.tenants,
        "tenants_live": health.live,
        **{f"tenants_{state}": count for state, count in health.states.items()},
        "overdue": health.overdue,
        "held": health.held,
        "postponed": health.postponed,
        "never_synced": health.never_synced,
        "tenants_with_rejected": health.with_rejected,
        "rejected_values": health.rejected,
        "companies": health.companies,
        **_spread("lag", "s", health.lag_s),
        **_spread("lag", "intervals", health.lag_intervals),
        "api_calls_24h": health.api.calls_24h,
        "api_used_by_us_max_percent": round(health.api.ours_max * 100, 2),
        "api_used_max_percent": round(health.api.all_max * 100, 2),
        "syncs_24h": sum(one.syncs for one in syncs.values()),
        **{f"syncs_24h_{state}": _count(syncs.get(state)) for state in ENDS},
        **_spread("sync", "s", Spread(done.p50_s, done.p95_s, done.max_s) if done else Spread()),
        "sync_seconds_24h": round(sum(one.total_s for one in syncs.values()), 3),
        "troubled": health.troubled,
    }


ENDS = ("done", "failed", "held", "postponed", "cancelled")
"""The results of a sync (``syncs.state``)."""


def worst_table(health: FleetHealth) -> str:
    """The worst tenants as a Markdown table, each with a link to its partition."""
    if not health.worst:
        return _NONE
    more = health.troubled - len(health.worst)
    rest = f"\n\n… {more:,} more / ほか{more:,}テナント" if more else ""
    return "\n".join((_HEAD, *map(_row, health.worst))) + rest


def _row(tenant: TroubledTenant) -> str:
    link = f"[{tenant.tenant_id}]({_PARTITION}{quote(tenant.tenant_id)})"
    english = "; ".join(reason.text.en for reason in tenant.reasons)
    japanese = "、".join(reason.text.ja for reason in tenant.reasons)
    return f"| {link} | {tenant.state} | {tenant.lag_intervals:.1f} | {english} | {japanese} |"


def _spread(name: str, unit: str, spread: Spread) -> dict[str, float]:
    figures = {"p50": spread.p50, "p95": spread.p95, "max": spread.max}
    return {f"{name}_{which}_{unit}": round(value, 3) for which, value in figures.items()}


def _count(ended: EndedSyncs | None) -> int:
    return ended.syncs if ended is not None else 0


fleet_health_job = define_asset_job(
    name="fleet_health",
    description="Materializes how all tenants stand.",
    selection=AssetSelection.assets(keys.FLEET_HEALTH),
)

fleet_health_schedule = ScheduleDefinition(
    name="fleet_health_hourly",
    job=fleet_health_job,
    cron_schedule="5 * * * *",
    default_status=SCHEDULE_STATUS,
)
