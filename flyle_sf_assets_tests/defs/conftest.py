"""Tenants with orgs of their own, and runs of them on a real Dagster instance."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import DagsterInstance

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets_tests.defs.ticks import Ticks
from flyle_sf_assets_tests.flows.dagster_runs import DagsterRuns
from flyle_sf_assets_tests.flows.platform import Platform, persistent_instance, small_settings
from flyle_sf_assets_tests.flows.tenants import Tenant, make_org
from flyle_sf_assets_tests.tenant_fixtures import Link


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    """A Dagster instance in memory: real events, real data versions."""
    with DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def acme_runs(acme: Tenant, instance: DagsterInstance) -> DagsterRuns:
    """Runs of the Account-based demo tenant, which does not need opportunities."""
    return DagsterRuns(acme, instance)


@pytest.fixture
def globex_runs(globex: Tenant, instance: DagsterInstance) -> DagsterRuns:
    """Runs of the Opportunity-based demo tenant, on the same instance."""
    return DagsterRuns(globex, instance)


@pytest.fixture
def platform(installation: Installation, tmp_path: Path) -> Iterator[Platform]:
    """The platform as it runs by itself, without tenants."""
    with persistent_instance(tmp_path) as instance:
        yield Platform(installation, instance)


@pytest.fixture
def small(platform: Platform, link: Link) -> Tenant:
    """A small tenant that was just synced."""
    tenant = link("small", make_org(accounts=3, opportunities=0), small_settings("small"))
    platform.add(tenant)
    tenant.sync()
    return tenant


@pytest.fixture
def ticks(installation: Installation, instance: DagsterInstance) -> Ticks:
    """The settings sensor over this test's tenants."""
    return Ticks(installation, instance)
