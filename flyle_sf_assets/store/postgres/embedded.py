"""The embedded PostgreSQL: one server per FLYLE_HOME, shared by every process that needs it.

The users of the server are known from file locks, not from a list of pids: every user holds a
shared lock on ``postgres/users.lock``, which the kernel releases when the process ends or is
killed. The last user stops the server; when users were killed, the server's parent
(``guardian.py``) gets the free lock and stops it. Files, below FLYLE_HOME/postgres::

    data/        the PostgreSQL cluster        start.lock  one process starts or stops at a time
    socket/      its Unix socket (mode 0700)   users.lock  shared by all users
    server.log   the server's log
"""

import atexit
import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import psycopg

from flyle_sf_assets import private_files
from flyle_sf_assets.errors import StoreUnavailable, Text
from flyle_sf_assets.store.postgres import cluster

OWNER_ROLE = "flyle"
PRODUCT_DATABASE = "flyle"
DAGSTER_DATABASE = "dagster"

START_TIMEOUT_S = 120.0
"""A killed server replays its WAL first; that may take some time."""

STOP_TIMEOUT_S = 60.0
POLL_S = 0.02
LAUNCHES_MAX = 4
LAUNCH_PAUSE_S = 0.5
LOG_KEPT_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """The URLs of the two databases; ``admin`` is the superuser's (tests, repairs)."""

    product: str
    dagster: str
    admin: str


