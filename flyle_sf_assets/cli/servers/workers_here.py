"""Two workers and their broker on this machine: how a demo shows a fleet."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dagster import DagsterRunStatus, RunsFilter

from flyle_sf_assets.cli.servers.broker import VARIABLE, redis_server, require_celery
from flyle_sf_assets.cli.terminal.language import say
from flyle_sf_assets.cli.terminal.output import to_stdout
from flyle_sf_assets.defs.instance import instance_of
from flyle_sf_assets.installation.opened import Installation

WORKERS = 2
STOP_TIMEOUT_S = 4.0
FIRST_SYNCS_TIMEOUT_S = 180.0
ENDED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]


@contextmanager
def broker_here() -> Iterator[None]:
    """A Redis for the block, named to every process that starts from then on. Raises UsageError."""
    require_celery()
    # A socket's path has at most 107 bytes, which a folder in FLYLE_HOME may exceed.
    with (
        tempfile.TemporaryDirectory(prefix="flyle-redis-") as folder,
        redis_server(Path(folder)) as url,
    ):
        os.environ[VARIABLE] = url  # this process is the demo's alone
        yield


@contextmanager
def workers_here(opened: Installation) -> Iterator[list[Path]]:
    """The workers, each a process; yields the files of their logs. Stopped at the end."""
    environment = {**os.environ, **opened.child_environment()}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "flyle_sf_assets.cli", "--log-level", "INFO", "worker"]
    names = [f"worker-{number}" for number in range(1, WORKERS + 1)]
    logs = [opened.environment.home / f"{name}.log" for name in names]
    children = []
    try:
        for name, log in zip(names, logs, strict=True):
            with log.open("ab") as output:
                children.append(
                    subprocess.Popen(
                        [*command, "--name", name],
                        env=environment,
                        stdout=output,
                        stderr=output,
                        start_new_session=True,
                    )
                )
        yield logs
    finally:
        _stop(children)


def _stop(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """Lets no worker take another run, interrupts what they make, and kills what does not end."""
    for number in (signal.SIGTERM, signal.SIGTERM):
        for child in children:
            child.send_signal(number)
        time.sleep(0.1)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    for child in children:
        try:
            child.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def await_first_syncs(opened: Installation, tenants: Sequence[str]) -> bool:
    """Waits until the daemon has sent a run for each tenant, and a worker has made it.

    Returns whether all of them succeeded within `FIRST_SYNCS_TIMEOUT_S`.
    """
    to_stdout().print(
        say(
            "デーモンがワーカーに初回同期を割り当てています …",
            "The daemon sends the first syncs to the workers …",
        )
    )
    deadline = time.monotonic() + FIRST_SYNCS_TIMEOUT_S
    with instance_of(opened) as instance:
        while time.monotonic() < deadline:
            ended = instance.get_runs(RunsFilter(job_name="refresh_tenant", statuses=ENDED))
            done = {run.tags.get("dagster/partition") for run in ended if run.is_success}
            if set(tenants) <= done:
                return True
            time.sleep(0.5)
    return False
