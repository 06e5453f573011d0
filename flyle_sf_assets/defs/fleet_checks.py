"""Checks over all tenants, and the job and schedule that run them every hour.

A check has one status per asset, so each tenant's actual state is kept in our own tables; here
one query over all of them answers each check, and its description names the tenants.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from dagster import (
    AssetCheckEvaluation,
    AssetCheckExecutionContext,
    AssetCheckKey,
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetSelection,
    MetadataValue,
    ResourceParam,
    ScheduleDefinition,
    define_asset_job,
    multi_asset_check,
)

from flyle_sf_assets.check.parts import UNUSED
from flyle_sf_assets.defs import keys
from flyle_sf_assets.defs.failures import guarded
from flyle_sf_assets.defs.fleet import SCHEDULE_STATUS
from flyle_sf_assets.defs.resources import Refreshes
from flyle_sf_assets.defs.wording import capped
from flyle_sf_assets.errors import Text
from flyle_sf_assets.fleet.health import OVERDUE_AFTER
from flyle_sf_assets.installation.clock import utc_now
from flyle_sf_assets.store.companies.held_changes import HeldChange, held_changes
from flyle_sf_assets.store.postgres.database import FleetTransaction
from flyle_sf_assets.store.syncs.fleet_health import (
    failing_tenants,
    live_tenants,
    overdue_tenants,
    stale_tenants,
    tenants_with_rejected,
)
from flyle_sf_assets.store.syncs.settings_in_effect import Unapplied, unapplied_settings
from flyle_sf_assets.tenants.held_changes import EXAMPLES_TOLD

REJECTED_AFTER = timedelta(days=1)

_WORDS = {
    keys.NONE_FAILING: Text("連携が失敗しているテナント", "tenants whose link fails"),
    keys.NONE_OVERDUE: Text(
        "予定から1時間以上遅れているテナント", "tenants more than an hour overdue"
    ),
    keys.NO_OLD_REJECTED: Text(
        "1日以上前から受け取れない値があるテナント", "tenants with values rejected for over a day"
    ),
    keys.NONE_STALE: Text("設定や入力をまだ取り込んでいないテナント", "tenants with stale assets"),
    keys.NONE_UNAPPLIED: Text(
        "新しい設定を適用できないテナント", "tenants whose newest settings are not applied"
    ),
    keys.NONE_HELD: Text(
        "多数の企業の変更を保留しているテナント", "tenants with a held change of many companies"
    ),
}
_WARNINGS = (keys.NO_OLD_REJECTED, keys.NONE_STALE, keys.NONE_UNAPPLIED)


@multi_asset_check(
    name="all_tenants",
    specs=[
        AssetCheckSpec(
            key.name, asset=key.asset_key, description=f"Of all tenants: no {words.en}. {words.ja}"
        )
        for key, words in _WORDS.items()
    ],
    # The Checks page offers to execute each of them.
    can_subset=True,
)
@guarded
def all_tenants(
    context: AssetCheckExecutionContext, refreshes: ResourceParam[Refreshes]
) -> Iterator[AssetCheckResult]:
    """One query over all tenants for each check, whichever tenant's run starts them."""
    chosen = context.op_execution_context.selected_asset_check_keys
    with refreshes.installation().database.fleet() as tx:
        for key, made in results(tx, utc_now()).items():
            if key in chosen:
                yield made


def results(tx: FleetTransaction, now: datetime) -> dict[AssetCheckKey, AssetCheckResult]:
    """All fleet checks, as of now."""
    count = live_tenants(tx)
    return {key: result(key, tenants, count) for key, tenants in found(tx, now).items()}


def fleet_evaluations(tx: FleetTransaction, now: datetime) -> Iterator[AssetCheckEvaluation]:
    """The same, for a run that logs them itself: a tenant's first sync."""
    for key, made in results(tx, now).items():
        yield _evaluation(key, made)


def held_evaluation(tx: FleetTransaction) -> AssetCheckEvaluation:
    """Of all tenants, for the run of one whose change was held, or is not held any more."""
    made = result(keys.NONE_HELD, held_tenants(tx), live_tenants(tx))
    return _evaluation(keys.NONE_HELD, made)


def _evaluation(key: AssetCheckKey, made: AssetCheckResult) -> AssetCheckEvaluation:
    return AssetCheckEvaluation(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=made.passed,
        severity=made.severity,
        description=made.description,
        metadata=made.metadata,
    )


def found(tx: FleetTransaction, now: datetime) -> dict[AssetCheckKey, tuple[str, ...]]:
    """The tenants that each check names."""
    return {
        keys.NONE_FAILING: failing_tenants(tx),
        keys.NONE_OVERDUE: overdue_tenants(tx, now - OVERDUE_AFTER),
        keys.NO_OLD_REJECTED: tenants_with_rejected(tx, now - REJECTED_AFTER),
        keys.NONE_STALE: stale_tenants(tx, UNUSED),
        keys.NONE_UNAPPLIED: tuple(unapplied_words(one).en for one in unapplied_settings(tx)),
        keys.NONE_HELD: held_tenants(tx),
    }


def held_tenants(tx: FleetTransaction) -> tuple[str, ...]:
    """Each tenant with a held change: counts, fields, and the ids of a few companies; no value."""
    return tuple(map(_held_words, held_changes(tx)))


def _held_words(held: HeldChange) -> str:
    text = held.change.text
    ids = [one.external_id for one in held.change.examples][:EXAMPLES_TOLD]
    return f"{held.tenant_id} ({text.en} / {text.ja}; {', '.join(ids)})"


def unapplied_words(one: Unapplied) -> Text:
    """The tenant, and the first problem of its settings, in one line."""
    number = one.version
    what = Text("ファイル", "file")
    if number is not None:
        what = Text(f"バージョン{number}", f"version {number}")
    first, more = one.problems[0], len(one.problems) - 1
    others = Text(f" ほか{more}件", f" and {more} more") if more else Text("", "")
    return Text(
        f"{one.tenant} ({what.ja}: {first.place} {first.message.ja}{others.ja})",
        f"{one.tenant} ({what.en}: {first.place} {first.message.en}{others.en})",
    )


def result(key: AssetCheckKey, tenants: Sequence[str], count: int) -> AssetCheckResult:
    """The check as its page shows it: the exact number, and the first names."""
    words = _WORDS[key]
    names = f": {capped(tenants)}" if tenants else ""
    return AssetCheckResult(
        check_name=key.name,
        asset_key=key.asset_key,
        passed=not tenants,
        severity=AssetCheckSeverity.WARN if key in _WARNINGS else AssetCheckSeverity.ERROR,
        description=f"{len(tenants):,} of {count:,} {words.en} / {words.ja}"
        f" {len(tenants):,}/{count:,}{names}",
        metadata={
            "tenants": MetadataValue.int(len(tenants)),
            "of": MetadataValue.int(count),
        },
    )


fleet_checks_job = define_asset_job(
    name="fleet_checks",
    description="Checks over all tenants: failing, overdue, rejected, stale, last census.",
    selection=AssetSelection.checks(*keys.FLEET_CHECKS, keys.CENSUS),
)

fleet_checks_schedule = ScheduleDefinition(
    name="fleet_checks_hourly",
    job=fleet_checks_job,
    cron_schedule="10 * * * *",
    default_status=SCHEDULE_STATUS,
)
