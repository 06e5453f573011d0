"""When a refresh begins and ends: the lock, the sync's row, the link's state, errors kept.

What does not belong here: what the steps do (``steps``) and how Dagster runs them (``defs``).
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Concatenate, ParamSpec

from flyle_sf_assets.errors import (
    FieldRefused,
    FlyleError,
    NotConnected,
    ObjectRefused,
    Postponed,
    Text,
)
from flyle_sf_assets.refresh.anew import describe_anew
from flyle_sf_assets.refresh.context import Clock, Refresh, RefreshKind, disconnected, utc_now
from flyle_sf_assets.refresh.due import next_due
from flyle_sf_assets.refresh.failing import record_failure, record_recovery
from flyle_sf_assets.refresh.idle import is_idle
from flyle_sf_assets.refresh.installation import Installation
from flyle_sf_assets.refresh.report import StepReport
from flyle_sf_assets.refresh.steps.schemas import describe_objects, is_untried
from flyle_sf_assets.refresh.tenant_org import open_same_org
from flyle_sf_assets.salesforce.transport import Network
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.versions import from_document
from flyle_sf_assets.store.connections import is_reread_asked
from flyle_sf_assets.store.links import (
    get_link,
    locked_link,
    put_link,
    record_comparison,
    record_synced,
)
from flyle_sf_assets.store.settings_versions import latest_settings
from flyle_sf_assets.store.syncs import (
    SyncCounts,
    SyncState,
    add_counts,
    close_abandoned,
    finish_sync,
    is_cancelled,
    open_sync,
)
from flyle_sf_assets.telemetry.logs import bind, logger

P = ParamSpec("P")

_log = logger("refresh")


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
    a new connection is a census, whatever it was to be. The sync's row says how it ended: a step's
    error ends it as failed or postponed, and a process that dies leaves a running row that the next
    refresh closes.
    """
    database = installation.database
    with (
        database.tenant_lock(tenant, on_wait=on_wait),
        bind(tenant=tenant),
    ):
        settings, version = _latest_settings(installation, tenant)
        with database.tenant(tenant) as tx:
            # The link's row is held from here: whoever disconnects now finds the sync.
            put_link(tx, source_object=settings.source.object, settings_version=version)
            if get_link(tx).state == "disconnected":
                raise disconnected(tenant)
            kind = "census" if is_reread_asked(tx) else kind
            is_first = get_link(tx).first_synced_at is None
            sync = open_sync(tx, "initial" if is_first else kind, run_id, clock())
            close_abandoned(tx, clock(), keep=sync.sync_id)
            if is_first:
                put_link(tx, state="initial_sync")
        refresh = Refresh(
            installation=installation,
            tenant=tenant,
            settings=settings,
            settings_version=version,
            kind=kind,
            sync_id=sync.sync_id,
            open_org=lambda: open_same_org(
                installation, settings, sleep=_watchful(refresh), patience=Network(clock=clock)
            ),
            clock=clock,
            overlap_s=installation.places.overlap_s,
            is_retry=is_retry,
        )
        with bind(sync_id=sync.sync_id, run_id=run_id):
            try:
                yield refresh
            except BaseException as error:
                _end_failed(refresh, error)
                raise
            finally:
                refresh.close()
            if refresh.failure is None:
                _end_done(refresh)


def require_connected(installation: Installation, tenant: str) -> None:
    """Raises NotConnected ``disconnected`` for a tenant whose link was ended."""
    with installation.database.tenant(tenant) as tx:
        if get_link(tx).state == "disconnected":
            raise disconnected(tenant)


def _watchful(refresh: Refresh) -> Callable[[float], None]:
    """Waiting for a Bulk job ends as soon as the refresh was cancelled."""

    def sleep(seconds: float) -> None:
        time.sleep(seconds)
        with refresh.database.tenant(refresh.tenant) as tx:
            refresh.require_running(tx)

    return sleep


@dataclass(frozen=True, slots=True)
class IdleCheck:
    """Whether there was nothing to do, and the calls that it took to know.

    ``is_busy``: a refresh of the tenant is running, so nothing was asked.
    """

    is_idle: bool
    api_calls: int
    is_busy: bool = False


def check_idle(
    installation: Installation,
    tenant: str,
    *,
    clock: Clock = utc_now,
    patience: Network | None = None,
) -> IdleCheck:
    """Whether there is nothing to do for a tenant; if so the link says that it was just synced.

    ``patience`` brings other timeouts and retries than the usual ones. Not idle, without asking
    anything, while a refresh of the tenant is running; nor when the org
    does not show a field or object any more, which a refresh will find out about. No row is
    written in ``syncs``. Raises what else asking Salesforce raises.
    """
    database = installation.database
    with database.tenant_lock(tenant, wait=False) as is_held, bind(tenant=tenant):
        if not is_held:
            return IdleCheck(is_idle=False, api_calls=0, is_busy=True)
        settings, version = _latest_settings(installation, tenant)
        refresh = Refresh(
            installation=installation,
            tenant=tenant,
            settings=settings,
            settings_version=version,
            kind="refresh",
            sync_id=0,
            open_org=lambda: open_same_org(
                installation, settings, patience=replace(patience or Network(), clock=clock)
            ),
            clock=clock,
            overlap_s=installation.places.overlap_s,
        )
        try:
            check = IdleCheck(_is_idle(refresh), refresh.api_calls)
        finally:
            refresh.close()
        if check.is_idle:
            now = clock()
            with database.tenant(tenant) as tx:
                # A person may have ended the link meanwhile.
                if locked_link(tx).state == "linked":
                    record_synced(tx, now, next_due(now, settings, installation.places))
        return check


