"""The console as a server: on this thread until it is stopped, or on one of its own."""

import asyncio
import gc
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from flyle_sf_assets.console.connections import BoundedProtocol
from flyle_sf_assets.errors import Text, UsageError

START_WITHIN_S = 20.0
POLL_S = 0.01
KEEP_ALIVE_S = 65
"""Longer than the idle time of usual proxies, so that the proxies close first."""

CONNECTIONS_MAX = 1_000
"""More are answered with 503 at once."""

BACKLOG = 2_048
STOP_WITHIN_S = 5
SWITCH_INTERVAL_S = 0.0005


@dataclass(frozen=True)
class Certificate:
    """A TLS certificate and its key, as PEM files."""

    certificate: Path
    key: Path


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one. Raises UsageError when the port is taken.

    Of two processes that only bind a port both succeed, and the second fails when it serves.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise UsageError(
            "console_port_taken",
            tried=Text(
                f"{host}:{port} で待ち受けようとしました", f"Tried to listen at {host}:{port}"
            ),
            came_back=Text.quoted(error),
            remedy=Text("--port で別のポートを指定してください", "Give another one with --port"),
        ) from error
    return listener


def serve(app: ASGIApp, listener: socket.socket, certificate: Certificate | None = None) -> None:
    """Serves until SIGINT or SIGTERM."""
    # Many short waits for PostgreSQL: a thread that has its answer must not wait 5 ms to continue.
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    # What was loaded until now stays: garbage collection need not check it repeatedly.
    gc.collect()
    gc.freeze()
    uvicorn.Server(_config(app, certificate)).run(sockets=[listener])


@contextmanager
def served(
    app: ASGIApp, listener: socket.socket, certificate: Certificate | None = None
) -> Iterator[None]:
    """Serves on a thread of this process inside the block."""
    server = uvicorn.Server(_config(app, certificate))
    thread = threading.Thread(
        target=lambda: asyncio.run(_serve(server, listener)), name="console", daemon=True
    )
    thread.start()
    pause = threading.Event()
    for _ in range(int(START_WITHIN_S / POLL_S)):
        if server.started or not thread.is_alive():
            break
        pause.wait(POLL_S)
    if not server.started:
        raise TimeoutError(f"the console did not start within {START_WITHIN_S} s")
    try:
        yield
    finally:
        # Idle keep-alive connections would delay a graceful shutdown.
        server.should_exit = server.force_exit = True
        thread.join(timeout=2 * STOP_WITHIN_S)
        listener.close()


async def _serve(server: uvicorn.Server, listener: socket.socket) -> None:
    await server.serve(sockets=[listener])
    # A closing TLS connection waits for its peer, which is unnecessary here.
    for connection in list(server.server_state.connections):
        connection.transport.abort()
    while server.server_state.connections:  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0)


def _config(app: ASGIApp, certificate: Certificate | None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=BoundedProtocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_level="warning",
        # An access log would contain the tokens of /enter and the codes of /callback.
        access_log=False,
        server_header=False,
        # The console's own setting says whose X-Forwarded-For is trusted (app.py).
        proxy_headers=False,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_WITHIN_S,
        ssl_certfile=str(certificate.certificate) if certificate else None,
        ssl_keyfile=str(certificate.key) if certificate else None,
    )
