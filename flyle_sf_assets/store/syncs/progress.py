"""The progress of a tenant's running sync, for other processes."""

from dataclasses import dataclass
from datetime import datetime

from flyle_sf_assets.store.postgres.database import TenantTransaction


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """``done`` of ``expected`` rows of a step (None when not known)."""

    sync_id: int
    step: str
    done: int
    expected: int | None
    told_at: datetime


def put_progress(tx: TenantTransaction, progress: SyncProgress) -> None:
    """Replaces the last stored progress."""
    tx.execute(
        "INSERT INTO sync_progress (tenant_id, sync_id, step, done, expected, told_at)"
        " VALUES (:tenant_id, :sync_id, :step, :done, :expected, :told_at)"
        " ON CONFLICT (tenant_id) DO UPDATE SET sync_id = excluded.sync_id, step = excluded.step,"
        " done = excluded.done, expected = excluded.expected, told_at = excluded.told_at",
        sync_id=progress.sync_id,
        step=progress.step,
        done=progress.done,
        expected=progress.expected,
        told_at=progress.told_at,
    )


def get_progress(tx: TenantTransaction, sync_id: int) -> SyncProgress | None:
    """The last progress of that sync, None when it has stored none."""
    return tx.row(
        SyncProgress,
        "SELECT sync_id, step, done, expected, told_at FROM sync_progress"
        " WHERE tenant_id = :tenant_id AND sync_id = :sync_id",
        sync_id=sync_id,
    )
