"""One Dagster run of a refresh in this process, for the commands that make one.

What does not belong here: whether there is anything to refresh (``command.py``), which is found
without loading Dagster.
"""

import time
from contextlib import nullcontext
from datetime import datetime

from dagster import DagsterExecutionInterruptedError, DagsterInstance, Failure

from flyle_sf_assets.cli.syncing.outcome import SyncOutcome, tried_to_sync, waiting
from flyle_sf_assets.cli.terminal.moments import local_with_distance
from flyle_sf_assets.cli.terminal.output import Interrupted
from flyle_sf_assets.cli.terminal.progress import shown_progress
from flyle_sf_assets.definitions import build_defs
from flyle_sf_assets.defs.instance import add_tenants, observe_settings
from flyle_sf_assets.defs.jobs import refresh_tenant
from flyle_sf_assets.defs.resources import KIND_TAG, refreshes_of
from flyle_sf_assets.errors import FlyleError, Text
from flyle_sf_assets.installation.clock import utc_now
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.store.syncs.settings_in_effect import refusal_of_newest
from flyle_sf_assets.store.syncs.syncs import Sync, latest_syncs
from flyle_sf_assets.sync.context import RefreshKind
from flyle_sf_assets.sync.state.tenant_status import tenant_statuses
from flyle_sf_assets.telemetry.incidents import as_flyle_error
from flyle_sf_assets.tenants.registration import registered_settings

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def refresh_in_process(
    opened: Installation,
    instance: DagsterInstance,
    tenant: str,
    *,
    kind: RefreshKind = "refresh",
    show_progress: bool = True,
) -> SyncOutcome:
    """One run of the job ``refresh_tenant``, with progress on stderr."""
    settings = registered_settings(opened, tenant)
    add_tenants(instance, [tenant])
    if settings is not None:
        observe_settings(instance, settings)
    started = time.perf_counter()
    error: FlyleError | None = None
    run_id = ""
    resource = refreshes_of(lambda: nullcontext(opened), on_wait=lambda: waiting(tenant))
    job = build_defs({"refreshes": resource}).resolve_job_def(refresh_tenant.name)
    with shown_progress(show=show_progress):
        try:
            result = job.execute_in_process(
                partition_key=tenant,
                instance=instance,
                run_config=QUIET,
                tags={KIND_TAG: kind},
            )
            run_id = result.run_id
        except (DagsterExecutionInterruptedError, KeyboardInterrupt):
            raise _interrupted(opened, tenant) from None
        except Exception as raised:  # noqa: BLE001 - the sync's row says how far it came
            error = _behind(raised, tenant)
    with opened.database.tenant(tenant) as tx:
        refusal = refusal_of_newest(tx)
    seconds = time.perf_counter() - started
    at = None if error is None else _next_attempt_at(opened, tenant)
    return SyncOutcome(
        tenant,
        _sync_of(opened, tenant, run_id),
        seconds,
        error,
        refusal=refusal,
        next_attempt_at=at,
    )


def _interrupted(opened: Installation, tenant: str) -> Interrupted:
    """What an interrupt of the tenant's sync means: nothing is lost, and when it goes on."""
    at = _next_attempt_at(opened, tenant)
    by_itself = Text("自動では再開しません。", "It does not go on by itself.")
    if at is not None:
        told = local_with_distance(at, utc_now())
        by_itself = Text(
            f"次の自動同期 (make dev の実行中): {told}",
            f"Next automatic sync (while make dev runs): {told}",
        )
    return Interrupted(
        Text(
            "中断しました。失われたデータはありません。次の同期は続きから始まります。\n"
            f"{by_itself.ja}\n今すぐ続けるには: flyle-sf sync {tenant}",
            "Stopped. Nothing is lost: finished steps are stored, the next sync goes on.\n"
            f"{by_itself.en}\nTo go on now: flyle-sf sync {tenant}",
        )
    )


def _next_attempt_at(opened: Installation, tenant: str) -> datetime | None:
    (status,) = tenant_statuses(opened, tenant)
    return status.next_attempt_at


def _behind(raised: Exception, tenant: str) -> FlyleError:
    """A step's own error, or the error of Dagster itself."""
    if isinstance(raised, Failure) and isinstance(raised.__cause__, FlyleError):
        return raised.__cause__
    return as_flyle_error(raised, tried_to_sync(tenant))


def _sync_of(opened: Installation, tenant: str, run_id: str) -> Sync | None:
    with opened.database.tenant(tenant) as tx:
        syncs = latest_syncs(tx, limit=5)
    return next((sync for sync in syncs if run_id in ("", sync.dagster_run_id)), None)
