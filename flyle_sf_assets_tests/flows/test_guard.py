"""The mass-change guard: what would take away too much changes no company before it is approved."""

import pytest

from flyle_sf_assets.errors import ApiBudgetSpent
from flyle_sf_assets.sync.context import RefreshKind
from flyle_sf_assets.sync.poll import check_idle
from flyle_sf_assets_tests.flows.guarded import (
    CUSTOMERS,
    MAPPING,
    delete,
    guarded,
    hold,
    link_of,
    notices,
    numbers,
    settings,
    update,
)
from flyle_sf_assets_tests.flows.tenants import Tenant, make_org
from flyle_sf_assets_tests.tenant_fixtures import Link

PARTNERS = "{field: Type, op: eq, value: Partner}"


@pytest.fixture
def tenant(link: Link) -> Tenant:
    """300 linked companies with an industry and a site each."""
    return guarded(link)


@pytest.mark.parametrize("kind", ["refresh", "sweep", "census", "full"])
def test_more_companies_leave_than_the_limit(tenant: Tenant, kind: RefreshKind) -> None:
    """Someone empties an object by mistake: 61 of 300 are more than 20 %."""
    gone = delete(tenant, 61)
    error = hold(tenant, kind)
    assert numbers(error) == [(None, 61, 300)]
    assert error.exit_code == 3
    assert not error.retryable
    assert [one.external_id for one in error.change.examples] == gone[:5]
    assert {(one.old, one.new) for one in error.change.examples} == {('"linked"', '"deleted"')}
    _, attention = link_of(tenant)
    assert [(one["code"], one["field"]) for one in attention] == [("mass_change_held", None)]
    names = [tenant.last[key].name for key in gone[:3]]
    for text in (attention[0]["message_ja"], attention[0]["message_en"]):
        assert all(word in text for word in ("61", "300", "20.3%", "20%", gone[0], *names))
    assert "flyle-sf approve guarded" in attention[0]["remedy_en"]
    assert [kind for kind, _ in notices(tenant)] == ["held"]
    assert all(word in notices(tenant)[0][1] for word in ("61", "300", gone[0], names[0]))


def test_up_to_the_limit_nothing_is_held(tenant: Tenant) -> None:
    """60 of 300 are 20 %, not more."""
    delete(tenant, 60)
    tenant.sync()
    tenant.assert_follows_org()
    assert link_of(tenant) == ("linked", [])


def test_leaving_the_conditions_counts_as_well(tenant: Tenant) -> None:
    """A bulk update of the field that the conditions ask for."""
    update(tenant, 40, {"Type": "Other"})
    delete(tenant, 30, first=40)
    assert numbers(hold(tenant)) == [(None, 70, 300)]


def test_more_values_of_one_field_become_blank_than_the_limit(tenant: Tenant) -> None:
    """An import with an empty column. The other field keeps within its own limit."""
    ids = update(tenant, 61, {"Industry": None})
    update(tenant, 60, {"Memo__c": None})
    error = hold(tenant)
    assert numbers(error) == [("industry", 61, 300)]
    assert [(one.external_id, one.old, one.new) for one in error.change.examples] == [
        (key, '"金融"', "null") for key in ids[:5]
    ]
    _, attention = link_of(tenant)
    assert [(one["code"], one["field"]) for one in attention] == [("mass_change_held", "industry")]
    assert all(word in attention[0]["message_ja"] for word in ("業種", "industry", "61", "300"))


def test_a_share_is_of_the_values_that_there_were(tenant: Tenant) -> None:
    """55 of 240 values are more than a fifth, though 300 companies have the field."""
    update(tenant, 60, {"Memo__c": None})
    tenant.sync()
    update(tenant, 55, {"Memo__c": None}, first=100)
    assert numbers(hold(tenant)) == [("site", 55, 240)]


def test_a_company_that_comes_back_without_a_value_has_lost_none(tenant: Tenant) -> None:
    """It was not linked: nobody saw its value. 50 linked ones become blank beside it, the floor."""
    gone = delete(tenant, 20)
    tenant.sync()
    tenant.there.undelete("Account", *gone)
    update(tenant, 70, {"Industry": None})
    tenant.sync()
    tenant.assert_follows_org()
    assert link_of(tenant) == ("linked", [])


