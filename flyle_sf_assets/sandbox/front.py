"""The HTTPS front: which org a request is for, its faults, its counting, its headers.

As on a real instance, the token decides which org answers, and at the token endpoint the
consumer key does. What does not belong here: what is answered (``api/``, ``oauth.py``).
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from email.utils import format_datetime
from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from flyle_sf_assets.sandbox import consent, oauth
from flyle_sf_assets.sandbox.access import TokenDenied
from flyle_sf_assets.sandbox.api.call import Answer, RestCall, refused
from flyle_sf_assets.sandbox.api.metadata import versions
from flyle_sf_assets.sandbox.api.resources import Resources
from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.refusals import (
    Refusal,
    invalid_session,
    not_found,
    request_limit_exceeded,
)
from flyle_sf_assets.sandbox.wire import CutOff, Reset

URI_CHARACTERS_MAX = 16_000
HEADER_BYTES_MAX = 32_768

_DATA = "/services/data"
_COOKIES = (
    "CookieConsentPolicy=0:1; path=/; Max-Age=31536000",
    "LSKey-c$CookieConsentPolicy=0:1; path=/; Max-Age=31536000",
    "BrowserId=sandboxBrowserId; path=/; Max-Age=31536000",
)
"""Set by every answer of an org; API clients need not send them back."""

_STATUS_CODES = {
    500: ("UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId"),
    503: ("SERVER_UNAVAILABLE", "Server is temporarily unavailable"),
    429: ("TOO_MANY_REQUESTS", "Too many requests"),
}


class Front:
    """The orgs behind one address."""

    def __init__(self, orgs: Sequence[Org], url: Callable[[], str]) -> None:
        self._url = url
        self._by_id: dict[str, Resources] = {}
        for org in orgs:
            self.add(org)

    def add(self, org: Org) -> None:
        """Host another org."""
        if org.org_id[:15] in self._by_id:
            raise ValueError(f"org {org.org_id} is hosted already: give it its own org_number")
        self._by_id[org.org_id[:15]] = Resources(org)

    def remove(self, org: Org) -> None:
        """Stop hosting an org: its tokens are unknown here from now on."""
        del self._by_id[org.org_id[:15]]

    @property
    def orgs(self) -> list[Org]:
        """All orgs hosted."""
        return [resources.org for resources in self._by_id.values()]

    def resources_of(self, org: Org) -> Resources:
        """The locators and jobs of an org."""
        return self._by_id[org.org_id[:15]]

    def application(self, more: Sequence[Route] = ()) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/services/oauth2/authorize", self._authorize, methods=["GET", "POST"]),
                Route("/services/oauth2/token", self._token, methods=["POST"]),
                Route("/services/oauth2/revoke", self._revoke, methods=["GET", "POST"]),
                Route("/services/oauth2/userinfo", self._userinfo, methods=["GET", "POST"]),
                Route("/id/{org_id}/{user_id}", self._userinfo),
                Route("/services/data", self._data),
                Route(
                    "/services/data/{rest:path}",
                    self._data,
                    methods=["GET", "POST", "PATCH", "PUT", "DELETE"],
                ),
                *more,
            ],
            exception_handlers={ClientDisconnect: _left},
        )

    # Data -------------------------------------------------------------------------------------

    async def _data(self, request: Request) -> Response:
        too_long = _too_long(request)
        if too_long is not None:
            return too_long
        if request.url.path.rstrip("/") == _DATA:
            return _response(versions())
        try:
            token, resources = self._resources(request)
            call = await _rest_call(request)
        except Refusal as refusal:
            return _response(refused(refusal))
        org = resources.org
        fault = org.faults.take(request.method, call.path, has_locator=_has_locator(call))
        response = await _fault_before(org, fault, token)
        if response is None:
            answer = await run_in_threadpool(_answer, resources, token, call, fault)
            response = await _fault_after(_response(answer), answer, fault)
        used, most = org.usage.told(org.now(), org.limit_info_lag_s), org.usage.daily_max
        if response.status_code != HTTPStatus.UNAUTHORIZED:
            response.headers["Sforce-Limit-Info"] = f"api-usage={used}/{most}"
        return _dated(org, response)

    def _resources(self, request: Request) -> tuple[str, Resources]:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() not in ("bearer", "oauth"):
            raise Refusal("INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE", status=401)
        resources = self._by_id.get(token.strip().split("!")[0][:15])
        if resources is None:
            raise invalid_session()
        return token.strip(), resources

    # OAuth ------------------------------------------------------------------------------------

    async def _authorize(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        asked = form or dict(request.query_params)
        by_key = {org.consumer_key: org for org in self.orgs}
        org = by_key.get(asked.get("client_id", ""))
        fault = org.faults.take(request.method, request.url.path) if org else None
        if fault is not None and fault.recorded is not None:
            return _response(consent.error(asked, fault.recorded.code, fault.words))
        page = consent.decided if request.method == "POST" else consent.asked
        return _response(await run_in_threadpool(page, by_key, asked))

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        by_key = {org.consumer_key: org for org in self.orgs}
        authorization = request.headers.get("authorization")
        org = by_key.get(oauth.client_key(form, authorization) or "")
        fault = org.faults.take("POST", request.url.path) if org else None
        response = await _fault_before(org, fault, "") if org else None
        if response is None:
            answer = await run_in_threadpool(oauth.token, by_key, form, authorization, self._url())
            response = await _fault_after(_response(answer), answer, fault)
        response.headers["Cache-Control"] = "no-cache, no-store"
        return _dated(org, response) if org else response

    async def _revoke(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        token = form.get("token") or request.query_params.get("token", "")
        org = next((org for org in self.orgs if org.knows(token)), None)
        fault = org.faults.take(request.method, request.url.path) if org else None
        response = await _fault_before(org, fault, "") if org else None
        return response or _response(oauth.revoke(self.orgs, token))

    async def _userinfo(self, request: Request) -> Response:
        try:
            token, resources = self._resources(request)
            user = resources.org.user_of(token)
        except Refusal:
            return PlainTextResponse("Bad_OAuth_Token", status_code=403)
        return _dated(resources.org, _response(oauth.userinfo(resources.org, user, self._url())))


async def _left(_request: Request, _error: Exception) -> Response:
    """The client has gone in the middle of its request: this answer reaches nobody."""
    return Response(status_code=HTTPStatus.BAD_REQUEST)


def _answer(resources: Resources, token: str, call: RestCall, fault: Fault | None) -> Answer:
    try:
        user = resources.org.user_of(token)
        resources.org.check_api(user)
        resources.count(call)
        return resources.answer(_as_user(call, user), fault)
    except Refusal as refusal:
        return refused(refusal)


def _as_user(call: RestCall, user: str) -> RestCall:
    return RestCall(
        call.method, call.version, call.path, call.parameters, call.headers, call.body, user
    )


async def _rest_call(request: Request) -> RestCall:
    version, _, path = request.url.path[len(_DATA) + 1 :].partition("/")
    if not version.startswith("v"):
        raise not_found()
    return RestCall(
        method=request.method,
        version=version[1:],
        path="/" + path,
        parameters=dict(request.query_params),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.body(),
        user_id="",
    )


def _has_locator(call: RestCall) -> bool:
    return "locator" in call.parameters or call.path.startswith(("/query/", "/queryAll/"))


def _too_long(request: Request) -> Response | None:
    uri = len(request.scope["raw_path"]) + len(request.scope["query_string"])
    if uri > URI_CHARACTERS_MAX:
        return PlainTextResponse("URI Too Long", status_code=414)
    if sum(len(n) + len(v) for n, v in request.scope["headers"]) > HEADER_BYTES_MAX:
        return PlainTextResponse("Request Header Fields Too Large", status_code=431)
    return None


def _response(answer: Answer) -> Response:
    headers = dict(answer.headers)
    if isinstance(answer.body, Iterator):
        return StreamingResponse(
            answer.body, answer.status, headers=headers, media_type=answer.content_type
        )
    response = Response(answer.body, answer.status, headers=headers)
    if answer.body:
        response.headers["Content-Type"] = answer.content_type
    return response


def _dated(org: Org, response: Response) -> Response:
    response.headers["Date"] = format_datetime(org.now().replace(microsecond=0), usegmt=True)
    for cookie in _COOKIES:
        response.headers.append("Set-Cookie", cookie)
    return response


async def _fault_before(org: Org, fault: Fault | None, token: str) -> Response | None:
    """The answer of a fault instead of the org's; None when the org answers."""
    if fault is None:
        return None
    if fault.kind == FaultKind.SLOW:
        await asyncio.sleep(fault.seconds)
        return None
    if fault.kind == FaultKind.RESET:
        return Reset()
    if fault.recorded is not None and fault.recorded.way == "token":
        denied = TokenDenied(fault.recorded.code, fault.words, status=fault.recorded.status)
        return _response(oauth.denied_answer(denied))
    refusal: Refusal | None = None
    if fault.kind == FaultKind.SESSION_EXPIRED:
        org.revoke(token)
        refusal = invalid_session()
    elif fault.kind == FaultKind.LIMIT_EXCEEDED:
        refusal = request_limit_exceeded()
    elif fault.kind == FaultKind.STATUS:
        code, message = _STATUS_CODES.get(fault.status, ("UNKNOWN_EXCEPTION", "unknown"))
        refusal = Refusal(code, message, status=fault.status)
    elif fault.recorded is not None and fault.recorded.way == "rest":
        refusal = Refusal(fault.recorded.code, fault.words, status=fault.recorded.status)
    return _response(refused(refusal)) if refusal else None


async def _fault_after(response: Response, answer: Answer, fault: Fault | None) -> Response:
    """The answer, changed by the fault."""
    truncating = (FaultKind.TRUNCATED, FaultKind.TRUNCATED_SILENTLY)
    if fault is None or fault.kind not in truncating:
        return response
    body = answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)
    sent = int(len(body) * fault.fraction)
    return CutOff(response, body, sent, announced=fault.kind == FaultKind.TRUNCATED)
