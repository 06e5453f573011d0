"""One org's session: authorised, counted requests; it tracks the org's limits and clock.

An expired access token is renewed once per request; when the new one is refused too, a right is
missing. Source: REST API Developer Guide, "Limit Info Header", "Status Codes and Error Responses".
"""

import re
import threading
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
import requests

from flyle_sf_assets.errors import NotPermitted, Text
from flyle_sf_assets.salesforce.errors import classification as faults
from flyle_sf_assets.salesforce.tokens.access_tokens import AccessToken, TokenSource
from flyle_sf_assets.salesforce.transport import (
    ASKED,
    Call,
    Failed,
    Network,
    Transport,
    parsed_date,
)

T = TypeVar("T")

API_VERSION = "64.0"
"""Summer '25. Every org serves it: all are upgraded together, and versions stay for years."""

API_VERSION_NEWEST = "66.0"
"""Spring '26: the newest version that this code was written for."""

OVERDRAFT_MAX = 2
"""An org may exceed its daily limit for some time; how far is not documented."""

_TIME = Text("Salesforce の時刻を確認しようとしました", "Tried to find Salesforce's time")
_API_USAGE = re.compile(r"(?:^|[ ,;])api-usage=([0-9]{1,12})/([0-9]{1,12})(?![0-9])")
_UNTYPED = msgspec.json.Decoder(float_hook=str)


@dataclass(frozen=True, slots=True)
class LimitUsage:
    """The org's API requests of the last 24 hours, by all its integrations, and the limit."""

    used: int
    max: int


def _is_plausible(usage: LimitUsage) -> bool:
    """Whether to believe it: a figure from outside postpones syncs. The limit is a soft one."""
    return usage.max > 0 and usage.used <= OVERDRAFT_MAX * usage.max


