"""PostgreSQL is killed just before a commit and started again: nothing is lost or written twice."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from flyle_sf_assets_tests.crashes.conftest import OwnServer
from flyle_sf_assets_tests.crashes.writes import WRITES

COMMITS = [
    write for write, where in WRITES.items() if where == "refresh" and write.startswith("commit")
]


@pytest.mark.parametrize("write", COMMITS)
def test_a_server_that_is_killed_before_a_commit_loses_nothing(
    write: str, own_server: OwnServer
) -> None:
    scene = own_server.scene
    scene.prepare()
    victim = scene.begin(stops_at=(write, 1), waits=True)
    victim.await_stop()
    kill(own_server)
    victim.go_on()
    assert victim.failed() == "store_unavailable"
    own_server.postgres.start()
    # Connections of before the crash are of no use.
    scene.tenant.installation.database.dispose()
    scene.recover()


def kill(own_server: OwnServer) -> None:
    """SIGKILL for the server and its processes: they write nothing more and close nothing."""
    noted = own_server.home / "postgres" / "data" / "postmaster.pid"
    postmaster = int(noted.read_text(encoding="utf-8").split()[0])
    # Left alone, a connection's process ends the commit that it has begun.
    tasks = Path(f"/proc/{postmaster}/task")
    children = [
        int(pid) for task in tasks.iterdir() for pid in (task / "children").read_text().split()
    ]
    for pid in (postmaster, *children):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
