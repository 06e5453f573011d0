"""Slow and oversized requests over real sockets; whose forwarded address is believed."""

import http
import logging
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from flyle_sf_assets.console import connections
from flyle_sf_assets.console.middleware import RateLimiter
from flyle_sf_assets.console.server import listening_socket, served
from flyle_sf_assets.console.settings import console_settings
from flyle_sf_assets.errors import UsageError
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.console.house import open_house
from flyle_sf_assets_tests.tenant_fixtures import installed

WITHIN_S = 1.0
ANSWER_S = 30.0


async def _echo(request: Request) -> PlainTextResponse:
    body = await request.body()
    return PlainTextResponse(f"{len(body)} bytes")


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """A server with short limits."""
    monkeypatch.setattr(connections, "HEAD_WITHIN_S", WITHIN_S)
    monkeypatch.setattr(connections, "BODY_WITHIN_S", WITHIN_S)
    listener = listening_socket("127.0.0.1", 0)
    app = Starlette(routes=[Route("/", _echo, methods=["GET", "POST"])])
    here = listener.getsockname()[:2]
    with served(app, listener):
        yield here


def dripped(address: tuple[str, int], start: bytes, drop: bytes) -> float:
    """Seconds until a connection ends to which a drop is sent again and again."""
    began = time.monotonic()
    with closing(socket.create_connection(address, timeout=ANSWER_S)) as connection:
        connection.settimeout(0.1)
        connection.sendall(start)
        while time.monotonic() - began < ANSWER_S:
            try:
                if connection.recv(1_000) == b"":
                    break
            except TimeoutError:
                pass
            except ConnectionError:
                break
            try:
                if drop:
                    connection.sendall(drop)
            except OSError:
                break
    return time.monotonic() - began


def asked(address: tuple[str, int], sent: bytes) -> bytes:
    """What comes back to these bytes until the connection ends."""
    with closing(socket.create_connection(address, timeout=ANSWER_S)) as connection:
        with suppress(OSError):  # it is refused before it is all sent
            connection.sendall(sent)
        answer = b""
        with suppress(ConnectionError):
            while chunk := connection.recv(10_000):
                answer += chunk
        return answer


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"", b""),
        (b"", b"G"),
        (b"GET / HTTP/1.1\r\n", b"x"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", b"x: y\r\n"),
        (b"GET /?", b"x"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", b"x"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", b""),
    ],
)
def test_a_client_that_sends_a_byte_now_and_then_is_let_go(
    address: tuple[str, int], start: bytes, drop: bytes
) -> None:
    """A thousand of them kept everybody else out, for as long as they liked ("slowloris")."""
    assert dripped(address, start, drop) < ANSWER_S / 2


def test_a_client_in_time_is_served_again_and_again(address: tuple[str, int]) -> None:
    """The limits are of a request, not of a connection."""
    with closing(socket.create_connection(address, timeout=ANSWER_S)) as connection:
        for _ in range(3):
            connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
            answer = b""
            while not answer.endswith(b"3 bytes"):
                chunk = connection.recv(10_000)
                assert chunk
                answer += chunk
            time.sleep(0.7 * WITHIN_S)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nx: " + b"y" * 200_000,
        b"GET / HTTP/1.1\r\nHost: a\r\nx: " + b"y" * 40_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"x: y\r\n" * 20_000,
        b"GET /?" + b"y" * 200_000,
        b"GET / HTTP/1.1\r\n" + b"x" * 200_000,
    ],
)
def test_a_head_that_is_too_large_is_refused(address: tuple[str, int], sent: bytes) -> None:
    """The parser keeps whatever comes until the head ends."""
    answer = asked(address, sent)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")


def test_a_large_body_is_no_large_head(address: tuple[str, int]) -> None:
    """A form of 500 kB is what pages may send."""
    head = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 500000\r\n\r\n"
    assert b"500000 bytes" in asked(address, head + b"x" * 500_000)


@pytest.fixture(scope="module")
def installation(
    tmp_path_factory: pytest.TempPathFactory, server: SandboxServer
) -> Iterator[Installation]:
    """An installation without tenants."""
    with installed(tmp_path_factory.mktemp("connections"), server) as made:
        yield made


def forwarded(installation: Installation, proxies: tuple[str, ...], *headers: str) -> list[int]:
    """How forged tokens are answered that come with these ``X-Forwarded-For``, one each."""
    with open_house(
        installation, rate_limiter=RateLimiter(most=2), trusted_proxies=proxies
    ) as house:
        stranger = house.stranger()
        return [
            stranger.get("/enter?token=x", **{"X-Forwarded-For": header}).status_code
            for header in headers
        ]


