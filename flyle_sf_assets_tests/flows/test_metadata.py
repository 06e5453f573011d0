"""What an administrator edits in Salesforce is there after one sync that a person starts."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from flyle_sf_assets.errors import FieldRefused
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.store.tenants.links import Link, get_link
from flyle_sf_assets.sync.poll import check_idle
from flyle_sf_assets_tests.flows.tenants import Tenant, make_org, settings_of

Linking = Callable[[str, Org, str], Tenant]

SOURCE = (
    "{object: Account, conditions: [{field: Type, op: in, value: [Customer, Partner, Prospect]}]}"
)
QUIET_CALLS = 2
"""Of a sync that finds nothing new, without the describe."""

MAPPING = (
    "{from: Industry, to: industry, label: 業種}",
    "{from: Phone, to: phone, label: 電話}",
    "{from: Is_Strategic__c, to: strategic, label: 重点, type: text}",
    "{from: Owner.Name, to: owner, label: 担当者}",
    "{from: ContractInfo.Plan__c, to: plan, label: プラン}",
)


@pytest.fixture
def small(link: Linking) -> Tenant:
    """A synced tenant with a condition and objects one and two lookups away."""
    source = SOURCE.replace(
        "{object: Account,",
        "{object: Account, one_to_one:"
        " [{object: Contract_Info__c, lookup: Account__c, of: Account, as: ContractInfo}],",
    )
    tenant = link("small", make_org(samples.account_org), settings_of("small", source, MAPPING))
    tenant.sync()
    tenant.assert_follows_org()
    tenant.later(3600)
    tenant.sync()
    return tenant


def _link(tenant: Tenant) -> Link:
    with tenant.installation.database.tenant(tenant.name) as tx:
        return get_link(tx)


def _sync(tenant: Tenant) -> int:
    """One sync a minute later, and the calls that the org counted for it."""
    tenant.later(60)
    before = tenant.there.usage.total
    tenant.sync()
    return tenant.there.usage.total - before


def _idle(tenant: Tenant, *, is_asked: bool) -> tuple[bool, int]:
    """A look a minute later, and the calls that it took."""
    tenant.later(60)
    before = tenant.there.usage.total
    found = check_idle(
        tenant.installation, tenant.name, clock=tenant.clock.now, is_asked_for=is_asked
    )
    assert found.api_calls == tenant.there.usage.total - before
    return found.is_idle, found.api_calls


def _retype(org: Org, name: str) -> None:
    """An account's field becomes a text of 255 characters."""
    field = org.catalog.objects["account"].field(name)
    text = replace(field, type="string", length=255, picklist=(), restricted=False)
    org.change_field_type("Account", text)


def test_a_new_option_and_a_new_label_are_in_the_catalog_after_one_sync(small: Tenant) -> None:
    """A person added an option and pressed 今すぐ同期: for up to six hours nothing came."""
    small.there.add_option("Account", "Industry", "Space", "宇宙")
    small.there.relabel_option("Account", "Industry", "Finance", "金融・保険")
    _sync(small)
    assert small.options()["industry", "Space"].label == "宇宙"
    assert small.options()["industry", "Finance"].label == "金融・保険"
    assert small.options() == small.oracle.options(small.companies())


@pytest.mark.parametrize("is_told", [False, True], ids=["304", "Last-Modified moves"])
def test_a_field_that_is_shown_again_is_read_by_the_next_sync(
    small: Tenant, *, is_told: bool
) -> None:
    """Values that changed while it was hidden come with it, and its attention goes."""
    org = small.there
    org.permissions_move_last_modified = is_told
    account = next(str(one["Id"]) for one in org.records("Account") if one["Type"] == "Customer")
    org.hide_field("Account", "Phone")
    _sync(small)
    item = _link(small).attention[0]
    assert (item.code, item.object, item.field) == ("field_not_readable", "Account", "Phone")
    org.update("Account", account, {"Phone": "03-1111-2222"})
    _sync(small)
    org.show_field("Account", "Phone")
    _sync(small)
    assert small.companies()[account].custom_fields["phone"] == "03-1111-2222"
    assert _link(small).attention == ()
    small.assert_follows_org()


def test_a_field_of_another_type_is_converted_by_the_next_sync(small: Tenant) -> None:
    """No record is stamped for it."""
    _retype(small.there, "Is_Strategic__c")
    _sync(small)
    small.assert_follows_org()


@pytest.mark.parametrize("is_told", [False, True], ids=["304", "Last-Modified moves"])
def test_a_condition_that_was_repaired_works_with_the_next_sync(
    small: Tenant, *, is_told: bool
) -> None:
    """`check` said ok, and every sync failed with no API call: the org was never asked again."""
    org = small.there
    org.permissions_move_last_modified = is_told
    org.hide_field("Account", "Type")
    with pytest.raises(FieldRefused):
        _sync(small)
    link = _link(small)
    assert (link.state, link.stopped_version) == ("failing", 1)
    (item,) = link.attention
    assert (item.code, item.object, item.field) == ("condition_field_missing", "Account", "Type")
    before = org.usage.total
    with pytest.raises(FieldRefused):
        _sync(small)
    assert org.usage.total > before, "refused without asking the org"
    org.show_field("Account", "Type")
    _sync(small)
    link = _link(small)
    assert (link.state, link.stopped_version, link.attention) == ("linked", None, ())
    small.assert_follows_org()


def test_everything_at_once_comes_with_one_sync_at_one_call_more(small: Tenant) -> None:
    """One composite call describes all three objects; a quiet sync cost two calls without it."""
    org = small.there
    assert _sync(small) == QUIET_CALLS + 1
    org.permissions_move_last_modified = False
    org.hide_field("Account", "Phone")
    org.hide_field("Account", "Type")
    with pytest.raises(FieldRefused):
        _sync(small)
    org.show_field("Account", "Phone")
    org.show_field("Account", "Type")
    org.add_option("Contract_Info__c", "Plan__c", "Space", "宇宙プラン")
    _retype(org, "Is_Strategic__c")
    _sync(small)
    small.assert_follows_org()
    assert small.options()["plan", "Space"].label == "宇宙プラン"
    assert (_link(small).state, _link(small).attention) == ("linked", ())
    assert _sync(small) == QUIET_CALLS + 1


def test_only_a_look_that_a_person_asked_for_asks_for_the_metadata(small: Tenant) -> None:
    """The schedule's look costs one call; a person's one more, and it finds the new option."""
    assert _idle(small, is_asked=False) == (True, 1)
    assert _idle(small, is_asked=True) == (True, 2)
    small.there.add_option("Account", "Industry", "Space", "宇宙")
    assert _idle(small, is_asked=False) == (True, 1)
    assert _idle(small, is_asked=True)[0] is False
    _sync(small)
    assert ("industry", "Space") in small.options()
    assert _idle(small, is_asked=True)[0] is True


@pytest.mark.parametrize("first", [1, 4, 5])
def test_a_run_without_the_schemas_asks_for_them_too(small: Tenant, first: int) -> None:
    """A person materializes some assets: what they show is the org as it is now."""
    org = small.there
    org.permissions_move_last_modified = False
    account = next(str(one["Id"]) for one in org.records("Account") if one["Type"] == "Customer")
    org.hide_field("Account", "Phone")
    _sync(small)
    org.update("Account", account, {"Phone": "03-1111-2222"})
    org.show_field("Account", "Phone")
    org.add_option("Account", "Industry", "Space", "宇宙")
    small.later(60)
    small.sync(steps=range(first, 7))
    assert ("industry", "Space") in small.options()
    small.assert_follows_org()
