"""Explaining a record: every verdict, each condition by Salesforce, each field with the reason."""

import pytest

from flyle_sf_assets.errors import NotConnected, UsageError
from flyle_sf_assets.explain.explain import explain
from flyle_sf_assets.explain.explanation import Explanation
from flyle_sf_assets.store.tenants.links import LinkState, put_link
from flyle_sf_assets_tests.flows.guarded import guarded, hold, update
from flyle_sf_assets_tests.flows.tenants import Tenant, make_org, settings_of
from flyle_sf_assets_tests.tenant_fixtures import Link

CALLS_MAX = 6
SOURCE = (
    "{object: Account, conditions: [{field: Type, op: eq, value: Customer},"
    " {field: Industry, op: not_null}, {field: Owner.IsActive, op: eq, value: true}]}"
)
MAPPING = [
    "{from: AnnualRevenue, to: revenue, label: 売上}",
    "{from: Industry, to: industry, label: 業種}",
    "{from: Owner.Name, to: owner, label: 担当者}",
    "{from: Phone, to: phone, label: 電話, when_blank: keep}",
]


@pytest.fixture
def tenant(link: Link) -> Tenant:
    """A tenant with three conditions; every account meets them."""
    made = link(
        "small", make_org(accounts=12, opportunities=3), settings_of("small", SOURCE, MAPPING)
    )
    for one in made.there.ids("Account"):
        made.there.update(
            "Account",
            one,
            {"Type": "Customer", "Industry": "Banking", "Phone": "03-1", "AnnualRevenue": "100"},
        )
    made.later()
    made.apply()
    made.sync()
    return made


def explained(tenant: Tenant, reference: str) -> Explanation:
    calls = tenant.there.usage.total
    found = explain(tenant.installation, tenant.name, reference)
    assert tenant.there.usage.total - calls == found.api_calls <= CALLS_MAX
    return found


def account(tenant: Tenant, place: int = 0) -> str:
    return tenant.there.ids("Account")[place]


def whys(found: Explanation) -> dict[str, str]:
    return {one.to: one.why for one in found.fields}


def test_a_linked_company_with_equal_values(tenant: Tenant) -> None:
    one = account(tenant)
    found = explained(tenant, one)
    assert (found.verdict, found.object) == ("linked", "Account")
    assert [reason.code for reason in found.reasons] == ["linked"]
    assert [condition.holds for condition in found.conditions] == [True, True, True]
    assert [condition.value for condition in found.conditions] == ["Customer", "Banking", "true"]
    assert set(whys(found).values()) == {"same"}
    (revenue,) = [field for field in found.fields if field.to == "revenue"]
    assert (revenue.salesforce, revenue.flyle) == ("100", "100")
    assert revenue.read_at is not None
    assert found.company is not None


def test_a_linked_company_says_why_each_value_differs(tenant: Tenant) -> None:
    one = account(tenant)
    tenant.there.update("Account", one, {"AnnualRevenue": "200", "Phone": None})
    found = explained(tenant, one)
    assert found.verdict == "linked"
    assert whys(found) == {
        "revenue": "not_refreshed_yet",
        "industry": "same",
        "owner": "same",
        "phone": "kept_when_blank",
    }
    assert {reason.code for reason in found.reasons} == {"not_refreshed_yet", "kept_when_blank"}


def labelled_option(tenant: Tenant) -> tuple[str, str]:
    """An option of the industry whose label is not its value; the first account has it."""
    found = tenant.options().items()
    value, label = next((v, o.label) for (k, v), o in found if k == "industry" and o.label != v)
    tenant.there.update("Account", account(tenant), {"Industry": value})
    tenant.later()
    tenant.sync()
    return value, label


