"""A small HTTP proxy on this machine that counts requests, and makes some of them fail.

What does not belong here: what an S3 server answers (``s3_server.py``), and what must come of a
fault (the tests).
"""

import http.client
import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STEP = 1 << 16


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it arrived; the names of ``headers`` are lower-case."""

    method: str
    path: str
    query: str
    headers: dict[str, str] = field(repr=False)


@dataclass
class Fault:
    """What happens to ``times`` requests of that method whose path has that part, after ``skip``.

    ``answer`` is sent in place of the server's; ``is_done`` says that the server did what was
    asked nevertheless. ``is_reset`` breaks the connection off, ``cut`` sends only that many bytes
    of the answer, ``pause_s`` waits before each piece of it, ``is_garbled`` changes its first byte.
    """

    method: str = ""
    part: str = ""
    times: int = 1
    skip: int = 0
    answer: tuple[int, bytes] | None = None
    is_done: bool = False
    is_reset: bool = False
    cut: int | None = None
    pause_s: float = 0.0
    is_garbled: bool = False

    def is_for(self, request: Request) -> bool:
        """Whether it is that request's turn."""
        is_method = self.method in ("", request.method)
        if self.times < 1 or not is_method or self.part not in request.path:
            return False
        self.skip -= 1
        return self.skip < 0


def refusal(status: int, code: str) -> tuple[int, bytes]:
    """S3's answer for a refused request."""
    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>for people</Message></Error>"
    return status, text.encode()


class FaultyProxy:
    """Forwards to a port of this machine.

    Since the last `reset`: ``seen`` are all requests, ``most_at_once`` is how many were answered at
    the same time.
    """

    def __init__(self, upstream_port: int, tls: ssl.SSLContext | None = None) -> None:
        self.upstream_port = upstream_port
        self.seen: list[Request] = []
        self.faults: list[Fault] = []
        self.in_flight = self.most_at_once = 0
        self.lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def fail(self, *faults: Fault) -> None:
        """Lets requests fail from now on."""
        with self.lock:
            self.faults += faults

    def reset(self) -> None:
        """Forgets faults and counts."""
        with self.lock:
            self.faults, self.seen, self.most_at_once = [], [], 0

    def close(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._server.server_close()

    def fault_of(self, request: Request) -> Fault | None:
        """Counts a request, and uses up its fault."""
        with self.lock:
            self.seen.append(request)
            self.in_flight += 1
            self.most_at_once = max(self.most_at_once, self.in_flight)
            found = next((one for one in self.faults if one.is_for(request)), None)
            if found is not None:
                found.times -= 1
            return found


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    proxy: FaultyProxy

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that broke off on purpose is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _forward(self) -> None:
        path, _, query = self.path.partition("?")
        request = Request(
            self.command, path, query, {k.lower(): v for k, v in self.headers.items()}
        )
        proxy = self.server.proxy
        fault = proxy.fault_of(request) or Fault(times=0)
        try:
            self._answer(fault)
        finally:
            with proxy.lock:
                proxy.in_flight -= 1

    def _answer(self, fault: Fault) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        is_forwarded = not (fault.is_reset or fault.answer) or fault.is_done
        answer = self._upstream(body) if is_forwarded else (500, {}, b"")
        if fault.is_garbled:
            status, headers, content = answer
            answer = status, headers, bytes([content[0] ^ 1]) + content[1:]
        if fault.is_reset:
            self._reset()
        elif fault.answer is not None:
            self._send(fault.answer[0], {"Content-Type": "application/xml"}, fault.answer[1])
        else:
            self._send(*answer, cut=fault.cut, pause_s=fault.pause_s)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _forward  # noqa: N815  http.server's names

    def _upstream(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.server.proxy.upstream_port, timeout=30
        )
        try:
            connection.request(self.command, self.path, body, dict(self.headers.items()))
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def _send(
        self,
        status: int,
        headers: dict[str, str],
        body: bytes,
        *,
        cut: int | None = None,
        pause_s: float = 0.0,
    ) -> None:
        self.send_response_only(status)
        skipped = {"connection", "transfer-encoding", "content-length"}
        for name, value in headers.items():
            if name.lower() not in skipped:
                self.send_header(name, value)
        is_bodiless = self.command == "HEAD" or status == http.client.NO_CONTENT
        length = headers.get("Content-Length", "0") if self.command == "HEAD" else len(body)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        sent = b"" if is_bodiless else body[:cut]
        for start in range(0, len(sent), STEP):
            time.sleep(pause_s)
            self.wfile.write(sent[start : start + STEP])
        if cut is not None:
            self.close_connection = True

    def _reset(self) -> None:
        """A reset instead of an orderly end."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  http.server's name
        """Nothing: tests look at ``seen``."""
