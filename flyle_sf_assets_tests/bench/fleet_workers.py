"""Warm workers for the measurement of a fleet, and what processes cost.

What does not belong here: what is measured (``fleet.py``).
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from flyle_sf_assets.cli.servers.broker import VARIABLE, redis_server
from flyle_sf_assets.defs.instance import prepare_home
from flyle_sf_assets.installation.shipped import CELERY_DAGSTER_YAML, WORKSPACE
from flyle_sf_assets_tests.bench.fleet_site import Site

LIMIT = "max_concurrent_runs: 4"
KB_A_MB = 1024


@dataclass(frozen=True)
class Workers:
    """The sessions of the workers' processes and of the webserver's."""

    workers: tuple[int, ...]
    webserver: int

    def cpu_s(self) -> float:
        """CPU seconds of the workers so far, their starts included."""
        return sum(session_cpu_s(session) for session in self.workers)

    def memory_mb(self) -> dict[str, int]:
        """Resident memory by process."""
        return resident_mb(self.webserver, "webserver") | resident_mb(self.workers[0], "worker")


@contextmanager
def running_workers(site: Site, folder: Path, number: int) -> Iterator[Workers | None]:
    """Redis, this many workers, and a webserver; None and nothing of it for 0."""
    if number == 0:
        with nullcontext():
            yield None
        return
    text = CELERY_DAGSTER_YAML.read_text(encoding="utf-8")
    assert LIMIT in text
    (site.installation.environment.config_dir / "dagster.yaml").write_text(
        text.replace(LIMIT, f"max_concurrent_runs: {2 * number}"), encoding="utf-8"
    )
    with redis_server(folder) as url:
        os.environ[VARIABLE] = url
        home = prepare_home(site.installation)
        worker = [sys.executable, "-m", "flyle_sf_assets.cli", "worker", "--name"]
        commands = [webserver_command(0), *([*worker, f"worker-{one}"] for one in range(number))]
        with (home / "workers.log").open("wb") as log:
            children = [
                subprocess.Popen(
                    command,
                    env={**os.environ, **site.installation.child_environment()},
                    stdout=log,
                    stderr=log,
                    cwd=home,
                    start_new_session=True,
                )
                for command in commands
            ]
        try:
            yield Workers(tuple(child.pid for child in children[1:]), children[0].pid)
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.wait(60)


def webserver_command(port: int) -> list[str]:
    """Dagster's UI alone, without a daemon; 0 takes a free port."""
    program = shutil.which("dagster-webserver", path=str(Path(sys.executable).parent)) or ""
    return [program, "--host", "127.0.0.1", "--port", str(port), "-w", str(WORKSPACE)]


def session_cpu_s(session: int) -> float:
    """User and system seconds of a session's processes, and of their children that ended."""
    total = sum(sum(int(fields[place]) for place in (11, 12, 13, 14)) for _, fields in _of(session))
    return total / os.sysconf("SC_CLK_TCK")


def resident_mb(session: int, name: str) -> dict[str, int]:
    """Resident memory of a session's processes; shared pages count in each."""
    found: dict[str, int] = {}
    for pid, _ in _of(session):
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        kb = next(int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line)
        role = name if pid == session else f"{name}'s child {len(found)}"
        found[role] = kb // KB_A_MB
    return found


def _of(session: int) -> Iterator[tuple[int, list[str]]]:
    """The processes of a session, with the fields of their ``stat`` after the name."""
    for stat in sorted(Path("/proc").glob("[0-9]*/stat")):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == session:
            yield int(stat.parent.name), fields
