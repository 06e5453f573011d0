"""A fleet of tenants on one machine: ticks over idle ones, and changed ones through the daemon.

Run by ``make bench-fleet``. 1,000 tenants that are all due and have nothing new may cost 30 s of
ticks in all and no run; of these 100 that changed must each be refreshed once, by the real daemon:
20 a minute with the default launcher, 60 with two warm workers (``--workers 2``), where a run may
cost 0.8 CPU seconds. With ``--tenants 10000 --due 1000`` others are registered beside them; a tick
that finds nobody due may then take 3 s. ``docs/performance.md`` keeps the figures.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter, build_schedule_context
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.tags import PARTITION_NAME_TAG

from flyle_sf_assets.definitions import build_defs
from flyle_sf_assets.defs.instance import add_tenants, prepare_home
from flyle_sf_assets.defs.resources import refreshes_of
from flyle_sf_assets.defs.schedules import refresh_due_tenants
from flyle_sf_assets.installation.shipped import WORKSPACE
from flyle_sf_assets.telemetry import logs
from flyle_sf_assets_tests.bench.fleet_site import Site, fleet_site
from flyle_sf_assets_tests.bench.fleet_workers import (
    Workers,
    resident_mb,
    running_workers,
    session_cpu_s,
)
from flyle_sf_assets_tests.bench.refresh_cost import postgres_cpu_s
from flyle_sf_assets_tests.postgres import admin

TICKS_S_MAX = 30.0
NOBODY_DUE_S_MAX = 3.0
TICKS_MAX = 20
"""Who is still due after this many has failed, or is never found idle."""

RUNS_A_MINUTE_MIN = 20.0
RUNS_A_MINUTE_MIN_ON_WORKERS = 60.0
WORKER_CPU_S_A_RUN_MAX = 0.8
WAIT_S_MAX = 1_200.0


@dataclass(frozen=True)
class Ticks:
    """How many ticks it took until nobody was due, what they cost, and what they launched.

    ``nobody_due_s``: how long a tick takes that finds nobody due.
    """

    ticks: int
    wall_s: float
    cpu_s: float
    runs: int
    nobody_due_s: float


@dataclass(frozen=True)
class Throughput:
    """What became of the changed tenants: seconds from the first run's start to the last's end.

    ``cpu_s`` is that of the daemon, the code server, all runs and PostgreSQL; ``worker_cpu_s`` the
    part of the workers' processes, 0 without workers. ``memory_mb``: of what stays, by its name.
    """

    tenants: int
    runs: int
    succeeded: int
    twice: int
    lost: int
    wall_s: float
    cpu_s: float
    worker_cpu_s: float = 0.0
    memory_mb: Mapping[str, int] = field(default_factory=dict)

    @property
    def worker_cpu_s_a_run(self) -> float:
        """CPU seconds of the workers' processes a run."""
        return self.worker_cpu_s / self.succeeded if self.succeeded else 0.0

    @property
    def cpu_s_a_run(self) -> float:
        """CPU seconds a run, with its share of daemon and database."""
        return self.cpu_s / self.succeeded if self.succeeded else 0.0

    @property
    def a_minute(self) -> float:
        """Runs a minute."""
        return self.succeeded / self.wall_s * 60 if self.wall_s else 0.0


def set_due(site: Site, tenants: tuple[str, ...]) -> None:
    """These are due now, the others tomorrow, and so are all nightly comparisons."""
    now = datetime.now(UTC)
    later = now + timedelta(days=1)
    with admin(site.installation.database_url) as connection:
        connection.execute(
            "UPDATE flyle.links SET census_at = %s, sweep_at = %s, next_due_at = CASE"
            " WHEN tenant_id = ANY(%s) THEN %s ELSE %s END",
            [later, later, list(tenants), now - timedelta(minutes=1), later],
        )


