"""The asset check ``census``: told by the run that made one, and standing until the next."""

from typing import Any

import pytest
from dagster import (
    AssetCheckEvaluation,
    AssetCheckKey,
    AssetCheckSeverity,
    AssetKey,
    DagsterInstance,
    ExecuteInProcessResult,
)

from flyle_sf_assets.definitions import build_defs
from flyle_sf_assets.defs import keys
from flyle_sf_assets.defs.resources import KIND_TAG
from flyle_sf_assets_tests.flows.dagster_runs import QUIET, DagsterRuns
from flyle_sf_assets_tests.postgres import admin

CENSUS = AssetCheckKey(AssetKey(["flyle", "companies"]), "census")


def evaluations(result: ExecuteInProcessResult) -> list[AssetCheckEvaluation]:
    """What the run told of this check; its gates it tells always."""
    return [e for e in result.get_asset_check_evaluations() if e.check_name == CENSUS.name]


def figures(runs: DagsterRuns) -> dict[str, Any]:
    (row,) = runs.tenant.query(
        "SELECT census FROM flyle.syncs WHERE tenant_id = %s ORDER BY sync_id DESC LIMIT 1"
    )
    found = row[0]
    assert isinstance(found, dict)
    return found


def run_check(runs: DagsterRuns, *, of_all_tenants: bool = False) -> AssetCheckEvaluation:
    """What the check says when a person runs it, for one tenant or without a partition."""
    definitions = build_defs({"refreshes": runs._resource})  # noqa: SLF001 - the tenant's own
    job = definitions.resolve_implicit_global_asset_job_def().get_subset(
        asset_selection=set(), asset_check_selection={CENSUS}
    )
    result = job.execute_in_process(
        instance=runs.instance,
        run_config=QUIET,
        partition_key=None if of_all_tenants else runs.tenant.name,
    )
    (told,) = evaluations(result)
    return told


def standing(instance: DagsterInstance) -> str:
    """What the check's page shows now."""
    record = instance.event_log_storage.get_latest_asset_check_execution_by_key([CENSUS])[CENSUS]
    assert record.event is not None
    event = record.event.get_dagster_event()
    return event.asset_check_evaluation_data.description or ""


def test_a_census_tells_its_figures_and_refreshes_leave_them_standing(
    acme_runs: DagsterRuns,
) -> None:
    """An ordinary refresh compares nothing: it must not say that it did."""
    (first,) = evaluations(acme_runs.refresh())
    assert "no census yet" in (first.description or "")
    acme_runs.later()
    (told,) = evaluations(acme_runs.refresh(kind="census"))
    found = figures(acme_runs)
    assert (told.asset_key, told.check_name) == (CENSUS.asset_key, CENSUS.name)
    assert (told.passed, told.severity) == (True, AssetCheckSeverity.WARN)
    assert told.description is not None
    assert f"{found['checked']:,} of {found['checked']:,} match" in told.description
    assert f"{found['checked']:,}件中{found['checked']:,}件が一致" in told.description
    assert "acme" in told.description
    shown = {name: value.value for name, value in told.metadata.items()}
    assert shown.items() >= {"tenant": "acme", **found}.items()
    acme_runs.later()
    assert evaluations(acme_runs.refresh()) == []
    assert standing(acme_runs.instance) == told.description


def test_what_was_healed_is_a_warning_with_its_figures(acme_runs: DagsterRuns) -> None:
    acme_runs.refresh()
    lost = min(str(record["Id"]) for record in acme_runs.tenant.there.records("Account"))
    with admin(acme_runs.tenant.installation.database_url) as connection:
        connection.execute("UPDATE flyle.companies SET name = 'x' WHERE external_id = %s", [lost])
    acme_runs.later()
    (told,) = evaluations(acme_runs.refresh(kind="census"))
    found = figures(acme_runs)
    assert (told.passed, told.severity) == (False, AssetCheckSeverity.WARN)
    assert told.description is not None
    assert f"{found['checked'] - 1:,} of {found['checked']:,} match; 1 healed" in told.description


def test_materialized_by_hand_the_last_census_is_told_again(
    acme_runs: DagsterRuns, globex_runs: DagsterRuns
) -> None:
    """The page of the asset runs its checks too: one that compared nothing says when it did."""
    acme_runs.refresh()
    told = run_check(acme_runs)
    assert told.passed
    assert "no census" in (told.description or "")
    for runs in (acme_runs, globex_runs):
        runs.refresh()
        runs.later()
        runs.refresh(kind="census")
    told = run_check(acme_runs)
    assert f"{figures(acme_runs)['checked']:,} of" in (told.description or "")
    both = figures(acme_runs)["checked"] + figures(globex_runs)["checked"]
    told = run_check(acme_runs, of_all_tenants=True)
    assert told.passed
    assert f"{both:,} of {both:,} match" in (told.description or "")


@pytest.mark.parametrize("kind", ["refresh", "full", "sweep", "census"])
def test_a_runs_tag_says_what_kind_of_refresh_it_is(acme_runs: DagsterRuns, kind: str) -> None:
    acme_runs.refresh()
    acme_runs.later()
    assert acme_runs.refresh(kind=kind).success
    ((found,),) = acme_runs.tenant.query(
        "SELECT kind FROM flyle.syncs WHERE tenant_id = %s ORDER BY sync_id DESC LIMIT 1"
    )
    assert found == kind


def test_a_tag_that_means_nothing_is_refused(acme_runs: DagsterRuns) -> None:
    """A misspelt census ran as an ordinary refresh, and nobody compared anything."""
    result = acme_runs.refresh(kind="zensus")
    assert not result.success
    (event,) = [e for e in result.all_events if e.is_step_failure]
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert KIND_TAG in (failure.description or "")
    assert "census" in (failure.description or "")
    assert acme_runs.tenant.query("SELECT 1 FROM flyle.syncs WHERE tenant_id = %s") == []


def test_the_check_is_on_the_page_of_the_companies() -> None:
    assert keys.CENSUS == CENSUS
