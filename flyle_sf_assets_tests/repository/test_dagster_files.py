"""workspace.yaml and config/dagster.yaml as Dagster itself reads them."""

import shutil
from pathlib import Path

import pytest
from dagster._core.instance.ref import InstanceRef
from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin
from dagster._core.storage.tags import PARTITION_NAME_TAG
from dagster._core.workspace.load_target import WorkspaceFileTarget


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


def test_the_workspace_names_the_definitions(root: Path) -> None:
    """The location's name is part of every run's origin: it stays."""
    target = WorkspaceFileTarget(paths=[str(root / "workspace.yaml")])
    [origin] = target.create_origins()
    assert isinstance(origin, ManagedGrpcPythonEnvCodeLocationOrigin)
    assert origin.location_name == "flyle_sf_assets"
    assert origin.loadable_target_origin.module_name == "flyle_sf_assets.definitions"
