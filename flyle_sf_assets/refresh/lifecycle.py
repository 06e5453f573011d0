"""When a refresh begins and ends: the lock, the sync's row, the link's state, errors kept.

What does not belong here: what the steps do (``steps``) and how Dagster runs them (``defs``).
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Concatenate, ParamSpec

from flyle_sf_assets.errors import FieldRefused, NotConnected, ObjectRefused, Postponed, Text
from flyle_sf_assets.refresh.checking import open_tenant_org
from flyle_sf_assets.refresh.context import Clock, Refresh, RefreshKind, utc_now
from flyle_sf_assets.refresh.due import next_due
from flyle_sf_assets.refresh.failing import record_failure, record_recovery
from flyle_sf_assets.refresh.idle import is_idle
from flyle_sf_assets.refresh.installation import Installation, Places
from flyle_sf_assets.refresh.report import StepReport
from flyle_sf_assets.refresh.steps.schemas import describe_objects
from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.versions import from_document
from flyle_sf_assets.store.links import get_link, put_link, record_comparison, record_synced
from flyle_sf_assets.store.settings_versions import latest_settings
from flyle_sf_assets.store.syncs import (
    SyncCounts,
    SyncState,
    add_counts,
    close_abandoned,
    finish_sync,
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

    Raises NotConnected when the tenant has no settings. The sync's row says how it ended: a
    step's error ends it as failed or postponed, and a process that dies leaves a running row
    that the next refresh closes.
    """
    database = installation.database
    with (
        database.tenant_lock(tenant, on_wait=on_wait),
        bind(tenant=tenant),
    ):
        settings, version = _latest_settings(installation, tenant)
        with database.tenant(tenant) as tx:
            is_first = get_link(tx).first_synced_at is None
            sync = open_sync(tx, "initial" if is_first else kind, run_id, clock())
            close_abandoned(tx, clock(), keep=sync.sync_id)
            put_link(tx, source_object=settings.source.object, settings_version=version)
            if is_first:
                put_link(tx, state="initial_sync")
        refresh = Refresh(
            installation=installation,
            tenant=tenant,
            settings=settings,
            settings_version=version,
            kind=kind,
            sync_id=sync.sync_id,
            open_org=lambda: open_tenant_org(installation.places, settings),
            clock=clock,
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
    open_org: Callable[[Places, TenantSettings], Org] = open_tenant_org,
) -> IdleCheck:
    """Whether there is nothing to do for a tenant; if so the link says that it was just synced.

    Not idle, without asking anything, while a refresh of the tenant is running. No row is written
    in ``syncs``. Raises what asking Salesforce raises.
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
            open_org=lambda: open_org(installation.places, settings),
            clock=clock,
        )
        try:
            check = IdleCheck(is_idle(refresh), refresh.api_calls)
        finally:
            refresh.close()
        if check.is_idle:
            now = clock()
            with database.tenant(tenant) as tx:
                record_synced(tx, now, next_due(now, settings, installation.places))
        return check


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
        report = _tried_twice(refresh, step, *args, **kwargs)
    except BaseException as error:
        _count_calls(refresh, calls)
        _end_failed(refresh, error)
        raise
    spent = _count_calls(refresh, calls)
    seconds = time.perf_counter() - started
    _log.info(
        "step done", step=report.asset, rows=report.rows, api_calls=spent, seconds=round(seconds, 3)
    )
    return replace(report, api_calls=spent, seconds=seconds, sync_id=refresh.sync_id)


def _tried_twice(
    refresh: Refresh,
    step: Callable[Concatenate[Refresh, P], StepReport],
    *args: P.args,
    **kwargs: P.kwargs,
) -> StepReport:
    """A field or object that went away since the last describe is noticed, and left out."""
    try:
        return step(refresh, *args, **kwargs)
    except (FieldRefused, ObjectRefused):
        if refresh.has_described:
            raise
        describe_objects(refresh, is_forced=True)
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
        finish_sync(tx, refresh.sync_id, "done", now)
        if not refresh.is_complete:
            return
        record_recovery(tx, now)
        if refresh.kind == "census":
            record_comparison(tx, census_at=now)
        elif refresh.kind == "sweep":
            record_comparison(tx, sweep_at=now)


def _end_failed(refresh: Refresh, error: BaseException) -> None:
    if refresh.failure is not None:
        return
    refresh.failure = error
    now = refresh.clock()
    state: SyncState = "postponed" if isinstance(error, Postponed) else "failed"
    with refresh.database.tenant(refresh.tenant) as tx:
        finish_sync(tx, refresh.sync_id, state, now, str(error) or type(error).__name__)
        record_failure(tx, error, now, version=refresh.settings_version, is_retry=refresh.is_retry)
    _log.error("sync ended", state=state, error=str(error))
