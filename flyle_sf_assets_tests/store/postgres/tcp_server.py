"""A PostgreSQL of its own that listens on TCP with a password, and a TLS entrance in front of it.

The programs are those of the embedded server. They are built without TLS, so that TLS ends in
front of them, as it does at a connection pooler.
Source: PostgreSQL documentation, 54.2.11 "SSL Session Encryption".
"""

import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import trustme
from psycopg import sql

from flyle_sf_assets.store.postgres import cluster

USER = "wörk er@home"
PASSWORD = "p@ss:w/o?r#d %41+ü[]"
PRODUCT, DAGSTER = "flyle 製品", "dagster"

SSL_REQUEST = 80877103
READY_S = 60.0


@dataclass(frozen=True)
class TcpServer:
    """Where it is; ``user`` and ``password`` as they stand in a URL."""

    port: int
    tls_port: int
    sockets: Path
    ca_file: Path
    other_ca_file: Path

    user: str = quote(USER, safe="")
    password: str = quote(PASSWORD, safe="")


@contextmanager
def tcp_server() -> Iterator[TcpServer]:
    """Started for the block, with a role, and one database each for the product and Dagster."""
    home = Path(tempfile.mkdtemp(prefix="flyle-tcp-"))
    account = cluster.server_account(home / "data")
    cluster.ensure_initialised(home / "data", account, durable=False)
    cluster.ensure_socket_directory(home / "socket", account)
    hba = "local all postgres trust\nlocal all all scram-sha-256\n"
    hba += "host all all 127.0.0.1/32 scram-sha-256\nhost all all ::1/128 scram-sha-256\n"
    (home / "data" / "pg_hba.conf").write_text(hba)
    port = _free_port()
    addresses = ["127.0.0.1", *(["::1"] if has_ipv6() else [])]
    settings = cluster.NOT_DURABLE | {
        "listen_addresses": ",".join(addresses),
        "unix_socket_directories": str(home / "socket"),
        "port": str(port),
        "log_min_messages": "fatal",
    }
    process = subprocess.Popen(
        cluster.as_account(
            [
                *(cluster.programs() / "postgres", "-D", home / "data"),
                *(part for key, value in settings.items() for part in ("-c", f"{key}={value}")),
            ],
            account,
        ),
        cwd="/",
        env=cluster.server_environment(),
        stderr=subprocess.DEVNULL,
    )
    try:
        _prepare(home / "socket", port)
        with _tls_entrance(home, port) as (tls_port, ca_file, other_ca_file):
            yield TcpServer(port, tls_port, home / "socket", ca_file, other_ca_file)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        shutil.rmtree(home)


def has_ipv6() -> bool:
    """Whether this machine has the loopback address of IPv6."""
    with socket.socket(socket.AF_INET6) as probe, suppress(OSError):
        probe.bind(("::1", 0))
        return True
    return False


def _prepare(sockets: Path, port: int) -> None:
    with _connected(f"host={sockets} port={port} user=postgres dbname=postgres") as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN CREATEROLE PASSWORD {}").format(
                sql.Identifier(USER), sql.Literal(PASSWORD)
            )
        )
        for name in (PRODUCT, DAGSTER):
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(name), sql.Identifier(USER)
                )
            )


def _connected(where: str) -> psycopg.Connection[tuple[object, ...]]:
    """A connection once the server is up."""
    deadline = time.monotonic() + READY_S
    while True:
        try:
            return psycopg.connect(where, autocommit=True)
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.1)


@contextmanager
def _tls_entrance(home: Path, port: int) -> Iterator[tuple[int, Path, Path]]:
    """Its port, and the files of its CA and of another one."""
    ca, other = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    ca.cert_pem.write_to_path(home / "ca.pem")
    other.cert_pem.write_to_path(home / "other.pem")
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_entered, args=(client, context, port), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1], home / "ca.pem", home / "other.pem"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _entered(client: socket.socket, context: ssl.SSLContext, port: int) -> None:
    """One connection: only TLS comes in."""
    with client, suppress(OSError):
        while int.from_bytes(_exactly(client, 8)[4:]) != SSL_REQUEST:
            client.sendall(b"N")  # GSS encryption, or no encryption at all
        client.sendall(b"S")
        with (
            context.wrap_socket(client, server_side=True) as inside,
            socket.create_connection(("127.0.0.1", port)) as server,
        ):
            back = threading.Thread(target=_pump, args=(server, inside), daemon=True)
            back.start()
            _pump(inside, server)
            server.shutdown(socket.SHUT_RDWR)
            back.join()


def _exactly(source: socket.socket, size: int) -> bytes:
    data = source.recv(size, socket.MSG_WAITALL)
    if len(data) < size:
        raise ConnectionError
    return data


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
