"""``flyle-sf worker``: one process that makes runs, one after the other, until it is stopped."""

import gc
import logging
import os
import signal
from pathlib import Path
from types import FrameType
from typing import Any

from celery import signals
from celery.apps.worker import Worker
from celery.worker import state
from dagster import DagsterInstance

from flyle_sf_assets import garbage
from flyle_sf_assets.cli.servers.broker import require_broker, require_databases
from flyle_sf_assets.cli.servers.serving import STOP_SIGNALS
from flyle_sf_assets.defs.workers.app import worker_app
from flyle_sf_assets.installation.dagster_home import dagster_home
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.telemetry.logs import logger

ALIVE_EVERY_S = 15.0

_log = logger("worker")


def run_worker(name: str) -> int:
    """Makes runs until SIGTERM or Ctrl-C. Returns the exit code.

    The first signal lets it take no more runs, and end after the one that it makes; the second
    interrupts that one, which Dagster then retries elsewhere. Raises UsageError when a URL is
    missing, or Redis does not answer.

    The runs are made by a fork of this process. So nothing here imports polars: the import starts
    threads, which a fork does not have.
    """
    require_broker()
    environment = Environment.from_environment()
    require_databases(environment)
    os.environ["DAGSTER_HOME"] = str(dagster_home(environment))
    with DagsterInstance.get() as instance:
        app = worker_app(instance)
    _keep_logs()
    worker = _Worker(
        app=app,
        hostname=name,
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        optimization="fair",
    )
    worker.alive = environment.home / "worker.alive"
    worker.start()
    return int(worker.exitcode or 0)


class _Worker(Worker):  # type: ignore[misc]  # celery has no types
    alive: Path

    def install_platform_tweaks(self, _worker: Worker) -> None:
        """Handlers of our own: with Celery's, the second SIGTERM does nothing."""
        signals.worker_process_init.connect(_begin_process)
        for number in STOP_SIGNALS:
            signal.signal(number, self._stop)

    def on_consumer_ready(self, consumer: Any) -> None:
        """Says so in the log, and from then on renews the file that a health check looks at."""
        super().on_consumer_ready(consumer)
        self.alive.touch()
        consumer.timer.call_repeatedly(ALIVE_EVERY_S, self.alive.touch)
        _log.info("worker ready", name=self.hostname)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        if state.should_stop is None or state.should_stop is False:
            state.should_stop = 0
            _log.info("worker takes no more runs", name=self.hostname)
            return
        for process in self.pool._pool._pool:  # noqa: SLF001 - Celery has no other list of them
            os.kill(process.pid, signal.SIGINT)


def _begin_process(**_given: object) -> None:
    """The process that makes the runs: loads what they need, and only the worker interrupts it.

    A service manager sends SIGTERM to every process, a terminal sends Ctrl-C to its whole group:
    the first one means that the run in hand may end.
    """
    os.setpgrp()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    from flyle_sf_assets.definitions import defs

    defs.get_repository_def().get_all_jobs()
    gc.collect()
    garbage.end_loading()


def _keep_logs() -> None:
    """Celery's warnings and errors go where ours go, and it configures nothing itself."""
    signals.setup_logging.connect(_nothing, weak=False)
    for library in ("celery", "kombu", "amqp"):
        one = logging.getLogger(library)
        one.addHandler(_Relay())
        one.setLevel(logging.WARNING)
        one.propagate = False


def _nothing(**_given: object) -> None:
    """For Celery's signal: logging is configured."""


class _Relay(logging.Handler):
    """Passes what a library logs on to our log, with its secrets hidden."""

    def emit(self, record: logging.LogRecord) -> None:
        tell = _log.error if record.levelno >= logging.ERROR else _log.warning
        tell(record.getMessage(), library=record.name)
