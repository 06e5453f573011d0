"""Linked tenants for every test: one sandbox server, an installation per test, orgs as needed.

A plugin, which `conftest.py` loads: every test folder has these fixtures. A folder that needs
another server or other retries defines a fixture of the same name in its own conftest.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import stamina

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.flows.tenants import Tenant, demo_settings, environment_of, make_org
from flyle_sf_assets_tests.postgres import fresh_database_url, opened

Link = Callable[[str, Org, str], Tenant]


@pytest.fixture
def no_waiting() -> Iterator[None]:
    """Retries happen as often as configured, without their pauses."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def own_environment() -> Iterator[None]:
    """Keys and secrets of one test's orgs are not there in the next test."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture(scope="session")
def server() -> Iterator[SandboxServer]:
    """The address behind which every test's orgs stand."""
    with SandboxServer([]) as started:
        yield started


@contextmanager
def installed(home: Path, server: SandboxServer) -> Iterator[Installation]:
    """An installation on a fresh database of the session's PostgreSQL."""
    with fresh_database_url() as url, opened(url) as database:
        yield Installation(environment_of(home, server, url), database, url, url)


def linked(
    installation: Installation, server: SandboxServer, name: str, org: Org, settings: str
) -> Tenant:
    """Links a tenant to an org: hosts the org, registers the settings."""
    if all(hosted is not org for hosted in server.orgs):
        server.add(org)
    tenant = Tenant(name, org, server, installation, settings)
    tenant.give_credentials()
    tenant.apply()
    return tenant


@pytest.fixture
def installation(
    tmp_path: Path, server: SandboxServer, no_waiting: None, own_environment: None
) -> Iterator[Installation]:
    """An installation for one test."""
    with installed(tmp_path, server) as made:
        yield made


@pytest.fixture
def link(server: SandboxServer, installation: Installation) -> Link:
    """Links a tenant of this test's installation to an org."""
    return partial(linked, installation, server)


@pytest.fixture
def acme(link: Link) -> Tenant:
    """The Account-based demo tenant."""
    return link("acme", make_org(samples.account_org), demo_settings("acme"))


@pytest.fixture
def globex(link: Link) -> Tenant:
    """The Opportunity-based demo tenant."""
    return link("globex", make_org(samples.opportunity_org), demo_settings("globex"))
