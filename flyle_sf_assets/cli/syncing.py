"""``flyle-sf sync``: one refresh through the same Dagster assets, in this process."""

import time
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from dagster import DagsterExecutionInterruptedError, DagsterInstance, Failure
from rich.text import Text as RichText

from flyle_sf_assets.choosing.phrases import Phrase
from flyle_sf_assets.cli.applying import registered_words
from flyle_sf_assets.cli.opening import installation, required_file, tenant_file
from flyle_sf_assets.cli.terminal.language import language, say
from flyle_sf_assets.cli.terminal.moments import local_with_distance
from flyle_sf_assets.cli.terminal.output import (
    Interrupted,
    error_document,
    print_error,
    print_problems,
    problem_document,
    shown_phrase,
    to_stderr,
    to_stdout,
)
from flyle_sf_assets.cli.terminal.progress import shown_progress
from flyle_sf_assets.console.labels import SYNC_KINDS, SYNC_STATES
from flyle_sf_assets.definitions import build_defs
from flyle_sf_assets.defs.instance import add_tenants, instance_of, observe_settings
from flyle_sf_assets.defs.jobs import refresh_tenant
from flyle_sf_assets.defs.resources import KIND_TAG, refreshes_of
from flyle_sf_assets.errors import FlyleError, SettingsInvalid, Text
from flyle_sf_assets.installation.clock import utc_now
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.salesforce.transport import Network, RetryPolicy
from flyle_sf_assets.store.companies.held_changes import get_held
from flyle_sf_assets.store.syncs.settings_in_effect import Refusal, refusal_of_newest
from flyle_sf_assets.store.syncs.syncs import Sync, latest_syncs
from flyle_sf_assets.sync.context import RefreshKind
from flyle_sf_assets.sync.poll import IdleCheck, check_idle
from flyle_sf_assets.sync.session import require_connected
from flyle_sf_assets.sync.state.tenant_status import tenant_statuses
from flyle_sf_assets.telemetry.incidents import as_flyle_error
from flyle_sf_assets.tenants.held_changes import MassChangeHeld
from flyle_sf_assets.tenants.registration import Registration, register, registered_settings

IDLE = Text("変更はありませんでした", "nothing had changed")
BUSY = Text(
    "別の同期が実行中のため何もしませんでした", "another sync is running, so nothing was done"
)

IMPATIENT = Network(retry=RetryPolicy(attempts=1), login_retry=RetryPolicy(attempts=1))
"""For the idle check: what it cannot ask, the sync asks again, with retries."""

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
    registered: Registration | None = None
    """The version that the command made of the settings file; None for an unchanged one."""
    refusal: Refusal | None = None
    """Why the newest version is not applied: the sync worked with the one in effect."""
    next_attempt_at: datetime | None = None
    """When the platform tries again by itself after an error; None when it does not."""

    @property
    def exit_code(self) -> int:
        """The command's exit code; that of invalid settings when the newest are not applied."""
        if self.error is not None:
            return self.error.exit_code
        return 0 if self.refusal is None else SettingsInvalid.exit_code

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
            "held": _held_document(self.error),
            "registered_version": self.registered.version if self.registered else None,
            "not_applied": {
                "version": self.refusal.version,
                "problems": [problem_document(one) for one in self.refusal.problems],
            }
            if self.refusal
            else None,
        }

    def print(self) -> None:
        """One line for people; problems and the error, if any, go to stderr."""
        if self.refusal is not None:
            said = not_applied(self.refusal.version).in_language(language())
            to_stderr().print(f"{self.tenant}: {said}", markup=False)
            print_problems(self.refusal.problems)
        if self.error is not None:
            print_error(self.error)
        if self.note is not None:
            to_stdout().print(f"{self.tenant}: {self.note.in_language(language())}")
        if self.sync is not None:
            to_stdout().print(f"{self.tenant}: {_in_words(self.sync, self.seconds)}")
        if self.next_attempt_at is not None:
            at = local_with_distance(self.next_attempt_at, utc_now())
            by_itself = say(f"次の自動同期は {at} です", f"the next automatic sync is at {at}")
            to_stdout().print(f"{self.tenant}: {by_itself}")


def _held_document(error: FlyleError | None) -> list[dict[str, Any]] | None:
    """The numbers that wait for approval, None when nothing was held."""
    return (
        [asdict(one) for one in error.change.losses] if isinstance(error, MassChangeHeld) else None
    )


