"""``flyle-sf sync``: one refresh through the same Dagster assets, in this process."""

import time
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from dagster import DagsterExecutionInterruptedError, DagsterInstance, Failure

from flyle_sf_assets.cli.opening import installation, required_file, tenant_file
from flyle_sf_assets.cli.output import (
    error_document,
    language,
    print_error,
    to_stderr,
    to_stdout,
)
from flyle_sf_assets.cli.progress import shown_progress
from flyle_sf_assets.definitions import build_defs
from flyle_sf_assets.defs.instance import add_tenants, instance_of, observe_settings
from flyle_sf_assets.defs.jobs import refresh_tenant
from flyle_sf_assets.defs.resources import KIND_TAG, refreshes_of
from flyle_sf_assets.errors import FlyleError, Text
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.store.syncs.syncs import Sync, latest_syncs
from flyle_sf_assets.sync.context import RefreshKind
from flyle_sf_assets.sync.session import IdleCheck, check_idle, require_connected
from flyle_sf_assets.telemetry.incidents import as_flyle_error
from flyle_sf_assets.tenants.registration import register, registered_settings

IDLE = Text("変更はありませんでした", "nothing had changed")
BUSY = Text(
    "別の同期が実行中のため何もしませんでした", "another sync is running, so nothing was done"
)

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class SyncOutcome:
    """How a sync ended: its row as stored (None when it never began), and the error if any."""

    tenant: str
    sync: Sync | None
    seconds: float
    error: FlyleError | None
    note: Text | None = None
    """Why there was no sync, if there was no error."""
    idle_calls: int = 0

    @property
    def exit_code(self) -> int:
        """The command's exit code."""
        return 0 if self.error is None else self.error.exit_code

    def document(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        sync = self.sync
        figures = ("pulled", "created", "changed", "gone", "rejected")
        return {
            "tenant": self.tenant,
            "sync_id": sync.sync_id if sync else None,
            "state": sync.state if sync else "done" if self.note else "failed",
            "kind": sync.kind if sync else "refresh",
            **{name: getattr(sync, name) if sync else 0 for name in figures},
            "api_calls": sync.api_calls if sync else self.idle_calls,
            "reread": sync.reread if sync else [],
            "note": self.note.en if self.note else None,
            "seconds": round(self.seconds, 3),
            "error": error_document(self.error) if self.error else None,
        }

    def print(self) -> None:
        """One line for people; the error, if any, goes to stderr."""
        if self.error is not None:
            print_error(self.error)
        if self.note is not None:
            to_stdout().print(f"{self.tenant}: {self.note.in_language(language())}")
        if self.sync is not None:
            sync = self.sync
            to_stdout().print(
                f"{self.tenant}: {sync.state} ({sync.kind}) — pulled {sync.pulled:,}, created"
                f" {sync.created:,}, changed {sync.changed:,}, gone {sync.gone:,}, rejected"
                f" {sync.rejected:,}; {sync.api_calls} API calls, {self.seconds:.1f} s"
            )


def never_began(tenant: str, error: FlyleError) -> SyncOutcome:
    """The outcome of a sync that an error prevented."""
    return SyncOutcome(tenant, None, 0.0, error)


def sync_tenant(
    tenant: str, *, full: bool = False, wait: bool = True, show_progress: bool = True
) -> SyncOutcome:
    """Registers the tenant's file, if there is one, and refreshes the tenant if anything is new.

    A person waits for it, so the org's metadata are checked in any case: by the refresh, or by
    the idle check when nothing is new.

    Without ``wait`` it does nothing while another sync of the tenant is running.

    Raises what prevents a sync before it can begin (PlanNotEligible, SettingsInvalid,
    NotConnected, StoreUnavailable); what happens during it is in the outcome.
    """
    with installation() as opened:
        register_file(opened, tenant)
        require_connected(opened, tenant)
        started = time.perf_counter()
        if not wait and opened.database.is_locked(tenant):
            return SyncOutcome(tenant, None, 0.0, None, note=BUSY)
        idle = None if full else _idle(opened, tenant)
        if idle is not None:
            seconds = time.perf_counter() - started
            return SyncOutcome(tenant, None, seconds, None, IDLE, idle.api_calls)
        with instance_of(opened) as instance:
            kind: RefreshKind = "full" if full else "refresh"
            return refresh_in_process(
                opened, instance, tenant, kind=kind, show_progress=show_progress
            )


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
    resource = refreshes_of(lambda: nullcontext(opened), on_wait=lambda: _waiting(tenant))
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
        except DagsterExecutionInterruptedError:
            raise KeyboardInterrupt from None
        except Exception as raised:  # noqa: BLE001 - the sync's row says how far it came
            error = _behind(raised, tenant)
    return SyncOutcome(
        tenant, _sync_of(opened, tenant, run_id), time.perf_counter() - started, error
    )


def _behind(raised: Exception, tenant: str) -> FlyleError:
    """A step's own error, or the error of Dagster itself."""
    if isinstance(raised, Failure) and isinstance(raised.__cause__, FlyleError):
        return raised.__cause__
    tried = Text(f"テナント {tenant} の同期を実行しました", f"Ran the sync of {tenant}")
    return as_flyle_error(raised, tried)


def _idle(opened: Installation, tenant: str) -> IdleCheck | None:
    """The idle check if nothing changed; on an error None, because the sync will report it."""
    try:
        check = check_idle(opened, tenant, is_asked_for=True)
    except Exception as raised:  # noqa: BLE001 - logged; the sync stores it on the link
        _behind(raised, tenant)
        return None
    return check if check.is_idle else None


def register_file(opened: Installation, tenant: str) -> None:
    """Registers the file's settings before the sync: the file has priority."""
    loaded = tenant_file(opened.environment, tenant)
    if loaded is None:
        if registered_settings(opened, tenant) is None:
            required_file(opened.environment, tenant)
        return
    loaded.require()
    register(opened, loaded)


def _sync_of(opened: Installation, tenant: str, run_id: str) -> Sync | None:
    with opened.database.tenant(tenant) as tx:
        syncs = latest_syncs(tx, limit=5)
    return next((sync for sync in syncs if run_id in ("", sync.dagster_run_id)), None)


def _waiting(tenant: str) -> None:
    to_stderr().print(
        f"{tenant}: 別の同期が終わるのを待っています / waiting for another sync to end"
    )
