"""Commands of the product, each in a process of its own that can be killed at any of its writes.

A write is something that a later process finds: a transaction that changed rows, just before its
commit, or a file or folder of the installation that is about to be created, renamed or removed. A
process that dies just before a write has done all the earlier ones.

What does not belong here: what must hold afterwards (``aftermath.py``).
"""

import multiprocessing
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from unittest import mock

import sqlalchemy as sa
import stamina

from flyle_sf_assets.connection.connect import connect_headless
from flyle_sf_assets.connection.disconnect import disconnect
from flyle_sf_assets.errors import FlyleError
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import Installation, open_installation
from flyle_sf_assets.salesforce import bounds
from flyle_sf_assets.scheduling.garbage_collection import sweep_lake
from flyle_sf_assets.settings.loading import load_tenant
from flyle_sf_assets.store.syncs.syncs import latest_syncs
from flyle_sf_assets.sync.context import RefreshKind
from flyle_sf_assets.sync.session import open_refresh
from flyle_sf_assets.tenants.registration import register
from flyle_sf_assets.tenants.rollback import roll_back
from flyle_sf_assets_tests.flows.run_steps import run_all
from flyle_sf_assets_tests.flows.tenants import Tenant, use_bulk

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

WAIT_S = 60.0

# Each child is forked from a server that has imported what it needs, and is a process like any.
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])

_WRITES = os.O_WRONLY | os.O_RDWR
# The counts are of this transaction, because those before it were flushed when they ended.
_WRITTEN = """
    SELECT relname, pg_stat_force_next_flush() FROM pg_catalog.pg_stat_xact_user_tables
    WHERE schemaname = 'flyle' AND n_tup_ins + n_tup_upd + n_tup_del > 0 ORDER BY 1
"""


@dataclass(frozen=True)
class Order:
    """What a child does, for which tenant, and what time it is there.

    ``stops_at``: just before its n-th write of that name it kills itself, or waits if it ``waits``
    there. None: it lives.
    """

    command: str
    environment: Environment
    tenant: str
    now: datetime
    clock_skew_s: float
    secrets: Mapping[str, str]
    stops_at: tuple[str, int] | None = None
    waits: bool = False


class Writes:
    """The writes of this process, in order, by name."""

    def __init__(self, order: Order, gate: "Connection[object, object]") -> None:
        self.names: list[str] = []
        self._order = order
        self._gate = gate
        self._root = f"{order.environment.home}{os.sep}"

    def watch(self) -> None:
        """From now on until the process ends."""
        sys.addaudithook(self._on_event)
        sa.event.listen(sa.Engine, "commit", self._on_commit)

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if not isinstance(flags, int) or not flags & _WRITES:
                return
            what = "write"
        elif event in {"os.mkdir", "os.remove", "os.rmdir", "os.rename", "os.truncate"}:
            path, what = arguments[0], event.removeprefix("os.")
        else:
            return
        name = os.fspath(path) if isinstance(path, str | os.PathLike) else ""
        if isinstance(name, str) and name.startswith(self._root):
            self._write(f"{what} {self._place(name)}")

    def _on_commit(self, connection: sa.Connection) -> None:
        written = connection.exec_driver_sql(_WRITTEN).scalars().all()
        if written:
            # A partition of the history counts as the history.
            tables = {re.sub(r"^(company_changes)_\w+$", r"\1", name) for name in written}
            self._write(f"commit {', '.join(sorted(tables))}")

    def _place(self, path: str) -> str:
        """``lake/*/accounts/*.writing``: without what differs between two runs."""
        inside = path.removeprefix(self._root)
        inside = inside.replace(self._order.tenant, "*")
        return re.sub(r"(?<=\.key-)\w+|[0-9][0-9A-Za-z_-]*|[0-9a-f]{8,}", "*", inside)

    def _write(self, name: str) -> None:
        self.names.append(name)
        if self._order.stops_at != (name, self.names.count(name)):
            return
        if not self._order.waits:
            os.kill(os.getpid(), signal.SIGKILL)
        self._gate.send("waiting")
        self._gate.recv()


