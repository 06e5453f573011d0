"""Sessions after a token: a cookie with a secret, and a row that expires.

The cookie holds the tenant and a secret; PostgreSQL holds the secret's digest below that tenant, so
a cookie opens its own tenant's session or none.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from flyle_sf_assets.console.tokens import Ticket, used_before
from flyle_sf_assets.console.users import User
from flyle_sf_assets.settings.patterns import TENANT_PATTERN
from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets.store.tenants.console_sessions import (
    ConsoleSession,
    end_session,
    get_session,
    open_session,
    use_token,
)

SESSION_S = 2 * 3600
"""After that Flyle is asked again who the user is: roles and plans change there."""

SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Session:
    """An open session; ``cookie`` is the cookie's value, ``csrf`` what its forms must carry."""

    user: User
    cookie: str

    @property
    def csrf(self) -> str:
        """Known to the holder's own pages only; reveals nothing of the cookie."""
        return hashlib.sha256(f"csrf:{self.cookie}".encode()).hexdigest()

    def is_own_form(self, csrf: str) -> bool:
        """Whether a form or request came from a page of this session."""
        return hmac.compare_digest(self.csrf, csrf.encode("ascii", "replace").decode())


def sign_in(database: Database, ticket: Ticket, now: datetime) -> Session:
    """Opens a session for a ticket. Raises NotPermitted when it has opened one before."""
    user = ticket.user
    cookie = f"{user.tenant}.{secrets.token_urlsafe(SECRET_BYTES)}"
    with database.tenant(user.tenant) as tx:
        if not use_token(tx, ticket.jti, ticket.expires_at, now):
            raise used_before()
        open_session(
            tx,
            _digest(cookie),
            ConsoleSession(
                subject=user.subject,
                name=user.name,
                role=user.role,
                plan=user.plan,
                created_at=now,
                expires_at=now + timedelta(seconds=SESSION_S),
            ),
        )
    return Session(user, cookie)


def resume(database: Database, cookie: str, now: datetime) -> Session | None:
    """The session of a cookie, None for an invalid one."""
    tenant = _tenant(cookie)
    if tenant is None:
        return None
    with database.tenant(tenant) as tx:
        found = get_session(tx, _digest(cookie), now)
    if found is None:
        return None
    return Session(User(tenant, found.subject, found.name, found.role, found.plan), cookie)


def sign_out(database: Database, cookie: str) -> None:
    """Ends the session of a cookie."""
    tenant = _tenant(cookie)
    if tenant is not None:
        with database.tenant(tenant) as tx:
            end_session(tx, _digest(cookie))


def _tenant(cookie: str) -> str | None:
    tenant, dot, secret = cookie.partition(".")
    is_one = dot and secret and re.fullmatch(TENANT_PATTERN, tenant)
    return tenant if is_one else None


def _digest(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode("utf-8", "replace")).digest()
