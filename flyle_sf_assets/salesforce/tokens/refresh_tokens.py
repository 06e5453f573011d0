"""Access tokens by a stored refresh token, which each use may replace.

A rotating refresh token that is used twice revokes all tokens, so one process at a time uses it,
and the answer is stored before any process uses it. Source: Salesforce Help, "OAuth 2.0 Refresh
Token Flow", "Enable Refresh Token Rotation".
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from flyle_sf_assets.errors import NotConnected, Text
from flyle_sf_assets.salesforce.errors import remedies
from flyle_sf_assets.salesforce.tokens.access_tokens import (
    AccessToken,
    AskedTokens,
    Granted,
    TokenTransport,
)


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


class RefreshTokens(AskedTokens):
    """A `TokenSource` over a stored grant. Safe across threads and processes.

    NotConnected when no grant is stored, or it was revoked.
    """

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
        super().__init__(transport, org_url, consumer_key)
        self._consumer_secret = consumer_secret
        self._keeper = keeper
        self._is_fresh = is_fresh

    def _first(self) -> AccessToken:
        kept = self._kept().access
        return kept if self._is_fresh(kept) else self._ask()

    def _ask(self) -> AccessToken:
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
                    f"{self._org_url} の保管済みトークンを見つけようとしました",
                    f"Tried to find the stored token of {self._org_url}",
                ),
                came_back=Text(
                    "このテナントのトークンは保管されていません", "no token is kept for this tenant"
                ),
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
