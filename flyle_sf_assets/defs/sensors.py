"""What follows when a run has failed: it is recorded on the tenant's link, killed runs included.

A run that ends by an error records it on the link itself, in the transaction that closes its sync.
One that dies cannot: Dagster notices, and this sensor records it.
"""

from datetime import UTC, datetime

from dagster import (
    DagsterEvent,
    ResourceParam,
    RunFailureSensorContext,
    SkipReason,
    run_failure_sensor,
)
from dagster._core.storage.tags import PARTITION_NAME_TAG, RETRY_NUMBER_TAG

from flyle_sf_assets.defs.failures import guarded_tick
from flyle_sf_assets.defs.fleet import SENSOR_STATUS
from flyle_sf_assets.defs.resources import Refreshes
from flyle_sf_assets.tenants.backoff import LostRun, record_lost_run


@run_failure_sensor(
    minimum_interval_seconds=15,
    default_status=SENSOR_STATUS,
    description="Tells a tenant's link of a run that died without saying so: when it is tried"
    " again, and why it failed.",
)
@guarded_tick
def failed_runs(
    context: RunFailureSensorContext, refreshes: ResourceParam[Refreshes]
) -> SkipReason:
    """One failed run; most have already recorded their failure on the link."""
    run = context.dagster_run
    tenant = run.tags.get(PARTITION_NAME_TAG)
    if tenant is None:
        return SkipReason(f"run {run.run_id} is no tenant's")
    record = context.instance.get_run_record_by_id(run.run_id)
    ended = record.end_time if record is not None else None
    lost = LostRun(
        tenant=tenant,
        run_id=run.run_id,
        failed_at=datetime.fromtimestamp(ended, UTC) if ended else refreshes.clock(),
        message=_reason(context.failure_event),
        is_retry=RETRY_NUMBER_TAG in run.tags,
        code=_code(context.failure_event),
    )
    is_news = record_lost_run(refreshes.installation(), lost, clock=refreshes.clock)
    return SkipReason(f"{tenant}: {'told the link' if is_news else 'the link knows'}")


def _reason(event: DagsterEvent) -> str:
    """Why a run failed, in Dagster's own words, without exception text: it may quote data.

    With an exception as its cause, the message contains that exception's text.
    """
    failure = event.job_failure_data if event.is_job_failure else None
    if failure is not None and failure.error is not None:
        return f"{failure.error.cls_name or 'an error'} in Dagster"
    if failure is not None and failure.first_step_failure_event is not None:
        return f"step {failure.first_step_failure_event.step_key} failed"
    return event.message or "no reason given"


def _code(event: DagsterEvent) -> str | None:
    """The code that the failed step wrote into its metadata, None without one."""
    failure = event.job_failure_data if event.is_job_failure else None
    step = failure.first_step_failure_event if failure is not None else None
    told = step.step_failure_data.user_failure_data if step is not None else None
    code = told.metadata.get("code") if told is not None else None
    return str(code.value) if code is not None else None


all_sensors = [failed_runs]
