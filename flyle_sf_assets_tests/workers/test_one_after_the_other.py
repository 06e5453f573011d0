"""Runs of one process, one after the other: each as if the process were new.

The task is called as a worker's process calls it, in this test's process.
"""

import os
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from celery import Celery, _state
from dagster import (
    DagsterEvent,
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    RunsFilter,
)
from dagster._core.definitions.reconstruct import ReconstructableRepository
from dagster._core.execution.api import create_execution_plan
from dagster._core.launcher import LaunchRunContext
from dagster._core.storage.tags import PARTITION_NAME_TAG
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import pack_value
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG
from redis import Redis

from flyle_sf_assets.defs.fleet import end_lost_runs
from flyle_sf_assets.defs.instance import add_tenants, prepare_home
from flyle_sf_assets.defs.workers.app import worker_app
from flyle_sf_assets.defs.workers.launcher import WorkerRunLauncher
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.store.postgres.run_locks import RunLocks
from flyle_sf_assets_tests.flows.tenants import Tenant, demo_settings, make_org
from flyle_sf_assets_tests.tenant_fixtures import Link

FAILURE = DagsterRunStatus.FAILURE
JOB = ReconstructableRepository.for_module("flyle_sf_assets.definitions", "defs")


@pytest.fixture
def instance(installation: Installation) -> Iterator[DagsterInstance]:
    """The instance that the task opens too."""
    prepare_home(installation)
    with DagsterInstance.get() as opened:
        yield opened


@pytest.fixture
def app(instance: DagsterInstance) -> Celery:
    """The workers' app."""
    return worker_app(instance)


def _prepared(instance: DagsterInstance, tenant: str) -> tuple[Any, str]:
    """A refresh of the tenant as a message of the launcher, and its run's id."""
    job = JOB.get_reconstructable_job("refresh_tenant")
    made = instance.create_run_for_job(
        job.get_definition(),
        execution_plan=create_execution_plan(job, tags={PARTITION_NAME_TAG: tenant}),
        tags={PARTITION_NAME_TAG: tenant},
        job_code_origin=job.get_python_origin(),
    )
    args = ExecuteRunArgs(
        job_origin=job.get_python_origin(), run_id=made.run_id, instance_ref=instance.get_ref()
    )
    return pack_value(args), made.run_id


def run(app: Celery, instance: DagsterInstance, tenant: str) -> str:
    """Makes one refresh of the tenant by the workers' task; returns how it ended."""
    args, run_id = _prepared(instance, tenant)
    app.tasks["execute_job"](execute_job_args_packed=args)
    ended = instance.get_run_by_id(run_id)
    assert ended is not None
    return ended.status.value


def what_a_process_has() -> dict[str, object]:
    """What a run could leave behind."""
    return {
        "environment": dict(os.environ),
        "folder": Path.cwd(),
        "files open": sorted(_open_files()),
        "threads": sorted(one.name for one in threading.enumerate() if not _is_of_sandbox(one)),
        "modules": len(sys.modules),
        "temporary files": sorted(Path(tempfile.gettempdir()).iterdir()),
        "log context": structlog.contextvars.get_contextvars(),
    }


def left_since(before: dict[str, object]) -> dict[str, object]:
    """What the process has now and had not before; servers of other tests may have ended."""
    left: dict[str, object] = {}
    for name, now in what_a_process_has().items():
        then = before[name]
        if isinstance(now, list) and isinstance(then, list):
            if more := Counter(now) - Counter(then):
                left[name] = more
        elif now != then:
            left[name] = now
    return left


def _is_of_sandbox(thread: threading.Thread) -> bool:
    """Its server is in the test's process, and starts as many as it needs."""
    return thread.name.startswith(("sandbox", "AnyIO"))


def _open_files() -> Iterator[str]:
    for entry in Path("/proc/self/fd").iterdir():
        try:
            yield str(entry.readlink()).partition(":")[0]
        except FileNotFoundError:
            continue


