"""The preview: what a refresh with draft settings would do, without changing anything.

Light queries of ids say which companies come and which leave; what changes is computed from the
records that are held, and from a sample for values that are not held.
"""

from collections.abc import Callable
from datetime import timedelta

from flyle_sf_assets.check.fit import problems
from flyle_sf_assets.errors import Problem, SettingsInvalid
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.preview.field_conflicts import existing_field_problems
from flyle_sf_assets.preview.held_records import HeldFrames
from flyle_sf_assets.preview.impact import Impact
from flyle_sf_assets.preview.impact_analysis import DraftInOrg, ImpactAnalysis
from flyle_sf_assets.preview.membership import membership
from flyle_sf_assets.raw.questions import Questions
from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.salesforce.schema.former_options import with_former_options
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.versions import digest
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.syncs.generations import consumed
from flyle_sf_assets.store.syncs.object_schemas import read_schemas
from flyle_sf_assets.store.tenants.settings_versions import latest_settings
from flyle_sf_assets.sync.state.asset_names import SCHEMAS
from flyle_sf_assets.tenants.object_schemas import last_shown
from flyle_sf_assets.tenants.settings_check import describe_reachable, open_tenant_org


def preview(
    installation: Installation,
    settings: TenantSettings,
    *,
    open_org: Callable[[], Org] | None = None,
) -> Impact:
    """What the next refresh would do with these settings; writes nothing.

    Raises SettingsInvalid when the org does not allow the settings, and what asking Salesforce
    raises (NotConnected, NotPermitted, Postponed).

    ``open_org`` replaces the tenant's own connection, with an open org. The figures
    of `Impact` are companies; ``exact`` says whether any of them is an estimate from a sample.

    >>> impact = preview(installation, settings)
    >>> impact.tenant, impact.linked, impact.created.count == impact.matching
    ('acme', 0, True)
    """
    opened = open_org or (lambda: open_tenant_org(installation, settings))
    with opened() as org:
        with installation.database.tenant(settings.tenant) as tx:
            stored = read_schemas(tx)
        schemas = {
            name: with_former_options(schema, last_shown(stored[name]))
            if schema is not None and name in stored
            else schema
            for name, schema in describe_reachable(org, settings).items()
        }
        draft = DraftInOrg(installation, settings, org, schemas, org.api_calls)
        return _impact_analysis(draft).impact()


def _impact_analysis(draft: DraftInOrg) -> ImpactAnalysis:
    settings = draft.settings
    with draft.installation.database.tenant(settings.tenant) as tx:
        latest = latest_settings(tx)
        found = _problems(draft, tx)
        passed = consumed(tx, SCHEMAS).get("link_settings")
    is_passed = (
        latest is not None
        and passed is not None
        and passed.generation == latest.version
        and latest.digest == digest(settings)
    )
    held = HeldFrames.of(draft.installation, settings.tenant, draft.plan)
    questions = {
        dataset.name: Questions.about(dataset, draft.plan, draft.schemas, settings)
        for dataset in draft.plan.datasets
    }
    # The refresh comes later than this second, and reads what is stamped in it.
    until = draft.org.server_now + timedelta(seconds=1)
    members = membership(draft.org, held, questions, until)
    return ImpactAnalysis(draft, latest, found, held, members, is_passed)


def _problems(draft: DraftInOrg, tx: TenantTransaction) -> tuple[Problem, ...]:
    found = (
        *problems(draft.settings, draft.plan, draft.schemas),
        *existing_field_problems(tx, draft.fields),
    )
    if any(problem.severity == "error" for problem in found):
        raise SettingsInvalid(draft.settings.tenant, found)
    return found