class Victim:
    """A command under way in another process."""

    def __init__(
        self,
        tenant: Tenant,
        command: str,
        now: datetime,
        stops_at: tuple[str, int] | None = None,
        *,
        waits: bool = False,
    ) -> None:
        secrets = {name: value for name, value in os.environ.items() if "_SF_" in name}
        environment = tenant.installation.environment
        order = Order(
            command,
            # Dagster has no part in it: no server of its own starts for it.
            replace(environment, dagster_database_url=environment.database_url),
            tenant.name,
            now,
            bounds.CLOCK_SKEW_S,
            secrets,
            stops_at,
            waits,
        )
        self._gate, theirs = _processes.Pipe()
        self._process: BaseProcess = _processes.Process(
            target=_obey, args=(order, theirs), daemon=True
        )
        self._process.start()
        theirs.close()

    def begin(self) -> None:
        """Waits until it is about to begin, and lets it."""
        assert self._hear() == "ready"
        self.go_on()

    def await_stop(self) -> None:
        """Returns when it waits before the write where it stops."""
        assert self._hear() == "waiting"

    def go_on(self) -> None:
        """Lets it do that write."""
        self._gate.send("go")

    def ended(self) -> Sequence[str]:
        """The writes of one that lived to its end."""
        told = self._hear()
        self._process.join(WAIT_S)
        assert self._process.exitcode == 0
        assert isinstance(told, list), told
        return told

    def failed(self) -> str:
        """The code of the error that ended it."""
        told = self._hear()
        self._process.join(WAIT_S)
        assert isinstance(told, str), told
        return told

    def _hear(self) -> object:
        assert self._gate.poll(WAIT_S), "it says nothing"
        return self._gate.recv()

    def died(self) -> bool:
        """Whether it died by SIGKILL; else it had ended before its time came."""
        self._process.join(WAIT_S)
        assert self._process.exitcode in (0, -signal.SIGKILL)
        self._gate.close()
        return self._process.exitcode != 0

    def kill_after(self, seconds: float) -> bool:
        """SIGKILL after that time; whether it came before the end."""
        time.sleep(seconds)
        self._process.kill()
        return self.died()


def _obey(order: Order, gate: "Connection[object, object]") -> None:
    os.environ.update(order.secrets)
    gate.send("ready")
    gate.recv()
    writes = Writes(order, gate)
    writes.watch()
    with (
        # Nobody waits between attempts, and orgs have times of their own.
        stamina.set_testing(True, attempts=3, cap=True),
        mock.patch.object(bounds, "CLOCK_SKEW_S", order.clock_skew_s),
        open_installation(order.environment) as installation,
    ):
        try:
            COMMANDS[order.command](installation, order)
        except FlyleError as error:
            gate.send(error.code)
            return
    gate.send(writes.names)


def _sync(installation: Installation, order: Order, kind: RefreshKind = "refresh") -> None:
    with open_refresh(installation, order.tenant, kind=kind, clock=lambda: order.now) as refresh:
        run_all(refresh)


def _full_by_bulk(installation: Installation, order: Order) -> None:
    opened = open_refresh(installation, order.tenant, kind="full", clock=lambda: order.now)
    with opened as refresh:
        use_bulk(refresh, rest_rows_max=0)
        run_all(refresh)


def _change_settings(installation: Installation, order: Order) -> None:
    file = order.environment.config_dir / "tenants" / f"{order.tenant}.yaml"
    settings = load_tenant(file, order.environment.sf_extra_hosts)
    register(installation, settings, clock=lambda: order.now)
    _sync(installation, order)


def _link_again(installation: Installation, order: Order) -> None:
    disconnect(installation, order.tenant, by="test", clock=lambda: order.now)
    connect_headless(
        installation, order.tenant, by="test", replace_org=False, clock=lambda: order.now
    )
    _sync(installation, order)


def _roll_back(installation: Installation, order: Order) -> None:
    with installation.database.tenant(order.tenant) as tx:
        newest = latest_syncs(tx, limit=1)[0].sync_id
    roll_back(installation, order.tenant, newest, by="test", clock=lambda: order.now)


def _clean_up(installation: Installation, order: Order) -> None:
    sweep_lake(installation, order.now)


COMMANDS: Mapping[str, Callable[[Installation, Order], None]] = {
    "first sync": _sync,
    "refresh": _sync,
    "sweep": partial(_sync, kind="sweep"),
    "census": partial(_sync, kind="census"),
    "full by Bulk": _full_by_bulk,
    "settings": _change_settings,
    "link again": _link_again,
    "rollback": _roll_back,
    "cleanup": _clean_up,
}
