"""The table ``credentials``: what a tenant logs in with, in envelopes for this tenant only.

Kinds: ``app`` (what the administrator entered), ``grant`` (tokens), and ``pending:…`` (started in a
browser, which returns once or never).
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from flyle_sf_assets.store.postgres.database import FleetTransaction, TenantTransaction
from flyle_sf_assets.store.tenants.envelopes import SecretBox

PENDING_LIVES = timedelta(minutes=15)
"""The lifetime of Salesforce's authorization code: a later callback cannot succeed."""

_PENDING = "pending:"


def put_secret(
    tx: TenantTransaction, box: SecretBox, kind: str, secret: str, now: datetime
) -> None:
    """Stores the secret; it replaces the one of that kind."""
    tx.execute(
        "INSERT INTO credentials (tenant_id, kind, envelope, created_at, updated_at)"
        " VALUES (:tenant_id, :kind, :envelope, :now, :now)"
        " ON CONFLICT (tenant_id, kind) DO UPDATE"
        " SET envelope = excluded.envelope, updated_at = excluded.updated_at",
        kind=kind,
        envelope=box.seal(tx.tenant_id, kind, secret),
        now=now,
    )


def get_secret(tx: TenantTransaction, box: SecretBox, kind: str) -> str | None:
    """The secret of that kind, None when there is none. StoreError when no key opens it."""
    found = tx.execute(
        "SELECT envelope FROM credentials WHERE tenant_id = :tenant_id AND kind = :kind",
        kind=kind,
    ).scalar()
    return None if found is None else box.open(tx.tenant_id, kind, bytes(found))


def erase_secrets(tx: TenantTransaction) -> int:
    """Deletes all credentials of the tenant; returns how many there were."""
    return tx.execute("DELETE FROM credentials WHERE tenant_id = :tenant_id").rowcount


def put_pending(
    tx: TenantTransaction, box: SecretBox, name: str, content: str, now: datetime
) -> datetime:
    """Stores ``content`` until it is claimed with ``name``; returns when it expires.

    Only a digest of the name is stored: a reader of the table cannot claim it. Expired entries
    are deleted here.
    """
    tx.execute(
        "DELETE FROM credentials WHERE tenant_id = :tenant_id AND kind LIKE 'pending:%'"
        " AND updated_at <= :before",
        before=now - PENDING_LIVES,
    )
    put_secret(tx, box, _pending(name), content, now)
    return now + PENDING_LIVES


def peek_pending(tx: TenantTransaction, box: SecretBox, name: str, now: datetime) -> str | None:
    """The content of that name, which stays; None when it is unknown, claimed or expired."""
    kind = _pending(name)
    found = tx.execute(
        "SELECT envelope, updated_at FROM credentials"
        " WHERE tenant_id = :tenant_id AND kind = :kind",
        kind=kind,
    ).first()
    if found is None or found.updated_at + PENDING_LIVES <= now:
        return None
    return box.open(tx.tenant_id, kind, bytes(found.envelope))


def claim_pending(tx: TenantTransaction, box: SecretBox, name: str, now: datetime) -> str | None:
    """Claims the content of that name, once; None when it is unknown, claimed or expired."""
    found = tx.execute(
        "DELETE FROM credentials WHERE tenant_id = :tenant_id AND kind = :kind"
        " RETURNING envelope, updated_at",
        kind=_pending(name),
    ).first()
    if found is None or found.updated_at + PENDING_LIVES <= now:
        return None
    return box.open(tx.tenant_id, _pending(name), bytes(found.envelope))


@dataclass(frozen=True, slots=True)
class Rotated:
    """The numbers of a tenant's envelopes under the newest key now, and without a valid key."""

    rotated: int = 0
    unreadable: int = 0


def tenants_with_secrets(tx: FleetTransaction) -> tuple[str, ...]:
    """The tenants that have credentials."""
    rows = tx.execute("SELECT DISTINCT tenant_id FROM credentials ORDER BY tenant_id")
    return tuple(str(row.tenant_id) for row in rows)


def rotate_secrets(tx: TenantTransaction, box: SecretBox) -> Rotated:
    """Reseals the tenant's envelopes by the newest key; one that no key opens is unchanged."""
    rows = tx.execute(
        "SELECT kind, envelope FROM credentials WHERE tenant_id = :tenant_id"
        " ORDER BY kind FOR UPDATE"
    ).all()
    unreadable = 0
    for row in rows:
        envelope = box.rotated(bytes(row.envelope))
        if envelope is None:
            unreadable += 1
            continue
        tx.execute(
            "UPDATE credentials SET envelope = :envelope"
            " WHERE tenant_id = :tenant_id AND kind = :kind",
            kind=row.kind,
            envelope=envelope,
        )
    return Rotated(len(rows) - unreadable, unreadable)


def _pending(name: str) -> str:
    return _PENDING + hashlib.sha256(name.encode()).hexdigest()[:32]
