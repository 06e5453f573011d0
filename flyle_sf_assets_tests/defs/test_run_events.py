"""What Dagster stores of one refresh: rows and bytes, which every run adds to its database."""

from collections import Counter

from dagster import DagsterEventType, EventLogEntry
from dagster_shared.serdes import serialize_value

from flyle_sf_assets.defs import keys
from flyle_sf_assets_tests.flows.dagster_runs import DagsterRuns

OF_A_STEP = Counter(
    {
        DagsterEventType.ASSET_MATERIALIZATION_PLANNED: 1,
        DagsterEventType.STEP_START: 1,
        DagsterEventType.STEP_OUTPUT: 1,
        DagsterEventType.ASSET_MATERIALIZATION: 1,
        DagsterEventType.STEP_SUCCESS: 1,
    }
)
OF_A_RUN = Counter(
    {
        DagsterEventType.RUN_START: 1,
        DagsterEventType.ENGINE_EVENT: 2,
        DagsterEventType.RESOURCE_INIT_STARTED: 1,
        DagsterEventType.RESOURCE_INIT_SUCCESS: 1,
        DagsterEventType.LOGS_CAPTURED: 1,
        DagsterEventType.ASSET_CHECK_EVALUATION: 2,
        DagsterEventType.RUN_SUCCESS: 1,
    }
)
ROW_BYTES_MAX = 2_000
"""Of a row that is no materialization; most have 1,100, a check 1,900."""


def events_of_second_run(runs: DagsterRuns) -> list[EventLogEntry]:
    """Everything stored of a refresh with one changed record."""
    assert runs.refresh().success
    runs.tenant.there.update("Account", runs.tenant.there.ids("Account")[0], {"Name": "New"})
    runs.later()
    run = runs.refresh()
    assert run.success
    return list(runs.instance.all_logs(run.run_id))


def test_a_run_stores_no_row_that_says_nothing(acme_runs: DagsterRuns) -> None:
    """Each row is a statement, and 14 days of them are kept; a log line would be one more."""
    stored = events_of_second_run(acme_runs)
    kinds = Counter(one.dagster_event_type for one in stored)
    steps = len(keys.IN_ORDER)
    assert kinds == OF_A_RUN + Counter(dict.fromkeys(OF_A_STEP, steps))


def test_what_an_asset_shows_is_stored_once(acme_runs: DagsterRuns) -> None:
    """The columns of every object were in two rows of each run: 53 of its 143 KB."""
    for one in events_of_second_run(acme_runs):
        if one.dagster_event_type is not DagsterEventType.ASSET_MATERIALIZATION:
            assert len(serialize_value(one)) <= ROW_BYTES_MAX, one.message
