"""A preview's exact figures are what applying the settings and syncing then really does."""

from collections.abc import Callable

import pytest

from flyle_sf_assets.refresh.impact import Impact
from flyle_sf_assets.refresh.preview import preview
from flyle_sf_assets.settings.loading import load_tenant
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets_tests.flows.changes import change_everything
from flyle_sf_assets_tests.flows.tenants import PLACEHOLDER, Tenant, demo_settings

BLANKED = """
SELECT count(DISTINCT external_id) FROM flyle.company_changes
WHERE tenant_id = %s AND NOT of_row AND new = 'null' AND old <> 'null'
    AND sync_id = (SELECT max(sync_id) FROM flyle.syncs)
"""
LAST_SYNC = """
SELECT created, changed, gone, api_calls FROM flyle.syncs
WHERE tenant_id = %s ORDER BY sync_id DESC LIMIT 1
"""

ACCOUNT, OPPORTUNITY = demo_settings("acme"), demo_settings("globex")


def change_everything_of_accounts(org) -> None:
    a,b,c,d = [str(x["Id"]) for x in org.records("Account")[3:7]]
    manager = org.insert("User", {"LastName": "新部長", "Username": "m@x.example", "Alias": "m"})
    owner = org.insert("User", {"LastName": "新人", "Username": "o@x.example", "Alias": "o", "ManagerId": manager})
    org.add_option("Account","Industry","Space","宇宙")
    org.insert("Account", {"Name":"新しい会社","OwnerId":owner,"Industry":"Space", "NumberOfEmployees":700})
    org.update("Account", a, {"Website":"", "Phone":"123"})
    org.delete("Account", b)
    org.update("Account", c, {"OwnerId": owner})
    org.update("User", org.ids("User")[1], {"LastName": "改姓"})
    contract = org.records("Contract_Info__c")[0]
    org.update("Contract_Info__c", str(contract["Id"]), {"Plan__c": "Standard", "Account__c": d})
    org.insert("Contract_Info__c", {"Account__c": c, "Plan__c":"Free"})


def without_line(settings: str, word: str) -> str:
    lines = [line for line in settings.splitlines() if word not in line]
    assert len(lines) < len(settings.splitlines())
    return "\n".join(lines) + "\n"


def with_mapping(settings: str, *mappings: str) -> str:
    return settings + "".join(f"  - {{{mapping}}}\n" for mapping in mappings)


def with_conditions(settings: str, *conditions: str) -> str:
    lines = "".join(f"    - {{{one}}}\n" for one in conditions)
    return settings.replace("mapping:\n", f"  conditions:\n{lines}mapping:\n", 1)


def read(tenant: Tenant, settings: str) -> TenantSettings:
    """The settings as from a file that nobody has applied."""
    file = tenant.installation.places.home / f"{tenant.name}.yaml"
    file.write_text(settings.replace(PLACEHOLDER, tenant.server.url), encoding="utf-8")
    return load_tenant(file).require()


def foretold(tenant: Tenant, settings: str) -> Impact:
    return preview(tenant.installation, read(tenant, settings))


def assert_came_true(tenant: Tenant, settings: str) -> Impact:
    """Previews, applies and syncs, and holds the figures against the sync's row and the rows."""
    said = foretold(tenant, settings)
    options = len(tenant.options())
    tenant.apply(settings)
    tenant.sync()
    [(created, changed, gone, api_calls)] = tenant.query(LAST_SYNC)
    [(blanked,)] = tenant.query(BLANKED)
    print(said.created, said.returning, said.changed, said.leaving, said.blanked, said.options_added, said.overwritten, said.cost, api_calls, said.preview_api_calls, said.sampled)
    assert said.exact
    assert (said.created.count, said.changed.count, said.leaving.count, said.blanked.count) == (
        created,
        changed,
        gone,
        blanked,
    )
    assert said.options_added.count == len(tenant.options()) - options
    assert abs(said.cost.api_calls - api_calls) <= 2, (said.cost, api_calls)
    return said


@pytest.mark.parametrize("settings", [ACCOUNT, OPPORTUNITY], ids=["account", "opportunity"])
def test_first_sync(acme: Tenant, globex: Tenant, settings: str) -> None:
    tenant = acme if settings == ACCOUNT else globex
    said = assert_came_true(tenant, settings)
    assert said.created.count == said.matching > 0


