"""Whatever an org answers, a read ends within its bounds of bytes, values, time and pages."""

import gzip
import resource
import ssl
import struct
import subprocess
import sys
import time
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flyle_sf_assets.errors import AnswerTooLarge, FlyleError, IncompleteRead, OrgUnavailable
from flyle_sf_assets.salesforce.bounds import Bounds
from flyle_sf_assets.salesforce.session import OrgSession
from flyle_sf_assets.salesforce.tokens.access_tokens import AccessToken
from flyle_sf_assets.salesforce.transport import Network, RetryPolicy
from flyle_sf_assets_tests.salesforce.hostile import Hostile, Speak, hostile
from flyle_sf_assets_tests.salesforce.wayward import Canned, wayward

MIB = 1 << 20


class _Token:
    def __init__(self, url: str) -> None:
        issued = datetime.now(UTC)
        self._token = AccessToken("token", url, "00D000000000001AAA", "005000000000001AAA", issued)

    def token(self) -> AccessToken:
        return self._token

    def renew(self, stale: AccessToken) -> AccessToken:
        raise AssertionError(f"nothing here refuses {stale!r}")


def _session(there: Hostile, bounds: Bounds, read_timeout_s: float = 5.0) -> OrgSession:
    network = Network(
        there.ca_file,
        (f"127.0.0.1:{there.port}",),
        read_timeout_s=read_timeout_s,
        retry=RetryPolicy(attempts=1),
        bounds=bounds,
    )
    return OrgSession(_Token(there.url), network)


def _ask(folder: Path, speak: Speak, bounds: Bounds | None = None) -> FlyleError:
    with (
        hostile(folder, speak) as there,
        _session(there, bounds or Bounds()) as session,
        pytest.raises(FlyleError) as raised,
    ):
        session.json("GET", "/services/data/v64.0/limits")
    return raised.value


def _head(*lines: str) -> bytes:
    return "\r\n".join(("HTTP/1.1 200 OK", *lines, "", "")).encode()


def _gzipped(body: bytes) -> bytes:
    return _head("Content-Encoding: gzip", f"Content-Length: {len(body)}") + body


def _bomb(layers: int) -> bytes:
    body = _many_blanks(512)
    for _ in range(layers - 1):
        body = gzip.compress(body, compresslevel=1)
    return body


def _many_blanks(mib: int) -> bytes:
    """A JSON array without elements as one gzip member; RFC 1952.

    After a full flush deflate forgets what came before, so each MiB is the same bytes again.
    """
    blank = b" " * MIB
    deflate = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    parts = [deflate.compress(part) + deflate.flush(zlib.Z_FULL_FLUSH) for part in (b"[", blank)]
    end = deflate.compress(b"]") + deflate.flush()
    checksum = zlib.crc32(b"[")
    for _ in range(mib):
        checksum = zlib.crc32(blank, checksum)
    checksum = zlib.crc32(b"]", checksum)
    head = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
    return head + parts[0] + parts[1] * mib + end + struct.pack("<LL", checksum, mib * MIB + 2)


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """Two MiB that become 512."""
    return _gzipped(_bomb(1))


