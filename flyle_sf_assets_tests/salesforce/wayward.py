"""A TLS server that answers whatever it is told to: what the sandbox org never says."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import trustme

from flyle_sf_assets.salesforce.bounds import Bounds
from flyle_sf_assets.salesforce.session import OrgSession
from flyle_sf_assets.salesforce.tokens.access_tokens import AccessToken
from flyle_sf_assets.salesforce.transport import Network


@dataclass(frozen=True)
class Canned:
    """One answer."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)


class Wayward(HTTPServer):
    """Gives its answers one after the other, the last one for ever; counts what it was asked."""

    def __init__(self, answers: tuple[Canned, ...], folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.answers = list(answers)
        self.asked = 0
        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self.ca_file = folder / "wayward-ca.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def url(self) -> str:
        """``https://127.0.0.1:PORT``."""
        return f"https://127.0.0.1:{self.server_port}"

    @property
    def network(self) -> Network:
        """The way there; an address on another network is allowed too."""
        hosts = (f"127.0.0.1:{self.server_port}", "10.0.0.1")
        return Network(self.ca_file, hosts, bounds=Bounds(clock_skew_s=7_200.0))

    def session(self) -> OrgSession:
        """Our side, with a token that nobody asks for."""
        return OrgSession(_FixedToken(self.url), self.network)


class _Answering(BaseHTTPRequestHandler):
    server: Wayward

    def do_GET(self) -> None:
        """The next answer."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answers = self.server.answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        self.server.asked += 1
        if "Date" in answer.headers:
            self.send_response_only(answer.status)
        else:
            self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    do_POST = do_GET  # noqa: N815 - named by http.server

    def log_message(self, *_: object) -> None:
        """Quiet."""


class _FixedToken:
    def __init__(self, url: str) -> None:
        issued = datetime(2026, 1, 1, tzinfo=UTC)
        self._token = AccessToken("token", url, "00D000000000001AAA", "005000000000001AAA", issued)

    def token(self) -> AccessToken:
        return self._token

    def renew(self, stale: AccessToken) -> AccessToken:
        raise AssertionError(f"nothing here refuses {stale!r}")


@contextmanager
def wayward(folder: Path, *answers: Canned) -> Iterator[Wayward]:
    """A running server with these answers."""
    server = Wayward(answers, folder)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
