"""Settings compared with the live org, without storing anything: what ``flyle-sf check`` does."""

from collections.abc import Mapping

from flyle_sf_assets.check.fit import problems
from flyle_sf_assets.errors import Problem
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import Installation, open_installation
from flyle_sf_assets.installation.tenant_org import open_tenant_org
from flyle_sf_assets.raw.plan import objects_missing, plan
from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.salesforce.describe import Described, describe_all
from flyle_sf_assets.salesforce.schema.objects import ObjectSchema
from flyle_sf_assets.settings.loading import Loaded
from flyle_sf_assets.settings.models import Flow, TenantSettings

__all__ = ["check_file", "describe_reachable", "open_tenant_org"]


def check_file(environment: Environment, loaded: Loaded) -> tuple[Problem, ...]:
    """Every problem of a settings file: its own, and what the org does not allow.

    A file that cannot be read is not compared with the org. Raises what connecting raises
    (NotConnected, NotPermitted, Postponed, UsageError).
    """
    if loaded.settings is None:
        return loaded.problems
    if loaded.settings.connection.flow is Flow.WEB_SERVER:
        with open_installation(environment) as installation:
            schemas = _described(installation, loaded.settings)
    else:
        schemas = _described(environment, loaded.settings)
    made = plan(loaded.settings, schemas)
    return (*loaded.problems, *problems(loaded.settings, made, schemas, loaded.lines))


def _described(
    where: Installation | Environment, settings: TenantSettings
) -> Mapping[str, ObjectSchema | None]:
    with open_tenant_org(where, settings) as org:
        return describe_reachable(org, settings)


def describe_reachable(org: Org, settings: TenantSettings) -> Mapping[str, ObjectSchema | None]:
    """The schemas of every object that the settings reach; None for one the org does not show."""
    schemas: dict[str, ObjectSchema | None] = {}
    while missing := objects_missing(settings, schemas):
        for name, answer in describe_all(org.session, missing).items():
            schemas[name] = answer.schema if isinstance(answer, Described) else None
    return schemas