def _is_idle(refresh: Refresh) -> bool:
    try:
        return is_idle(refresh)
    except (FieldRefused, ObjectRefused):
        return False


def run_step(
    refresh: Refresh,
    step: Callable[Concatenate[Refresh, P], StepReport],
    *args: P.args,
    **kwargs: P.kwargs,
) -> StepReport:
    """Runs one step, with its seconds and API calls in the report and in the sync's row.

    An error is kept in the sync's row and in the link before it is raised again.
    """
    started, calls = time.perf_counter(), refresh.api_calls
    try:
        refresh.begin(_name_of(step))
        report = _tried_twice(refresh, step, *args, **kwargs)
    except BaseException as error:
        _count_calls(refresh, calls)
        if _end_failed(refresh, error) == "cancelled" and isinstance(error, FlyleError):
            # Whatever stopped it, such as a token that is gone: this is why.
            raise disconnected(refresh.tenant) from error
        raise
    spent = _count_calls(refresh, calls)
    seconds = time.perf_counter() - started
    _log.info(
        "step done", step=report.asset, rows=report.rows, api_calls=spent, seconds=round(seconds, 3)
    )
    return replace(report, api_calls=spent, seconds=seconds, sync_id=refresh.sync_id)


def _name_of(step: Callable[..., StepReport]) -> str:
    """The step's function, also when the sequence has bound its asset."""
    inner = step.func if isinstance(step, partial) else step
    return str(getattr(inner, "__name__", "step"))


def _tried_twice(
    refresh: Refresh,
    step: Callable[Concatenate[Refresh, P], StepReport],
    *args: P.args,
    **kwargs: P.kwargs,
) -> StepReport:
    """A field or object that went away is noticed, and left out, also where describe said 304.

    Settings that were not held against the org yet are held against it first: a run may leave
    out the schemas when its change does not concern them.
    """
    if step is not describe_objects and is_untried(refresh):
        describe_objects(refresh)
    try:
        return step(refresh, *args, **kwargs)
    except (FieldRefused, ObjectRefused):
        if refresh.has_described_anew:
            raise
        describe_anew(refresh)
        return step(refresh, *args, **kwargs)


def _latest_settings(installation: Installation, tenant: str) -> tuple[TenantSettings, int]:
    with installation.database.tenant(tenant) as tx:
        latest = latest_settings(tx)
    if latest is None:
        raise NotConnected(
            "no_settings",
            tried=Text(
                f"テナント {tenant} の設定を探しました", f"Looked for the settings of {tenant}"
            ),
            came_back="No settings version is registered.",
            remedy=Text(
                f"config/tenants/{tenant}.yaml を用意し flyle-sf apply を実行してください",
                f"Write config/tenants/{tenant}.yaml and run flyle-sf apply",
            ),
        )
    return from_document(json.loads(latest.document)), latest.version


def _count_calls(refresh: Refresh, before: int) -> int:
    spent = refresh.api_calls - before
    if spent:
        with refresh.database.tenant(refresh.tenant) as tx:
            add_counts(tx, refresh.sync_id, SyncCounts(api_calls=spent))
    return spent


def _end_done(refresh: Refresh) -> None:
    now = refresh.clock()
    with refresh.database.tenant(refresh.tenant) as tx:
        if is_cancelled(tx, refresh.sync_id, lock=True):
            return
        finish_sync(tx, refresh.sync_id, "done", now)
        if not refresh.is_complete:
            return
        record_recovery(tx, now)
        if refresh.kind == "census":
            record_comparison(tx, census_at=now)
        elif refresh.kind == "sweep":
            record_comparison(tx, sweep_at=now)


def _end_failed(refresh: Refresh, error: BaseException) -> SyncState:
    """Keeps the error in the sync's row and the link, unless the sync was cancelled meanwhile."""
    state: SyncState = "postponed" if isinstance(error, Postponed) else "failed"
    now = refresh.clock()
    with refresh.database.tenant(refresh.tenant) as tx:
        if is_cancelled(tx, refresh.sync_id, lock=True):
            refresh.failure = error
            return "cancelled"
        if refresh.failure is not None:
            return state
        refresh.failure = error
        finish_sync(tx, refresh.sync_id, state, now, str(error) or type(error).__name__)
        record_failure(
            tx,
            error,
            now,
            version=refresh.settings_version,
            contact=refresh.installation.places.support_contact,
            is_retry=refresh.is_retry,
        )
    _log.error("sync ended", state=state, error=str(error))
    return state
