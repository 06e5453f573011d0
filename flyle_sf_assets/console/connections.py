"""One connection to the console: limits on the size and the duration of a request.

uvicorn's protocol on httptools has none: a head without an end filled the memory, and a thousand
clients that send a byte a minute block all others.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES_MAX = 32_768
"""Address and headers together; a token has at most 8 kB."""

HEAD_WITHIN_S = 10.0
BODY_WITHIN_S = 30.0


class HeadTooLarge(ValueError):
    """Address and headers are larger than any page of ours needs."""


class BoundedProtocol(HttpToolsProtocol):
    """A connection that is closed when a request is too slow, or its head is too large (400).

    The time runs from the connection, or from the first byte of a later request, to the end of the
    head, and from there to the end of the body. Between requests uvicorn's keep-alive counts.
    """

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._timer: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._is_in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        """Starts waiting for the head of the first request."""
        super().connection_made(transport)
        self._expect_within(HEAD_WITHIN_S)

    def data_received(self, data: bytes) -> None:
        """Receives bytes of a head or a body."""
        if self._is_in_head:
            if self._timer is None:
                self._expect_within(HEAD_WITHIN_S)
            # The parser does not show an unfinished header.
            self._head_bytes += len(data)
        super().data_received(data)
        if self._is_in_head and self._head_bytes > HEAD_BYTES_MAX:
            self._closed("Request head too large.")

    def on_headers_complete(self) -> None:
        """The request begins, unless its head is too large: httptools makes that a 400."""
        head_bytes = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if head_bytes > HEAD_BYTES_MAX:
            raise HeadTooLarge
        self._is_in_head = False
        self._expect_within(BODY_WITHIN_S)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The whole request has arrived."""
        self._expect_no_more()
        self._is_in_head, self._head_bytes = True, 0
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops waiting."""
        self._expect_no_more()
        super().connection_lost(exc)

    def _expect_within(self, seconds: float) -> None:
        self._expect_no_more()
        self._timer = self.loop.call_later(seconds, self.transport.abort)

    def _expect_no_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _closed(self, why: str) -> None:
        if not self.transport.is_closing():
            self.send_400_response(why)
