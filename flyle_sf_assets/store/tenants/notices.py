"""Notices to a tenant's administrators."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flyle_sf_assets.errors import Text
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.tenants.webhook_outbox import put_notice_event

NoticeKind = Literal["first_sync_done", "attention", "held", "recovered", "disconnected"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice; ``read_at`` is None until a person has read it."""

    notification_id: int
    kind: NoticeKind
    title: Text
    body: Text
    created_at: datetime
    read_at: datetime | None


def add_notice(
    tx: TenantTransaction, kind: NoticeKind, title: Text, body: Text, now: datetime
) -> int:
    """Stores the notice, and its event for a webhook, and returns its id."""
    notification_id = int(
        tx.execute(
            "INSERT INTO notifications"
            " (tenant_id, kind, title, title_en, body, body_en, created_at)"
            " VALUES (:tenant_id, :kind, :title, :title_en, :body, :body_en, :now)"
            " RETURNING notification_id",
            kind=kind,
            title=title.ja,
            title_en=title.en,
            body=body.ja,
            body_en=body.en,
            now=now,
        ).scalar_one()
    )
    put_notice_event(tx, kind, notification_id, now)
    return notification_id


def count_unread(tx: TenantTransaction) -> int:
    """The number of the tenant's notices that no person has read."""
    return int(
        tx.execute(
            "SELECT count(*) FROM notifications WHERE tenant_id = :tenant_id AND read_at IS NULL"
        ).scalar_one()
    )


def list_notices(
    tx: TenantTransaction, *, unread_only: bool = False, limit: int = 50
) -> tuple[Notice, ...]:
    """The tenant's notices, the newest first; those of earlier versions have one text for both."""
    found = tx.execute(
        "SELECT notification_id, kind, title, coalesce(title_en, title) AS title_en, body,"
        " coalesce(body_en, body) AS body_en, created_at, read_at FROM notifications"
        " WHERE tenant_id = :tenant_id AND (read_at IS NULL OR NOT :unread_only)"
        " ORDER BY notification_id DESC LIMIT :limit",
        unread_only=unread_only,
        limit=limit,
    )
    return tuple(
        Notice(
            row.notification_id,
            row.kind,
            Text(row.title, row.title_en),
            Text(row.body, row.body_en),
            row.created_at,
            row.read_at,
        )
        for row in found
    )


def mark_read(tx: TenantTransaction, notification_id: int, now: datetime) -> None:
    """Stores when it was first read."""
    tx.execute(
        "UPDATE notifications SET read_at = :now WHERE tenant_id = :tenant_id"
        " AND notification_id = :notification_id AND read_at IS NULL",
        notification_id=notification_id,
        now=now,
    )
