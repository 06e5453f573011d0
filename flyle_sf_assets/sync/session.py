"""When a refresh begins and ends: the lock, the sync's row, the link's state, stored errors."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Concatenate, ParamSpec

import polars as pl

from flyle_sf_assets.errors import (
    FieldRefused,
    FlyleError,
    IncompleteRead,
    ObjectRefused,
    RecordFileDamaged,
    UsageError,
)
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.installation.tenant_org import open_same_org
from flyle_sf_assets.salesforce.conditions import CONDITION_INVALID
from flyle_sf_assets.salesforce.rights import check_readable
from flyle_sf_assets.salesforce.transport import Network
from flyle_sf_assets.store.companies.held_changes import get_held
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.syncs.syncs import close_abandoned, open_sync
from flyle_sf_assets.store.tenants.connections import is_reread_asked
from flyle_sf_assets.store.tenants.links import (
    get_link,
    put_link,
)
from flyle_sf_assets.sync.context import Refresh, RefreshKind, disconnected
from flyle_sf_assets.sync.load.mass_change_guard import whole_kind
from flyle_sf_assets.sync.org_access import OrgAccess
from flyle_sf_assets.sync.outcome import Outcome
from flyle_sf_assets.sync.state.invalid_state import note_impossible
from flyle_sf_assets.sync.state.lost_files import note_damage, with_rereads
from flyle_sf_assets.sync.step_report import StepReport
from flyle_sf_assets.sync.steps.object_schemas import describe_objects
from flyle_sf_assets.sync.steps.partial_run import catch_up, restore
from flyle_sf_assets.sync.steps.redescribe import redescribe_during_refresh
from flyle_sf_assets.telemetry.logs import bind, logger
from flyle_sf_assets.tenants.api_budget import require_budget
from flyle_sf_assets.tenants.backoff import Attempt
from flyle_sf_assets.tenants.registration import require_choice

P = ParamSpec("P")

_log = logger("refresh")

_PERHAPS_OUR_SCHEMA = (CONDITION_INVALID, "answer_implausible")
"""Codes of errors that an outdated schema may cause."""


@contextmanager
def open_refresh(
    installation: Installation,
    tenant: str,
    *,
    kind: RefreshKind = "refresh",
    run_id: str | None = None,
    is_retry: bool = False,
    clock: Clock = utc_now,
    on_wait: Callable[[], None] | None = None,
) -> Iterator[Refresh]:
    """One refresh of one tenant under its lock; a second one waits until the first has ended.

    Raises NotConnected when the tenant has no settings or was disconnected. The first refresh after
    a new connection is a census, whatever kind was requested; one that applies an approved change
    is of the kind that finds it. The sync's row says how it ended: a step's error ends it as failed
    or postponed, and a process that dies leaves a running row that the next refresh closes.

    ``run_id`` is Dagster's (None outside of it), ``is_retry`` says that this run repeats a failed
    one, ``on_wait`` is called once when another refresh of the tenant holds the lock.

    >>> with open_refresh(installation, "acme") as refresh:
    ...     described = run_step(refresh, describe_objects)
    ...     reports = [run_step(refresh, read_records, asset=asset) for asset in RAW_ASSETS]
    ...     joined = run_step(refresh, enrich_records)
    ...     followed = run_step(refresh, follow_options)
    ...     written = run_step(refresh, write_companies)
    >>> [report.asset for report in (described, *reports, joined, followed, written)][::3]
    ['salesforce/object_schemas', 'salesforce/related_records', 'flyle/companies']
    >>> written.rows > 0, written.idle
    (True, None)
    """
    database = installation.database
    with (
        database.tenant_lock(tenant, on_wait=on_wait),
        bind(tenant=tenant),
    ):
        with database.tenant(tenant) as tx:
            choice = require_choice(tx)
            settings, version = choice.first.settings, choice.first.version
            # From here the link's row is locked: a disconnect that starts now finds the sync.
            if choice.fallback is None:
                put_link(tx, source_object=settings.source.object, settings_version=version)
            else:
                put_link(tx, settings_version=choice.fallback.version)
            if get_link(tx).state == "disconnected":
                raise disconnected(tenant)
            kind = "census" if is_reread_asked(tx) else _kind_to_apply(tx, kind)
            is_first = get_link(tx).first_synced_at is None
            sync = open_sync(tx, "initial" if is_first else kind, run_id, clock())
            close_abandoned(tx, clock(), keep=sync.sync_id)
            if is_first:
                put_link(tx, state="initial_sync")
        environment = installation.environment
        # A failure stops the tenant until there is a newer version than the newest of now.
        attempt = Attempt.of(settings, choice.newest, environment, is_retry=is_retry)
        outcome = Outcome(database, tenant, sync.sync_id, kind, clock, attempt)
        refresh = Refresh(
            installation=installation,
            tenant=tenant,
            settings=settings,
            settings_version=version,
            kind=kind,
            sync_id=sync.sync_id,
            org=OrgAccess(
                lambda: open_same_org(
                    installation,
                    refresh.settings,
                    sleep=_watchful(refresh),
                    patience=Network(clock=clock),
                ),
                environment.overlap_s,
            ),
            outcome=outcome,
            clock=clock,
            is_first=is_first,
            fallback=choice.fallback,
            refused=choice.refused,
        )
        with bind(sync_id=sync.sync_id, run_id=run_id):
            try:
                refresh.budget = require_budget(
                    installation,
                    settings,
                    sync.kind,
                    clock(),
                    renew=partial(_renew_figure, refresh),
                )
                # A census reads every file's content; else a file is checked when it is read.
                is_read = kind in ("census", "full")
                committed, lake, sync_id = refresh.committed, refresh.lake, sync.sync_id
                refresh.reread |= note_damage(committed, lake, sync_id, is_read=is_read)
                refresh.reread |= note_impossible(committed, lake, settings, sync_id, clock())
                yield refresh
            except BaseException as error:
                outcome.end_failed(outcome.understood(error))
                raise
            finally:
                refresh.org.close()
                refresh.lake.release()
            if outcome.failure is None:
                outcome.end_done()
            elif not outcome.is_failure_kept:
                # The database was not available when it happened, and may be back.
                outcome.end_failed(outcome.failure)


def _renew_figure(refresh: Refresh) -> None:
    """Asks for one record, because every answer has the org's figure of its API requests."""
    before = refresh.org.api_calls
    check_readable(refresh.org.opened.session, refresh.settings.source.object)
    spent = refresh.org.api_calls - before
    refresh.outcome.count_calls(spent, refresh.org.limit_reading)


