"""A disk that is full or read-only ends a sync; when there is room again, nothing is missing.

The disks are real ones, of a few kilobytes, mounted in a mount namespace of the command alone. What
the command says is tested in ``cli/test_broken_machine.py``.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.cli.disks import DISKS, NAMESPACE, mounted, needs_mounts
from flyle_sf_assets_tests.cli.site import Site, make_org, site
from flyle_sf_assets_tests.crashes.aftermath import assert_whole
from flyle_sf_assets_tests.flows.changes import change_accounts
from flyle_sf_assets_tests.flows.oracle import Oracle
from flyle_sf_assets_tests.flows.tenants import (
    Tenant,
    demo_settings,
    environment_of,
    org_clock,
)
from flyle_sf_assets_tests.postgres import opened

FULL_DATABASE = """
mount -t tmpfs -o size=400m tmpfs "$FLYLE_HOME"
"$@" apply >&2
dd if=/dev/zero of="$FLYLE_HOME/fill" bs=64k >&2 || true
truncate --size=-512K "$FLYLE_HOME/fill"
"$@" sync acme --json || true
rm "$FLYLE_HOME/fill"
"$@" sync acme --json
"$@" companies acme --json
"""
ACCOUNTS = 3_000
"""Their companies need some megabytes of the database."""


@pytest.fixture
def here(tmp_path: Path, server: SandboxServer) -> Iterator[Site]:
    """An installation of a test's own."""
    with site(tmp_path, server) as made:
        yield made


@needs_mounts
@pytest.mark.parametrize("name", DISKS)
def test_a_disk_that_takes_nothing_loses_nothing(name: str, here: Site) -> None:
    org = make_org(samples.account_org, accounts=20)
    here.link("acme", org)
    command, places = mounted(DISKS[name], here.home.parent / f"{here.home.name}-disk")
    failed = here.answer_of(here.start("sync", "acme", "--json", before=command, **places))
    assert failed.document["error"]["code"] == DISKS[name].code, failed
    change_accounts(org)
    org_clock(org).advance(120)
    again = here.run("sync", "acme", "--json", person=None, **places)
    assert again.code == 0, again
    with _read(here, org, places) as tenant:
        assert_whole(tenant)


@needs_mounts
def test_a_full_disk_under_postgresql_loses_nothing(here: Site) -> None:
    """Its first sync runs out of space in the middle; the next one has room."""
    org = make_org(samples.account_org, accounts=ACCOUNTS)
    here.link("acme", org)
    home = here.home.parent / f"{here.home.name}-small"
    home.mkdir()
    places = {"FLYLE_HOME": str(home), "FLYLE_LAKE_URL": str(here.home / "lake")}
    command = [*NAMESPACE, FULL_DATABASE, "sh"]
    unset = ("env", "-u", "FLYLE_DATABASE_URL", "-u", "FLYLE_DAGSTER_DATABASE_URL")
    answer = here.answer_of(here.start(before=[*unset, *command], **places))
    assert answer.code == 0, answer.err
    failed, done, listed = map(json.loads, answer.out.splitlines())
    assert failed["error"]["code"] in {"disk_full", "store_unavailable"}
    assert done["state"] == "done"
    expected = Oracle(org, demo_settings("acme")).companies({})
    assert {one["external_id"]: one["name"] for one in listed["companies"]} == {
        key: company.name for key, company in expected.items()
    }


@contextmanager
def _read(here: Site, org: Org, places: dict[str, str]) -> Iterator[Tenant]:
    """The same tenant, as tests without a command line read it."""
    url = here.database_url
    lake = places.get("FLYLE_LAKE_URL") or f"{places['FLYLE_HOME']}/lake"
    with opened(url) as database:
        environment = replace(environment_of(here.home, here.server, url), lake_url=lake)
        installation = Installation(environment, database, url, url)
        yield Tenant("acme", org, here.server, installation, demo_settings("acme"))
