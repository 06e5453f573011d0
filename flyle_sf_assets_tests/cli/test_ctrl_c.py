"""Ctrl-C as a terminal sends it, to every process of the foreground group, and SIGTERM.

The demo and the Dagster UI are started as people and scripts start them.
"""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from flyle_sf_assets.store.postgres.embedded import DatabaseUrls, EmbeddedPostgres
from flyle_sf_assets_tests.postgres import admin
from flyle_sf_assets_tests.processes import command, one_starts_at_a_time, processes_of

ROOT = Path(__file__).parents[2]
TEST_S_MAX = 240
START_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 30.0
"""Other tests run on the same cores: the promise of 10 s is for a machine of its own."""

BACKGROUND = ("/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh")
"""What a script's ``&`` and nohup do: the command begins with SIGINT ignored."""


@dataclass(frozen=True)
class Started:
    """A running ``flyle-sf``, its home, and what it says."""

    process: subprocess.Popen[bytes]
    home: Path
    said: Path
    temporary: Path

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Returns when it is so; fails when the command ends before, or takes too long."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while not is_so():
            assert self.process.poll() is None, self.said.read_text()
            assert time.monotonic() < deadline, self.said.read_text()
            time.sleep(0.05)

    def wait_for(self, words: str) -> None:
        """Returns when the command has said these words."""
        self.wait_until(lambda: words in self.said.read_text())

    def assert_ended(self, code: int) -> None:
        """It ends in time with this code, without a traceback; no process and no file is left."""
        ended = self.process.wait(STOP_TIMEOUT_S)
        assert (ended, "Traceback" in self.said.read_text()) == (code, False), self.said.read_text()
        assert processes_of(self.home) == []
        assert list(self.temporary.iterdir()) == []


Start = Callable[..., Started]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts ``flyle-sf`` in a session of its own; the rest of it is killed at the end."""
    # Not below pytest's own directory: another account could not pass through to it as root.
    with tempfile.TemporaryDirectory(prefix="flyle-ctrl-c-") as folder:
        home, said, temporary = (Path(folder) / name for name in ("home", "said", "tmp"))
        started = []

        def start_one(*arguments: str, by: tuple[str, ...] = ()) -> Started:
            process = command(*arguments, home=home, temporary=temporary, said=said, by=by)
            started.append(process)
            return Started(process, home, said, temporary)

        (home / "config" / "tenants").mkdir(parents=True)
        temporary.mkdir()
        try:
            yield start_one
        finally:
            for process in started:
                process.kill()
                process.wait()
            for pid in processes_of(home):
                os.kill(pid, signal.SIGKILL)


def _left_in(home: Path) -> list[str]:
    """Names of what a demo left in its home."""
    return sorted(path.name for path in home.iterdir() if path.name != "config")


def _interrupted_in_terminal(demo: Started) -> None:
    os.killpg(demo.process.pid, signal.SIGINT)


def _ended_by_service_manager(demo: Started) -> None:
    demo.process.terminate()


@pytest.mark.parametrize(
    ("by", "stop"),
    [
        pytest.param((), _interrupted_in_terminal, id="ctrl-c"),
        pytest.param(BACKGROUND, _ended_by_service_manager, id="sigterm-in-the-background"),
    ],
)
def test_a_demo_that_is_stopped_in_the_middle_of_a_sync_leaves_nothing_behind(
    start: Start, by: tuple[str, ...], stop: Callable[[Started], None]
) -> None:
    """It printed eighty lines of traceback, of the command and of Dagster's log watchers."""
    demo = start("demo", "--once", by=by)
    demo.wait_for("globex: version 1")
    time.sleep(0.3)  # the first sync is under way
    stop(demo)
    demo.assert_ended(130)
    assert _left_in(demo.home) == []


def test_sigterm_while_dagster_starts_leaves_nothing_behind(start: Start) -> None:
    """Dagster's processes went on, and held the ports, the database and the locks."""
    dev = start("dev")
    dev.wait_until((dev.home / "dagster-dev.log").exists)
    time.sleep(1.0)
    dev.process.terminate()
    dev.assert_ended(130)


@pytest.mark.timeout(TEST_S_MAX)
@pytest.mark.parametrize(
    ("command", "number"), [("dev", signal.SIGINT), ("demo", signal.SIGTERM)], ids=["dev", "demo"]
)
def test_a_server_in_the_background_stops_and_leaves_nothing_behind(
    start: Start, command: str, number: signal.Signals
) -> None:
    """It says nothing that is not about the tenants; the second signal changes nothing."""
    with one_starts_at_a_time():
        server = start(command, by=BACKGROUND)
        server.wait_for("Ctrl-C")
    [log] = server.home.rglob("dagster-dev.log")
    with EmbeddedPostgres(log.parent) as urls:
        server.wait_until(lambda: _retries_are_looked_for(urls))
    with log.open("rb") as still_open:
        time.sleep(1.0)
        assert still_open.read().decode() == ""
        for _ in range(2):
            server.process.send_signal(number)
            time.sleep(0.2)
        server.assert_ended(0)
        assert "warning" not in still_open.read().decode().lower()
    assert _left_in(server.home) == [] or command == "dev"


def _retries_are_looked_for(urls: DatabaseUrls) -> bool:
    """Whether Dagster's daemon has begun with it."""
    with admin(urls.admin.replace("/postgres?", "/dagster?")) as connection:
        asked = "SELECT count(*) FROM daemon_heartbeats WHERE daemon_type = 'EVENT_LOG_CONSUMER'"
        return connection.execute(asked).fetchone() == (1,)