def test_new_values_do_not_hide_what_becomes_blank(tenant: Tenant) -> None:
    """300 new customers arrive in the same refresh, with a site each."""
    for number in range(300):
        tenant.there.insert(
            "Account", {"Name": f"新規{number}", "Type": "Customer", "Memo__c": "支社"}
        )
    update(tenant, 61, {"Memo__c": None})
    delete(tenant, 61, first=61)
    assert numbers(hold(tenant)) == [(None, 61, 300), ("site", 61, 300)]


def test_a_value_that_a_deleted_parent_takes_away_counts(tenant: Tenant) -> None:
    """One deletion blanks a field of every child."""
    ids = sorted(tenant.there.ids("Account"))
    parent = ids[-1]
    update(tenant, 80, {"ParentId": parent})
    tenant.sync()
    tenant.assert_follows_org()
    tenant.later()
    tenant.there.delete("Account", parent)
    tenant.later()
    assert numbers(hold(tenant)) == [("parent", 80, 80)]


def test_under_the_floor_of_50_rows_nothing_is_held(link: Link) -> None:
    """A small customer's clean-up is no accident; 50 of 60 may go."""
    tenant = guarded(link, accounts=60)
    delete(tenant, 50)
    update(tenant, 10, {"Industry": None})
    tenant.sync()
    tenant.assert_follows_org()
    assert link_of(tenant) == ("linked", [])


def test_one_row_above_the_floor_is_held(link: Link) -> None:
    tenant = guarded(link, accounts=60)
    delete(tenant, 51)
    assert numbers(hold(tenant)) == [(None, 51, 60)]


@pytest.mark.parametrize(("limit", "held"), [("0%", True), ("33%", True), ("33.4%", False)])
def test_the_limits_are_those_of_the_settings(link: Link, limit: str, *, held: bool) -> None:
    tenant = guarded(link, text=settings(guard=f'{{max_gone: "{limit}", max_blanked: "{limit}"}}'))
    delete(tenant, 100)
    update(tenant, 66, {"Memo__c": None})
    if held:
        assert numbers(hold(tenant))[0] == (None, 100, 300)
    else:
        tenant.sync()
        tenant.assert_follows_org()


def test_what_is_held_goes_on_being_read_and_stays_one_matter(tenant: Tenant) -> None:
    """The records are committed, so that an approval need not read them; one notice is enough."""
    delete(tenant, 61)
    generations = tenant.generations()
    error = hold(tenant)
    assert tenant.generations()["accounts"] > generations["accounts"]
    assert tenant.generations()["enriched/Account"] > generations["enriched/Account"]
    [(since,)] = tenant.query("SELECT held_since FROM flyle.held_changes WHERE tenant_id = %s")
    tenant.later()
    assert numbers(hold(tenant)) == numbers(error)
    update(tenant, 3, {"Name": "改名"}, first=200)
    delete(tenant, 4, first=200)
    assert numbers(hold(tenant)) == [(None, 65, 300)]
    assert tenant.query("SELECT held_since FROM flyle.held_changes WHERE tenant_id = %s") == [
        (since,)
    ]
    assert [kind for kind, _ in notices(tenant)] == ["held"]
    assert len(link_of(tenant)[1]) == 1


def test_a_held_tenant_without_news_is_idle(tenant: Tenant) -> None:
    """It is asked as often as others, and costs as little; its last sync does not move."""
    delete(tenant, 61)
    hold(tenant)
    tenant.later()
    times = "SELECT last_synced_at, next_due_at, state FROM flyle.links WHERE tenant_id = %s"
    [(synced, due, _)] = tenant.query(times)
    tenant.later(4 * 3600)
    check = check_idle(tenant.installation, tenant.name, clock=tenant.clock.now)
    assert (check.is_idle, check.api_calls) == (True, 1)
    [(still, next_due, state)] = tenant.query(times)
    assert (still, state) == (synced, "held")
    assert next_due > due
    delete(tenant, 1, first=100)
    assert not check_idle(tenant.installation, tenant.name, clock=tenant.clock.now).is_idle


def test_a_raised_limit_releases_it(tenant: Tenant) -> None:
    """No approval is needed for what the settings now allow."""
    delete(tenant, 61)
    hold(tenant)
    tenant.apply(settings(guard="{max_gone: 50%, max_blanked: 20%}"))
    tenant.sync()
    tenant.assert_follows_org()
    assert link_of(tenant) == ("linked", [])