def test_a_value_that_describe_lists_no_more_is_the_same(tenant: Tenant) -> None:
    """Most orgs leave inactive options out of describe: Salesforce's side had no label then."""
    org = tenant.there
    org.lists_inactive_options = False
    value, label = labelled_option(tenant)
    org.deactivate_option("Account", "Industry", value)
    tenant.later()
    tenant.sync(kind="full")
    (industry,) = [one for one in explained(tenant, account(tenant)).fields if one.to == "industry"]
    assert (industry.salesforce, industry.flyle, industry.why) == (label, label, "same")


def test_two_values_of_one_label_differ(tenant: Tenant) -> None:
    """Options may have the same label: people would be told that nothing is missing."""
    org = tenant.there
    _, label = labelled_option(tenant)
    org.add_option("Account", "Industry", "Second", label)
    tenant.later()
    tenant.sync()
    org.update("Account", account(tenant), {"Industry": "Second"})
    assert whys(explained(tenant, account(tenant)))["industry"] == "not_refreshed_yet"


def test_a_value_of_an_earlier_type_is_shown_without_its_label(tenant: Tenant) -> None:
    """As text it becomes the label: both sides read the same, and were said to differ."""
    value, label = labelled_option(tenant)
    retyped = [one.replace("label: 業種", "label: 業種, type: text") for one in MAPPING]
    tenant.apply(settings_of("small", SOURCE, retyped))
    (industry,) = [one for one in explained(tenant, account(tenant)).fields if one.to == "industry"]
    found = (industry.salesforce, industry.flyle, industry.why)
    assert found == (label, value, "not_refreshed_yet")


def test_conditions_are_judged_one_by_one_by_salesforce(tenant: Tenant) -> None:
    one = account(tenant)
    tenant.there.update("Account", one, {"Type": "Prospect"})
    found = explained(tenant, one)
    assert found.verdict == "conditions_not_met"
    assert [condition.holds for condition in found.conditions] == [False, True, True]
    assert found.conditions[0].value == "Prospect"
    assert found.conditions[0].condition.text.ja in found.reasons[0].message.ja
    tenant.later()
    tenant.sync()
    again = explained(tenant, one)
    assert again.verdict == "conditions_not_met"
    assert again.company is not None
    assert again.company.status == "out_of_scope"


def test_a_record_that_came_since_the_last_sync(tenant: Tenant) -> None:
    values = {"Name": "新規", "Type": "Customer", "Industry": "Banking"}
    one = tenant.there.insert("Account", values)
    found = explained(tenant, one)
    assert found.verdict == "not_yet_synced"
    assert found.company is None
    assert set(whys(found).values()) == {"no_company"}


def test_values_of_a_frozen_and_of_a_linked_company(tenant: Tenant) -> None:
    left, one = account(tenant, 0), account(tenant, 1)
    tenant.there.update("Account", left, {"Type": "Prospect"})
    tenant.later()
    tenant.sync()
    for record in (left, one):
        tenant.there.update("Account", record, {"AnnualRevenue": "333"})
    assert whys(explained(tenant, left))["revenue"] == "frozen"
    assert whys(explained(tenant, one))["revenue"] == "not_refreshed_yet"


@pytest.mark.parametrize("state", ["held", "failing"])
def test_a_held_change_is_named_also_when_the_link_fails_since(
    link: Link, state: LinkState
) -> None:
    """A password that expired meanwhile releases nothing."""
    tenant = guarded(link)
    blanked = update(tenant, 61, {"Memo__c": None})
    hold(tenant)
    with tenant.installation.database.tenant(tenant.name) as tx:
        put_link(tx, state=state)
    assert whys(explained(tenant, blanked[0]))["site"] == "held"
    new = tenant.there.insert("Account", {"Name": "新規", "Type": "Customer"})
    found = explained(tenant, new)
    assert (found.verdict, found.reasons[0].code) == ("not_yet_synced", "held")


