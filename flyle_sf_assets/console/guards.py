"""What stands before every page: headers that bind browsers, and a limit on knocking.

What does not belong here: who may see what (``visits.py``).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

KNOCKS_MAX = 30
KNOCKS_WITHIN_S = 60.0
ADDRESSES_KEPT = 10_000


def security_headers(embedded_by: tuple[str, ...], *, is_https: bool) -> dict[str, str]:
    """The headers of every answer. ``embedded_by`` are origins that may frame the pages.

    Source: OWASP "HTTP Security Response Headers Cheat Sheet". No script, style or picture comes
    from elsewhere, and none stands inside a page.
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
                # Pages are of one person; only files under /static may be kept.
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, complete)


@dataclass
class KnockLimit:
    """So many requests from one address within a minute, counted by this process."""

    most: int = KNOCKS_MAX
    within_s: float = KNOCKS_WITHIN_S
    clock_s: Callable[[], float] = time.monotonic
    _knocks: dict[str, list[float]] = field(default_factory=dict, init=False)

    def allows(self, address: str) -> bool:
        """Counts this request; False when the address has had its share."""
        now_s = self.clock_s()
        recent = [at for at in self._knocks.get(address, ()) if now_s - at < self.within_s]
        is_allowed = len(recent) < self.most
        if is_allowed:
            recent.append(now_s)
        self._knocks[address] = recent
        if len(self._knocks) > ADDRESSES_KEPT:
            self._forget(now_s)
        return is_allowed

    def _forget(self, now_s: float) -> None:
        self._knocks = {
            address: knocks
            for address, knocks in self._knocks.items()
            if knocks and now_s - knocks[-1] < self.within_s
        }
