"""``flyle-sf check``: settings compared with the org, from a file or from the console."""

from flyle_sf_assets.cli.opening import tenant_file
from flyle_sf_assets.errors import Problem
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import open_installation
from flyle_sf_assets.tenants.candidate_settings import drafted_settings
from flyle_sf_assets.tenants.settings_check import check_file, open_tenant_org
from flyle_sf_assets.tenants.settings_drafts import problems_in


def problems_of_tenant(tenant: str) -> tuple[Problem, ...]:
    """Every problem of the tenant's settings file, else of its draft or current settings.

    Raises NotConnected when it has none, and what connecting raises.
    """
    environment = Environment.from_environment()
    loaded = tenant_file(environment, tenant)
    if loaded is not None:
        return check_file(environment, loaded)
    with open_installation(environment) as opened:
        drafted = drafted_settings(opened, tenant)
        with open_tenant_org(opened, drafted.settings) as org:
            return (*drafted.warnings, *problems_in(org, drafted.settings))
