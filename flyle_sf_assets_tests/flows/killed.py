"""A refresh in a process of its own that runs one step at a time when told to, and can be killed.

What does not belong here: what must hold after the kill (``test_killed.py``).
"""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING

import psycopg

from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import open_installation
from flyle_sf_assets.sync.session import open_refresh, run_step
from flyle_sf_assets_tests.flows.run_steps import STEPS
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.postgres import admin

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

WAIT_S = 30.0

# Each child is forked from a server that has imported what it needs, and is a process like any.
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])


class Victim:
    """A running refresh of a tenant, held before its first step."""

    def __init__(self, process: BaseProcess, gate: "Connection[object, object]") -> None:
        self._process = process
        self._gate = gate

    def run_step(self) -> None:
        """Lets it run its next step up to the commit."""
        self.begin_step()
        assert self._gate.poll(WAIT_S), "the step did not end"
        assert self._gate.recv() == "committed"

    def begin_step(self) -> None:
        """Lets it begin its next step."""
        self._gate.send("go")

    def kill(self) -> None:
        """SIGKILL: nothing of it can be cleaned up."""
        assert self._process.pid is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.join(WAIT_S)
        assert self._process.exitcode == -signal.SIGKILL


@contextmanager
def refreshing(tenant: Tenant) -> Iterator[Victim]:
    """A refresh of the tenant in another process; killed at the end in any case."""
    ours, theirs = _processes.Pipe()
    secrets = {name: value for name, value in os.environ.items() if "_SF_" in name}
    arguments = (tenant.installation.environment, tenant.name, secrets, tenant.clock.now(), theirs)
    process = _processes.Process(target=_refresh, args=arguments, daemon=True)
    process.start()
    theirs.close()
    try:
        yield Victim(process, ours)
    finally:
        process.kill()
        process.join()
        ours.close()


@contextmanager
def commits_held_back(tenant: Tenant) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Anyone who commits a dataset or a company waits; everybody may read."""
    with admin(tenant.installation.database_url) as connection, connection.transaction():
        connection.execute(
            "LOCK TABLE flyle.generations, flyle.companies, flyle.custom_field_options"
            " IN EXCLUSIVE MODE"
        )
        yield connection


def await_held_back(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Returns when somebody waits to commit."""
    deadline = time.monotonic() + WAIT_S
    waiting = (
        "SELECT count(*) FROM pg_locks JOIN pg_database ON oid = database"
        " WHERE NOT granted AND datname = current_database()"
    )
    while connection.execute(waiting).fetchone() == (0,):
        assert time.monotonic() < deadline, "nobody came to commit"
        time.sleep(0.01)


def _refresh(
    environment: Environment,
    tenant: str,
    secrets: dict[str, str],
    now: datetime,
    gate: "Connection[object, object]",
) -> None:
    os.environ.update(secrets)
    with (
        open_installation(environment) as installation,
        open_refresh(installation, tenant, clock=lambda: now) as refresh,
    ):
        for step in STEPS:
            gate.recv()
            run_step(refresh, step)
            gate.send("committed")
        gate.recv()
