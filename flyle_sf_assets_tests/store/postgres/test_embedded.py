"""The embedded server: one for all processes, gone with the last of them."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from flyle_sf_assets.store.postgres import cluster
from flyle_sf_assets.store.postgres.embedded import EmbeddedPostgres
from flyle_sf_assets_tests.processes import line_of, python, tell

USER = """
import sys
from pathlib import Path
from flyle_sf_assets.store.postgres.embedded import EmbeddedPostgres
sys.stdin.readline()
server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
print(server.start().product, flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A FLYLE_HOME with a blank and Japanese in its name; its server is stopped at the end."""
    parent = Path(tempfile.mkdtemp(prefix="flyle-tests-"))
    path = parent / "my 家"
    yield path
    if server_pid(path) is not None:
        with EmbeddedPostgres(path, durable=False):
            pass
    shutil.rmtree(parent)


def server_pid(home: Path) -> int | None:
    """The first line of PostgreSQL's own pid file."""
    noted = home / "postgres" / "data" / "postmaster.pid"
    return int(noted.read_text().split()[0]) if noted.exists() else None


def await_stopped(home: Path, within_s: float = 20.0) -> bool:
    """Whether the server is gone, waiting for it for a while."""
    deadline = time.monotonic() + within_s
    while server_pid(home) is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    return server_pid(home) is None


def await_ended(pid: int, within_s: float = 20.0) -> bool:
    """Whether the process is gone, waiting for it for a while."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def ask(url: str, query: str = "SELECT 1") -> object:
    """One value from the database of a product URL."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        cursor = connection.execute(query.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def test_processes_that_start_it_at_once_get_the_same_server(home: Path) -> None:
    """`make demo` and a `flyle-sf sync` beside it may both find nothing running."""
    with python(USER, str(home)) as one, python(USER, str(home)) as two:
        tell(one)
        tell(two)
        urls = {line_of(one), line_of(two)}
        assert len(urls) == 1
        assert ask(urls.pop()) == 1
        pid = server_pid(home)
        tell(one)
        assert one.wait(30) == 0
        assert server_pid(home) == pid, "the first to leave must not stop the other's server"
        tell(two)
        assert two.wait(30) == 0
        assert server_pid(home) is None, "it is down when the last user's process has ended"


def test_a_killed_user_neither_stops_the_server_nor_keeps_it_up(home: Path) -> None:
    """A list of pids in a file keeps a server up for ever once a user was killed."""
    with python(USER, str(home)) as killed:
        tell(killed)
        line_of(killed)
        server = EmbeddedPostgres(home, durable=False)
        urls = server.start()
        killed.kill()
        killed.wait()
        assert ask(urls.product) == 1
        server.close()
        assert server_pid(home) is None


def test_the_server_goes_when_its_only_user_was_killed(home: Path) -> None:
    """Closing a terminal or `kill` ends Python without running what it registered for its exit."""
    with python(USER, str(home)) as killed:
        tell(killed)
        line_of(killed)
        killed.kill()
        killed.wait()
    assert await_stopped(home)


def test_committed_rows_survive_a_killed_server(home: Path) -> None:
    """The kernel's out-of-memory killer likes database servers."""
    server = EmbeddedPostgres(home)
    urls = server.start()
    ask(urls.product, "CREATE TABLE kept (seven integer)")
    ask(urls.product, "INSERT INTO kept VALUES (7) RETURNING seven")
    pid = server_pid(home)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert await_ended(pid)
    urls = server.start()
    assert ask(urls.product, "SELECT seven FROM kept") == 7
    server.close()


def test_a_pid_file_that_names_another_program_is_no_server(home: Path) -> None:
    """In a new container the old server's pid is soon somebody else's; PostgreSQL then gives up."""
    noted = home / "postgres" / "data" / "postmaster.pid"
    with EmbeddedPostgres(home, durable=False):
        lines = noted.read_text().splitlines()
        owner = noted.stat().st_uid
    # PostgreSQL only minds programs of its own account.
    with subprocess.Popen(["sleep", "60"], user=owner if os.geteuid() == 0 else None) as program:  # noqa: S607
        noted.write_text("\n".join([str(program.pid), *lines[1:]]) + "\n")
        with EmbeddedPostgres(home, durable=False) as urls:
            assert ask(urls.product) == 1
        assert program.poll() is None
        program.kill()


def test_a_data_directory_whose_making_was_cut_off_is_made_again(home: Path) -> None:
    """Ctrl-C during the very first start leaves half of initdb's files."""
    data = home / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("18\n")
    (data / "base").mkdir()
    with EmbeddedPostgres(home, durable=False) as urls:
        assert ask(urls.product) == 1


def test_a_home_too_long_for_a_socket_works(home: Path) -> None:
    """A Unix socket's path has room for 103 bytes, and FLYLE_HOME may be deep in a project."""
    deep = home / ("d" * 60) / ("e" * 60)
    with EmbeddedPostgres(deep, durable=False) as urls:
        assert ask(urls.product) == 1
        assert ask(urls.dagster.split("&")[0].replace("+psycopg2", "")) == 1


def test_only_the_owner_can_reach_the_server(home: Path) -> None:
    """Connections need no password, so the socket's directory must be closed to others."""
    with EmbeddedPostgres(home, durable=False) as urls:
        socket_dir = home / "postgres" / "socket"
        assert socket_dir.stat().st_mode & 0o077 == 0
        assert ask(urls.product, "SHOW listen_addresses") == ""
        assert ask(urls.product, "SHOW max_connections") == "200"


def test_nothing_is_opened_to_others_for_the_server() -> None:
    """As root the server runs as another account: every folder above its data got ``o+x``.

    ``/root`` is closed for a reason; what is open in it was not meant for others.
    """
    closed = Path(tempfile.mkdtemp(prefix="flyle-tests-"))
    home = closed / "between" / "home"
    home.mkdir(parents=True, mode=0o750)
    above = [home, *home.parents, *cluster.programs().parents]
    before = {folder: folder.stat().st_mode for folder in above}
    with EmbeddedPostgres(home, durable=False) as urls:
        assert ask(urls.product) == 1
        # It reads its own files too, below folders that are root's.
        assert ask(urls.product, "SELECT count(*) > 100 FROM pg_timezone_names()") is True
    assert {folder: folder.stat().st_mode for folder in above} == before
    shutil.rmtree(closed)


def test_product_commits_are_durable_and_dagster_ones_need_not_wait(home: Path) -> None:
    """Asynchronous commit is right for Dagster's events only."""
    with EmbeddedPostgres(home) as urls:
        assert ask(urls.product, "SHOW fsync") == "on"
        assert ask(urls.product, "SHOW synchronous_commit") == "on"
        dagster = urls.dagster.replace("+psycopg2", "")
        assert ask(dagster, "SHOW synchronous_commit") == "off"
        assert ask(dagster, "SELECT current_database()") == "dagster"


def test_removing_the_home_stops_the_server() -> None:
    """`make clean` while something runs must not leave a server without files behind."""
    path = Path(tempfile.mkdtemp(prefix="flyle-tests-"))
    server = EmbeddedPostgres(path, durable=False)
    server.start()
    pid = server_pid(path)
    assert pid is not None
    shutil.rmtree(path)
    server.close()
    assert await_ended(pid)
