"""What Dagster knows of the tenants: their partitions, and their runs in flight."""

import os
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable

from dagster import (
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    DefaultScheduleStatus,
    DefaultSensorStatus,
    RunRequest,
    RunsFilter,
)
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES
from dagster._core.storage.tags import PARTITION_NAME_TAG, WILL_RETRY_TAG

from flyle_sf_assets.defs.partitions import TENANT_PARTITIONS
from flyle_sf_assets.defs.resources import KIND_TAG, TENANT_TAG
from flyle_sf_assets.sync.context import RefreshKind

SCHEDULES_VARIABLE = "FLYLE_SCHEDULES"
STOPPED = "stopped"

BEGINS_WITHIN = timedelta(minutes=5)
"""A run that has begun holds its tenant's lock within seconds."""

TAKEN_WITHIN = timedelta(seconds=20)
TAKES_LOCK_WITHIN_S = 1.0
"""A worker that is asked for a run takes it at once when it is free, and holds the run's lock."""

RETRY_WITHIN = timedelta(minutes=10)
"""A failed run that Dagster will retry counts as in flight no longer than this."""


def start_by_themselves() -> bool:
    """Whether schedules and sensors run as soon as the code location is loaded.

    With ``FLYLE_SCHEDULES=stopped`` they wait until a person starts them in the UI.
    """
    return os.environ.get(SCHEDULES_VARIABLE, "") != STOPPED


SENSOR_STATUS = (
    DefaultSensorStatus.RUNNING if start_by_themselves() else DefaultSensorStatus.STOPPED
)
SCHEDULE_STATUS = (
    DefaultScheduleStatus.RUNNING if start_by_themselves() else DefaultScheduleStatus.STOPPED
)


def known_tenants(instance: DagsterInstance) -> frozenset[str]:
    """The tenants that have a partition."""
    return frozenset(instance.get_dynamic_partitions(TENANT_PARTITIONS))


def tenants_in_flight(instance: DagsterInstance) -> frozenset[str]:
    """The tenants with a run that has not ended, or that failed and is about to be retried."""
    running = instance.get_runs(RunsFilter(statuses=NOT_FINISHED_STATUSES))
    failed = instance.get_runs(
        RunsFilter(
            statuses=[DagsterRunStatus.FAILURE],
            tags={WILL_RETRY_TAG: "true"},
            updated_after=datetime.now(UTC) - RETRY_WITHIN,
        )
    )
    waiting = [run for run in failed if run.is_complete_and_waiting_to_retry]
    tenants = (run.tags.get(PARTITION_NAME_TAG) for run in (*running, *waiting))
    return frozenset(tenant for tenant in tenants if tenant is not None)


def end_lost_runs(
    instance: DagsterInstance, is_at_work: Callable[[str], bool], now: datetime
) -> int:
    """Marks as failed the runs that Dagster's run monitoring does not ask about; returns how many.

    A run of ``flyle-sf sync`` is its own process, which nothing monitors: killed, it would count as
    started for hours, and block its tenant. It counts as killed when it began some time ago and no
    process works on the tenant (``is_at_work``: whether the tenant's lock is held). A run that a
    worker took, and then died before the run began, counts as starting: its launcher knows.
    """
    started = instance.get_run_records(RunsFilter(statuses=[DagsterRunStatus.STARTED]))
    lost = [
        record.dagster_run
        for record in started
        if record.dagster_run.remote_job_origin is None
        and record.start_time is not None
        and record.start_time < (now - BEGINS_WITHIN).timestamp()
        and not is_at_work(record.dagster_run.tags.get(PARTITION_NAME_TAG, ""))
    ]
    lost += _lost_before_they_began(instance, now)
    for run in lost:
        instance.report_run_failed(run, "The process that made this run is gone.")
    return len(lost)


@runtime_checkable
class _NoticesEarlyLosses(Protocol):
    """A launcher that knows which starting runs have lost their process."""

    def has_lost(self, run: DagsterRun) -> bool:
        """Whether a process had taken the run and is gone."""


def _lost_before_they_began(instance: DagsterInstance, now: datetime) -> list[DagsterRun]:
    """Asked twice: a worker that has just taken a run holds its lock within the second."""
    launcher = instance.run_launcher
    if not isinstance(launcher, _NoticesEarlyLosses):
        return []
    starting = instance.get_runs(
        RunsFilter(statuses=[DagsterRunStatus.STARTING], updated_before=now - TAKEN_WITHIN)
    )
    lost = [run for run in starting if launcher.has_lost(run)]
    if lost:
        time.sleep(TAKES_LOCK_WITHIN_S)
    return [run for run in lost if launcher.has_lost(run)]


def run_requests(tenants: Iterable[str], kind: RefreshKind, tick: datetime) -> list[RunRequest]:
    """One run per tenant. The key is the tick's: a repeated tick launches nothing twice."""
    return [
        RunRequest(
            run_key=f"{tenant}:{kind}:{tick.astimezone(UTC):%Y%m%dT%H%M%S}",
            partition_key=tenant,
            tags={TENANT_TAG: tenant, KIND_TAG: kind},
        )
        for tenant in tenants
    ]