CHANGES: dict[str, Callable[[str], str]] = {
    "new mapping": lambda s: with_mapping(s, "from: Phone, to: phone, label: 電話"),
    "new mapping of a parent": lambda s: with_mapping(
        s, "from: Parent.Parent.Industry, to: group_industry, label: グループの業種"
    ),
    "new select": lambda s: with_mapping(s, "from: Rating, to: rating, label: 評価"),
    "new mapping that keeps": lambda s: with_mapping(
        s, "from: Fax, to: fax, label: FAX, when_blank: keep"
    ),
    "removed mapping": lambda s: without_line(s, "to: employees"),
    "no parents any more": lambda s: without_line(without_line(s, "from: Parent"), "from: Owner"),
    "conditions": lambda s: with_conditions(s, "field: NumberOfEmployees, op: ge, value: 100"),
    "conditions on a parent": lambda s: with_conditions(
        s, "field: Owner.Name, op: ne, value: 佐藤 花子"
    ),
    "nothing matches": lambda s: with_conditions(s, "field: Name, op: eq, value: どこにもない"),
    "number as text": lambda s: s.replace(
        "to: revenue, label: 売上, type: number", "to: revenue, label: 売上, type: text"
    ),
    "picklist as text": lambda s: s.replace(
        "to: industry, label: 業種, type: single_select", "to: industry, label: 業種, type: text"
    ),
    "another source for a key": lambda s: s.replace(
        "from: Website, to: website", "from: Description, to: website"
    ),
    "blanks are kept no more": lambda s: s.replace(", when_blank: keep", ""),
    "a label": lambda s: s.replace("label: 従業員規模", "label: 従業員数"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_change_of_settings(acme: Tenant, change: Callable[[str], str]) -> None:
    acme.sync()
    acme.later()
    changed = change(ACCOUNT)
    assert changed != ACCOUNT
    assert_came_true(acme, changed)


def test_unchanged_settings_on_an_unchanged_org_change_nothing(acme: Tenant) -> None:
    acme.sync()
    acme.later()
    said = foretold(acme, ACCOUNT)
    figures = (said.created, said.changed, said.leaving, said.blanked, said.options_added)
    assert [figure.count for figure in figures] == [0, 0, 0, 0, 0]
    assert said.exact
    assert said.examples == ()


def test_changes_of_the_org_that_no_refresh_has_brought_yet_count_as_well(acme: Tenant) -> None:
    acme.sync()
    acme.later()
    change_everything_of_accounts(acme.there)
    acme.later()
    said = assert_came_true(acme, ACCOUNT)
    assert said.created.count == 1

def test_opp(globex: Tenant) -> None:
    globex.sync()
    globex.later()
    change_everything(globex.there)
    globex.later()
    said = assert_came_true(globex, OPPORTUNITY)
    assert said.created.count == 1
    globex.later()
    globex.there.add_option("Opportunity", "StageName", "Trial2", "試用")
    change_everything(globex.there)
    globex.later()
    said = assert_came_true(globex, with_mapping(OPPORTUNITY, "from: Account.Phone, to: phone, label: 電話"))

def test_base(globex: Tenant) -> None:
    globex.sync()
    globex.later()
    to_account=demo_settings("acme").replace("acme","globex").replace("ACME","GLOBEX")
    said = assert_came_true(globex, to_account)
    globex.later()
    said = assert_came_true(globex, OPPORTUNITY)
    globex.later()
    change_everything(globex.there)
    globex.later()
    said = assert_came_true(globex, to_account)

def test_back(acme: Tenant) -> None:
    acme.sync()
    acme.later()
    assert_came_true(acme, with_conditions(ACCOUNT, "field: NumberOfEmployees, op: ge, value: 100"))
    acme.later()
    change_everything_of_accounts(acme.there)
    acme.later()
    assert_came_true(acme, with_conditions(ACCOUNT, "field: NumberOfEmployees, op: ge, value: 50"))
    acme.later()
    assert_came_true(acme, ACCOUNT.replace("industry, label: 業種, type: single_select", "industry, label: 業種, type: text"))
