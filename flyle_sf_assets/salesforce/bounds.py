"""Limits of an answer: bytes, values, pages, rows, time. An org is outside our control.

A read that reaches its limit ends with an error, and nothing of it is used.
"""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flyle_sf_assets.errors import Text
from flyle_sf_assets.salesforce.errors import classification as faults

CLOCK_SKEW_S = 7_200.0
"""The maximal difference between Salesforce's clock and this machine's."""

_LOCAL = threading.local()


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of one installation.

    ``answer_bytes`` (a JSON answer) and ``page_bytes`` (a Bulk result page) count after
    decompression. ``values`` are the members and elements of one JSON answer: small ones need
    far more memory as objects than as text. A page of Salesforce has at most 2,000 rows; a
    composite answer has five pages. ``request_s`` is for one whole request, from the first byte
    sent to the last byte read. Salesforce's clock may differ from ours by ``clock_skew_s``, and
    this difference may change by ``clock_jump_s`` within a session: less than the default
    overlap, so that such a wrong ``Date`` moves no watermark past a record.
    """

    answer_bytes: int = 64 << 20
    page_bytes: int = 256 << 20
    values: int = 3_000_000
    rest_rows: int = 1_000_000
    request_s: float = 600.0
    clock_skew_s: float = field(default_factory=lambda: CLOCK_SKEW_S)
    clock_jump_s: float = 600.0


class BoundedBody:
    """A response's body that ends with an error beyond ``limit`` decompressed bytes.

    Replaces ``requests.Response.raw``; each read returns the bytes that have arrived, so that the
    deadline is checked even when they arrive slowly.
    """

    def __init__(self, raw: Any, limit: int, tried: Text) -> None:
        self._raw = raw
        self._limit = limit
        self._tried = tried

    def stream(self, amt: int, *, decode_content: bool) -> Iterator[bytes]:
        """The body in pieces of at most ``amt`` bytes. AnswerTooLarge beyond the limit."""
        taken = 0
        while chunk := self._raw.read1(amt, decode_content=decode_content):
            taken += len(chunk)
            if taken > self._limit:
                raise faults.too_large(
                    Text(f"{self._limit} バイトを超えています", f"more than {self._limit} bytes"),
                    tried=self._tried,
                )
            yield chunk

    def close(self) -> None:
        """Closes the connection."""
        self._raw.close()

    def release_conn(self) -> None:
        """Returns the connection to the pool, also one whose body was not read completely."""
        self._raw.release_conn()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Every read from a `DeadlineSocket` in this thread ends at the deadline."""
    _LOCAL.ends_at = time.monotonic() + seconds
    try:
        yield
    finally:
        _LOCAL.ends_at = None


class DeadlineSocket(ssl.SSLSocket):
    """A TLS socket whose timeout limits all reads of a request together, not each of them.

    A server that sends a byte a second never exceeds a read timeout.
    """

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        """As ``SSLSocket.recv_into``. TimeoutError when the request's time is over."""
        ends_at: float | None = getattr(_LOCAL, "ends_at", None)
        if ends_at is None:
            return super().recv_into(buffer, nbytes, flags)
        left_s = ends_at - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the whole request took too long")
        allowed_s = self.gettimeout()
        if allowed_s is not None and allowed_s <= left_s:
            return super().recv_into(buffer, nbytes, flags)
        self.settimeout(left_s)
        try:
            return super().recv_into(buffer, nbytes, flags)
        finally:
            self.settimeout(allowed_s)
