"""Sessions of the console: used tokens, the sessions opened by them, attempts to sign in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flyle_sf_assets.store.postgres.database import TenantTransaction

NO_TENANT = "*"
"""No tenant can have this name: it counts attempts for unknown tenants, by address."""

Role = Literal["admin", "editor", "contributor"]


@dataclass(frozen=True, slots=True)
class ConsoleSession:
    """One person's session; ``subject`` is the person's id in Flyle."""

    subject: str
    name: str
    role: Role
    plan: str
    created_at: datetime
    expires_at: datetime


def use_token(tx: TenantTransaction, jti: str, expires_at: datetime, now: datetime) -> bool:
    """Marks a token as used; False when any process had marked it already."""
    tx.execute(
        "DELETE FROM console_tokens WHERE tenant_id = :tenant_id AND expires_at < :now",
        now=now,
    )
    made = tx.execute(
        "INSERT INTO console_tokens (tenant_id, jti, expires_at)"
        " VALUES (:tenant_id, :jti, :expires_at) ON CONFLICT DO NOTHING",
        jti=jti,
        expires_at=expires_at,
    )
    return made.rowcount == 1


def open_session(tx: TenantTransaction, cookie_digest: bytes, session: ConsoleSession) -> None:
    """Stores a session under the digest of its cookie; expired ones are deleted."""
    tx.execute(
        "DELETE FROM console_sessions WHERE tenant_id = :tenant_id AND expires_at < :now",
        now=session.created_at,
    )
    tx.execute(
        "INSERT INTO console_sessions"
        " (tenant_id, cookie_digest, subject, name, role, plan, created_at, expires_at) VALUES"
        " (:tenant_id, :digest, :subject, :name, :role, :plan, :created_at, :expires_at)",
        digest=cookie_digest,
        subject=session.subject,
        name=session.name,
        role=session.role,
        plan=session.plan,
        created_at=session.created_at,
        expires_at=session.expires_at,
    )


def get_session(
    tx: TenantTransaction, cookie_digest: bytes, now: datetime
) -> ConsoleSession | None:
    """The session of that cookie, None when there is none or it has expired."""
    return tx.row(
        ConsoleSession,
        "SELECT subject, name, role, plan, created_at, expires_at FROM console_sessions"
        " WHERE tenant_id = :tenant_id AND cookie_digest = :digest AND expires_at > :now",
        digest=cookie_digest,
        now=now,
    )


def end_session(tx: TenantTransaction, cookie_digest: bytes) -> None:
    """Deletes the session of the cookie."""
    tx.execute(
        "DELETE FROM console_sessions WHERE tenant_id = :tenant_id AND cookie_digest = :digest",
        digest=cookie_digest,
    )


def count_request(tx: TenantTransaction, address: str, since: datetime) -> int:
    """Counts one attempt to sign in, and returns the number since then, including this one.

    Shared by all processes. ``since`` is the start of the minute; the tenant's older minutes are
    deleted.
    """
    tx.execute(
        "DELETE FROM console_knocks WHERE tenant_id = :tenant_id AND since < :since",
        since=since,
    )
    counted = tx.execute(
        "INSERT INTO console_knocks (tenant_id, address, since, knocks)"
        " VALUES (:tenant_id, :address, :since, 1) ON CONFLICT (tenant_id, address, since)"
        " DO UPDATE SET knocks = console_knocks.knocks + 1 RETURNING knocks",
        address=address,
        since=since,
    )
    return int(counted.scalar_one())