def test_a_gzip_bomb_ends_at_the_bound(tmp_path: Path, bomb: bytes) -> None:
    """3 MB became 3.2 GB resident: the whole body was decompressed before anybody looked."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused = _ask(tmp_path, lambda there: there.sendall(bomb))
    grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert isinstance(refused, AnswerTooLarge)
    assert grown_mib < 256


def test_a_body_without_end_ends_at_the_bound(tmp_path: Path) -> None:
    def speak(there: ssl.SSLSocket) -> None:
        there.sendall(_head("Transfer-Encoding: chunked"))
        while True:
            there.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    assert _ask(tmp_path, speak, Bounds(answer_bytes=4 * MIB)).code == "answer_too_large"


@pytest.mark.parametrize("dripping", ["head", "body"])
def test_an_answer_that_drips_ends_when_the_time_is_over(tmp_path: Path, dripping: str) -> None:
    """A byte a second never exceeds a read timeout; an answer of 60 kB took 17 hours."""

    def speak(there: ssl.SSLSocket) -> None:
        if dripping == "body":
            there.sendall(_head("Content-Length: 60000"))
        for letter in b"HTTP/1.1 200 OK\r\n" + b"X-Slow: " + b"y" * 60_000:
            there.sendall(bytes([letter]))
            time.sleep(0.05)

    began = time.monotonic()
    refused = _ask(tmp_path, speak, Bounds(request_s=1.0))
    assert isinstance(refused, OrgUnavailable)
    assert refused.code == "timed_out"
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" + b"[]," * 4_000_000 + b"[]]",
        b'"\xff\xfe"',
        b"1" * 100_000,
        b'{"a":\x00}',
        b"",
        b"<html>sign in</html>",
    ],
    ids=["deep lists", "deep objects", "values", "no utf-8", "digits", "nul", "empty", "html"],
)
def test_json_that_cannot_be_held_is_an_incomplete_read(tmp_path: Path, body: bytes) -> None:
    """RecursionError, UnicodeDecodeError and 4 million lists went through as tracebacks."""
    head = _head(f"Content-Length: {len(body)}")
    refused = _ask(tmp_path, lambda there: there.sendall(head + body))
    assert isinstance(refused, IncompleteRead)


@pytest.mark.parametrize(
    "header",
    [
        "Date: Mon, 99 Foo 2026 99:99:99 GMT",
        "Date: " + "9" * 5_000,
        "Sforce-Limit-Info: api-usage=" + "9" * 5_000 + "/1",
        "Retry-After: ²",
    ],
)
def test_headers_that_mean_nothing_are_passed_over(tmp_path: Path, header: str) -> None:
    """``"²".isdigit()`` is true and ``float("²")`` raises; ``int`` refuses 5,000 digits."""
    body = (f"HTTP/1.1 200 OK\r\n{header}\r\nContent-Length: 2\r\n\r\n{{}}").encode("latin-1")
    with (
        hostile(tmp_path, lambda there: there.sendall(body)) as there,
        _session(there, Bounds()) as session,
    ):
        assert session.json("GET", "/services/data/v64.0/limits") == {}


def test_a_retry_after_that_means_nothing_is_passed_over(tmp_path: Path) -> None:
    body = "HTTP/1.1 503 X\r\nRetry-After: ²\r\nContent-Length: 0\r\n\r\n".encode("latin-1")
    assert _ask(tmp_path, lambda there: there.sendall(body)).code == "org_busy"


@pytest.mark.parametrize("date", ["Fri, 31 Dec 2027 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_date_that_jumps_is_not_believed(tmp_path: Path, date: str) -> None:
    """One answer of 31 Dec 2027 moved three watermarks a year ahead: nothing was read since."""
    now = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    with wayward(tmp_path, Canned(headers={"Date": now})) as server:
        session = server.session()
        session.json("GET", "/services/data/v64.0/limits")
        believed = session.server_now
    answers = (Canned(headers={"Date": date}),)
    with wayward(tmp_path, *answers) as server:
        session = server.session()
        with pytest.raises(IncompleteRead, match="clock_apart"):
            session.json("GET", "/services/data/v64.0/limits")
        assert session.server_now == session.access.issued_at
    assert abs((believed - datetime.now(UTC)).total_seconds()) < 60


def test_within_a_session_the_clock_runs_as_ours_does(tmp_path: Path) -> None:
    """A proxy that answers once from its cache may be an hour off, and no more than once."""
    now = datetime.now(UTC)
    hour_ahead = datetime.fromtimestamp(now.timestamp() + 3_000, UTC)
    dates = [moment.strftime("%a, %d %b %Y %H:%M:%S GMT") for moment in (now, hour_ahead, now)]
    answers = (Canned(headers={"Date": date}) for date in dates)
    with wayward(tmp_path, *answers) as server:
        session = server.session()
        session.network = replace(session.network, retry=RetryPolicy(attempts=1))
        session.json("GET", "/services/data/v64.0/limits")
        with pytest.raises(IncompleteRead, match="clock_apart"):
            session.json("GET", "/services/data/v64.0/limits")
        session.json("GET", "/services/data/v64.0/limits")
        assert abs((session.server_now - now).total_seconds()) < 2


def test_the_bound_is_there_where_no_test_has_lifted_it() -> None:
    """`conftest.py` lifts it for orgs that live at another time."""
    asked = "from flyle_sf_assets.salesforce.bounds import Bounds; print(Bounds().clock_skew_s)"
    found = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True)
    assert float(found.stdout) == 7_200
