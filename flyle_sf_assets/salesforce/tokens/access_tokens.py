"""Access tokens: where they come from, and how an invalid one is replaced.

Here: the OAuth 2.0 client credentials flow. The other `TokenSource`s are stored refresh tokens
(``refresh_tokens.py``) and signed assertions (``jwt_bearer.py``). Source: Salesforce Help, "OAuth
2.0 Client Credentials Flow for Server-to-Server Integration".
"""

import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

import msgspec
import requests

from flyle_sf_assets.errors import Text
from flyle_sf_assets.salesforce.errors import classification as faults
from flyle_sf_assets.salesforce.ids import to_18
from flyle_sf_assets.salesforce.transport import Network, RetryPolicy, Transport
from flyle_sf_assets.settings.hosts import check_org_url

_ORG_PREFIX = "00D"
_TOKEN = re.compile(r"[!-~]{1,16000}")
TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - a path, not a secret


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A session with an org. ``value`` is never in a repr.

    ``instance_url`` is an origin that `check_org_url` accepted; ``org_id`` and ``user_id`` have 18
    characters (``user_id`` is blank when the answer did not have it); ``issued_at`` is by
    Salesforce's clock (UTC), None when the answer had no time.
    """

    value: str = field(repr=False)
    instance_url: str
    org_id: str
    user_id: str
    issued_at: datetime | None


@dataclass(frozen=True, slots=True)
class Granted:
    """What the token endpoint returned: an access token, and a refresh token if there was one."""

    access: AccessToken
    refresh_token: str | None = field(default=None, repr=False)

    def or_else(self, refresh_token: str | None) -> "Granted":
        """The same with the refresh token that stays in use when no new one was returned."""
        return Granted(self.access, self.refresh_token or refresh_token)


class TokenSource(Protocol):
    """Gives access tokens. Safe to use from several threads."""

    def token(self) -> AccessToken:
        """The token in use; requests one when there is none yet. NotPermitted, Postponed."""
        ...

    def renew(self, stale: AccessToken) -> AccessToken:
        """A token other than ``stale``, which Salesforce refused; threads share one request."""
        ...


class _TokenAnswer(msgspec.Struct):
    """A JWT answer has only the first four; only the first two are required."""

    access_token: str
    instance_url: str
    id: str | None = None
    refresh_token: str | None = None
    issued_at: str | int | None = None


class TokenTransport(Transport):
    """Posts to the token endpoint; its refusals are OAuth errors."""

    def ask(self, org_url: str, form: dict[str, str], *, retries: bool = True) -> AccessToken:
        """The token for this form (``grant_type`` and its parameters).

        NotConnected, NotPermitted, Postponed. Such requests do not count against the org's limit.
        """
        return self.ask_granted(org_url, form, retries=retries).access

    def ask_granted(self, org_url: str, form: dict[str, str], *, retries: bool = True) -> Granted:
        """The same, with the refresh token of the answer."""
        tried = _tried(org_url)
        return self.fetch(
            "POST",
            f"{org_url}{TOKEN_PATH}",
            lambda response: read_granted(
                response.content, self.network, tried=tried, date=response.headers.get("Date")
            ),
            tried=tried,
            retries=retries,
            data=form,
            headers={"Accept": "application/json"},
        )

    @property
    def _retry(self) -> RetryPolicy:
        return self.network.login_retry

    def _fault_of(self, response: requests.Response, tried: Text) -> faults.Fault:
        sent = response.request.body or ""
        form = parse_qs(sent.decode() if isinstance(sent, bytes) else str(sent))
        return faults.of_oauth(
            response.status_code,
            response.content,
            tried=tried,
            flow=form.get("grant_type", [""])[0],
            retry_after=response.headers.get("Retry-After"),
        )


class AskedTokens(ABC):
    """A `TokenSource` of one app in one org, which requests a token when one is needed."""

    def __init__(
        self, transport: TokenTransport, org_url: str, consumer_key: Callable[[], str]
    ) -> None:
        self._transport = transport
        self._org_url = check_org_url(org_url, transport.network.extra_hosts)
        self._consumer_key = consumer_key
        self._lock = threading.Lock()
        self._current: AccessToken | None = None

    def token(self) -> AccessToken:
        """The token in use; requests one when there is none yet."""
        with self._lock:
            if self._current is None:
                self._current = self._first()
            return self._current

    def renew(self, stale: AccessToken) -> AccessToken:
        """A token other than ``stale``; the one of another thread when it renewed already."""
        with self._lock:
            if self._current is None or self._current.value == stale.value:
                self._current = self._ask()
            return self._current

    def _first(self) -> AccessToken:
        """The token to begin with."""
        return self._ask()

    @abstractmethod
    def _ask(self) -> AccessToken:
        """A new token of this flow."""


class ClientCredentials(AskedTokens):
    """Tokens by consumer key and secret only; reads are done by the app's Run As user.

    ``consumer_secret`` is called for each token request, so that a changed secret is used
    without a restart and none is stored here.
    """

    def __init__(
        self,
        transport: TokenTransport,
        org_url: str,
        consumer_key: Callable[[], str],
        consumer_secret: Callable[[], str],
    ) -> None:
        super().__init__(transport, org_url, consumer_key)
        self._consumer_secret = consumer_secret

    def _ask(self) -> AccessToken:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._consumer_key(),
            "client_secret": self._consumer_secret(),
        }
        return self._transport.ask(self._org_url, form)


def read_granted(body: bytes, network: Network, *, tried: Text, date: str | None = None) -> Granted:
    """The tokens in an answer of the token endpoint. IncompleteRead when it is not one.

    Org and user come from the answer's ``id`` URL (…/id/ORG/USER, on the login host), without it
    the org from the token's first 15 characters. ``date`` is the answer's ``Date`` header; without
    it ``issued_at`` is used. UsageError when ``instance_url`` is not an allowed host: a token is
    sent only to those.
    """
    try:
        answer = msgspec.json.decode(body, type=_TokenAnswer)
        org_id, user_id = _org_and_user(answer)
        access = AccessToken(
            value=_sendable(answer.access_token),
            instance_url=check_org_url(answer.instance_url, network.extra_hosts),
            org_id=org_id,
            user_id=user_id,
            issued_at=network.believed(date) or _issued_at(answer),
        )
        return Granted(access, answer.refresh_token)
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError) as error:
        # The body may contain a token: only the kind of the error is reported.
        raise faults.unreadable(
            Text.quoted(f"token answer: {type(error).__name__}"), tried=tried
        ) from None


def _sendable(token: str) -> str:
    """ValueError for a token that is not valid in a header."""
    if not _TOKEN.fullmatch(token):
        raise ValueError("no token")
    return token


def _org_and_user(answer: _TokenAnswer) -> tuple[str, str]:
    """Ids with 18 characters, the user's blank when it is not known. ValueError without an org."""
    *_, org_id, user_id = ("", "", *urlsplit(answer.id or "").path.split("/"))
    if org_id.startswith(_ORG_PREFIX):
        return to_18(org_id), to_18(user_id)
    org_id, mark, _ = answer.access_token.partition("!")
    if not mark or not org_id.startswith(_ORG_PREFIX):
        raise ValueError("neither the answer nor the token tells the org")
    return to_18(org_id), ""


def _issued_at(answer: _TokenAnswer) -> datetime | None:
    if answer.issued_at is None:
        return None
    return datetime.fromtimestamp(int(answer.issued_at) / 1000, UTC)


def _tried(org_url: str) -> Text:
    return Text(f"{org_url} へのログインを試みました", f"Tried to log in at {org_url}")
