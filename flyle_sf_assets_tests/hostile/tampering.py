"""A sandbox server whose answers are changed on their way out, by `TamperedServer.by`.

It stands between the org and the wire: status, header bytes and body are free, and none of it is
checked. What does not belong here: what is changed (``mutations.py``).
"""

import gzip
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flyle_sf_assets.sandbox.server import SandboxServer


@dataclass(frozen=True)
class Answer:
    """An answer as it goes out, and the endpoint that made it (a name of `ENDPOINTS`)."""

    endpoint: str
    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def with_header(self, name: str, value: bytes) -> "Answer":
        """The same with one header more, in the place of any of that name."""
        key = name.lower().encode()
        kept = tuple(pair for pair in self.headers if pair[0].lower() != key)
        return replace(self, headers=(*kept, (key, value)))

    def with_body(self, body: bytes) -> "Answer":
        """The same with another body of the right length."""
        return replace(self, body=body)


Tamper = Callable[[Answer], Answer]

ENDPOINTS = (
    "token",
    "composite",
    "count",
    "query",
    "query_all",
    "locator",
    "bulk_create",
    "bulk_poll",
    "bulk_results",
    "bulk_abort",
    "bulk_delete",
    "permissions",
    "identity",
)


class TamperedServer(SandboxServer):
    """As `SandboxServer`; ``by`` changes each answer, None leaves all as they are."""

    def __init__(self) -> None:
        super().__init__([])
        self.by: Tamper | None = None

    def _config(self, context: Any) -> uvicorn.Config:
        config = super()._config(context)
        application: Any = config.app
        config.app = self._between(application)
        return config

    def _between(self, application: ASGIApp) -> ASGIApp:
        async def tampered(scope: Scope, receive: Receive, send: Send) -> None:
            if self.by is None:
                await application(scope, receive, send)
                return
            start: Message = {}
            parts: list[bytes] = []

            async def collect(message: Message) -> None:
                if message["type"] == "http.response.start":
                    start.update(message)
                else:
                    parts.append(message.get("body", b""))

            await application(scope, receive, collect)
            answer = self.by(_unpacked(endpoint_of(scope), start, b"".join(parts)))
            length = (b"content-length", str(len(answer.body)).encode())
            headers = [p for p in answer.headers if p[0].lower() != b"content-length"]
            if all(name.lower() != b"transfer-encoding" for name, _ in headers):
                headers.append(length)
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": answer.body})

        return tampered


def _unpacked(endpoint: str, start: Message, body: bytes) -> Answer:
    """The answer without compression, so that it can be changed."""
    headers = dict(start["headers"])
    if headers.pop(b"content-encoding", b"") == b"gzip":
        body = gzip.decompress(body)
    return Answer(endpoint, start["status"], tuple(headers.items()), body)


def endpoint_of(scope: Scope) -> str:
    """Which of `ENDPOINTS` a request is for, told by its address alone."""
    path, method = str(scope["path"]), str(scope["method"])
    soql = parse_qs(scope["query_string"].decode()).get("q", [""])[0]
    *_, last = path.rstrip("/").split("/")
    if "/jobs/query" in path:
        return _of_job(method, last)
    if path.endswith("/oauth2/token"):
        return "token"
    if last == "composite":
        return "composite"
    if last in ("query", "queryAll"):
        return _of_query(soql, last)
    if "/query/" in path or "/queryAll/" in path:
        return "locator"
    return "identity"


def _of_job(method: str, last: str) -> str:
    if method == "GET":
        return "bulk_results" if last == "results" else "bulk_poll"
    return {"POST": "bulk_create", "PATCH": "bulk_abort", "DELETE": "bulk_delete"}[method]


def _of_query(soql: str, last: str) -> str:
    if "COUNT()" in soql.upper():
        return "count"
    is_permission = any(f" FROM {one}" in soql for one in ("Organization", "UserPermissionAccess"))
    if is_permission or soql.endswith("LIMIT 1") or "Username FROM User WHERE Id" in soql:
        return "permissions"
    return "query" if last == "query" else "query_all"
