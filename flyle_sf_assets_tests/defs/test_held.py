"""A held change in Dagster: the run that is held, the check over all tenants, and the approval."""

from contextlib import nullcontext

import pytest
from dagster import AssetCheckEvaluation, DagsterInstance, ExecuteInProcessResult

from flyle_sf_assets.definitions import build_defs
from flyle_sf_assets.defs import keys
from flyle_sf_assets.defs.resources import NO_RUN_RETRY, refreshes_of
from flyle_sf_assets_tests.defs.persons import state_of
from flyle_sf_assets_tests.flows.dagster_runs import QUIET, DagsterRuns
from flyle_sf_assets_tests.flows.guarded import delete, guarded, notices
from flyle_sf_assets_tests.tenant_fixtures import Link


@pytest.fixture
def runs(link: Link, instance: DagsterInstance) -> DagsterRuns:
    """A tenant with 60 companies, synced, of which 51 were deleted since."""
    made = DagsterRuns(guarded(link, accounts=60), instance)
    made.later()
    return made


def told(result: ExecuteInProcessResult) -> list[AssetCheckEvaluation]:
    """The evaluations of the check that names held tenants."""
    return [
        one for one in result.get_asset_check_evaluations() if one.check_name == "no_change_held"
    ]


def approval(runs: DagsterRuns) -> ExecuteInProcessResult:
    """The job that a person starts from the UI."""
    installation = runs.tenant.installation
    definitions = build_defs({"refreshes": refreshes_of(lambda: nullcontext(installation))})
    return definitions.resolve_job_def("approve_held_change").execute_in_process(
        partition_key=runs.tenant.name,
        instance=runs.instance,
        run_config=QUIET,
        raise_on_error=False,
    )


def test_a_held_run_says_why_and_the_job_approves_it(runs: DagsterRuns) -> None:
    tenant = runs.tenant
    gone = delete(tenant, 51)
    names = [tenant.last[key].name for key in gone]
    runs.later()
    held = runs.refresh()
    assert not held.success
    (check,) = told(held)
    assert not check.passed
    text = check.description or ""
    assert all(word in text for word in ("1 of 1", "guarded", "51", "60", "85.0%", gone[0]))
    failures = [e for e in held.all_events if e.is_step_failure]
    assert [e.step_key for e in failures] == ["flyle__companies"]
    data = failures[0].step_failure_data.user_failure_data
    assert data is not None
    assert data.metadata["code"].value == "mass_change_held"
    shown = f"{data.description}{text}"
    assert "flyle-sf approve guarded" in shown
    assert not any(name in shown for name in names), "names of customers are not in the event log"
    run = runs.instance.get_run_by_id(held.run_id)
    assert run is not None
    assert run.tags.items() >= NO_RUN_RETRY.items(), "a retry would be held again"
    assert state_of(tenant) == "held"
    runs.later()
    applied = approval(runs)
    assert applied.success
    assert [one.passed for one in told(applied)] == [True]
    assert state_of(tenant) == "linked"
    assert [row.status for row in tenant.companies().values()].count("deleted") == 51
    assert [kind for kind, _ in notices(tenant)] == ["held", "recovered"]
    assert f"Dagster run {applied.run_id}" in notices(tenant)[1][1]


def test_the_check_run_by_hand_names_the_held_tenant(runs: DagsterRuns) -> None:
    delete(runs.tenant, 51)
    runs.later()
    assert not runs.refresh().success
    installation = runs.tenant.installation
    definitions = build_defs({"refreshes": refreshes_of(lambda: nullcontext(installation))})
    job = definitions.resolve_implicit_global_asset_job_def().get_subset(
        asset_check_selection={keys.NONE_HELD}
    )
    (check,) = told(job.execute_in_process(instance=runs.instance, run_config=QUIET))
    assert not check.passed
    assert "guarded" in (check.description or "")


def test_a_run_that_finds_it_put_right_says_so(runs: DagsterRuns) -> None:
    gone = delete(runs.tenant, 51)
    runs.later()
    assert not runs.refresh().success
    runs.tenant.there.undelete("Account", *gone)
    runs.later()
    cleared = runs.refresh()
    assert cleared.success
    assert [one.passed for one in told(cleared)] == [True]
    runs.later()
    assert told(runs.refresh()) == [], "a plain refresh has nothing to say about it"


def test_the_job_refuses_when_nothing_is_held(runs: DagsterRuns) -> None:
    refused = approval(runs)
    assert not refused.success
    failures = [e for e in refused.all_events if e.is_step_failure]
    data = failures[0].step_failure_data.user_failure_data
    assert data is not None
    assert data.metadata["code"].value == "nothing_held"
    assert runs.tenant.query("SELECT count(*) FROM flyle.syncs WHERE tenant_id = %s") == [(1,)]


def test_the_schedule_goes_on_with_a_held_tenant(runs: DagsterRuns) -> None:
    """The retry of the run is none; the next refresh is at its usual time."""
    delete(runs.tenant, 51)
    runs.later()
    runs.refresh()
    [(due, failures, stopped)] = runs.tenant.query(
        "SELECT next_due_at > now(), failures, stopped_version FROM flyle.links"
        " WHERE tenant_id = %s"
    )
    assert (due, failures, stopped) == (True, 0, None)
