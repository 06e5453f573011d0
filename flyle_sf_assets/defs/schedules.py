"""When tenants are refreshed, compared and cleaned up: each body polls the tenants that are due."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from dagster import (
    ResourceParam,
    RunRequest,
    ScheduleEvaluationContext,
    SkipReason,
    schedule,
)

from flyle_sf_assets.defs.failures import guarded_tick
from flyle_sf_assets.defs.fleet import (
    SCHEDULE_STATUS,
    end_lost_runs,
    known_tenants,
    run_requests,
    tenants_in_flight,
)
from flyle_sf_assets.defs.jobs import refresh_tenant, tidy_up
from flyle_sf_assets.defs.resources import Refreshes
from flyle_sf_assets.installation.clock import Clock
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.scheduling.poller import (
    PollResult,
    Verdict,
    poll,
    record_without_files,
    refresh_needed,
    sweep_needed,
    within_budget,
)
from flyle_sf_assets.store.syncs.schedule_inputs import Agenda, read_agendas
from flyle_sf_assets.sync.context import RefreshKind
from flyle_sf_assets.telemetry.logs import logger
from flyle_sf_assets.tenants.due_times import comparisons_due, refreshes_due

QUEUE_MAX = 200
"""Runs that wait or are in flight: at this number no more are launched, and tenants stay due."""

_log = logger("defs")

Tick = list[RunRequest] | SkipReason
Due = Callable[..., tuple[Agenda, ...]]
Poll = Callable[[Installation, Agenda], Verdict]


@schedule(
    job=refresh_tenant,
    cron_schedule="* * * * *",
    default_status=SCHEDULE_STATUS,
    description="Each tenant at its own moment of its own interval. Looks first: a tenant with"
    " nothing new costs one API call and no run.",
)
@guarded_tick
def refresh_due_tenants(
    context: ScheduleEvaluationContext, refreshes: ResourceParam[Refreshes]
) -> Tick:
    """A refresh for every tenant that is due and has something to do."""
    poll_one = partial(refresh_needed, clock=refreshes.clock)
    return _tick(context, refreshes, "refresh", refreshes_due, poll_one)


@schedule(
    job=refresh_tenant,
    cron_schedule="*/5 * * * *",
    default_status=SCHEDULE_STATUS,
    description="Every tenant once a night, between 22:00 and 6:00 of its time zone: all records"
    " in scope, their parents, and the companies are compared with the org.",
)
@guarded_tick
def nightly_census(context: ScheduleEvaluationContext, refreshes: ResourceParam[Refreshes]) -> Tick:
    """A census for every tenant whose moment of the night has come."""
    poll_one = partial(_census_needed, clock=refreshes.clock)
    return _tick(context, refreshes, "census", partial(comparisons_due, "census"), poll_one)


@schedule(
    job=refresh_tenant,
    cron_schedule="*/5 * * * *",
    default_status=SCHEDULE_STATUS,
    description="Every tenant once a night that maps formulas, or whose conditions move with the"
    " day: what changes without SystemModstamp is read again.",
)
@guarded_tick
def nightly_sweep(context: ScheduleEvaluationContext, refreshes: ResourceParam[Refreshes]) -> Tick:
    """A sweep for every tenant whose moment of the night has come and who needs one."""
    poll_one = partial(sweep_needed, clock=refreshes.clock)
    return _tick(context, refreshes, "sweep", partial(comparisons_due, "sweep"), poll_one)


@schedule(
    job=tidy_up,
    cron_schedule="17 3 * * *",
    execution_timezone="Asia/Tokyo",
    default_status=SCHEDULE_STATUS,
    description="Old runs with their events, and record files that no dataset is made of any more.",
)
def nightly_tidying(_context: ScheduleEvaluationContext) -> RunRequest:
    """One run a night."""
    return RunRequest()


def _tick(
    context: ScheduleEvaluationContext,
    refreshes: Refreshes,
    kind: RefreshKind,
    due: Due,
    poll_one: Poll,
) -> Tick:
    """The runs of one tick: tenants that are due and have something to do."""
    installation = refreshes.installation()
    end_lost_runs(context.instance, installation.database.is_locked, datetime.now(UTC))
    in_flight = tenants_in_flight(context.instance)
    with installation.database.fleet() as tx:
        agendas = read_agendas(tx)
    tenants = due(
        agendas,
        refreshes.clock(),
        partitions=known_tenants(context.instance),
        in_flight=in_flight,
    )
    free = QUEUE_MAX - len(in_flight)
    if tenants and free <= 0:
        return SkipReason(f"{len(in_flight):,} runs are in flight; {len(tenants):,} tenants wait")
    polled = poll(tenants, partial(poll_one, installation), enough=free)
    _tell(kind, polled)
    record_without_files(installation, polled, clock=refreshes.clock)
    if not polled.work:
        return SkipReason(polled.in_words())
    return run_requests(
        [agenda.tenant_id for agenda in polled.work], kind, context.scheduled_execution_time
    )


def _census_needed(installation: Installation, agenda: Agenda, *, clock: Clock) -> Verdict:
    """Always, as long as the API budget allows it."""
    return within_budget(installation, agenda, "census", clock=clock)


def _tell(kind: RefreshKind, polled: PollResult) -> None:
    _log.info(
        "tick",
        kind=kind,
        work=len(polled.work),
        idle=polled.idle,
        busy=polled.busy,
        failed=polled.failed,
        postponed=polled.postponed,
        unreached=polled.unreached,
        without_files=len(polled.without_files),
    )


all_schedules = [refresh_due_tenants, nightly_census, nightly_sweep, nightly_tidying]
