"""How a sync ended, as ``flyle-sf sync`` prints it: for people, and as JSON.

What does not belong here: making the sync (``dagster_run.py``).
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from flyle_sf_assets.cli.terminal.language import language, say
from flyle_sf_assets.cli.terminal.moments import local_with_distance
from flyle_sf_assets.cli.terminal.output import (
    error_document,
    print_error,
    print_problems,
    problem_document,
    to_stderr,
    to_stdout,
)
from flyle_sf_assets.console.labels import SYNC_KINDS, SYNC_STATES
from flyle_sf_assets.errors import FlyleError, SettingsInvalid, Text
from flyle_sf_assets.installation.clock import utc_now
from flyle_sf_assets.store.syncs.settings_in_effect import Refusal
from flyle_sf_assets.store.syncs.syncs import Sync
from flyle_sf_assets.tenants.held_changes import MassChangeHeld
from flyle_sf_assets.tenants.registration import Registration


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


def tried_to_sync(tenant: str) -> Text:
    """What an unforeseen error of a sync prevented."""
    return Text(
        f"テナント {tenant} の同期を実行しようとしました", f"Tried to run the sync of {tenant}"
    )


def waiting(tenant: str) -> None:
    """Says on stderr that another sync of the tenant has to end first."""
    waiting = say("別の同期が終わるのを待っています", "waiting for another sync to end")
    to_stderr().print(f"{tenant}: {waiting}")
