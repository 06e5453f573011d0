"""Settings held against the live org, without keeping anything: what ``flyle-sf check`` does.

What does not belong here: what fits and what does not (``check``).
"""

from collections.abc import Mapping
from dataclasses import replace

from flyle_sf_assets.check.fit import problems
from flyle_sf_assets.errors import Problem
from flyle_sf_assets.raw.plan import objects_missing, plan
from flyle_sf_assets.refresh.installation import Places
from flyle_sf_assets.salesforce.connect import Org, SalesforceAccess, open_org
from flyle_sf_assets.salesforce.describe import Described, describe_all
from flyle_sf_assets.salesforce.schema import ObjectSchema
from flyle_sf_assets.salesforce.transport import Network
from flyle_sf_assets.settings.loading import Loaded
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.secret_refs import reveal


def check_file(places: Places, loaded: Loaded) -> tuple[Problem, ...]:
    """Every problem of a settings file: its own, and what the org does not allow.

    A file that cannot be read is not held against the org. Raises what connecting raises
    (NotConnected, NotPermitted, Postponed, UsageError).
    """
    if loaded.settings is None:
        return loaded.problems
    with open_tenant_org(places, loaded.settings) as org:
        schemas = describe_reachable(org, loaded.settings)
    made = plan(loaded.settings, schemas)
    return (*loaded.problems, *problems(loaded.settings, made, schemas, loaded.lines))


def open_tenant_org(
    places: Places, settings: TenantSettings, patience: Network | None = None
) -> Org:
    """The tenant's org, logged in to; ``patience`` brings other timeouts and retries."""
    network = replace(
        patience or Network(), ca_file=places.sf_ca_file, extra_hosts=places.sf_extra_hosts
    )
    return open_org(settings.connection, reveal, SalesforceAccess(network))


def describe_reachable(org: Org, settings: TenantSettings) -> Mapping[str, ObjectSchema | None]:
    """The schemas of every object that the settings reach; None for one the org does not show."""
    schemas: dict[str, ObjectSchema | None] = {}
    while missing := objects_missing(settings, schemas):
        for name, answer in describe_all(org.session, missing).items():
            schemas[name] = answer.schema if isinstance(answer, Described) else None
    return schemas
