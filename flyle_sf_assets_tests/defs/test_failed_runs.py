"""The sensor that tells a link of its failed run, on a run that Dagster marked as failed."""

from contextlib import nullcontext
from typing import Any

import pytest
from dagster import (
    DagsterEvent,
    DagsterEventType,
    DagsterRunStatus,
    SkipReason,
    build_run_status_sensor_context,
)
from dagster._core.events import JobFailureData
from dagster._core.test_utils import create_run_for_test

from flyle_sf_assets.defs.resources import refreshes_of
from flyle_sf_assets.defs.sensors import failed_runs
from flyle_sf_assets.store.tenants.links import get_link
from flyle_sf_assets_tests.flows.dagster_runs import DagsterRuns
from flyle_sf_assets_tests.flows.platform import Platform
from flyle_sf_assets_tests.flows.tenants import Tenant


def _told(platform: Platform, tags: dict[str, str]) -> str:
    """What the sensor says of a run with these tags that was killed."""
    instance = platform.instance
    run = create_run_for_test(
        instance, job_name="refresh_tenant", status=DagsterRunStatus.STARTED, tags=tags
    )
    instance.report_run_failed(run, "Run process ended with signal 9")
    event = DagsterEvent(
        event_type_value=DagsterEventType.RUN_FAILURE.value,
        job_name="refresh_tenant",
        event_specific_data=JobFailureData(None),
        message="Run process ended with signal 9",
    )
    resource = refreshes_of(lambda: nullcontext(platform.installation), clock=platform.clock.now)
    failed = instance.get_run_by_id(run.run_id)
    assert failed is not None
    with build_run_status_sensor_context(
        sensor_name="failed_runs",
        dagster_event=event,
        dagster_instance=instance,
        dagster_run=failed,
        resources={"refreshes": resource},
    ).for_run_failure() as context:
        answer: Any = failed_runs(context)
    assert isinstance(answer, SkipReason)
    return str(answer.skip_message)


def test_a_killed_run_reaches_the_tenants_link(platform: Platform, acme: Tenant) -> None:
    """A run killed for memory says nothing; the tenant stood as linked and in step."""
    platform.add(acme)
    assert _told(platform, {"dagster/partition": "acme"}) == "acme: told the link"
    with platform.installation.database.tenant("acme") as tx:
        link = get_link(tx)
    assert (link.state, link.failures) == ("failing", 1)
    assert platform.tick().skipped == "nobody is due"


def test_a_run_of_no_tenant_is_left_alone(platform: Platform) -> None:
    """Tidying up has no partition."""
    assert "is no tenant's" in _told(platform, {})


def test_a_run_that_failed_by_itself_has_told_the_link(
    acme_runs: DagsterRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One failure, one notice: the error's own words, not Dagster's."""
    monkeypatch.setenv("ACME_SF_SECRET", "a-wrong-secret-1234567890")
    result = acme_runs.refresh()
    assert not result.success
    with acme_runs.tenant.installation.database.tenant("acme") as tx:
        before = get_link(tx)
    assert before.stopped_version == 1
    run = acme_runs.instance.get_run_by_id(result.run_id)
    assert run is not None
    resource = refreshes_of(lambda: nullcontext(acme_runs.tenant.installation))
    with build_run_status_sensor_context(
        sensor_name="failed_runs",
        dagster_event=result.get_run_failure_event(),
        dagster_instance=acme_runs.instance,
        dagster_run=run,
        resources={"refreshes": resource},
    ).for_run_failure() as context:
        answer: Any = failed_runs(context)
    assert answer.skip_message == "acme: the link knows"
    with acme_runs.tenant.installation.database.tenant("acme") as tx:
        assert get_link(tx) == before
