"""Header names on the wire as real orgs write them: ``Content-Type``, ``Sforce-Locator``.

uvicorn writes all names in lower case. HTTP makes no difference between the two, but a client that
copies the headers into a plain mapping does. Source: recorded answers (CumulusCI's cassettes);
Bulk API 2.0 Developer Guide, "Get Results for a Query Job".
"""

from typing import Any

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
