"""A TLS server that speaks raw bytes: bodies that drip, bombs, headers no HTTP library makes."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

Speak = Callable[[ssl.SSLSocket], None]
"""Writes one answer to the connection. OSError, when the other side has hung up, ends it."""


@dataclass(frozen=True)
class Hostile:
    """Where it listens."""

    port: int
    ca_file: Path

    @property
    def url(self) -> str:
        """``https://127.0.0.1:PORT``."""
        return f"https://127.0.0.1:{self.port}"


@contextmanager
def hostile(folder: Path, speak: Speak) -> Iterator[Hostile]:
    """A running server that answers every request by ``speak``."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    ca_file = folder / "hostile-ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    stopping = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.1)

    def answer(connection: socket.socket) -> None:
        try:
            with connection, context.wrap_socket(connection, server_side=True) as secured:
                while secured.recv(1 << 16):
                    speak(secured)
        except (OSError, ssl.SSLError):
            pass  # the client has hung up, which is what these tests want of it

    def serve() -> None:
        while not stopping.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield Hostile(listening.getsockname()[1], ca_file)
    finally:
        stopping.set()
        thread.join()
        listening.close()
