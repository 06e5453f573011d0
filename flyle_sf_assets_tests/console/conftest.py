"""Two linked tenants in one installation, and the console over it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.console.house import House, open_house
from flyle_sf_assets_tests.flows.tenants import Tenant, demo_settings, make_org
from flyle_sf_assets_tests.postgres import database, database_url
from flyle_sf_assets_tests.tenant_fixtures import installed, linked

__all__ = ["database", "database_url"]


@dataclass(frozen=True)
class Street:
    """The console, and the two tenants that use it; both have synced once."""

    house: House
    acme: Tenant
    globex: Tenant


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory, server: SandboxServer) -> Iterator[Street]:
    """Of this file's tests. The settings files are gone: what stands may be changed here."""
    home = tmp_path_factory.mktemp("console")
    with pytest.MonkeyPatch.context() as patch, installed(home, server) as installation:
        # Remembered here, so that the environment is as it was at the end.
        for name in ("ACME_SF_KEY", "ACME_SF_SECRET", "GLOBEX_SF_KEY", "GLOBEX_SF_SECRET"):
            patch.setenv(name, "to be replaced")
        acme = linked(
            installation, server, "acme", make_org(samples.account_org), demo_settings("acme")
        )
        globex = linked(
            installation,
            server,
            "globex",
            make_org(samples.opportunity_org),
            demo_settings("globex"),
        )
        for tenant in (acme, globex):
            tenant.sync()
            (installation.environment.config_dir / "tenants" / f"{tenant.name}.yaml").unlink()
        with open_house(installation) as house:
            yield Street(house, acme, globex)