def test_nobodys_forwarded_address_is_believed_unless_the_operator_says_so(
    installation: Installation,
) -> None:
    """With a new address in each request nobody was ever limited."""
    answers = forwarded(installation, (), "192.0.2.1", "192.0.2.2", "192.0.2.3")
    assert answers == [403, 403, 429]


def test_behind_a_trusted_proxy_each_address_has_an_allowance_of_its_own(
    installation: Installation,
) -> None:
    """The last address that is no proxy counts: what stands before it, anybody may have written."""
    answers = forwarded(
        installation,
        ("127.0.0.0/8",),
        "198.51.100.1",
        "203.0.113.9, 198.51.100.1",
        "203.0.113.8, 198.51.100.1",
        "198.51.100.2",
        "2001:db8::1",
        "2001:db8::2",
        "2001:db8::3",
        "2001:db8:0:1::1",
    )
    assert answers == [403, 403, 429, 403, 403, 403, 429, 403]


def test_the_limit_holds_across_processes(installation: Installation) -> None:
    """Two processes behind one balancer gave twice the attempts."""
    now = datetime.now(UTC)
    first, second = RateLimiter(most=3), RateLimiter(most=3)
    allowed = [
        limit.allows("192.0.2.77", installation.database, now)
        for limit in (first, second, first, second, first)
    ]
    assert allowed == [True, True, True, False, False]


def test_a_tenant_has_an_allowance_whatever_the_address(installation: Installation) -> None:
    """And another tenant is not concerned."""
    now = datetime.now(UTC)
    limit, database = RateLimiter(most=1), installation.database
    most = limit.most_of_tenant
    allowed = [limit.allows_tenant("initech", database, now) for _ in range(most + 1)]
    assert allowed == [True] * most + [False]
    assert limit.allows_tenant("umbrella", database, now)
    with database.tenant("initech") as tx:
        counted = tx.execute("SELECT tenant_id, knocks FROM console_knocks").all()
    assert [tuple(row) for row in counted] == [("initech", most + 1)]


@pytest.mark.parametrize("written", ["proxy.example", "0.0.0.0/0", "::/0", "10.0.0.1/8", "*"])
def test_proxies_are_addresses_or_networks(
    tmp_path_factory: pytest.TempPathFactory, written: str
) -> None:
    """A name that resolves to something else tomorrow, or everybody, is nobody to trust."""
    environment = Environment.from_environment({"FLYLE_HOME": str(tmp_path_factory.mktemp("home"))})
    given = {"FLYLE_CONSOLE_TRUSTED_PROXIES": written}
    with pytest.raises(UsageError, match="FLYLE_CONSOLE_TRUSTED_PROXIES"):
        console_settings(environment, "http://127.0.0.1:1", given)
    good = {"FLYLE_CONSOLE_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8,::1"}
    settings = console_settings(environment, "http://127.0.0.1:1", good)
    assert settings.trusted_proxies == ("127.0.0.1", "10.0.0.0/8", "::1")


def test_the_limits_hold_over_tls_too(installation: Installation) -> None:
    """A handshake, and then nothing."""
    with open_house(installation) as house, pytest.MonkeyPatch.context() as patch:
        patch.setattr(connections, "HEAD_WITHIN_S", WITHIN_S)
        port = int(house.url.rpartition(":")[2])
        trust = ssl.create_default_context(cafile=str(house.ca_file))
        began = time.monotonic()
        with (
            closing(socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S)) as plain,
            trust.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
            suppress(ConnectionError, ssl.SSLError),
        ):
            assert connection.recv(10) == b""
        assert time.monotonic() - began < ANSWER_S / 2


def test_a_browser_that_leaves_in_the_middle_of_a_form_is_no_incident(
    installation: Installation, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was logged as an unforeseen error, with a traceback."""
    with open_house(installation) as house:
        monkeypatch.setattr(logging.getLogger("uvicorn"), "propagate", True)
        trust = ssl.create_default_context(cafile=str(house.ca_file))
        port = int(house.url.rpartition(":")[2])
        with (
            closing(socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S)) as plain,
            trust.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
        ):
            head = "POST /leave HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100"
            connection.sendall(f"{head}\r\n\r\nhalf=1".encode())
        time.sleep(0.3)
        assert house.stranger().get("/").status_code < http.HTTPStatus.INTERNAL_SERVER_ERROR
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


def test_of_two_consoles_that_start_together_the_second_hears_that_the_port_is_taken() -> None:
    """Both bound it before either listened; the second said "did not start within 20 s"."""
    with (
        closing(listening_socket("127.0.0.1", 0)) as first,
        pytest.raises(UsageError, match="console_port_taken"),
    ):
        listening_socket("127.0.0.1", first.getsockname()[1])
