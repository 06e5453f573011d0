"""How a refresh ends: records it in the sync's row and the link, unforeseen errors too."""

from dataclasses import dataclass
from datetime import datetime

from flyle_sf_assets.errors import FlyleError, HeldForApproval, Postponed, StoreError, Text
from flyle_sf_assets.installation.clock import Clock
from flyle_sf_assets.store.postgres.database import Database, TenantTransaction
from flyle_sf_assets.store.syncs.api_usage import LimitReading, add_calls
from flyle_sf_assets.store.syncs.syncs import (
    SyncCounts,
    SyncState,
    add_counts,
    finish_sync,
    is_cancelled,
)
from flyle_sf_assets.store.tenants.links import record_comparison
from flyle_sf_assets.telemetry.incidents import as_flyle_error
from flyle_sf_assets.telemetry.logs import logger
from flyle_sf_assets.telemetry.raised import raised
from flyle_sf_assets.tenants.api_budget import delays_refreshes
from flyle_sf_assets.tenants.backoff import Attempt, record_failure, record_recovery
from flyle_sf_assets.tenants.due_times import next_slot
from flyle_sf_assets.tenants.held_changes import MassChangeHeld, keep_held

_log = logger("refresh")


@dataclass
class Outcome:
    """The end of one sync, once it is known; ``attempt`` is what a failure of it counts as.

    ``failure`` is the error that ended it, ``is_failure_kept`` whether it is stored;
    ``is_complete`` says that the companies are written.
    """

    database: Database
    tenant: str
    sync_id: int
    kind: str
    clock: Clock
    attempt: Attempt
    failure: BaseException | None = None
    is_failure_kept: bool = False
    is_complete: bool = False

    def count_calls(self, calls: int, reading: LimitReading | None = None) -> None:
        """Adds API calls to the sync's row and to the ledger; ``reading`` is the org's figure."""
        if calls:
            with self.database.tenant(self.tenant) as tx:
                add_counts(tx, self.sync_id, SyncCounts(api_calls=calls))
                add_calls(tx, calls, reading, self.clock())

    def end_done(self) -> None:
        """Closes the sync's row as done; earlier failures are over."""
        now = self.clock()
        with self.database.tenant(self.tenant) as tx:
            if is_cancelled(tx, self.sync_id, lock=True):
                return
            finish_sync(tx, self.sync_id, "done", now)
            if not self.is_complete:
                return
            record_recovery(tx, now)
            self._note_comparison(tx, now)

    def _note_comparison(self, tx: TenantTransaction, now: datetime) -> None:
        if self.kind == "census":
            record_comparison(tx, "census", now)
        elif self.kind == "sweep":
            record_comparison(tx, "sweep", now)

    def understood(self, error: BaseException) -> BaseException:
        """The error as one of ours. An interrupt stays one: it does not concern the tenant."""
        if not isinstance(error, Exception):
            return error
        tenant, kind = self.tenant, self.kind
        tried = Text(
            f"テナント {tenant} を同期しようとしました ({kind})", f"Tried to sync {tenant} ({kind})"
        )
        return as_flyle_error(error, tried)

    def end_failed(
        self, error: BaseException, calls: int = 0, reading: LimitReading | None = None
    ) -> SyncState:
        """Stores the error in the sync's row and the link, unless the sync was cancelled meanwhile.

        ``calls`` are API calls to count as well, with the org's ``reading``. A database that fails
        here (maybe the reason why the sync ended) does not hide the error: the row stays running
        and is closed by the next refresh, and the sensor records the run's failure on the link.
        """
        state = _state_of(error)
        was_told = self.failure is error
        try:
            self.count_calls(calls, reading)
            state = self._keep_failed(error, state)
        except StoreError as unkept:
            _log.warning("end of sync not kept", code=unkept.code, raised=raised(unkept))
        self.failure = error
        if not was_told:
            code = error.code if isinstance(error, FlyleError) else type(error).__name__
            incident = getattr(error, "incident", None)
            log = _log.warning if state == "held" else _log.error
            log("sync ended", state=state, code=code, incident=incident)
        return state

    def _keep_failed(self, error: BaseException, state: SyncState) -> SyncState:
        now = self.clock()
        with self.database.tenant(self.tenant) as tx:
            if is_cancelled(tx, self.sync_id, lock=True):
                self.is_failure_kept = True
                return "cancelled"
            if self.is_failure_kept:
                return state
            finish_sync(tx, self.sync_id, state, now, str(error) or type(error).__name__)
            if isinstance(error, MassChangeHeld):
                due_at = next_slot(self.tenant, int(self.attempt.every.total_seconds()), now)
                keep_held(tx, error, sync_id=self.sync_id, now=now, due_at=due_at)
                # Its records are compared; what it would change waits.
                self._note_comparison(tx, now)
            elif delays_refreshes(error, self.kind):
                record_failure(tx, error, now, self.attempt)
        self.is_failure_kept = True
        return state


def _state_of(error: BaseException) -> SyncState:
    if isinstance(error, HeldForApproval):
        return "held"
    return "postponed" if isinstance(error, Postponed) else "failed"
