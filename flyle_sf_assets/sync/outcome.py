"""How a refresh ends: the sync's row and the link are told, also of what nobody foresaw.

What does not belong here: how a refresh begins (``session.py``) and what a failure means for the
link (``tenants/backoff.py``).
"""

from flyle_sf_assets.errors import FlyleError, Postponed, StoreError, Text
from flyle_sf_assets.store.syncs.syncs import (
    SyncCounts,
    SyncState,
    add_counts,
    finish_sync,
    is_cancelled,
)
from flyle_sf_assets.store.tenants.links import record_comparison
from flyle_sf_assets.sync.context import Refresh
from flyle_sf_assets.telemetry.incidents import as_flyle_error
from flyle_sf_assets.telemetry.logs import logger
from flyle_sf_assets.telemetry.raised import raised
from flyle_sf_assets.tenants.backoff import Attempt, record_failure, record_recovery

_log = logger("refresh")


def count_calls(refresh: Refresh, before: int) -> int:
    """Adds the API calls since ``before`` to the sync's row, and returns how many they are."""
    spent = refresh.org.api_calls - before
    if spent:
        with refresh.committed.transaction() as tx:
            add_counts(tx, refresh.sync_id, SyncCounts(api_calls=spent))
    return spent


def end_done(refresh: Refresh) -> None:
    """Closes the sync's row as done; what failed before is over."""
    now = refresh.clock()
    with refresh.committed.transaction() as tx:
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


def understood(refresh: Refresh, error: BaseException) -> BaseException:
    """The error as one of ours. An interrupt stays one: it says nothing about the tenant."""
    if not isinstance(error, Exception):
        return error
    tenant, kind = refresh.tenant, refresh.kind
    tried = Text(f"テナント {tenant} を同期しました ({kind})", f"Synced {tenant} ({kind})")
    return as_flyle_error(error, tried)


def end_failed(refresh: Refresh, error: BaseException, calls: int | None = None) -> SyncState:
    """Keeps the error in the sync's row and the link, unless the sync was cancelled meanwhile.

    ``calls`` are the API calls that were counted before. A database that does not take it (it may
    be why the sync ended) does not hide the error: the row stays running and is closed by the
    next refresh, and the run's failure reaches the link by the sensor.
    """
    state: SyncState = "postponed" if isinstance(error, Postponed) else "failed"
    was_told = refresh.failure is error
    try:
        if calls is not None:
            count_calls(refresh, calls)
        state = _keep_failed(refresh, error, state)
    except StoreError as unkept:
        _log.warning("end of sync not kept", code=unkept.code, raised=raised(unkept))
    refresh.failure = error
    if not was_told:
        code = error.code if isinstance(error, FlyleError) else type(error).__name__
        _log.error("sync ended", state=state, code=code, incident=getattr(error, "incident", None))
    return state


def _keep_failed(refresh: Refresh, error: BaseException, state: SyncState) -> SyncState:
    now = refresh.clock()
    with refresh.committed.transaction() as tx:
        if is_cancelled(tx, refresh.sync_id, lock=True):
            refresh.is_failure_kept = True
            return "cancelled"
        if refresh.is_failure_kept:
            return state
        finish_sync(tx, refresh.sync_id, state, now, str(error) or type(error).__name__)
        attempt = Attempt.of(
            refresh.settings,
            refresh.settings_version,
            refresh.installation.environment,
            is_retry=refresh.is_retry,
        )
        record_failure(tx, error, now, attempt)
    refresh.is_failure_kept = True
    return state