def test_a_changed_condition_is_not_held(tenant: Tenant) -> None:
    """The preview said how many companies leave, before anyone saved it."""
    update(tenant, 200, {"Type": "Partner"})
    tenant.sync()
    tenant.assert_follows_org()
    tenant.later()
    tenant.apply(settings(conditions=PARTNERS))
    tenant.sync()
    tenant.assert_follows_org()
    assert link_of(tenant) == ("linked", [])
    assert [row.status for row in tenant.companies().values()].count("out_of_scope") == 100


def test_a_changed_condition_does_not_excuse_what_was_deleted(tenant: Tenant) -> None:
    """No condition deletes a record: only what leaves the conditions follows from the settings."""
    delete(tenant, 61)
    tenant.apply(settings(conditions="{field: Type, op: eq, value: Customer}"))
    assert numbers(hold(tenant)) == [(None, 61, 300)]


def test_a_changed_condition_is_not_held_by_the_run_after_a_killed_one(tenant: Tenant) -> None:
    """The records of the new conditions are committed long before the companies."""
    update(tenant, 200, {"Type": "Partner"})
    tenant.sync()
    tenant.assert_follows_org()
    tenant.later()
    tenant.apply(settings(conditions=PARTNERS))
    tenant.sync(steps=range(5))
    tenant.later()
    tenant.sync()
    tenant.assert_follows_org()


def test_a_changed_mapping_is_not_held(tenant: Tenant) -> None:
    """Another source for the same field, which few records have."""
    other = [one.replace("from: Memo__c", "from: Website") for one in MAPPING]
    tenant.apply(settings(other))
    tenant.sync()
    tenant.assert_follows_org()
    assert link_of(tenant) == ("linked", [])


def test_a_changed_mapping_does_not_excuse_another_field(tenant: Tenant) -> None:
    """The label of one field changes while an import empties it, and the source of another."""
    update(tenant, 61, {"Industry": None})
    relabelled = [one.replace("業種", "業界") for one in MAPPING]
    other = [one.replace("from: Memo__c", "from: Website") for one in relabelled]
    tenant.apply(settings(other))
    error = hold(tenant)
    assert numbers(error) == [("industry", 61, 300)]
    assert error.change.losses[0].label == "業界"


def test_a_changed_base_object_is_not_held(tenant: Tenant) -> None:
    """All companies are replaced by those of the other object."""
    tenant.there.insert("Opportunity", {"Name": "商談", "StageName": "Prospecting"})
    text = settings(["{from: StageName, to: stage, label: フェーズ, type: text}"])
    source = f"source: {{object: Account, conditions: [{CUSTOMERS}]}}"
    assert source in text
    tenant.apply(text.replace(source, "source: {object: Opportunity}"))
    tenant.sync()
    assert link_of(tenant) == ("linked", [])
    statuses = [row.status for row in tenant.companies().values()]
    assert (statuses.count("unlinked"), statuses.count("linked")) == (300, 1)


def test_a_first_sync_is_not_held(link: Link) -> None:
    """There is nothing yet that could be lost; nor is there after an interrupted first sync."""
    tenant = link("guarded", make_org(accounts=120, opportunities=0), settings(conditions=""))
    tenant.sync(steps=range(6))
    delete(tenant, 110)
    tenant.sync()
    tenant.assert_follows_org()
    assert notices(tenant) == []


def test_a_sync_that_is_held_does_not_wait_for_the_budget_any_more(tenant: Tenant) -> None:
    """It was postponed before; the org was read since, and only the approval is waited for."""
    tenant.there.set_api_limit(1_000, used=950)
    delete(tenant, 1)
    check_idle(tenant.installation, tenant.name, clock=tenant.clock.now)
    delete(tenant, 60, first=1)
    with pytest.raises(ApiBudgetSpent):
        tenant.sync()
    assert [one["code"] for one in link_of(tenant)[1]] == ["api_budget_spent"]
    tenant.there.set_api_limit(1_000, used=50)
    tenant.later()
    check_idle(tenant.installation, tenant.name, clock=tenant.clock.now)
    hold(tenant)
    assert [one["code"] for one in link_of(tenant)[1]] == ["mass_change_held"]
