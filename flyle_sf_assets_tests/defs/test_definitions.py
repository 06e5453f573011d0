"""The code location: it loads anywhere, and its names are those of the public contract."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from dagster import AssetKey, Definitions, DynamicPartitionsDefinition

from flyle_sf_assets.definitions import build_defs

LOAD_CPU_S_MAX = 10.0
"""Two to three seconds of CPU, Dagster's own import most of it; a slow machine gets more."""


@pytest.fixture(scope="module")
def defs() -> Definitions:
    """The definitions as the code location has them."""
    return build_defs()


def _key(name: str) -> AssetKey:
    return AssetKey(name.split("/"))


DEPENDENCIES = {
    "salesforce/object_schemas": set(),
    "salesforce/opportunities": {
        "salesforce/object_schemas",
        "flyle/link_settings/opportunities",
    },
    "salesforce/accounts": {
        "salesforce/object_schemas",
        "salesforce/opportunities",
        "flyle/link_settings/accounts",
    },
    "salesforce/related_records": {
        "salesforce/object_schemas",
        "salesforce/opportunities",
        "salesforce/accounts",
        "flyle/link_settings/related_records",
    },
    "flyle/enriched_records": {
        "salesforce/opportunities",
        "salesforce/accounts",
        "salesforce/related_records",
    },
    "flyle/picklist_options": {
        "salesforce/object_schemas",
        "flyle/enriched_records",
        "flyle/link_settings/companies",
    },
    "flyle/companies": {
        "flyle/enriched_records",
        "flyle/picklist_options",
        "flyle/link_settings/companies",
    },
}
FLEET = "flyle/fleet_health"
OBSERVED = {
    f"flyle/link_settings/{part}"
    for part in ("accounts", "opportunities", "related_records", "companies")
}


def test_assets_and_their_dependencies_are_those_of_the_contract(defs: Definitions) -> None:
    """Schedules, dashboards and people's bookmarks name these keys."""
    graph = defs.resolve_asset_graph()
    keys = {_key(name) for name in (*DEPENDENCIES, *OBSERVED, FLEET)}
    assert set(graph.get_all_asset_keys()) == keys
    for name, upstream in DEPENDENCIES.items():
        node = graph.get(_key(name))
        assert node.is_executable
        assert set(node.parent_keys) == {_key(one) for one in upstream}
    for name in OBSERVED:
        assert not graph.get(_key(name)).is_executable


def test_every_asset_is_partitioned_by_tenant_and_says_what_it_is(defs: Definitions) -> None:
    """One asset set for thousands of tenants; a page without words helps nobody.

    Only the fleet's health is one thing, and depends on nothing.
    """
    graph = defs.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        if key == _key(FLEET):
            assert node.partitions_def is None
            assert not node.parent_keys
        else:
            assert isinstance(node.partitions_def, DynamicPartitionsDefinition)
            assert node.partitions_def.name == "tenant"
        assert node.description
        assert node.owners
        assert node.kinds


def test_the_job_refreshes_exactly_the_executable_assets(defs: Definitions) -> None:
    """An asset that the job forgot was never refreshed, and nobody noticed."""
    job = defs.resolve_job_def("refresh_tenant")
    assert set(job.asset_layer.executable_asset_keys) == {_key(name) for name in DEPENDENCIES}
    assert job.partitions_def is not None


def test_the_code_location_loads_without_environment_database_or_valid_settings(
    tmp_path: Path,
) -> None:
    """One tenant's broken file, or PostgreSQL down, took the whole location from all tenants."""
    tenants = tmp_path / "config" / "tenants"
    tenants.mkdir(parents=True)
    (tenants / "broken.yaml").write_text("tenant: [", encoding="utf-8")
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "FLYLE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "HOME": str(tmp_path),
    }
    code = (
        "import time; from flyle_sf_assets.definitions import defs;"
        "defs.resolve_all_job_defs(); print(len(defs.resolve_asset_graph().get_all_asset_keys()),"
        " time.process_time())"
    )
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:flyle_sf_assets", "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    keys, cpu_s = done.stdout.split()
    assert int(keys) == len(DEPENDENCIES) + len(OBSERVED) + 1
    assert float(cpu_s) < LOAD_CPU_S_MAX, f"{time.monotonic() - started:.1f} s"
    assert not (tmp_path / ".flyle").exists()
