"""Old runs go with their events; what an asset's page and its staleness are told from stays."""

from datetime import UTC, datetime, timedelta

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter
from dagster._core.test_utils import create_run_for_test

from flyle_sf_assets.definitions import build_defs
from flyle_sf_assets.defs import keys
from flyle_sf_assets.defs.tidying import delete_old_runs
from flyle_sf_assets_tests.flows.dagster_runs import QUIET, DagsterRuns

LONG_AGO = timedelta(days=14)


def _runs(instance: DagsterInstance) -> set[str]:
    return {run.run_id for run in instance.get_runs(RunsFilter())}


def test_ended_runs_are_deleted_but_not_those_of_a_newest_materialization(
    acme_runs: DagsterRuns,
) -> None:
    """With the event gone Dagster took a tenant that was idle for weeks for never materialized."""
    instance = acme_runs.instance
    old = acme_runs.refresh().run_id
    alone = acme_runs.materialize(keys.OBJECT_SCHEMAS).run_id
    running = create_run_for_test(instance, status=DagsterRunStatus.STARTED).run_id
    failed = create_run_for_test(instance, status=DagsterRunStatus.FAILURE).run_id
    before = {key: instance.get_materialized_partitions(key) for key in keys.IN_ORDER}
    soon = datetime.now(UTC) + timedelta(minutes=1)
    assert delete_old_runs(instance, datetime.now(UTC) - LONG_AGO) == 0
    assert delete_old_runs(instance, soon) == 1
    assert _runs(instance) == {old, alone, running}
    newer = acme_runs.refresh().run_id
    assert delete_old_runs(instance, soon + timedelta(minutes=1)) == 2
    assert _runs(instance) == {newer, running}
    assert failed not in _runs(instance)
    assert before == {key: instance.get_materialized_partitions(key) for key in keys.IN_ORDER}


def test_the_job_tidies_both_and_says_how_much(acme_runs: DagsterRuns) -> None:
    """Its run's page is where somebody looks when the disk fills up."""
    acme_runs.refresh()
    job = build_defs({"refreshes": acme_runs._resource}).resolve_job_def("tidy_up")  # noqa: SLF001
    result = job.execute_in_process(instance=acme_runs.instance, run_config=QUIET)
    assert result.success
    shown = {
        name: value.value
        for event in result.all_events
        if event.is_successful_output
        for name, value in event.step_output_data.metadata.items()
    }
    assert shown == {
        "runs_deleted": 0,
        "files_deleted": 0,
        "bytes_deleted": 0,
        "months_added": 0,
        "months_dropped": [],
    }
