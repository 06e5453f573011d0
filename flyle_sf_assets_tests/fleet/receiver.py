"""An HTTP server that takes webhooks as an operator's would, and misbehaves when it is told to."""

import hashlib
import hmac
import json
import ssl
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import trustme

HANG = "hang"
DRIP = "drip"
"""Never ends its answer, and never pauses for long."""

SECRET = "a secret of thirty-two bytes or more"


@dataclass(frozen=True)
class Post:
    """What arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The body's JSON object."""
        document: dict[str, Any] = json.loads(self.body)
        return document

    def is_signed_by(self, secret: str) -> bool:
        """As a receiver checks it, by the documentation alone."""
        timestamp = self.headers["x-flyle-timestamp"]
        signed = timestamp.encode() + b"." + self.body
        expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        return hmac.compare_digest(self.headers["x-flyle-signature"], f"v1={expected}")


class Receiver:
    """``answers`` are given in turn (a status, `HANG` or `DRIP`), then 200."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.answers: list[int | str] = []
        self._is_tls = False
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Its address."""
        scheme = "https" if self._is_tls else "http"
        return f"{scheme}://127.0.0.1:{self._server.server_port}/hook/T0/secret-of-the-path"

    def use_tls(self, certificate: trustme.LeafCert) -> None:
        """From now on it talks TLS with this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._is_tls = True

    def release(self) -> None:
        """Requests that hang end without an answer."""
        self._released.set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.posts.append(Post(self.path, headers, body))
                answer = receiver.answers.pop(0) if receiver.answers else 200
                if answer == DRIP:
                    while not receiver._released.wait(0.05):
                        self.wfile.write(b"x")
                    return
                if isinstance(answer, str):
                    receiver._released.wait(60)
                    return
                self.send_response(answer)
                if answer in (302, 307, 308):
                    self.send_header("Location", "/elsewhere")
                self.end_headers()
                # Nobody may read this to its end.
                self.wfile.write(b"x" * 4_096)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        return Handler