def not_applied(version: int) -> Text:
    """What is said about a version that the org does not fit."""
    return Text(
        f"設定のバージョン{version}は適用していません。これまでの設定で同期しました",
        f"version {version} of the settings is not applied; the sync used the settings before it",
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
        registered = register_file(opened, tenant)
        if registered is not None and show_progress:
            tell_registered(registered, registered_words(opened, registered))
        require_connected(opened, tenant)
        outcome = _synced(opened, tenant, full=full, wait=wait, show_progress=show_progress)
        return replace(outcome, registered=registered)


def tell_registered(registered: Registration, changes: tuple[Phrase, ...]) -> None:
    """Says on stderr that the file became a version, and what it changes."""
    console, version = to_stderr(), registered.version
    said = Text(
        f"設定ファイルをバージョン{version}として登録しました",
        f"the settings file is registered as version {version}",
    )
    console.print(f"{registered.tenant}: {said.in_language(language())}", markup=False)
    for told in changes:
        console.print(RichText("  ") + shown_phrase(told))


def _synced(
    opened: Installation, tenant: str, *, full: bool, wait: bool, show_progress: bool
) -> SyncOutcome:
    started = time.perf_counter()
    if not wait and opened.database.is_locked(tenant):
        return SyncOutcome(tenant, None, 0.0, None, note=BUSY)
    idle = None if full else _idle(opened, tenant)
    if idle is not None:
        seconds = time.perf_counter() - started
        return SyncOutcome(tenant, None, seconds, None, IDLE, idle.api_calls)
    with instance_of(opened) as instance:
        kind: RefreshKind = "full" if full else "refresh"
        return refresh_in_process(opened, instance, tenant, kind=kind, show_progress=show_progress)


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


def _in_words(sync: Sync, seconds: float) -> str:
    """``done (first): 27 pulled, 22 created; 5 API calls, 14.6 s``: only figures that are not 0."""
    state, kind = SYNC_STATES[sync.state], SYNC_KINDS[sync.kind]
    figures = (
        (sync.pulled, Text("取得", "pulled")),
        (sync.created, Text("新規", "created")),
        (sync.changed, Text("変更", "changed")),
        (sync.gone, Text("終了", "gone")),
        (sync.rejected, Text("除外", "rejected")),
    )
    ja = "、".join(f"{name.ja} {count:,}" for count, name in figures if count)
    en = ", ".join(f"{count:,} {name.en}" for count, name in figures if count)
    if not ja and sync.state == "done":
        ja, en = "変更なし", "nothing changed"
    return say(
        f"{state.ja} ({kind.ja}): {f'{ja}。' if ja else ''}API {sync.api_calls:,} 回、"
        f"{seconds:.1f} 秒",
        f"{state.en.lower()} ({kind.en.lower()}): {f'{en}; ' if en else ''}{sync.api_calls:,}"
        f" API calls, {seconds:.1f} s",
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
    tried = Text(
        f"テナント {tenant} の同期を実行しようとしました", f"Tried to run the sync of {tenant}"
    )
    return as_flyle_error(raised, tried)


def _idle(opened: Installation, tenant: str) -> IdleCheck | None:
    """The idle check if nothing changed; on an error None, because the sync will report it.

    A held tenant is never idle here: the sync says what waits for approval.
    """
    with opened.database.tenant(tenant) as tx:
        if get_held(tx) is not None:
            return None
    try:
        check = check_idle(opened, tenant, is_asked_for=True, patience=IMPATIENT)
    except Exception as raised:  # noqa: BLE001 - logged; the sync stores it on the link
        _behind(raised, tenant)
        return None
    return check if check.is_idle else None


def register_file(opened: Installation, tenant: str) -> Registration | None:
    """Registers the file's settings before the sync: the file has priority.

    Returns the version that this made, None when the file is unchanged or there is none.
    """
    loaded = tenant_file(opened.environment, tenant)
    if loaded is None:
        if registered_settings(opened, tenant) is None:
            required_file(opened.environment, tenant)
        return None
    loaded.require()
    made = register(opened, loaded)
    return made if made.is_new else None


def _sync_of(opened: Installation, tenant: str, run_id: str) -> Sync | None:
    with opened.database.tenant(tenant) as tx:
        syncs = latest_syncs(tx, limit=5)
    return next((sync for sync in syncs if run_id in ("", sync.dagster_run_id)), None)


def waiting(tenant: str) -> None:
    """Says on stderr that another sync of the tenant has to end first."""
    waiting = say("別の同期が終わるのを待っています", "waiting for another sync to end")
    to_stderr().print(f"{tenant}: {waiting}")
