"""The launcher of runs on Celery workers, which notices every worker that died.

Named in ``config/deploy/celery/dagster.yaml``.
"""

from typing import TYPE_CHECKING, cast

from dagster import DagsterRun
from dagster import _check as check
from dagster._core.launcher import CheckRunHealthResult, LaunchRunContext, WorkerStatus
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import pack_value
from dagster_celery.config import TASK_EXECUTE_JOB_NAME
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG

from flyle_sf_assets.computed import cached_property
from flyle_sf_assets.store.postgres.run_locks import RunLocks

if TYPE_CHECKING:
    from dagster_postgres import PostgresEventLogStorage


class WorkerRunLauncher(CeleryRunLauncher):
    """Celery's launcher with another answer to the question whether a run's process lives.

    Celery's own answer is what the task last wrote: a task whose worker was killed stays started
    for ever, and one whose broker lost its data counts as failed while it runs. Here it is whether
    the run's lock is held (`RunLocks`).
    """

    @cached_property
    def run_locks(self) -> RunLocks:
        """The locks in the instance's database."""
        return RunLocks(
            cast("PostgresEventLogStorage", self._instance.event_log_storage).postgres_url
        )

    def launch_run(self, context: LaunchRunContext) -> None:
        """Sends the run to the workers.

        By the task's name: `CeleryRunLauncher` makes the task once more for each run, and Celery
        keeps every one of them for the life of the daemon.
        """
        run = context.dagster_run
        message = ExecuteRunArgs(
            job_origin=check.not_none(run.job_code_origin),
            run_id=run.run_id,
            instance_ref=self._instance.get_ref(),
        )
        task = self.celery.signature(
            TASK_EXECUTE_JOB_NAME,
            kwargs={"execute_job_args_packed": pack_value(message)},
            immutable=True,
        )
        self._launch_celery_task_run(
            run=run, task_signature=task, routing_key=TASK_EXECUTE_JOB_NAME
        )

    def terminate(self, run_id: str) -> bool:
        """Interrupts the run as Ctrl-C does; False when no worker was asked for it.

        By SIGINT, because the process that makes the runs does not hear SIGTERM
        (``cli/servers/worker.py``). A run that waits in Redis is then never begun.
        """
        run = self._instance.get_run_by_id(run_id)
        task = run.tags.get(DAGSTER_CELERY_TASK_ID_TAG) if run else None
        if task is None:
            return False
        self.celery.control.revoke(task, terminate=True, signal="SIGINT")
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """RUNNING while a process executes the run, else FAILED.

        A run that no worker was asked for (``flyle-sf sync``) has no lock: the schedules notice
        its end (`defs.fleet.end_lost_runs`).
        """
        if DAGSTER_CELERY_TASK_ID_TAG not in run.tags or self.run_locks.is_held(run.run_id):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, "The worker's process is gone.")

    def has_lost(self, run: DagsterRun) -> bool:
        """Whether a worker took a run that counts as starting, and died before the run began.

        Dagster's run monitoring asks only about runs that have begun.
        """
        task = run.tags.get(DAGSTER_CELERY_TASK_ID_TAG)
        if task is None or self.celery.AsyncResult(task).state != "STARTED":
            return False
        return not self.run_locks.is_held(run.run_id)