def measured_ticks(site: Site, instance: DagsterInstance, due: tuple[str, ...]) -> Ticks:
    """Evaluates the schedule as Dagster's code server does, until none of these is due any more."""
    set_due(site, due)
    resource = refreshes_of(lambda: nullcontext(site.installation))
    definitions = build_defs({"refreshes": resource}).get_repository_def()

    def tick() -> int:
        """Returns how many runs it asked for."""
        with build_schedule_context(
            instance=instance,
            scheduled_execution_time=datetime.now(UTC),
            resources={"refreshes": resource},
            repository_def=definitions,
        ) as context:
            return len(refresh_due_tenants.evaluate_tick(context).run_requests or [])

    ticks = runs = 0
    wall, cpu = time.perf_counter(), time.process_time()
    while _due(site) and ticks < TICKS_MAX:
        runs += tick()
        ticks += 1
    wall_s, cpu_s = time.perf_counter() - wall, time.process_time() - cpu
    assert not _due(site), "a tenant was never found idle"
    wall = time.perf_counter()
    runs += tick()
    return Ticks(ticks, wall_s, cpu_s, runs, time.perf_counter() - wall)


def _due(site: Site) -> int:
    with admin(site.installation.database_url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM flyle.links WHERE next_due_at <= now()"
        ).fetchone()
    return int(str(found[0])) if found else 0


def measured_runs(
    site: Site,
    instance: DagsterInstance,
    due: tuple[str, ...],
    number: int,
    workers: Workers | None = None,
) -> Throughput:
    """Changes this many orgs of tenants that are due, and lets the daemon find and refresh them."""
    changed = due[-number:]
    names = site.change(changed)
    time.sleep(1.1)  # the change is older than the second in which the org is asked
    set_due(site, due)
    home = site.installation.environment.home
    before = postgres_cpu_s(home)
    of_workers = workers.cpu_s() if workers else 0.0
    with daemon(site) as session:
        _await_runs(instance, number)
        of_workers = (workers.cpu_s() if workers else 0.0) - of_workers
        cpu_s = session_cpu_s(session) + postgres_cpu_s(home) - before + of_workers
        memory_mb = resident_mb(session, "daemon")
        if workers is not None:
            memory_mb |= workers.memory_mb()
        time.sleep(70)  # one tick more: anyone who was refreshed is not refreshed again
    records = instance.get_run_records(RunsFilter(job_name="refresh_tenant"))
    by_tenant = Counter(r.dagster_run.tags[PARTITION_NAME_TAG] for r in records)
    done = [r for r in records if r.dagster_run.status == DagsterRunStatus.SUCCESS]
    started = min((r.start_time or 0.0 for r in done), default=0.0)
    ended = max((r.end_time or 0.0 for r in done), default=0.0)
    return Throughput(
        tenants=number,
        runs=len(records),
        succeeded=len(done),
        twice=sum(1 for count in by_tenant.values() if count > 1),
        lost=_lost(site, names),
        wall_s=ended - started,
        cpu_s=cpu_s,
        worker_cpu_s=of_workers,
        memory_mb=memory_mb,
    )


def _await_runs(instance: DagsterInstance, number: int) -> None:
    deadline = time.monotonic() + WAIT_S_MAX
    done = RunsFilter(
        job_name="refresh_tenant",
        statuses=[DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED],
    )
    while instance.get_runs_count(done) < number:
        if time.monotonic() > deadline:
            return
        time.sleep(2)


def _lost(site: Site, names: dict[str, str]) -> int:
    with admin(site.installation.database_url) as connection:
        found = connection.execute(
            "SELECT tenant_id, name FROM flyle.companies WHERE name LIKE '%% renamed'"
        ).fetchall()
    return len(set(names.items()) - {(str(tenant), str(name)) for tenant, name in found})


@contextmanager
def daemon(site: Site) -> Iterator[int]:
    """``dagster-daemon run``: it loads the code location, ticks, dequeues and launches.

    Yields the id of the session that all its processes are in.
    """
    home = prepare_home(site.installation)
    environment = {**os.environ, **site.installation.child_environment()}
    with (home / "daemon.log").open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "dagster._daemon", "run", "-w", str(WORKSPACE)],
            env=environment,
            stdout=log,
            stderr=log,
            cwd=home,
            start_new_session=True,
        )
        try:
            yield child.pid
        finally:
            child.terminate()
            child.wait(60)