class EmbeddedPostgres:
    """One user's share of the embedded server of ``home`` (FLYLE_HOME).

    `start` may be called by several processes at once: they get the same server. It runs
    until the last of them called `close` or ended.
    """

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self._root = Path(home).expanduser().resolve() / "postgres"
        self._data = self._root / "data"
        self._socket_dir = cluster.socket_directory(self._root)
        self._durable = durable
        self._users_fd: int | None = None
        self._pid = 0

    def start(self) -> DatabaseUrls:
        """Starts the server, or joins the running one, and returns its two databases.

        Raises StoreUnavailable when it does not start in time, StoreError when it cannot run.
        """
        try:
            private_files.make_folder(self._root)
            return self._start()
        except PermissionError as error:
            raise cluster.refused(
                Text(
                    f"{error.filename} は別のユーザーのものです",
                    f"{error.filename} belongs to another user",
                )
            ) from error

    def _start(self) -> DatabaseUrls:
        with self._one_at_a_time():
            account = cluster.server_account(self._data)
            cluster.ensure_socket_directory(self._socket_dir, account)
            urls = _urls(self._socket_dir)
            if self._users_fd is None:
                self._users_fd = _lock(self._root / "users.lock", fcntl.LOCK_SH)
                self._pid = os.getpid()
                atexit.register(self.close)
            try:
                if not self._is_running():
                    cluster.ensure_initialised(self._data, account, durable=self._durable)
                    self._bring_up(account)
                self._await_ready()
                ensure_databases(urls.admin)
            except BaseException:
                self._leave()
                raise
            return urls

    def close(self) -> None:
        """Releases this user's lock; when it was the last one, the server is stopped on return."""
        if self._users_fd is None:
            return
        forked = self._pid != os.getpid()  # then the lock is the parent's
        if forked or not self._root.exists():  # FLYLE_HOME was removed: the guardian ends it
            atexit.unregister(self.close)
            os.close(self._users_fd)
            self._users_fd = None
            return
        with self._one_at_a_time():
            self._leave()

    def __enter__(self) -> DatabaseUrls:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _leave(self) -> None:
        """Under start.lock: releases the user's lock, and stops the server when it was the last."""
        atexit.unregister(self.close)
        if self._users_fd is not None:
            os.close(self._users_fd)
            self._users_fd = None
        users_lock = self._root / "users.lock"
        try:
            last = _lock(users_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # Other users, or the guardian, which was faster and holds it until the server ends.
            os.close(_lock(users_lock, fcntl.LOCK_SH))
            return
        try:
            self._stop()
            if self._socket_dir.parent != self._root:
                with contextlib.suppress(OSError):
                    self._socket_dir.rmdir()
        finally:
            os.close(last)

    def _stop(self) -> None:
        pid = self._server_pid()
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while self._server_pid() is not None:
            if time.monotonic() > deadline:
                raise _unavailable(
                    Text(
                        f"サーバー {pid} が {STOP_TIMEOUT_S:.0f} 秒以内に停止しませんでした",
                        f"server {pid} did not stop in {STOP_TIMEOUT_S:.0f} s",
                    )
                )
            time.sleep(POLL_S)

    def _bring_up(self, account: cluster.Account | None) -> None:
        """Starts the server; again when processes of a killed one had not ended yet."""
        for launch in range(1, LAUNCHES_MAX + 1):
            with tempfile.NamedTemporaryFile(dir=self._root, prefix="ended-") as ended:
                self._launch(account, Path(ended.name))
                try:
                    self._await_ready(Path(ended.name))
                except StoreUnavailable:
                    if launch == LAUNCHES_MAX or self._is_running():
                        raise
                    time.sleep(LAUNCH_PAUSE_S)
                else:
                    return

    def _launch(self, account: cluster.Account | None, ended: Path) -> None:
        settings = cluster.SERVER_SETTINGS | ({} if self._durable else cluster.NOT_DURABLE)
        settings["unix_socket_directories"] = str(self._socket_dir)
        log = self._root / "server.log"
        if log.exists() and log.stat().st_size > LOG_KEPT_BYTES:
            log.unlink()
        self._forget_reused_pid()
        order = {
            "command": cluster.as_account(
                [
                    cluster.programs() / "postgres",
                    *("-D", self._data),
                    *(part for key, value in settings.items() for part in ("-c", f"{key}={value}")),
                ],
                account,
            ),
            "environment": cluster.server_environment(),
            "users_lock": str(self._root / "users.lock"),
            "log": str(log),
            "ended": str(ended),
        }
        guardian = Path(__file__).with_name("guardian.py")
        subprocess.run(
            [sys.executable, "-I", "-S", str(guardian)],
            input=json.dumps(order).encode(),
            check=True,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _await_ready(self, ended: Path | None = None) -> None:
        """Returns when the server accepts connections; ``ended`` gets text when it has ended."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while not (self._is_running() and self._said() == "ready"):
            if ended is not None and ended.stat().st_size:
                raise _unavailable(
                    Text(
                        f"サーバーが終了しました: 「{self._log_tail()}」",
                        f"the server ended: “{self._log_tail()}”",
                    )
                )
            if time.monotonic() > deadline:
                raise _unavailable(
                    Text(
                        f"{START_TIMEOUT_S:.0f} 秒以内に準備できませんでした:"
                        f" 「{self._log_tail()}」",
                        f"not ready in {START_TIMEOUT_S:.0f} s: “{self._log_tail()}”",
                    )
                )
            time.sleep(POLL_S)

    def _said(self) -> str:
        """The server's own status: the last line of postmaster.pid when the file is complete."""
        lines = self._pid_file_lines()
        return lines[-1].strip() if lines else ""

    def _is_running(self) -> bool:
        return self._server_pid() is not None

    def _server_pid(self) -> int | None:
        """The pid of this data directory's server, or None; another process' pid is ignored."""
        pid = self._noted_pid()
        return pid if pid is not None and self._is_ours(pid) else None

    def _noted_pid(self) -> int | None:
        lines = self._pid_file_lines()
        return int(lines[0]) if lines and lines[0].strip().isdigit() else None

    def _pid_file_lines(self) -> list[str]:
        try:
            return (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _forget_reused_pid(self) -> None:
        """After a reboot or in a new container the old pid may be another program's.

        PostgreSQL then assumes that this program is itself and refuses to start. A file with a free
        pid is not removed: PostgreSQL handles it, after a check for orphaned backends.
        """
        pid = self._noted_pid()
        if pid is not None and cluster.command_line(pid) and not self._is_ours(pid):
            (self._data / "postmaster.pid").unlink()

    def _is_ours(self, pid: int) -> bool:
        return f"-D {self._data} " in cluster.command_line(pid)

    def _log_tail(self) -> str:
        log = self._root / "server.log"
        return log.read_text(errors="replace")[-1500:].strip() if log.exists() else "no log"

    @contextlib.contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        descriptor = _lock(self._root / "start.lock", fcntl.LOCK_EX)
        try:
            yield
        finally:
            os.close(descriptor)


def _lock(path: Path, how: int) -> int:
    """An open descriptor that holds the lock; closing it (or the process's end) releases it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, how)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _urls(socket_dir: Path) -> DatabaseUrls:
    host = quote(str(socket_dir), safe="/")
    return DatabaseUrls(
        product=f"postgresql+psycopg://{OWNER_ROLE}@/{PRODUCT_DATABASE}?host={host}",
        # SQLAlchemy 2.1 reads a bare postgresql:// as psycopg 3, which dagster-postgres cannot
        # use; Dagster's events may be lost in a crash, so their commits need not wait.
        dagster=f"postgresql+psycopg2://{OWNER_ROLE}@/{DAGSTER_DATABASE}?host={host}"
        "&options=-csynchronous_commit%3Doff",
        admin=f"postgresql+psycopg://{cluster.SUPERUSER}@/postgres?host={host}",
    )


def ensure_databases(admin_url: str) -> None:
    """Creates the owner's role and the two databases when they are missing."""
    url = admin_url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url, autocommit=True) as connection:
        roles = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        if OWNER_ROLE not in roles:
            connection.execute(f"CREATE ROLE {OWNER_ROLE} LOGIN CREATEROLE")
        databases = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        for database in (PRODUCT_DATABASE, DAGSTER_DATABASE):
            if database not in databases:
                connection.execute(f"CREATE DATABASE {database} OWNER {OWNER_ROLE}")


def _unavailable(came_back: Text) -> StoreUnavailable:
    return StoreUnavailable(
        "embedded_postgres_unavailable",
        tried=Text(
            "内蔵PostgreSQLを起動または停止しようとしました",
            "Tried to start or stop the embedded PostgreSQL",
        ),
        came_back=came_back,
        remedy=Text(
            "FLYLE_HOME/postgres/server.logを確認してください",
            "Look at FLYLE_HOME/postgres/server.log",
        ),
    )
