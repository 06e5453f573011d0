"""Options that describe told once and tells no more: their holders' values stay as they were.

In 5,636 recorded options none was inactive: a deactivated one is absent, and records hold it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from flyle_sf_assets.preview.preview import preview
from flyle_sf_assets.salesforce.describe import describe_all
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.store.syncs.object_schemas import put_schema, read_schemas
from flyle_sf_assets_tests.flows.tenants import Tenant, make_org, settings_of

Link = Callable[[str, Org, str], Tenant]

MAPPED = (
    "{from: Contract_Plan__c, to: plan, label: プラン, type: single_select}",
    "{from: Contract_Plan__c, to: plan_text, label: プラン名, type: text}",
    "{from: Regions__c, to: regions, label: 地域, type: multi_select}",
    "{from: Regions__c, to: regions_text, label: 地域名, type: text}",
    "{from: BillingStateCode, to: state, label: 都道府県, type: text}",
    "{from: Parent.Contract_Plan__c, to: parents_plan, label: 親のプラン, type: text}",
)
PLAN = ("Account", "Contract_Plan__c")


@pytest.fixture
def org() -> Org:
    """Describe leaves inactive options out."""
    made = make_org(samples.account_org)
    made.lists_inactive_options = False
    return made


@pytest.fixture
def tenant(link: Link, org: Org) -> Tenant:
    """Linked, and synced once."""
    made = link("former", org, settings_of("former", "{object: Account}", MAPPED))
    made.sync()
    made.later()
    return made


def option(tenant: Tenant, key: str, value: str) -> tuple[str, bool, bool]:
    """Label, whether active, and whether it has a day of removal."""
    rows = tenant.query(
        "SELECT field_key, value, label, active, removed_at FROM flyle.custom_field_options"
        " WHERE tenant_id = %s"
    )
    (found,) = [row[2:] for row in rows if row[:2] == (key, value)]
    label, is_active, removed_at = found
    return label, is_active, removed_at is not None


def texts(tenant: Tenant, key: str, holding: Mapping[str, object]) -> set[object]:
    """What companies show at a key that hold all of these values."""
    rows = [row.custom_fields for row in tenant.companies().values()]
    return {row[key] for row in rows if holding.items() <= row.items()}


def test_the_text_of_a_deactivated_option_stays(tenant: Tenant, org: Org) -> None:
    """Its holders showed ``Free`` in the place of フリー as soon as describe dropped it."""
    free = {"plan": "Free"}
    assert texts(tenant, "plan_text", free) == {"フリー"}
    before = tenant.rows()
    org.deactivate_option(*PLAN, "Free")
    tenant.sync()
    assert tenant.rows() == before
    assert option(tenant, "plan", "Free") == ("フリー", False, True)
    tenant.later()
    tenant.sync(kind="census")
    assert tenant.rows() == before
    with tenant.open_refresh() as refresh:
        said = preview(tenant.installation, refresh.settings, open_org=refresh.org.open_org)
    assert said.changed.count == 0


def test_an_option_that_comes_back_with_another_label_renames_its_holders(
    tenant: Tenant, org: Org
) -> None:
    """What describe tells now counts."""
    org.deactivate_option(*PLAN, "Free")
    tenant.sync()
    tenant.later()
    org.relabel_option(*PLAN, "Free", "無料")
    tenant.sync()
    assert texts(tenant, "plan_text", {"plan": "Free"}) == {"フリー"}
    tenant.later()
    org.reactivate_option(*PLAN, "Free")
    tenant.sync()
    assert texts(tenant, "plan_text", {"plan": "Free"}) == {"無料"}
    assert option(tenant, "plan", "Free") == ("無料", True, False)


def test_the_order_of_several_values_stays_when_one_is_deactivated(
    tenant: Tenant, org: Org
) -> None:
    """A value that is gone went behind the others, in the list and in the text."""
    holder = org.ids("Account")[0]
    org.update("Account", holder, {"Regions__c": "North;East"})
    tenant.later()
    tenant.sync()
    tenant.later()
    before = tenant.rows()
    assert before[holder].company.custom_fields["regions_text"] == "北日本; 東日本"
    org.deactivate_option("Account", "Regions__c", "North")
    org.add_option("Account", "Regions__c", "Space", "宇宙")
    tenant.sync()
    assert tenant.rows() == before


def test_a_state_that_is_deactivated_is_not_called_like_another_countrys(
    tenant: Tenant, org: Org
) -> None:
    """With 東京都 gone one label was left for ``13``: 河北省, for Tokyo's companies too."""
    holders = {c for c, row in tenant.companies().items() if row.custom_fields["state"] == "東京都"}
    assert holders
    before = tenant.rows()
    org.deactivate_option("Account", "BillingStateCode", "13")
    tenant.sync()
    assert tenant.rows() == before
    tenant.later()
    org.deactivate_option("Account", "BillingCountryCode", "JP")
    tenant.sync()
    assert tenant.rows() == before


@pytest.mark.parametrize("is_object", [False, True])
def test_what_was_known_outlives_a_time_of_being_hidden(
    link: Link, org: Org, *, is_object: bool
) -> None:
    """Describe says nothing of it meanwhile, and an option is deactivated under cover."""
    at = ("Contract_Info__c", "Plan__c")
    mapped = ("{from: ContractInfo.Plan__c, to: plan, label: プラン, type: text}",)
    source = (
        "{object: Account, one_to_one:"
        " [{of: Account, object: Contract_Info__c, lookup: Account__c, as: ContractInfo}]}"
    )
    tenant = link("former", org, settings_of("former", source, mapped))
    tenant.sync()
    before = tenant.companies()
    shown = {row.custom_fields["plan"] for row in before.values()}
    held = [
        one
        for one in org.catalog.objects[at[0].lower()].field(at[1]).picklist
        if one.label in shown
    ]
    assert held
    assert held[0].label != held[0].value
    tenant.later()
    org.hide_object(at[0]) if is_object else org.hide_field(*at)
    tenant.sync()
    tenant.later()
    org.deactivate_option(*at, held[0].value)
    org.show_object(at[0]) if is_object else org.show_field(*at)
    tenant.sync()
    assert tenant.companies() == before


def test_a_schema_of_an_earlier_version_is_described_whole_once(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Salesforce says 304 as long as nobody edits the object, and the kept one lacks members."""
    with tenant.installation.database.tenant(tenant.name) as tx:
        for one in read_schemas(tx).values():
            put_schema(tx, replace(one, document=as_first_written(one.document)))
    asked = []

    def spied(session: Any, names: Any, moments: Any) -> Any:
        asked.append(dict(moments))
        return describe_all(session, names, moments)

    monkeypatch.setattr("flyle_sf_assets.sync.extract.schema_reader.describe_all", spied)
    before = tenant.rows()
    tenant.sync()
    tenant.later()
    tenant.sync()
    assert [sorted(moments) for moments in asked] == [[], ["Account"]]
    with tenant.installation.database.tenant(tenant.name) as tx:
        account = json.loads(read_schemas(tx)["Account"].document)
    states = next(one for one in account["fields"] if one["name"] == "BillingStateCode")
    assert all(entry["valid_for"] for entry in states["picklist_values"])
    assert tenant.rows() == before


def as_first_written(document: str) -> str:
    """The document without the members that the model of a schema has gained."""
    old = json.loads(document)
    del old["format"], old["former_fields"]
    for field in old["fields"]:
        del field["extra_type_info"], field["former_options"]
        for entry in field["picklist_values"]:
            del entry["valid_for"]
    return json.dumps(old)
