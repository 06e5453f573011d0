"""`SandboxServer`: many orgs behind one HTTPS address on loopback.

What does not belong here: resources (``front.py``, ``api/``), the process's life (``serving.py``).
"""

import asyncio
import secrets
import socket
import ssl
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self, cast

import uvicorn

from flyle_sf_assets.sandbox import certificates
from flyle_sf_assets.sandbox.control import control_routes
from flyle_sf_assets.sandbox.front import Front
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.soql.grammar import warm_up
from flyle_sf_assets.sandbox.wire import Protocol

_START_WITHIN_S = 10.0


class SandboxServer:
    """Hosts orgs over HTTPS in a thread of this process. Use as a context manager.

    ``url`` is the org URL of all of them: the consumer key, and then the token, decides the org.
    ``ca_file`` is the CA to trust. Without ``certs`` (see ``certificates.from_files``) a CA is
    made at start. ``control_token`` guards the ``/sandbox`` endpoints; without one, one is made.
    """

    def __init__(
        self,
        orgs: Sequence[Org],
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        certs: certificates.Certificates | None = None,
        control_token: str | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.control_token = control_token or secrets.token_urlsafe(24)
        self._certs = certs
        self._front = Front(orgs, lambda: self.url)
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """``https://127.0.0.1:PORT``."""
        return f"https://{self.host}:{self.port}"

    @property
    def ca_file(self) -> str:
        """Path of the CA certificate that clients have to trust."""
        if self._certs is None:
            raise RuntimeError("the server has not been started")
        return str(self._certs.ca_file)

    @property
    def login_domain(self) -> str:
        """A ``domain`` by which simple-salesforce logs in here.

        It always posts to ``https://{domain}.salesforce.com/services/oauth2/token``; this text
        turns the fixed rest of that address into a query that is ignored.
        """
        return f"{self.host}:{self.port}/services/oauth2/token?fixed="

    @property
    def orgs(self) -> list[Org]:
        """The orgs hosted."""
        return self._front.orgs

    def add(self, org: Org) -> None:
        """Host another org, also while running."""
        self._front.add(org)

    def remove(self, org: Org) -> None:
        """Stop hosting an org."""
        self._front.remove(org)

    def open_jobs(self, org: Org) -> int:
        """How many Bulk jobs of an org were not deleted."""
        return self._front.resources_of(org).jobs.open_jobs()

    def start(self) -> Self:
        """Listen; returns when the server answers requests."""
        if self._certs is None:
            self._certs = certificates.fresh(self.host)
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.host, self.port))
        self.port = listener.getsockname()[1]
        self._server = uvicorn.Server(self._config(self._certs.context))
        self._thread = threading.Thread(
            target=self._run, args=(self._server, listener), name="sandbox", daemon=True
        )
        self._thread.start()
        threading.Thread(target=warm_up, name="sandbox-grammar", daemon=True).start()
        started = threading.Event()
        for _ in range(int(_START_WITHIN_S / 0.005)):
            if self._server.started:
                return self
            started.wait(0.005)
        raise TimeoutError(f"the sandbox did not start within {_START_WITHIN_S} s")

    def stop(self) -> None:
        """Close the address and all connections."""
        if self._server is not None and self._thread is not None:
            # Idle keep-alive connections would delay a graceful shutdown.
            self._server.should_exit = self._server.force_exit = True
            self._thread.join(timeout=10)
            self._server = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _config(self, context: ssl.SSLContext) -> uvicorn.Config:
        application = self._front.application(control_routes(self._front, self.control_token))
        return uvicorn.Config(
            application,
            http=Protocol,
            loop="asyncio",
            lifespan="off",
            ws="none",
            log_level="warning",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=1,
            ssl_context_factory=lambda _config, _default: context,
        )

    @staticmethod
    def _run(server: uvicorn.Server, listener: socket.socket) -> None:
        asyncio.run(_serve(server, listener))


async def _serve(server: uvicorn.Server, listener: socket.socket) -> None:
    await server.serve(sockets=[listener])
    # A closing TLS connection waits for its peer, which is unnecessary here.
    for connection in list(server.server_state.connections):
        cast("Protocol", connection).hang_up()
    while server.server_state.connections:  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0)
