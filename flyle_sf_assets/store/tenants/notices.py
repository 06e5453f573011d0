"""Notices to a tenant's administrators."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flyle_sf_assets.store.postgres.database import TenantTransaction

NoticeKind = Literal["first_sync_done", "attention", "held", "recovered", "disconnected"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice; ``read_at`` is None until a person has read it."""

    notification_id: int
    kind: NoticeKind
    title: str
    body: str
    created_at: datetime
    read_at: datetime | None


def add_notice(
    tx: TenantTransaction, kind: NoticeKind, title: str, body: str, now: datetime
) -> int:
    """Stores the notice and returns its id."""
    return int(
        tx.execute(
            "INSERT INTO notifications (tenant_id, kind, title, body, created_at)"
            " VALUES (:tenant_id, :kind, :title, :body, :now) RETURNING notification_id",
            kind=kind,
            title=title,
            body=body,
            now=now,
        ).scalar_one()
    )


def list_notices(
    tx: TenantTransaction, *, unread_only: bool = False, limit: int = 50
) -> tuple[Notice, ...]:
    """The tenant's notices, the newest first."""
    return tx.rows(
        Notice,
        "SELECT notification_id, kind, title, body, created_at, read_at FROM notifications"
        " WHERE tenant_id = :tenant_id AND (read_at IS NULL OR NOT :unread_only)"
        " ORDER BY notification_id DESC LIMIT :limit",
        unread_only=unread_only,
        limit=limit,
    )


def mark_read(tx: TenantTransaction, notification_id: int, now: datetime) -> None:
    """Stores when it was first read."""
    tx.execute(
        "UPDATE notifications SET read_at = :now WHERE tenant_id = :tenant_id"
        " AND notification_id = :notification_id AND read_at IS NULL",
        notification_id=notification_id,
        now=now,
    )
