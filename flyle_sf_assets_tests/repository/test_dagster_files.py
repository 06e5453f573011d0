"""workspace.yaml and config/dagster.yaml as Dagster itself reads them."""

import shutil
from pathlib import Path

import pytest
from dagster import DagsterInstance
from dagster._core.instance.ref import InstanceRef
from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin
from dagster._core.storage.tags import PARTITION_NAME_TAG
from dagster._core.workspace.load_target import WorkspaceFileTarget
from ruamel.yaml import YAML

from flyle_sf_assets_tests.postgres import fresh_database_url


def test_dagster_accepts_the_instance_file(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One misplaced key and no Dagster process starts; old places of keys are refused too."""
    monkeypatch.setenv("FLYLE_DAGSTER_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    shutil.copy(root / "config" / "dagster.yaml", tmp_path / "dagster.yaml")
    instance = InstanceRef.from_dir(str(tmp_path))
    assert instance.storage_data is not None
    assert instance.storage_data.module_name == "flyle_sf_assets.defs.dagster_storage"
    assert instance.settings["telemetry"] == {"enabled": False}
    assert instance.settings["concurrency"] == {
        "runs": {
            "max_concurrent_runs": 4,
            "tag_concurrency_limits": [
                {"key": PARTITION_NAME_TAG, "value": {"applyLimitPerUniqueValue": True}, "limit": 1}
            ],
        }
    }


SAME = ("storage", "run_coordinator", "run_retries", "schedules", "sensors", "retention")
"""What does not depend on what makes the runs."""


def test_the_instance_of_workers_is_opened_as_it_is_written(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster instantiates launcher and storage from it: a name that does not exist ends there."""
    from dagster_celery.launcher import CeleryRunLauncher  # noqa: PLC0415 - 0.2 s, only here

    from flyle_sf_assets.defs.workers.launcher import WorkerRunLauncher  # noqa: PLC0415

    shutil.copy(root / "config" / "deploy" / "celery" / "dagster.yaml", tmp_path / "dagster.yaml")
    with fresh_database_url("template1") as url:
        monkeypatch.setenv("FLYLE_DAGSTER_DATABASE_URL", url)
        monkeypatch.setenv("FLYLE_BROKER_URL", "redis://127.0.0.1:1/0")
        with DagsterInstance.from_ref(InstanceRef.from_dir(str(tmp_path))) as instance:
            launcher = instance.run_launcher
            assert isinstance(launcher, CeleryRunLauncher)
            assert isinstance(launcher, WorkerRunLauncher)
            settings = launcher.celery.conf
            assert settings.broker_url == settings.result_backend == "redis://127.0.0.1:1/0"
            assert (settings.worker_concurrency, settings.worker_prefetch_multiplier) == (1, 1)
            assert settings.worker_disable_prefetch
            assert not settings.task_acks_late
            assert instance.run_monitoring_enabled
            assert instance.run_monitoring_max_resume_run_attempts == 0


def test_both_instance_files_agree_where_they_can(root: Path) -> None:
    """A retention that is changed in one of them only surprises those who move to workers."""
    files = [root / "config" / "dagster.yaml", root / "config" / "deploy/celery/dagster.yaml"]
    here, there = (YAML(typ="safe").load(file.read_text(encoding="utf-8")) for file in files)
    assert {name: there[name] for name in SAME} == {name: here[name] for name in SAME}
    limits = [one["concurrency"]["runs"]["tag_concurrency_limits"] for one in (here, there)]
    assert limits[0] == limits[1]


def test_the_workspace_names_the_definitions(root: Path) -> None:
    """The location's name is part of every run's origin: it stays."""
    target = WorkspaceFileTarget(paths=[str(root / "workspace.yaml")])
    [origin] = target.create_origins()
    assert isinstance(origin, ManagedGrpcPythonEnvCodeLocationOrigin)
    assert origin.location_name == "flyle_sf_assets"
    assert origin.loadable_target_origin.module_name == "flyle_sf_assets.definitions"