def test_a_run_finds_nothing_of_the_one_before(
    app: Celery,
    instance: DagsterInstance,
    link: Link,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two tenants take turns, and between their runs settings and records change."""
    # Other tests' processes share the usual folder.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    acme = link("acme", make_org(samples.account_org, accounts=20), demo_settings("acme"))
    globex = link("globex", make_org(samples.opportunity_org, accounts=9), demo_settings("globex"))
    add_tenants(instance, ["acme", "globex"])
    for tenant in (acme, globex):
        assert run(app, instance, tenant.name) == "SUCCESS"
        tenant.assert_follows_org()
    before = what_a_process_has()
    acme.apply(acme.settings.replace("label: 業種", "label: 業界"))
    for tenant in (acme, globex):
        _rename_one(tenant)
        assert run(app, instance, tenant.name) == "SUCCESS"
        tenant.assert_follows_org()
    labels = acme.query("SELECT label FROM flyle.custom_fields WHERE tenant_id = %s")
    assert ("業界",) in labels
    assert ("業種",) not in labels
    assert left_since(before) == {}
    assert not acme.installation.database.is_locked("acme")


def test_a_run_that_fails_leaves_nothing_either(
    app: Celery, instance: DagsterInstance, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lock, its session and its transaction end with it, and the next one has its own."""
    add_tenants(instance, ["acme"])
    with monkeypatch.context() as wrong:
        wrong.setenv("ACME_SF_SECRET", "wrong")
        assert run(app, instance, "acme") == "FAILURE"
    assert not acme.installation.database.is_locked("acme")
    assert run(app, instance, "acme") == "SUCCESS"
    acme.assert_follows_org()


def test_a_run_that_another_process_makes_is_left_to_it(
    app: Celery, instance: DagsterInstance, acme: Tenant
) -> None:
    """Redis delivers a message twice when a worker does not answer in time."""
    add_tenants(instance, ["acme"])
    args, run_id = _prepared(instance, "acme")
    with _locks(instance).hold(run_id) as is_held:
        assert is_held
        app.tasks["execute_job"](execute_job_args_packed=args)
    left = instance.get_run_by_id(run_id)
    assert left is not None
    assert left.status is DagsterRunStatus.NOT_STARTED
    assert acme.companies() == {}


def test_a_run_counts_as_alive_while_its_lock_is_held(instance: DagsterInstance) -> None:
    """Celery's own answer for a killed worker stays "started" for ever."""
    add_tenants(instance, ["acme"])
    _, run_id = _prepared(instance, "acme")
    launcher = instance.run_launcher

    def health() -> str:
        found = instance.get_run_by_id(run_id)
        assert found is not None
        return launcher.check_run_worker_health(found).status.value

    assert health() == "RUNNING", "no worker was asked for it: the schedules watch it"
    instance.add_run_tags(run_id, {DAGSTER_CELERY_TASK_ID_TAG: "one"})
    assert health() == "FAILED"
    with _locks(instance).hold(run_id):
        assert health() == "RUNNING"


@pytest.mark.filterwarnings("ignore:Call to deprecated setex")  # by Celery
def test_a_worker_that_died_before_its_run_began_is_noticed(
    app: Celery, instance: DagsterInstance
) -> None:
    """Dagster asks about runs that have begun; this one would have waited for half an hour."""
    add_tenants(instance, ["acme"])
    later = datetime.now(UTC) + timedelta(minutes=1)

    def lost() -> list[str]:
        end_lost_runs(instance, lambda _tenant: False, later)
        return [run.run_id for run in instance.get_runs(RunsFilter(statuses=[FAILURE]))]

    launched = [_launched(instance) for _ in range(3)]
    assert lost() == [], "all of them wait for a worker"
    for run in launched[1:]:
        app.backend.store_result(run.tags[DAGSTER_CELERY_TASK_ID_TAG], None, "STARTED")
    with _locks(instance).hold(launched[2].run_id):
        assert lost() == [launched[1].run_id]


def _launched(instance: DagsterInstance) -> DagsterRun:
    """A run that was sent to the workers."""
    _, run_id = _prepared(instance, "acme")
    made = instance.get_run_by_id(run_id)
    assert made is not None
    starting = DagsterEvent(DagsterEventType.PIPELINE_STARTING.value, job_name=made.job_name)
    instance.report_dagster_event(starting, run_id)
    instance.run_launcher.launch_run(LaunchRunContext(made, workspace=None))
    sent = instance.get_run_by_id(run_id)
    assert sent is not None
    assert sent.status is DagsterRunStatus.STARTING
    return sent


def test_launching_runs_keeps_nothing_of_them(
    app: Celery, instance: DagsterInstance, installation: Installation
) -> None:
    """`CeleryRunLauncher` defines its task once more for each run: a daemon's memory grew."""
    add_tenants(instance, ["acme"])
    runs = [_prepared(instance, "acme")[1] for _ in range(3)]
    kept = []
    for run_id in runs:
        made = instance.get_run_by_id(run_id)
        assert made is not None
        instance.run_launcher.launch_run(LaunchRunContext(made, workspace=None))
        kept.append(len(_state._on_app_finalizers))  # noqa: SLF001 - Celery tells it nowhere
    assert kept == [kept[0]] * 3
    with Redis.from_url(str(app.conf.broker_url).replace("redis+socket", "unix")) as broker:
        # Celery has a list for each of its priorities.
        waiting = sum(int(str(broker.llen(name))) for name in broker.scan_iter("dagster*"))
    assert waiting == len(runs)


def _locks(instance: DagsterInstance) -> RunLocks:
    launcher = instance.run_launcher
    assert isinstance(launcher, WorkerRunLauncher)
    return launcher.run_locks


def _rename_one(tenant: Tenant) -> None:
    tenant.later()
    base = tenant.oracle.base
    tenant.there.update(base, tenant.there.ids(base)[0], {"Name": f"{tenant.name} 改名"})
    tenant.later(2)
