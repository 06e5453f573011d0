"""The asset checks of one run on the companies: the last ``census``, and the gates of every run.

The run that makes a census logs its figures itself (`census_evaluation`), so that a plain
refresh, which compares nothing, has no check in its plan and keeps the last result. Every run
logs the gates in the same way. Run by hand, a check covers the run's tenant or, without one,
all tenants.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict

from dagster import (
    AssetCheckEvaluation,
    AssetCheckExecutionContext,
    AssetCheckKey,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    Failure,
    ResourceParam,
    asset_check,
)

from flyle_sf_assets.defs import keys
from flyle_sf_assets.defs.failures import guarded
from flyle_sf_assets.defs.fleet_checks import all_tenants, fleet_evaluations, held_evaluation
from flyle_sf_assets.defs.record_files import record_files
from flyle_sf_assets.defs.resources import Refreshes
from flyle_sf_assets.defs.wording import capped
from flyle_sf_assets.store.companies.invariants import (
    Gate,
    external_ids_unique,
    options_in_catalog,
)
from flyle_sf_assets.store.postgres.database import Transaction
from flyle_sf_assets.store.syncs.census import CensusFigures, latest_censuses
from flyle_sf_assets.sync.load.census_report import in_words, total
from flyle_sf_assets.sync.load.commit_gates import CompaniesRefused
from flyle_sf_assets.tenants.held_changes import MassChangeHeld

ALL_TENANTS = "all tenants"

Rule = Callable[[Transaction], Gate]

_NO_CENSUS = "no census yet / まだありません"


def census_evaluation(tenant: str, figures: CensusFigures) -> AssetCheckEvaluation:
    """What the run that made the census logs: a warning when anything had to be healed."""
    return AssetCheckEvaluation(
        asset_key=keys.CENSUS.asset_key,
        check_name=keys.CENSUS.name,
        passed=not figures.healed,
        severity=AssetCheckSeverity.WARN,
        description=_described(tenant, figures),
        metadata={"tenant": tenant, **asdict(figures)},
    )


def evaluations_after_first_sync(refreshes: Refreshes) -> Iterator[AssetCheckEvaluation]:
    """The checks over all tenants, which the schedule evaluates only every hour.

    A new installation shows them as soon as it has companies.
    """
    with refreshes.installation().database.fleet() as tx:
        yield from fleet_evaluations(tx, refreshes.clock())
        figures = [one.figures for one in latest_censuses(tx)]
    all_figures = total(figures)
    text = _described(ALL_TENANTS, all_figures) if figures else f"{ALL_TENANTS}: {_NO_CENSUS}"
    yield AssetCheckEvaluation(
        asset_key=keys.CENSUS.asset_key,
        check_name=keys.CENSUS.name,
        passed=not all_figures.healed,
        severity=AssetCheckSeverity.WARN,
        description=text,
        metadata={"tenant": ALL_TENANTS, "tenants": len(figures), **asdict(all_figures)},
    )


@asset_check(
    asset=keys.COMPANIES,
    name=keys.CENSUS.name,
    description="Whether records and companies were what the org holds when they were last"
    " compared. A warning: what differed is healed already.",
)
@guarded
def census(
    context: AssetCheckExecutionContext, refreshes: ResourceParam[Refreshes]
) -> AssetCheckResult:
    """The last census of the run's tenant, or of all tenants when the run has none."""
    tenant, opened = _scope_of(context, refreshes)
    with opened as tx:
        found = latest_censuses(tx)
    figures = total(one.figures for one in found)
    text = _described(tenant, figures) if found else f"{tenant}: {_NO_CENSUS}"
    healed = [one.tenant_id for one in found if one.figures.healed]
    if healed and tenant == ALL_TENANTS:
        text += f" ({len(healed):,}: {capped(healed)})"
    return AssetCheckResult(
        passed=not figures.healed,
        severity=AssetCheckSeverity.WARN,
        description=text,
        metadata={"tenant": tenant, "tenants": len(found), **asdict(figures)},
    )


def _scope_of(
    context: AssetCheckExecutionContext, refreshes: Refreshes
) -> tuple[str, AbstractContextManager[Transaction]]:
    """The run's tenant, or all tenants when the run has none, and a transaction over it."""
    run, database = context.op_execution_context, refreshes.installation().database
    if run.has_partition_key:
        return run.partition_key, database.tenant(run.partition_key)
    return ALL_TENANTS, database.fleet()


def _described(tenant: str, figures: CensusFigures) -> str:
    words = in_words(figures)
    return f"{tenant}: {words.en} / {words.ja}"


def gate_evaluations(tenant: str, gates: Iterable[Gate]) -> Iterator[AssetCheckEvaluation]:
    """What the run that wrote the companies logs of its gates."""
    for gate in gates:
        yield AssetCheckEvaluation(
            asset_key=keys.COMPANIES,
            check_name=gate.name,
            passed=gate.passed,
            severity=AssetCheckSeverity.ERROR,
            description=_gate_text(tenant, gate),
            metadata={"tenant": tenant, "checked": gate.checked, "failing": gate.failing},
        )


def evaluation_of_held(refreshes: Refreshes) -> AssetCheckEvaluation:
    """The check ``no_change_held`` over all tenants, as the run logs that changed it."""
    with refreshes.installation().database.fleet() as tx:
        return held_evaluation(tx)


def is_held(failure: Failure) -> bool:
    """Whether the mass-change guard ended a step."""
    return isinstance(failure.__cause__, MassChangeHeld)


def gates_behind(failure: Failure) -> tuple[Gate, ...]:
    """The gates of a step that a gate stopped; none for any other failure."""
    cause = failure.__cause__
    return cause.gates if isinstance(cause, CompaniesRefused) else ()


def _gate_check(key: AssetCheckKey, rule: str, gate_of: Rule) -> AssetChecksDefinition:
    @asset_check(asset=key.asset_key, name=key.name, description=rule)
    @guarded
    def gate(
        context: AssetCheckExecutionContext, refreshes: ResourceParam[Refreshes]
    ) -> AssetCheckResult:
        """The rule over every company of the run's tenant, or of all tenants."""
        tenant, opened = _scope_of(context, refreshes)
        with opened as tx:
            found = gate_of(tx)
        return AssetCheckResult(
            passed=found.passed,
            severity=AssetCheckSeverity.ERROR,
            description=_gate_text(tenant, found),
            metadata={"tenant": tenant, "checked": found.checked, "failing": found.failing},
        )

    return gate


def _gate_text(tenant: str, gate: Gate) -> str:
    counted = f"{gate.checked:,} companies checked / 企業{gate.checked:,}件を確認"
    if gate.passed:
        return f"{tenant}: {counted}"
    examples = "; ".join(gate.examples)
    return f"{tenant}: {counted}; {gate.failing:,} failing / 不合格{gate.failing:,}件: {examples}"


external_ids = _gate_check(
    keys.EXTERNAL_IDS_UNIQUE,
    "Gate of every run: one company per Salesforce record. A run that breaks it changes nothing.",
    external_ids_unique,
)
catalogued_options = _gate_check(
    keys.OPTIONS_IN_CATALOG,
    "Gate of every run: every value of a select field is an option of the catalog. A run that"
    " breaks it changes nothing.",
    options_in_catalog,
)

all_checks = [census, external_ids, catalogued_options, all_tenants, record_files]
