"""What runs before every page: security headers, and a limit on attempts to sign in."""

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets.store.tenants.console_sessions import NO_TENANT, count_request

ATTEMPTS_MAX = 30
ATTEMPTS_WITHIN_S = 60.0
ADDRESSES_KEPT = 10_000
TENANT_ADDRESSES = 10
IPV4 = 4
IPV6_PREFIX = 64


def security_headers(embedded_by: tuple[str, ...], *, is_https: bool) -> dict[str, str]:
    """The headers of every answer. ``embedded_by`` are origins that may frame the pages.

    Source: OWASP "HTTP Security Response Headers Cheat Sheet". No script, style or picture comes
    from elsewhere, and none is inline.
    """
    ancestors = " ".join(embedded_by) or "'none'"
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none';"
        f" frame-ancestors {ancestors}"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        # The address of /enter holds a token, that of /callback a code.
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    }
    if not embedded_by:
        headers["X-Frame-Options"] = "DENY"
    if is_https:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


class SecurityHeaders:
    """ASGI middleware that sets headers on every answer, errors and files included."""

    def __init__(self, app: ASGIApp, headers: dict[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on and completes the answer's headers."""

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                # Pages are for one person; only files under /static may be cached.
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, complete)


@dataclass
class RateLimiter:
    """Limits the attempts to sign in per minute: from one address, and for one tenant.

    Counted in PostgreSQL for all processes of the console. This process first counts its own, so
    that a flood from one address costs no statement.
    """

    most: int = ATTEMPTS_MAX
    within_s: float = ATTEMPTS_WITHIN_S
    clock_s: Callable[[], float] = time.monotonic
    _attempts: dict[str, list[float]] = field(default_factory=dict, init=False)

    @property
    def most_of_tenant(self) -> int:
        """The people of one tenant come from several addresses, and so may an attacker."""
        return self.most * TENANT_ADDRESSES

    def allows(self, address: str, database: Database, now: datetime) -> bool:
        """Counts this attempt of an address; False above its limit."""
        if not self.allows_here(address):
            return False
        return self._counted(database, NO_TENANT, _network(address), now) <= self.most

    def allows_tenant(self, tenant: str, database: Database, now: datetime) -> bool:
        """Counts this attempt for a tenant, whatever the address; False above its limit."""
        return self._counted(database, tenant, "", now) <= self.most_of_tenant

    def allows_here(self, address: str) -> bool:
        """The same for an address, counted by this process alone."""
        now_s = self.clock_s()
        recent = [at for at in self._attempts.get(address, ()) if now_s - at < self.within_s]
        is_allowed = len(recent) < self.most
        if is_allowed:
            recent.append(now_s)
        self._attempts[address] = recent
        if len(self._attempts) > ADDRESSES_KEPT:
            self._forget(now_s)
        return is_allowed

    def _counted(self, database: Database, tenant: str, address: str, now: datetime) -> int:
        seconds = now.timestamp() // self.within_s * self.within_s
        with database.tenant(tenant) as tx:
            return count_request(tx, address, datetime.fromtimestamp(seconds, UTC))

    def _forget(self, now_s: float) -> None:
        self._attempts = {
            address: attempts
            for address, attempts in self._attempts.items()
            if attempts and now_s - attempts[-1] < self.within_s
        }


def _network(address: str) -> str:
    """The network of one person: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"  # a trusted proxy wrote something else
    prefix = 32 if found.version == IPV4 else IPV6_PREFIX
    return str(ipaddress.ip_network((found.packed, prefix), strict=False))