def test_deleted_merged_and_purged_records(tenant: Tenant) -> None:
    deleted, loser, winner, purged = (account(tenant, place) for place in range(4))
    tenant.there.delete("Account", deleted)
    tenant.there.merge("Account", winner, [loser])
    tenant.there.hard_delete("Account", purged)
    assert explained(tenant, deleted).verdict == "deleted"
    merged = explained(tenant, loser)
    assert merged.verdict == "merged"
    assert winner in merged.reasons[0].message.en
    assert explained(tenant, purged).verdict == "not_visible"


def test_a_record_of_another_object(tenant: Tenant) -> None:
    found = explained(tenant, tenant.there.ids("Opportunity")[0])
    assert found.verdict == "other_object"
    assert found.reasons[0].remedy.en


def test_a_tenant_that_is_not_linked_is_not_asked(tenant: Tenant) -> None:
    with tenant.installation.database.tenant(tenant.name) as tx:
        put_link(tx, state="disconnected")
    found = explained(tenant, account(tenant))
    assert found.verdict == "tenant_not_linked"
    assert found.api_calls == 0
    assert found.company is not None


def test_a_company_is_found_by_its_name(tenant: Tenant) -> None:
    one = account(tenant)
    tenant.there.update("Account", one, {"Name": "ただ一つの名前"})
    tenant.later()
    tenant.sync()
    assert explained(tenant, "ただ一つの名前").record_id == one
    for place in range(1, 8):
        tenant.there.update("Account", account(tenant, place), {"Name": f"{place} ただ一つの名前"})
    tenant.later()
    tenant.sync()
    assert explained(tenant, "ただ一つの名前").record_id == one, "the exact one of eight"
    with pytest.raises(UsageError) as several:
        explain(tenant.installation, tenant.name, "つの名前")
    assert "5 companies or more" in several.value.came_back.en
    for word in ("", "存在しない名前", "a" * 3_000):
        with pytest.raises(UsageError) as caught:
            explain(tenant.installation, tenant.name, word)
        assert caught.value.code == "record_unclear"


def test_a_value_that_is_rejected(link: Link) -> None:
    mapping = ["{from: Website, to: site, label: サイト, type: url}"]
    tenant = link(
        "small",
        make_org(accounts=2, opportunities=0),
        settings_of("small", "{object: Account}", mapping),
    )
    one = account(tenant)
    tenant.there.update("Account", one, {"Website": "not a url at all"})
    tenant.later()
    tenant.apply()
    tenant.sync()
    found = explained(tenant, one)
    assert whys(found) == {"site": "rejected"}
    assert found.fields[0].rejected == "not_a_url"


def test_a_row_that_is_rejected_whole(link: Link) -> None:
    """A record without a name is no company, and the verdict says what to do."""
    tenant = link(
        "small", make_org(accounts=2, opportunities=0), settings_of("small", SOURCE, MAPPING)
    )
    one = account(tenant)
    values = {"Name": "　", "Type": "Customer", "Industry": "Banking"}
    tenant.there.update("Account", one, values)
    tenant.later()
    tenant.apply()
    tenant.sync()
    found = explained(tenant, one)
    assert (found.verdict, found.company) == ("rejected", None)
    assert found.reasons[0].code == "rejected_empty_name"


def test_many_conditions_cost_no_more_than_six_calls(link: Link) -> None:
    conditions = ["{field: Owner.Name, op: not_null}", "{field: Name, op: ne, value: x}"] * 9
    source = f"{{object: Account, conditions: [{', '.join(conditions)}]}}"
    mapping = ["{from: Parent.Owner.Name, to: above, label: 上}"]
    org = make_org(accounts=3, opportunities=0)
    tenant = link("small", org, settings_of("small", source, mapping))
    tenant.apply()
    tenant.sync()
    assert len(explained(tenant, account(tenant)).conditions) == len(conditions)


def test_an_unknown_tenant(tenant: Tenant) -> None:
    with pytest.raises(NotConnected):
        explain(tenant.installation, "nobody", account(tenant))
