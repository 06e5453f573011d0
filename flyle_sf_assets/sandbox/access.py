"""Who may log in, and how many requests are allowed: consumer key, tokens, users, API allowance.

Source: Salesforce Help, "OAuth 2.0 Client Credentials Flow", "OAuth 2.0 Refresh Token Flow",
"Revoke OAuth Tokens Programmatically"; "API Request Limits and Allocations". What does not belong
here: the HTTP side (``oauth.py``), and what a user consented to (``consent.py``).
"""

import hashlib
import hmac
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flyle_sf_assets.sandbox.refusals import api_disabled, invalid_session, request_limit_exceeded
from flyle_sf_assets.sandbox.schema_edits import SchemaEdits

KEY_ACTIVE_AFTER = timedelta(minutes=10)
"""An app is known to the login servers only some minutes after its creation."""


class TokenDenied(Exception):
    """The token endpoint refuses: ``error`` and ``error_description`` as OAuth words them."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        self.error = error
        self.description = description
        self.status = status
        super().__init__(f"{error}: {description}")


STATEMENTS_KEPT = 200


@dataclass
class ApiUsage:
    """Requests as Salesforce counts them, over a rolling day, and their purpose.

    ``statements`` are the last SOQL texts that were run, oldest first.
    """

    daily_max: int = 100_000
    total: int = 0
    rows_sent: int = 0

    def __post_init__(self) -> None:
        self.by_kind: Counter[str] = Counter()
        self.statements: deque[str] = deque(maxlen=STATEMENTS_KEPT)
        self._recent: deque[tuple[datetime, int]] = deque()
        self._recent_sum = 0
        self._told: tuple[datetime, int] | None = None

    def used(self, now: datetime) -> int:
        """Requests of the last 24 hours."""
        while self._recent and self._recent[0][0] <= now - timedelta(hours=24):
            self._recent_sum -= self._recent.popleft()[1]
        return self._recent_sum

    def told(self, now: datetime, lag_s: float) -> int:
        """The number in the header for `used`: for ``lag_s`` the header repeats its last number."""
        if self._told is None or now >= self._told[0] + timedelta(seconds=lag_s):
            self._told = (now, self.used(now))
        return self._told[1]

    def add(self, now: datetime, calls: int = 1) -> None:
        """Count requests."""
        self.total += calls
        self._recent_sum += calls
        minute = now.replace(second=0, microsecond=0)
        if self._recent and self._recent[-1][0] == minute:
            self._recent[-1] = (minute, self._recent[-1][1] + calls)
        else:
            self._recent.append((minute, calls))


@dataclass(frozen=True, slots=True)
class AccessToken:
    """One session. ``grant`` is the consent that it comes from, None without one."""

    user_id: str
    expires_at: datetime
    grant: int | None = None


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token; its tokens and those of its successors are of one ``grant``."""

    user_id: str
    grant: int


