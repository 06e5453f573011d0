"""Settings compared with the live org, without storing anything: what ``flyle-sf check`` does."""

from collections.abc import Mapping

from flyle_sf_assets.check.fit import not_compared, problems
from flyle_sf_assets.errors import FlyleError, Problem
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import Installation, open_installation
from flyle_sf_assets.installation.tenant_org import open_tenant_org
from flyle_sf_assets.raw.plan import objects_missing, plan
from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.salesforce.describe import Described, describe_all
from flyle_sf_assets.salesforce.schema.objects import ObjectSchema
from flyle_sf_assets.settings.loading import Loaded
from flyle_sf_assets.settings.models import Flow, TenantSettings
from flyle_sf_assets.settings.readable_part import readable_part

__all__ = ["check_file", "describe_reachable", "open_tenant_org"]


def check_file(environment: Environment, loaded: Loaded) -> tuple[Problem, ...]:
    """Every problem of a settings file: its own, and what the org does not allow.

    Of a file with problems of its own, the rest is compared, as far as it can be read; if the org
    cannot be asked for that, a warning says so. For any other file it raises what connecting raises
    (NotConnected, NotPermitted, Postponed, UsageError).
    """
    if loaded.settings is not None:
        schemas = _described_anywhere(environment, loaded.settings)
        made = plan(loaded.settings, schemas)
        return (*loaded.problems, *problems(loaded.settings, made, schemas, loaded.lines))
    rest = readable_part(loaded.path, loaded.tenant, loaded.problems, environment.sf_extra_hosts)
    if rest is None:
        return loaded.problems
    try:
        schemas = _described_anywhere(environment, rest.settings)
    except FlyleError as error:
        return (*loaded.problems, not_compared(error))
    found = problems(rest.settings, plan(rest.settings, schemas), schemas)
    all_found = (*loaded.problems, *map(rest.placed, found))
    return tuple(sorted(all_found, key=lambda problem: problem.line or 0))


def _described_anywhere(
    environment: Environment, settings: TenantSettings
) -> Mapping[str, ObjectSchema | None]:
    if settings.connection.flow is not Flow.WEB_SERVER:
        return _described(environment, settings)
    with open_installation(environment) as installation:
        return _described(installation, settings)


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
