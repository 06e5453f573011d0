"""The asset check ``census`` on the companies: what the last census found.

The run that makes a census tells its figures itself (`census_evaluation`), so that an ordinary
refresh, which compares nothing, has no check in its plan and leaves what stands. Run by hand the
check tells the last census again, of the run's tenant or, without one, of all tenants.

What does not belong here: comparing (``refresh``).
"""

from dataclasses import asdict

from dagster import (
    AssetCheckEvaluation,
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetCheckSeverity,
    ResourceParam,
    asset_check,
)

from flyle_sf_assets.defs import keys
from flyle_sf_assets.defs.resources import Refreshes
from flyle_sf_assets.refresh.census import in_words, total
from flyle_sf_assets.store.census import CensusFigures, latest_censuses


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


@asset_check(
    asset=keys.COMPANIES,
    name=keys.CENSUS.name,
    description="Whether records and companies were what the org holds when they were last"
    " compared. A warning: what differed is healed already.",
)
def census(
    context: AssetCheckExecutionContext, refreshes: ResourceParam[Refreshes]
) -> AssetCheckResult:
    """The last census of the run's tenant, or of all tenants when the run has none."""
    run = context.op_execution_context
    database = refreshes.installation().database
    if run.has_partition_key:
        tenant = run.partition_key
        with database.tenant(tenant) as tx:
            found = latest_censuses(tx)
    else:
        tenant = "all tenants"
        with database.fleet() as fleet:
            found = latest_censuses(fleet)
    figures = total(one.figures for one in found)
    text = _described(tenant, figures) if found else f"{tenant}: no census yet / まだありません"
    return AssetCheckResult(
        passed=not figures.healed,
        severity=AssetCheckSeverity.WARN,
        description=text,
        metadata={"tenant": tenant, "tenants": len(found), **asdict(figures)},
    )


def _described(tenant: str, figures: CensusFigures) -> str:
    words = in_words(figures)
    return f"{tenant}: {words.en} / {words.ja}"


all_checks = [census]