class OrgSession(Transport):
    """A ``requests.Session`` that is logged in to one org; safe to use from several threads.

    simple_salesforce works on it unmodified (`connect.Org.simple_salesforce`): its requests are
    authorised, retried and counted here.
    """

    def __init__(
        self,
        tokens: TokenSource,
        network: Network,
        *,
        api_version: str = API_VERSION,
        like: Transport | None = None,
    ) -> None:
        super().__init__(network, like=like)
        self.api_version = api_version
        self._tokens = tokens
        self._lock = threading.Lock()
        self._api_calls = 0
        self._limit_usage: LimitUsage | None = None
        self._server_date: datetime | None = None
        self._ahead_s: float | None = None

    @property
    def access(self) -> AccessToken:
        """The access token in use: org id, user id, instance. Logs in when there is none yet."""
        return self._tokens.token()

    @property
    def api_calls(self) -> int:
        """Requests so far that Salesforce counts, retries included (logging in does not count)."""
        return self._api_calls

    @property
    def limit_usage(self) -> LimitUsage | None:
        """The last ``Sforce-Limit-Info``; None before the first answer."""
        return self._limit_usage

    @property
    def server_now(self) -> datetime:
        """Salesforce's time (UTC) when it last answered; never ahead of its clock.

        Cut to the second (``Date`` header). Before the first answer, the time the token was issued.
        IncompleteRead when no answer had a time: our own clock is no substitute.
        """
        known = self._server_date or self.access.issued_at
        if known is None:
            raise faults.unreadable(
                Text("どの応答にも Date ヘッダーがありません", "no answer had a Date header"),
                tried=_TIME,
            )
        return known

    def data_path(self, resource: str) -> str:
        """``/services/data/vNN.N`` and the resource (``/query``)."""
        return f"/services/data/v{self.api_version}{resource}"

    def json(self, method: str, path: str, *, tried: Text = ASKED, **kwargs: Any) -> Any:
        """The answer's JSON, decoded: floats as their exact text, ints as ints.

        ``path`` starts with ``/services/``. IncompleteRead when the body is no JSON, after retries.
        """
        return self.fetch(
            method,
            path,
            lambda response: self.decoded(response.content, _UNTYPED.decode, tried=tried),
            tried=tried,
            **kwargs,
        )

    def _attempt(self, call: Call[T]) -> T:
        access = self._tokens.token()
        try:
            return self._send_as(access, call)
        except Failed as failed:
            if not failed.fault.session_expired:
                raise
            refused = failed
        fresh = self._tokens.renew(access)
        if fresh.value == access.value:
            raise Failed(faults.of_refused_fresh_token(refused.fault))
        try:
            return self._send_as(fresh, call)
        except Failed as again:
            if not again.fault.session_expired:
                raise
            raise Failed(faults.of_refused_fresh_token(again.fault)) from again.__cause__

    def _send_as(self, access: AccessToken, call: Call[T]) -> T:
        url = call.url
        if url.startswith("/services/"):
            url = f"{access.instance_url}{url}"
        elif not url.startswith(f"{access.instance_url}/"):
            raise AssertionError("an access token goes to its own instance only")
        sent = call.kwargs.get("headers") or {}
        headers = {**sent, "Authorization": f"Bearer {access.value}"}
        return self._send_once(replace(call, url=url, kwargs={**call.kwargs, "headers": headers}))

    def _saw(self, response: requests.Response, tried: Text) -> None:
        usage = _API_USAGE.search(response.headers.get("Sforce-Limit-Info", ""))
        date = parsed_date(response.headers.get("Date"))
        with self._lock:
            if response.status_code != HTTPStatus.UNAUTHORIZED:
                self._api_calls += 1
            if usage and _is_plausible(reported := LimitUsage(int(usage[1]), int(usage[2]))):
                self._limit_usage = reported
        if date is None:
            return
        self._believe(date, tried)

    def _believe(self, date: datetime, tried: Text) -> None:
        """Records Salesforce's time: watermarks follow it; one in the future would skip changes.

        IncompleteRead when it is far from ours, or does not advance as time does.
        """
        ours, bounds = self.network.clock(), self.network.bounds
        ahead_s = (date - ours).total_seconds()
        with self._lock:
            moved_s = 0.0 if self._ahead_s is None else ahead_s - self._ahead_s
            is_near = abs(ahead_s) <= bounds.clock_skew_s
            is_believed = is_near and abs(moved_s) <= bounds.clock_jump_s
            if is_believed:
                self._server_date, self._ahead_s = date, ahead_s
        if not is_believed:
            came_back = Text(
                f"Salesforce は {date.isoformat()}、このサーバーは {ours.isoformat()} です",
                f"Salesforce says {date.isoformat()}, this machine {ours.isoformat()}",
            )
            raise faults.clock_apart(came_back, tried=tried)

    def _saw_no_answer(self, exception: requests.RequestException) -> None:
        if _may_have_arrived(exception):
            with self._lock:
                self._api_calls += 1


def newest_common_version(transport: Transport, instance_url: str) -> str:
    """The newest API version that org and code support; needs no token, is not counted.

    NotPermitted when the org serves only older ones than `API_VERSION`.
    """
    tried = Text("API のバージョンを確認しようとしました", "Tried to check the API versions")
    offered = transport.fetch(
        "GET",
        f"{instance_url}/services/data",
        lambda response: transport.decoded(response.content, _UNTYPED.decode, tried=tried),
        tried=tried,
    )
    numbers = [str(entry["version"]) for entry in offered]
    common = [n for n in numbers if float(API_VERSION) <= float(n) <= float(API_VERSION_NEWEST)]
    if not common:
        raise NotPermitted(
            "api_version_unsupported",
            tried=tried,
            came_back=Text.quoted(", ".join(numbers)),
            remedy=Text(
                f"API バージョン {API_VERSION} 以降の組織が必要です",
                f"The org has to serve API version {API_VERSION} or later",
            ),
        )
    return max(common, key=float)


def _may_have_arrived(exception: requests.RequestException) -> bool:
    """Whether a request without an answer may have been counted: it was probably sent."""
    never_left = (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError)
    if isinstance(exception, never_left):
        return False
    return "NewConnectionError" not in repr(exception) and "NameResolution" not in repr(exception)