def _kind_to_apply(tx: TenantTransaction, requested: RefreshKind) -> RefreshKind:
    """What was approved is applied by a refresh that finds it; else as requested."""
    held = get_held(tx)
    if held is None or not held.is_approved:
        return requested
    return whole_kind(held, requested) or requested


def _watchful(refresh: Refresh) -> Callable[[float], None]:
    """Stops waiting for a Bulk job as soon as the refresh was cancelled."""

    def sleep(seconds: float) -> None:
        time.sleep(seconds)
        with refresh.committed.transaction() as tx:
            refresh.require_running(tx)

    return sleep


def run_step(
    refresh: Refresh,
    step: Callable[Concatenate[Refresh, P], StepReport],
    *args: P.args,
    **kwargs: P.kwargs,
) -> StepReport:
    """Runs one step, with its seconds and API calls in the report and in the sync's row.

    An error is stored in the sync's row and in the link before it is raised again. An unforeseen
    one is raised as one of ours; no cause that could quote a record is attached.

    ``step`` is a function of `sync.steps`; its other arguments follow. Raises any
    FlyleError; BaseException (an interrupt) passes.

    Example: `sync.session.open_refresh`
    """
    started, calls = time.perf_counter(), refresh.org.api_calls
    ended: BaseException
    try:
        refresh.begin(_name_of(step))
        report = _tried_twice(refresh, partial(step, refresh, *args, **kwargs))
    except BaseException as error:  # noqa: BLE001 - raised below, outside: without a chain
        ended = refresh.outcome.understood(error)
    else:
        return _told(refresh, report, started, calls)
    state = refresh.outcome.end_failed(
        ended, refresh.org.api_calls - calls, refresh.org.limit_reading
    )
    if state == "cancelled" and isinstance(ended, FlyleError):
        # Whatever the error was (a missing token, say): the cancellation caused it.
        raise disconnected(refresh.tenant)
    raise ended


def _told(refresh: Refresh, report: StepReport, started: float, calls: int) -> StepReport:
    """Completes a finished step's report with its seconds and API calls."""
    spent = refresh.org.api_calls - calls
    refresh.outcome.count_calls(spent, refresh.org.limit_reading)
    seconds = time.perf_counter() - started
    _log.info(
        "step done", step=report.asset, rows=report.rows, api_calls=spent, seconds=round(seconds, 3)
    )
    report = with_rereads(report, refresh.reread)
    return replace(report, api_calls=spent, seconds=seconds, sync_id=refresh.sync_id)


def _name_of(step: Callable[..., StepReport]) -> str:
    """The step's function, also when its asset is bound to it."""
    inner = step.func if isinstance(step, partial) else step
    return str(getattr(inner, "__name__", "step"))


def _tried_twice(refresh: Refresh, step: partial[StepReport]) -> StepReport:
    """Reads lost datasets again first, also when a file is damaged during the step.

    ``step`` has its arguments bound.
    """
    try:
        return _described_again(refresh, step)
    except (RecordFileDamaged, pl.exceptions.PolarsError, OSError):
        # Polars reports in its own words that a file changed while it was being read.
        found = note_damage(refresh.committed, refresh.lake, refresh.sync_id, is_read=True)
        if not found:
            raise
        refresh.reread |= found
        return _described_again(refresh, step)


def _described_again(refresh: Refresh, step: partial[StepReport]) -> StepReport:
    """Detects a missing field or object and leaves it out, also when describe answered 304.

    A run without the schemas asset, as a person may start it, describes first: an outdated schema
    never ends a run.
    """
    if step.func is not describe_objects:
        if not refresh.has_described:
            catch_up(refresh, step)
        restore(refresh, step)
    try:
        return step()
    except (FieldRefused, ObjectRefused, UsageError, IncompleteRead) as error:
        # Impossible rows for the object: its stored schema may be wrong.
        is_by_code = isinstance(error, UsageError | IncompleteRead)
        is_suspect = not is_by_code or error.code in _PERHAPS_OUR_SCHEMA
        if not is_suspect or refresh.has_described_whole:
            raise
        redescribe_during_refresh(refresh)
        return step()
