"""A refresh that is killed at any point loses nothing: the next one delivers."""

import json
from collections.abc import Iterator
from itertools import count

import pytest

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.flows.changes import METADATA_S, change_everything
from flyle_sf_assets_tests.flows.killed import await_held_back, commits_held_back, refreshing
from flyle_sf_assets_tests.flows.run_steps import STEPS
from flyle_sf_assets_tests.flows.tenants import ASSET_NAMES, Tenant, demo_settings, make_org
from flyle_sf_assets_tests.tenant_fixtures import installed, linked

WRITES_FILES = ASSET_NAMES[1:5]

_numbers = count(1)


@pytest.fixture(scope="module")
def _installation(
    tmp_path_factory: pytest.TempPathFactory, server: SandboxServer
) -> Iterator[Installation]:
    with installed(tmp_path_factory.mktemp("killed"), server) as made:
        yield made


@pytest.fixture
def tenant(_installation: Installation, server: SandboxServer) -> Tenant:
    """A tenant that needs every asset, under a name that no other test has."""
    name = f"tenant{next(_numbers)}"
    settings = demo_settings("globex").replace("tenant: globex", f"tenant: {name}")
    settings = settings.replace("GLOBEX_SF", f"{name.upper()}_SF")
    return linked(_installation, server, name, make_org(samples.opportunity_org), settings)


@pytest.mark.parametrize("place", range(len(STEPS)), ids=ASSET_NAMES)
def test_a_refresh_killed_between_file_and_commit_of_an_asset_loses_nothing(
    place: int, tenant: Tenant
) -> None:
    """All assets before it are committed, its own file is written and named by nobody.

    Hours pass before the next refresh, so that no overlap hides what was forgotten.
    """
    tenant.sync()
    tenant.assert_follows_org()
    before = tenant.rows()
    change_everything(tenant.there)
    tenant.later(METADATA_S)
    _kill_at(tenant, place)
    if ASSET_NAMES[place] in WRITES_FILES:
        assert _unnamed_files(tenant)
    assert tenant.rows() == before
    tenant.later(METADATA_S)
    tenant.sync()
    assert tenant.assert_moved_exactly(before) > 5
    tenant.assert_follows_org()
    assert _syncs(tenant) == ["done", "failed", "done"]


@pytest.mark.parametrize("place", [1, 3, 6], ids=lambda place: ASSET_NAMES[place])
def test_a_first_sync_that_is_killed_loses_nothing(place: int, tenant: Tenant) -> None:
    """What changes before it is begun again arrives as well."""
    _kill_at(tenant, place)
    assert tenant.rows() == {}
    change_everything(tenant.there)
    tenant.later(METADATA_S)
    tenant.sync()
    tenant.assert_follows_org()
    assert _syncs(tenant) == ["failed", "done"]


def test_a_refresh_killed_after_its_last_commit_has_delivered(tenant: Tenant) -> None:
    """Only the sync's row says that it failed; the next refresh has nothing to do."""
    tenant.sync()
    before = tenant.rows()
    change_everything(tenant.there)
    tenant.later(METADATA_S)
    with refreshing(tenant) as victim:
        for _ in STEPS:
            victim.run_step()
        victim.kill()
    tenant.assert_moved_exactly(before)
    rows = tenant.rows()
    tenant.last = {key: row.company for key, row in before.items()}
    tenant.assert_follows_org()
    tenant.later()
    tenant.sync()
    assert tenant.rows() == rows


def _kill_at(tenant: Tenant, place: int) -> None:
    """Runs the steps before ``place``, and kills the next one when it comes to commit."""
    with refreshing(tenant) as victim:
        for _ in range(place):
            victim.run_step()
        with commits_held_back(tenant) as connection:
            victim.begin_step()
            await_held_back(connection)
            victim.kill()


def _unnamed_files(tenant: Tenant) -> set[str]:
    """Record files that no manifest names."""
    root = tenant.installation.lake.root
    manifests = tenant.query("SELECT manifest::text FROM flyle.generations WHERE tenant_id = %s")
    named = {
        file["path"]
        for (text,) in manifests
        for manifest in [json.loads(text)]
        if manifest
        for file in [manifest["base"], *manifest["segments"]]
    }
    found = (root / tenant.name).rglob("*.parquet")
    return {str(file.relative_to(root)) for file in found} - named


def _syncs(tenant: Tenant) -> list[str]:
    found = tenant.query("SELECT state FROM flyle.syncs WHERE tenant_id = %s ORDER BY sync_id")
    return [state for (state,) in found]
