"""A fleet under test: tenants with orgs of their own, Dagster's daemon, and workers as processes.

What does not belong here: what is done to the workers (``test_fleet.py``).
"""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from dagster._core.instance.ref import InstanceRef
from dagster._core.run_coordinator import SubmitRunContext
from dagster._core.storage.tags import PARTITION_NAME_TAG

from flyle_sf_assets.defs.instance import begin_at_newest_event, prepare_home
from flyle_sf_assets.defs.resources import KIND_TAG, TENANT_TAG
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.installation.shipped import WORKSPACE
from flyle_sf_assets_tests.postgres import admin

ENDED = (DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED)
WAIT_S = 180.0
"""For what takes seconds on an idle machine with two cores."""


def wait_until(what: str, is_so: Callable[[], bool], within_s: float = WAIT_S) -> None:
    """Returns as soon as it is so; fails when it is not so in time."""
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, f"waited {within_s:.0f} s: {what}"
        time.sleep(0.3)


@dataclass
class Worker:
    """A worker's process, and the one below it that makes the runs."""

    name: str
    process: subprocess.Popen[bytes]

    @property
    def runner(self) -> int:
        """The process that makes the runs; 0 while there is none."""
        if self.process.poll() is not None:
            return 0
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int((children.read_text().split() or ["0"])[0])

    def threads(self) -> int:
        """How many threads the process has that the one below it is forked from."""
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    def kill(self) -> None:
        """As a machine that loses its power: both processes at once."""
        for pid in filter(None, (self.runner, self.process.pid)):
            os.kill(pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class Fleet:
    """The instance, the environment of every process, and the workers that were started."""

    installation: Installation
    instance: DagsterInstance
    logs: Path
    workers: list[Worker] = field(default_factory=list)

    def start_worker(self, name: str) -> Worker:
        """Starts one more; it is ready some seconds later."""
        command = [sys.executable, "-m", "flyle_sf_assets.cli", "--log-level", "INFO", "worker"]
        made = Worker(name, self.process([*command, "--name", name], name))
        self.workers.append(made)
        return made

    def process(self, command: Sequence[str], name: str) -> subprocess.Popen[bytes]:
        """A process of the fleet, whose output is a file."""
        with (self.logs / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command,
                env={**os.environ, **self.installation.child_environment()},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def runs(self) -> list[DagsterRun]:
        """All refreshes so far."""
        return list(self.instance.get_runs(RunsFilter(job_name="refresh_tenant")))

    def succeeded(self, kind: str) -> list[str]:
        """The tenants of the runs of that kind that ended well, one for each run."""
        return sorted(
            run.tags[PARTITION_NAME_TAG]
            for run in self.runs()
            if run.is_success and run.tags.get(KIND_TAG) == kind
        )

    def submit(self, tenants: Sequence[str], kind: str) -> None:
        """Puts a run for each of them into the queue, as a tick of a schedule does."""
        like = self.runs()[-1]  # a retry makes only the assets that had not been made
        for tenant in tenants:
            tags = {TENANT_TAG: tenant, PARTITION_NAME_TAG: tenant, KIND_TAG: kind}
            run = like._replace(
                run_id=str(uuid.uuid4()), status=DagsterRunStatus.NOT_STARTED, tags=tags
            )
            self.instance.add_run(run)
            coordinator = self.instance.run_coordinator
            coordinator.submit_run(SubmitRunContext(run, workspace=None))  # type: ignore[arg-type]

    def run_of(self, tenant: str) -> DagsterRun:
        """The tenant's run that has not ended."""
        [run] = [
            run
            for run in self.runs()
            if run.tags[PARTITION_NAME_TAG] == tenant and run.status not in ENDED
        ]
        return run

    def terminate(self, tenant: str) -> None:
        """As a person does it in Dagster's UI; returns when the run has ended."""
        run = self.run_of(tenant)
        self.instance.report_run_canceling(run)
        assert self.instance.run_launcher.terminate(run.run_id)
        canceled = RunsFilter(run_ids=[run.run_id], statuses=[DagsterRunStatus.CANCELED])
        # After 60 s Dagster calls it canceled whether it has ended or not.
        wait_until("the run is canceled", lambda: self.instance.get_runs_count(canceled) == 1, 40)

    def worker_of(self, tenant: str) -> Worker:
        """The worker that makes the tenant's run now."""
        run = self.run_of(tenant)
        told = [event.message for event in self.instance.all_logs(run.run_id) if event.message]
        [begun] = [text for text in told if "Started process for run (pid: " in text]
        pid = int(begun.rpartition(": ")[2].rstrip(")."))
        return next(worker for worker in self.workers if worker.runner == pid)

    @contextmanager
    def held_up(self, tenant: str) -> Iterator[None]:
        """Inside, the tenant's run comes to its companies and waits there, all else committed.

        The block begins when it waits.
        """
        with admin(self.installation.database_url) as holder:
            holder.autocommit = False
            holder.execute("SELECT FROM flyle.companies WHERE tenant_id = %s FOR UPDATE", [tenant])
            time.sleep(1.1)  # what changed is older than the second in which the org is asked
            self.submit([tenant], "refresh")
            wait_until(f"{tenant} waits for its companies", self._is_waiting)
            yield
            holder.rollback()

    def _is_waiting(self) -> bool:
        return bool(
            self.query("SELECT 1 FROM pg_locks WHERE NOT granted AND locktype <> 'advisory'")
        )

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """Rows of a query on the product's database, all tenants."""
        with admin(self.installation.database_url) as connection:
            return connection.execute(sql.encode()).fetchall()


@contextmanager
def running_fleet(installation: Installation, logs: Path) -> Iterator[Fleet]:
    """The daemon with its code server, without a worker; all of it is ended at the end."""
    home = prepare_home(installation)
    with DagsterInstance.from_ref(InstanceRef.from_dir(str(home))) as instance:
        begin_at_newest_event(instance)
        fleet = Fleet(installation, instance, logs)
        command = [sys.executable, "-m", "dagster._daemon", "run", "-w", str(WORKSPACE)]
        daemon = fleet.process(command, "daemon")
        try:
            yield fleet
        finally:
            daemon.terminate()
            for worker in fleet.workers:
                if worker.process.poll() is None:
                    worker.kill()
            daemon.wait(60)
