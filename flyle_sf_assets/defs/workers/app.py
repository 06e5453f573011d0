"""The Celery app of the workers: the launcher's own, with the tasks that it sends."""

from celery import Celery
from dagster import DagsterInstance
from dagster_celery.tasks import create_execute_job_task, create_resume_job_task

from flyle_sf_assets.defs.workers.launcher import WorkerRunLauncher
from flyle_sf_assets.defs.workers.warm_runs import warm_run
from flyle_sf_assets.errors import Text, UsageError


def worker_app(instance: DagsterInstance) -> Celery:
    """The app with both tasks; broker and settings are those of the instance's launcher.

    Raises UsageError ``not_for_workers`` when the instance launches runs in another way.
    """
    launcher = instance.run_launcher
    if not isinstance(launcher, WorkerRunLauncher):
        raise UsageError(
            "not_for_workers",
            tried=Text("ワーカーを起動しようとしました", "Tried to start a worker"),
            came_back=Text(
                f"dagster.yaml の run_launcher は {type(launcher).__name__} です",
                f"The run_launcher in dagster.yaml is {type(launcher).__name__}",
            ),
            remedy=Text(
                "config/deploy/celery/dagster.yaml を FLYLE_CONFIG_DIR の dagster.yaml として"
                "配置し、デーモンとワーカーを再起動してください",
                "Put config/deploy/celery/dagster.yaml into FLYLE_CONFIG_DIR as dagster.yaml,"
                " and restart the daemon and the workers",
            ),
        )
    app: Celery = launcher.celery
    base = warm_run(launcher.run_locks)
    for create in (create_execute_job_task, create_resume_job_task):
        # Not shared: else every app of this process gets them, and Celery keeps them for ever.
        create(app, base=base, shared=False)  # type: ignore[arg-type]  # any option of a task
    return app
