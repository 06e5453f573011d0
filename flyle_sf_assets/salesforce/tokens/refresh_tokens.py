"""Access tokens by a stored refresh token, which each use may replace.

A rotating refresh token that is used twice revokes all tokens, so one process at a time uses it,
and the answer is stored before any process uses it. Source: Salesforce Help, "OAuth 2.0 Refresh
Token Flow", "Enable Refresh Token Rotation".
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from flyle_sf_assets.errors import NotConnected, Text
from flyle_sf_assets.salesforce.errors import remedies
from flyle_sf_assets.salesforce.tokens.access_tokens import (
    AccessToken,
    Granted,
    TokenTransport,
)
from flyle_sf_assets.settings.hosts import check_org_url


class GrantKeeper(Protocol):
    """Stores one tenant's grant: its refresh token and the last access token from it."""

    def read(self) -> Granted | None:
        """The stored grant; None when there is none (any more)."""
        ...

    def turn(self) -> AbstractContextManager[None]:
        """The lock for using the refresh token: one holder over all processes."""
        ...

    def replace(self, granted: Granted) -> None:
        """Replaces the grant; it is durable when this returns. Only while holding the lock."""
        ...


class RefreshTokens:
    """A `TokenSource` over a stored grant. Safe across threads and processes."""

    def __init__(
        self,
        transport: TokenTransport,
        org_url: str,
        *,
        consumer_key: Callable[[], str],
        consumer_secret: Callable[[], str | None],
        keeper: GrantKeeper,
        is_fresh: Callable[[AccessToken], bool] = lambda _access: False,
    ) -> None:
        """``is_fresh`` returns whether a stored access token may be used without renewal.

        By default each opening requests a new one: this also detects a revoked token and returns
        the org's time.
        """
        self._transport = transport
        self._org_url = check_org_url(org_url, transport.network.extra_hosts)
        self._consumer_key = consumer_key
        self._consumer_secret = consumer_secret
        self._keeper = keeper
        self._is_fresh = is_fresh
        self._lock = threading.Lock()
        self._current: AccessToken | None = None

    def token(self) -> AccessToken:
        """The token in use. NotConnected when no grant is stored, or it was revoked."""
        with self._lock:
            if self._current is None:
                kept = self._kept().access
                self._current = kept if self._is_fresh(kept) else self._asked()
            return self._current

    def renew(self, stale: AccessToken) -> AccessToken:
        """A token other than ``stale``; the one of another thread when it renewed already."""
        with self._lock:
            if self._current is not None and self._current.value != stale.value:
                return self._current
            self._current = self._asked()
            return self._current

    def _asked(self) -> AccessToken:
        """A token issued after this call, by us or by the process whose lock we waited for.

        A token stored before is not used: another process's token may be as invalid as ours.
        """
        before = self._kept()
        with self._keeper.turn():
            kept = self._kept()
            if kept.access.value == before.access.value:
                kept = self._refreshed(kept)
                self._keeper.replace(kept)
        return kept.access

    def _kept(self) -> Granted:
        kept = self._keeper.read()
        if kept is None or kept.refresh_token is None:
            raise NotConnected(
                "no_stored_token",
                tried=Text(
                    f"{self._org_url} の保管済みトークンを探しました",
                    f"Looked for the stored token of {self._org_url}",
                ),
                came_back="no token is kept for this tenant",
                remedy=remedies.CONNECT_FIRST,
            )
        return kept

    def _refreshed(self, kept: Granted) -> Granted:
        """Sent once: a lost answer may have replaced the token."""
        form = {
            "grant_type": "refresh_token",
            "refresh_token": kept.refresh_token or "",
            "client_id": self._consumer_key(),
        }
        secret = self._consumer_secret()
        if secret is not None:
            form["client_secret"] = secret
        granted = self._transport.ask_granted(self._org_url, form, retries=False)
        return granted.or_else(kept.refresh_token)
