"""Previews held against what applying the settings and syncing then really does.

What does not belong here: the changes that are previewed (``test_preview.py``).
"""

from flyle_sf_assets.preview.impact import Impact
from flyle_sf_assets.preview.preview import preview
from flyle_sf_assets.settings.loading import load_tenant
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.store.postgres import exact_json
from flyle_sf_assets_tests.flows.tenants import PLACEHOLDER, Tenant

LAST_SYNC = """
SELECT created, changed, gone, api_calls FROM flyle.syncs
WHERE tenant_id = %s ORDER BY sync_id DESC LIMIT 1
"""
BLANKED = """
SELECT count(DISTINCT external_id) FROM flyle.company_changes
WHERE tenant_id = %s AND NOT of_row AND new = 'null' AND old <> 'null'
    AND sync_id = (SELECT max(sync_id) FROM flyle.syncs)
"""
CALLS_OFF_MAX = 2
"""A forecast of calls may miss parents that nobody could know of."""


def read(tenant: Tenant, settings: str) -> TenantSettings:
    """The settings as from a file that nobody has applied."""
    folder = tenant.installation.environment.home / "drafted"
    folder.mkdir(exist_ok=True)
    file = folder / f"{tenant.name}.yaml"
    file.write_text(settings.replace(PLACEHOLDER, tenant.server.url), encoding="utf-8")
    return load_tenant(file, tenant.installation.environment.sf_extra_hosts).require()


def foretold(tenant: Tenant, settings: str) -> Impact:
    """The preview of settings that are not applied."""
    return preview(tenant.installation, read(tenant, settings))


def counts(said: Impact) -> dict[str, int]:
    """What a sync would count, as foretold."""
    return {
        "created": said.created.count,
        "changed": said.changed.count,
        "gone": said.leaving.count,
        "blanked": said.blanked.count,
        "options": said.options_added.count,
    }


def done(tenant: Tenant, settings: str) -> tuple[dict[str, int], int]:
    """What applying and syncing did, and the API calls that it took."""
    options = len(tenant.options())
    tenant.apply(settings)
    tenant.sync()
    [(created, changed, gone, api_calls)] = tenant.query(LAST_SYNC)
    [(blanked,)] = tenant.query(BLANKED)
    new = len(tenant.options()) - options
    figures = {"created": created, "changed": changed, "gone": gone}
    return {**figures, "blanked": blanked, "options": new}, api_calls


def assert_came_true(tenant: Tenant, settings: str) -> Impact:
    """Previews, applies and syncs: every figure is exact and is what happened."""
    said = foretold(tenant, settings)
    happened, api_calls = done(tenant, settings)
    assert said.exact, said
    assert counts(said) == happened, f"{counts(said)} foretold, {happened} happened"
    off = abs(said.cost.api_calls - api_calls)
    assert off <= CALLS_OFF_MAX, f"{said.cost.api_calls} calls foretold, {api_calls} happened"
    assert_examples_hold(tenant, said)
    return said


def assert_examples_hold(tenant: Tenant, said: Impact) -> None:
    """What was foretold of single companies stands in their rows."""
    rows = tenant.query(
        "SELECT c.external_id, m.key, m.value::text FROM flyle.companies c,"
        " jsonb_each(c.custom_fields) AS m WHERE tenant_id = %s"
    )
    values = {(external_id, key): text for external_id, key, text in rows}
    statuses = {key: row.status for key, row in tenant.companies().items()}
    for one in said.examples:
        if one.kind in ("created", "returning"):
            assert statuses[one.external_id] == "linked"
        if one.kind == "leaving":
            assert [v.after for v in one.values] == [f'"{statuses[one.external_id]}"']
        for value in one.values:
            if not value.of_row:
                found = values[one.external_id, value.key]
                assert exact_json.loads(found) == exact_json.loads(value.after or "null")