class Access(SchemaEdits):
    """The org's login side and its allowance of API requests."""

    session_lifetime = timedelta(hours=2)
    rotates_refresh_tokens = False

    def __init__(self, name: str, *, consumer_key: str, consumer_secret: str, **parts: Any) -> None:
        super().__init__(name, **parts)
        self.consumer_key = consumer_key
        self.consumer_secret = consumer_secret
        self.key_created_at = self.now() - timedelta(days=1)
        self.connected_user_id = ""
        self.usage = ApiUsage()
        self._access_tokens: dict[str, AccessToken] = {}
        self._refresh_tokens: dict[str, RefreshToken] = {}
        self._spent_refresh_tokens: dict[str, int] = {}
        self._tokens_made = 0
        self._grants_made = 0
        self._is_api_enabled = True

    # Keys and users ---------------------------------------------------------------------------

    def new_consumer_key(self, key: str, secret: str) -> None:
        """Create the app again: Salesforce does not know it for about ten minutes."""
        with self.lock:
            self.consumer_key, self.consumer_secret = key, secret
            self.key_created_at = self.now()

    def deactivate_user(self, user_id: str | None = None) -> None:
        """Deactivate a user (the connected one by default): its sessions and tokens end."""
        with self.lock:
            user = user_id or self.connected_user_id
            self.update("User", user, {"IsActive": False})
            self._drop_tokens(user)

    def activate_user(self, user_id: str | None = None) -> None:
        """Activate a user again; it must log in again."""
        self.update("User", user_id or self.connected_user_id, {"IsActive": True})

    def revoke_tokens(self) -> None:
        """Revoke all access and refresh tokens, as an administrator can."""
        with self.lock:
            self._access_tokens.clear()
            self._refresh_tokens.clear()

    def expire_sessions(self) -> None:
        """End all sessions; refresh tokens stay valid."""
        with self.lock:
            self._access_tokens.clear()

    # Tokens -----------------------------------------------------------------------------------

    def issue_access_token(self, user_id: str | None = None, *, grant: int | None = None) -> str:
        """A session for a user (the connected one by default), without going through HTTP."""
        with self.lock:
            token = f"{self.org_id[:15]}!{self._new_secret('access')}"
            user = user_id or self.connected_user_id
            expires_at = self.now() + self.session_lifetime
            self._access_tokens[token] = AccessToken(user, expires_at, grant)
            return token

    def issue_refresh_token(self, user_id: str | None = None, *, grant: int | None = None) -> str:
        """A refresh token for a user (the connected one by default); without a grant a new one."""
        with self.lock:
            token = f"5Aep{self._new_secret('refresh')}"
            of = self.new_grant() if grant is None else grant
            self._refresh_tokens[token] = RefreshToken(user_id or self.connected_user_id, of)
            return token

    def new_grant(self) -> int:
        """A number for a consent that tokens will come from."""
        with self.lock:
            self._grants_made += 1
            return self._grants_made

    @property
    def is_key_active(self) -> bool:
        """Whether the login servers know the app yet."""
        return self.now() >= self.key_created_at + KEY_ACTIVE_AFTER

    def check_client(self, secret: str | None) -> None:
        """TokenDenied unless the key is active and the secret is right."""
        if not self.is_key_active:
            raise TokenDenied("invalid_client_id", "client identifier invalid")
        if secret is None or not hmac.compare_digest(secret, self.consumer_secret):
            raise TokenDenied("invalid_client", "invalid client credentials")

    def check_user(self, user_id: str) -> None:
        """TokenDenied unless the user is active."""
        if not self.record("User", user_id)["IsActive"]:
            raise TokenDenied("inactive_user", "user is inactive")

    def refresh(self, refresh_token: str) -> tuple[str, str | None]:
        """A new access token, and a new refresh token if the org rotates them.

        A rotated token that is used again revokes everything of its grant, as Salesforce does.
        """
        with self.lock:
            if refresh_token in self._spent_refresh_tokens:
                self._drop_grant(self._spent_refresh_tokens[refresh_token])
                raise TokenDenied("invalid_grant", "expired access/refresh token")
            kept = self._refresh_tokens.get(refresh_token)
            if kept is None:
                raise TokenDenied("invalid_grant", "expired access/refresh token")
            self.check_user(kept.user_id)
            access = self.issue_access_token(kept.user_id, grant=kept.grant)
            if not self.rotates_refresh_tokens:
                return access, None
            del self._refresh_tokens[refresh_token]
            self._spent_refresh_tokens[refresh_token] = kept.grant
            return access, self.issue_refresh_token(kept.user_id, grant=kept.grant)

    def revoke(self, token: str) -> bool:
        """Revoke one token; a refresh token ends all sessions of its grant. False if unknown."""
        with self.lock:
            if token in self._refresh_tokens:
                self._drop_grant(self._refresh_tokens[token].grant)
                return True
            return self._access_tokens.pop(token, None) is not None

    def knows(self, token: str) -> bool:
        """Whether this is a valid token of this org."""
        with self.lock:
            return token in self._refresh_tokens or token in self._access_tokens

    @property
    def refresh_tokens(self) -> tuple[str, ...]:
        """The refresh tokens that are valid now."""
        with self.lock:
            return tuple(self._refresh_tokens)

    @property
    def sessions(self) -> tuple[str, ...]:
        """The access tokens that were not revoked."""
        with self.lock:
            return tuple(self._access_tokens)

    def user_of(self, access_token: str) -> str:
        """The user of a session; Refusal 401 when it has ended."""
        with self.lock:
            session = self._access_tokens.get(access_token)
            if session is None or session.expires_at <= self.now():
                raise invalid_session()
            return session.user_id

    # The API ----------------------------------------------------------------------------------

    def set_api_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - called by name over HTTP
        """Switch the API of the whole org on or off."""
        with self.lock:
            self._is_api_enabled = enabled

    def check_api(self, user_id: str) -> None:
        """Refusal 403 unless org and user may use the API."""
        if not self._is_api_enabled or not self.may(user_id, "PermissionsApiEnabled"):
            raise api_disabled()

    def may(self, user_id: str, permission: str) -> bool:
        """Whether a user's profile has a permission; users without a profile have the API only."""
        profile = self.record("User", user_id)["ProfileId"]
        if profile is None:
            return permission == "PermissionsApiEnabled"
        return bool(self.record("Profile", str(profile))[permission])

    # The allowance ----------------------------------------------------------------------------

    def set_api_limit(self, daily_max: int, used: int | None = None) -> None:
        """Set the daily allowance and, if given, how much of it is used up."""
        with self.lock:
            self.usage.daily_max = daily_max
            if used is not None:
                total = self.usage.total
                self.usage.add(self.now(), used - self.usage.used(self.now()))
                self.usage.total = total

    def count_call(self, kind: str, calls: int = 1) -> None:
        """Count a request; Refusal 403 when the allowance is used up."""
        with self.lock:
            if self.usage.used(self.now()) >= self.usage.daily_max:
                raise request_limit_exceeded()
            self.usage.add(self.now(), calls)
            self.usage.by_kind[kind] += 1

    def count_rows(self, rows: int) -> None:
        """Count rows that were sent."""
        with self.lock:
            self.usage.rows_sent += rows

    def _drop_tokens(self, user_id: str) -> None:
        for token in [t for t, s in self._access_tokens.items() if s.user_id == user_id]:
            del self._access_tokens[token]
        for token in [t for t, kept in self._refresh_tokens.items() if kept.user_id == user_id]:
            del self._refresh_tokens[token]

    def _drop_grant(self, grant: int) -> None:
        for token in [t for t, s in self._access_tokens.items() if s.grant == grant]:
            del self._access_tokens[token]
        for token in [t for t, kept in self._refresh_tokens.items() if kept.grant == grant]:
            del self._refresh_tokens[token]

    def _new_secret(self, purpose: str) -> str:
        self._tokens_made += 1
        seed = f"{purpose}:{self.org_id}:{self._tokens_made}".encode()
        digest = hmac.new(self.consumer_secret.encode(), seed, hashlib.sha512)
        return digest.hexdigest()[:80]
