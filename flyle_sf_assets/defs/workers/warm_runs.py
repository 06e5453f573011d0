"""What makes a run on a warm process a run of its own.

A worker's process makes one run after the other. What one of them sets, for the process or for its
thread, is not there in the next one: `run_of_its_own`.
"""

import contextlib
import gc
import os
import signal
from collections.abc import Iterator
from contextvars import Context
from typing import Any

from celery import Task
from dagster._grpc.types import ExecuteRunArgs, ResumeRunArgs
from dagster._serdes import unpack_value
from dagster._utils.interrupts import capture_interrupts

from flyle_sf_assets.store.postgres.run_locks import RunLocks
from flyle_sf_assets.telemetry.logs import logger

INTERRUPTS = (signal.SIGINT, signal.SIGTERM)

_log = logger("worker")


def warm_run(run_locks: RunLocks) -> type[Task]:
    """The base of the tasks: it holds the run's lock, and gives the run surroundings of its own."""

    class WarmRun(Task):  # type: ignore[misc]  # celery has no types
        abstract = True

        def __call__(self, execute_job_args_packed: dict[str, Any]) -> Any:
            """Makes the run; does nothing when another process makes it: it was sent twice."""
            told = unpack_value(execute_job_args_packed, (ExecuteRunArgs, ResumeRunArgs))
            with run_locks.hold(told.run_id) as is_ours:
                if not is_ours:
                    _log.warning("another worker makes this run", run_id=told.run_id)
                    return 0
                with run_of_its_own():
                    return Context().run(self.run, execute_job_args_packed)

    return WarmRun


@contextlib.contextmanager
def run_of_its_own() -> Iterator[None]:
    """Afterwards the process is as it was before.

    Its environment, its folder, its umask and its signals are put back, and what nothing refers
    to any more is closed. Inside, SIGINT and SIGTERM interrupt the run, as they do in a process
    that has only this run. Context variables are the caller's part: a run has its own ``Context``.
    """
    environment, folder = dict(os.environ), os.getcwd()  # noqa: PTH109 - no path is made of it
    umask = os.umask(0o077)
    handlers = {number: signal.getsignal(number) for number in INTERRUPTS}
    try:
        for number in INTERRUPTS:
            signal.signal(number, signal.default_int_handler)
        with capture_interrupts():
            yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        os.umask(umask)
        os.chdir(folder)
        _put_back(environment)
        gc.collect()


def _put_back(environment: dict[str, str]) -> None:
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment)
