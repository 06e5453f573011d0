"""What reaches the wire past uvicorn: header names as orgs write them, and answers that break.

uvicorn writes all header names in lower case. HTTP makes no difference, but a client that copies
them into a plain mapping does. Source: recorded answers (CumulusCI's cassettes); Bulk API 2.0
Developer Guide, "Get Results for a Query Job". Reset connections and bodies that end too soon,
which uvicorn never sends, are written to the connection directly; `Protocol` provides it. What does
not belong here: when this happens (``front.py``).
"""

import asyncio
import contextlib
import socket
import struct
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_TRANSPORT = "sandbox.transport"
_CLOSED_AFTER_S = 5.0
_URL_BYTES_MAX = 60_000
_SPECIAL = {b"etag": b"ETag", b"sforce-numberofrecords": b"Sforce-NumberOfRecords"}
_HEAD_BEGINS = b"HTTP/1.1 "
_HEAD_ENDS = b"\r\n\r\n"


class NamingTransport:
    """A connection's transport that writes the names of an answer's headers like a real org."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Sends it; uvicorn gives the head of an answer as one piece."""
        self._transport.write(_renamed(data) if data.startswith(_HEAD_BEGINS) else data)


def as_orgs_write(name: bytes) -> bytes:
    """``sforce-limit-info`` becomes ``Sforce-Limit-Info``."""
    lower = name.lower()
    return _SPECIAL.get(lower) or b"-".join(part.capitalize() for part in lower.split(b"-"))


def _renamed(data: bytes) -> bytes:
    head, end, body = data.partition(_HEAD_ENDS)
    status, *headers = head.split(b"\r\n")
    pairs = (header.partition(b": ") for header in headers)
    lines = [as_orgs_write(name) + colon + value for name, colon, value in pairs]
    return b"\r\n".join((status, *lines)) + end + body


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with its transport in the scope."""

    def connection_made(self, transport: Any) -> None:
        """Keep the socket: a transport that was closed twice no longer provides it."""
        self._socket = transport.get_extra_info("socket")
        named: Any = NamingTransport(transport)
        super().connection_made(named)

    def hang_up(self) -> None:
        """End the connection without waiting for the other side.

        ``abort()`` raises for a TLS transport that was closed twice (CPython 3.11, sslproto.py).
        """
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        extensions: Any = {_TRANSPORT: {"transport": self.transport}}
        self.scope["extensions"] = extensions

    def on_headers_complete(self) -> None:
        """Shorten an address that the parser would refuse: the front then refuses it (414)."""
        self.url = self.url[:_URL_BYTES_MAX]
        super().on_headers_complete()


def _transport(scope: Scope) -> Any:
    return scope["extensions"][_TRANSPORT]["transport"]


async def _until_closed(receive: Receive) -> None:
    async def closed() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    await asyncio.wait_for(closed(), _CLOSED_AFTER_S)


class Reset(Response):
    """No answer: the connection is reset (RST)."""

    async def __call__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,  # noqa: ARG002 - the signature is ASGI's
    ) -> None:
        """Reset the connection."""
        transport = _transport(scope)
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        await _until_closed(receive)


class CutOff(Response):
    """The head of an answer and a part of its body, then the connection closes.

    ``announced`` says whether Content-Length has the full length; without it the client
    cannot notice on the wire.
    """

    def __init__(self, whole: Response, body: bytes, sent: int, *, announced: bool) -> None:
        super().__init__(status_code=whole.status_code)
        self._whole, self._body, self._sent = whole, body, sent
        self._announced = announced

    async def __call__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,  # noqa: ARG002 - the signature is ASGI's
    ) -> None:
        """Send the part and close."""
        lines = [f"HTTP/1.1 {self._whole.status_code} OK".encode()]
        lines += [
            name + b": " + value
            for name, value in self._whole.raw_headers
            if name.lower() not in (b"content-length", b"transfer-encoding")
        ]
        if self._announced:
            lines.append(b"content-length: %d" % len(self._body))
        lines += [b"connection: close", b"", b""]
        transport = _transport(scope)
        transport.write(b"\r\n".join(lines) + self._body[: self._sent])
        transport.close()
        await _until_closed(receive)