def main() -> int:
    """Measures, prints the figures and the machine, and fails where they are not good enough."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tenants", type=int, default=1_000)
    arguments.add_argument("--due", type=int, help="of them due at once [default: all]")
    arguments.add_argument("--changed", type=int, default=100)
    arguments.add_argument("--workers", type=int, default=0, help="warm Celery workers")
    chosen = arguments.parse_args()
    logs.configure(level="ERROR")
    with tempfile.TemporaryDirectory(prefix="flyle-fleet-") as folder:
        started = time.perf_counter()
        with fleet_site(Path(folder), chosen.tenants) as site:
            print(f"{chosen.tenants:,} tenants set up in {time.perf_counter() - started:.0f} s")  # noqa: T201
            with (
                running_workers(site, Path(folder), chosen.workers) as workers,
                DagsterInstance.from_ref(
                    InstanceRef.from_dir(str(prepare_home(site.installation)))
                ) as instance,
            ):
                add_tenants(instance, site.tenants)
                due = site.tenants[-(chosen.due or chosen.tenants) :]
                ticks = measured_ticks(site, instance, due)
                _print_ticks(ticks, len(due), chosen.tenants)
                runs = measured_runs(site, instance, due, chosen.changed, workers)
                _print_runs(runs)
    return _verdict(ticks, runs)


def _print_ticks(ticks: Ticks, due: int, tenants: int) -> None:
    print(  # noqa: T201
        f"idle: {due:,} of {tenants:,} tenants in {ticks.ticks} ticks, {ticks.wall_s:.1f} s"
        f" ({ticks.cpu_s:.1f} CPU s in the process that ticks), {ticks.runs} runs launched;"
        f" a tick with nobody due {ticks.nobody_due_s:.2f} s",
        flush=True,
    )


def _print_runs(runs: Throughput) -> None:
    print(  # noqa: T201
        f"changed: {runs.tenants} tenants, {runs.runs} runs, {runs.succeeded} succeeded,"
        f" {runs.twice} twice, {runs.lost} lost; {runs.wall_s:.0f} s,"
        f" {runs.a_minute:.1f} a minute, {runs.cpu_s_a_run:.1f} CPU s a run"
        f" ({runs.worker_cpu_s_a_run:.2f} of them in the workers)"
    )
    print("memory:", ", ".join(f"{name} {mb:,} MB" for name, mb in runs.memory_mb.items()))  # noqa: T201


def _verdict(ticks: Ticks, runs: Throughput) -> int:
    a_minute_min = RUNS_A_MINUTE_MIN_ON_WORKERS if runs.worker_cpu_s else RUNS_A_MINUTE_MIN
    is_good = (
        ticks.wall_s <= TICKS_S_MAX
        and ticks.nobody_due_s <= NOBODY_DUE_S_MAX
        and ticks.runs == 0
        and runs.succeeded == runs.runs == runs.tenants
        and runs.lost == 0
        and runs.a_minute >= a_minute_min
        and runs.worker_cpu_s_a_run <= WORKER_CPU_S_A_RUN_MAX
    )
    machine = f"{os.cpu_count()} cores, {platform.machine()}, load {os.getloadavg()[0]:.1f}"
    versions = f"Python {platform.python_version()}, Dagster {version('dagster')}"
    print(f"{machine}; {versions}")  # noqa: T201
    print(  # noqa: T201
        json.dumps(
            {
                "ticks_s": round(ticks.wall_s, 1),
                "ticks_s_max": TICKS_S_MAX,
                "nobody_due_s": round(ticks.nobody_due_s, 2),
                "runs_a_minute": round(runs.a_minute, 1),
                "runs_a_minute_min": a_minute_min,
                "cpu_s_a_run": round(runs.cpu_s_a_run, 2),
                "worker_cpu_s_a_run": round(runs.worker_cpu_s_a_run, 2),
                "memory_mb": dict(runs.memory_mb),
                "ok": is_good,
            }
        )
    )
    return 0 if is_good else 1


if __name__ == "__main__":
    raise SystemExit(main())
