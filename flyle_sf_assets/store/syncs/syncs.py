"""One row per refresh that was not idle: its times, its result, and its figures."""

# ruff: noqa: S608  the SQL is formatted only from this file's own column names

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from flyle_sf_assets.errors import Text, text_of
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.syncs.sync_totals import end_syncs

SyncKind = Literal["initial", "refresh", "full", "backfill", "sweep", "census", "rollback"]
SyncState = Literal["running", "done", "failed", "held", "postponed", "cancelled"]

CANCELLED = "cancelled: the tenant was disconnected"
ABANDONED = "abandoned: the process that ran it ended without saying how"
_ENDS = {
    CANCELLED: Text("連携を解除したため中止しました", "Cancelled: the link was disconnected"),
    ABANDONED: Text(
        "処理が途中で終了しました。次の同期は続きから始まります",
        "The process that ran it ended. The next sync goes on from there",
    ),
}


@dataclass(frozen=True, slots=True)
class Sync:
    """One sync. Counts are rows."""

    sync_id: int
    tenant_id: str
    kind: SyncKind
    state: SyncState
    started_at: datetime
    finished_at: datetime | None
    dagster_run_id: str | None
    pulled: int
    created: int
    changed: int
    gone: int
    rejected: int
    api_calls: int
    error: str | None
    reread: list[str]
    """Datasets that were read again because a record file was damaged or lost, and why."""
    rolls_back: int | None = None
    """Of a rollback: the sync that it took back."""
    asked_by: str | None = None
    """Of a rollback: who asked for it."""

    @property
    def told(self) -> Text | None:
        """Why it did not end well; None when it did. An interrupt is one."""
        if self.error is None:
            return None
        return text_of(self.error) or _ENDS.get(self.error) or _ENDS[ABANDONED]


@dataclass(frozen=True, slots=True)
class SyncCounts:
    """Numbers to add to a sync's figures."""

    pulled: int = 0
    created: int = 0
    changed: int = 0
    gone: int = 0
    rejected: int = 0
    api_calls: int = 0


_COLUMNS = (
    "sync_id, tenant_id, kind, state, started_at, finished_at, dagster_run_id, pulled, created,"
    " changed, gone, rejected, api_calls, error, reread, rolls_back, asked_by"
)


def open_sync(
    tx: TenantTransaction, kind: SyncKind, dagster_run_id: str | None, now: datetime
) -> Sync:
    """The sync of that Dagster run, created when it does not exist.

    All assets of a run get the same one. A retry under the same run id sets its row to running
    again.
    """
    row = tx.execute(
        "INSERT INTO syncs (tenant_id, kind, dagster_run_id, started_at)"
        " VALUES (:tenant_id, :kind, :run_id, :now)"
        " ON CONFLICT (tenant_id, dagster_run_id) WHERE dagster_run_id IS NOT NULL"
        " DO UPDATE SET state = 'running', finished_at = NULL, error = NULL"
        f" RETURNING {_COLUMNS}",
        kind=kind,
        run_id=dagster_run_id,
        now=now,
    ).one()
    return Sync(**row._asdict())


def add_counts(tx: TenantTransaction, sync_id: int, counts: SyncCounts) -> None:
    """Adds to the sync's figures."""
    tx.execute(
        "UPDATE syncs SET pulled = pulled + :pulled, created = created + :created,"
        " changed = changed + :changed, gone = gone + :gone, rejected = rejected + :rejected,"
        " api_calls = api_calls + :api_calls WHERE tenant_id = :tenant_id AND sync_id = :sync_id",
        sync_id=sync_id,
        **asdict(counts),
    )


def add_reread(tx: TenantTransaction, sync_id: int, found: Mapping[str, str]) -> None:
    """Stores which datasets the sync reads again, by name, and the damage of their files."""
    tx.execute(
        "UPDATE syncs SET reread = reread || CAST(:reread AS text[])"
        " WHERE tenant_id = :tenant_id AND sync_id = :sync_id",
        sync_id=sync_id,
        reread=[f"{name}: {reason}" for name, reason in found.items()],
    )


def finish_sync(
    tx: TenantTransaction, sync_id: int, state: SyncState, now: datetime, error: str | None = None
) -> Sync:
    """Closes the sync with its result; ``error`` is for people and has no secret."""
    [row] = end_syncs(
        tx,
        "state = :state, finished_at = :now, error = :error",
        "sync_id = :sync_id",
        columns=_COLUMNS,
        abandoned=ABANDONED,
        sync_id=sync_id,
        state=state,
        now=now,
        error=error,
    )
    return Sync(**row._asdict())


def close_abandoned(tx: TenantTransaction, now: datetime, *, keep: int | None = None) -> int:
    """Marks running syncs other than ``keep`` as failed and returns how many.

    Only for the holder of the tenant's lock: then no other sync of the tenant can be running.
    """
    ended = end_syncs(
        tx,
        "state = 'failed', finished_at = :now, error = :abandoned",
        "state = 'running' AND sync_id IS DISTINCT FROM CAST(:keep AS bigint)",
        columns=_COLUMNS,
        abandoned=ABANDONED,
        now=now,
        keep=keep,
    )
    return len(ended)


def cancel_running(tx: TenantTransaction, now: datetime) -> int:
    """Cancels the tenant's running syncs and returns how many; none of them commits any more.

    Waits for a commit in progress (`is_cancelled` with ``lock``).
    """
    ended = end_syncs(
        tx,
        "state = 'cancelled', finished_at = :now, error = :error",
        "state = 'running'",
        columns=_COLUMNS,
        abandoned=ABANDONED,
        now=now,
        error=CANCELLED,
    )
    return len(ended)


def is_cancelled(tx: TenantTransaction, sync_id: int, *, lock: bool = False) -> bool:
    """Whether the sync was cancelled; ``lock`` prevents that until this transaction ends."""
    state = tx.execute(
        "SELECT state FROM syncs WHERE tenant_id = :tenant_id AND sync_id = :sync_id"
        + (" FOR UPDATE" if lock else ""),
        sync_id=sync_id,
    ).scalar()
    return bool(state == "cancelled")


def sync_of_run(tx: TenantTransaction, dagster_run_id: str) -> Sync | None:
    """The sync of a Dagster run, or None when the run never opened one."""
    return tx.row(
        Sync,
        f"SELECT {_COLUMNS} FROM syncs"
        " WHERE tenant_id = :tenant_id AND dagster_run_id = :dagster_run_id",
        dagster_run_id=dagster_run_id,
    )


def get_sync(tx: TenantTransaction, sync_id: int) -> Sync | None:
    """The tenant's sync of that number, or None."""
    return tx.row(
        Sync,
        f"SELECT {_COLUMNS} FROM syncs WHERE tenant_id = :tenant_id AND sync_id = :sync_id",
        sync_id=sync_id,
    )


def latest_syncs(
    tx: TenantTransaction, limit: int = 20, *, before: int | None = None
) -> tuple[Sync, ...]:
    """The tenant's last syncs, the newest first; ``before``: those before that ``sync_id``."""
    earlier = "" if before is None else " AND sync_id < :before"
    return tx.rows(
        Sync,
        f"SELECT {_COLUMNS} FROM syncs WHERE tenant_id = :tenant_id{earlier}"
        " ORDER BY sync_id DESC LIMIT :limit",
        limit=limit,
        before=before,
    )
