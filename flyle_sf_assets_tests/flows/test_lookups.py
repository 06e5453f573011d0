"""Lookups that are no plain stamped objects: owners that may be groups, objects without a stamp."""

from collections.abc import Callable

import pytest

from flyle_sf_assets.errors import SettingsInvalid
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sync.poll import check_idle
from flyle_sf_assets_tests.flows.owners import add_queue, group_owned, regional_org
from flyle_sf_assets_tests.flows.previews import assert_came_true
from flyle_sf_assets_tests.flows.tenants import Tenant, make_org, settings_of

Link = Callable[[str, Org, str], Tenant]
Change = Callable[[Org], object]

OWNERS = (
    "{from: Region__r.Owner.Name, to: owner, label: 担当}",
    "{from: Region__r.Owner.Email, to: mail, label: メール}",
    "{from: Region__r.Owner.Type, to: kind, label: 種別}",
    "{from: Region__r.Owner.IsActive, to: active, label: 有効}",
    "{from: Owner.Name, to: account_owner, label: 所有者}",
)
SUPPLIERS = (
    "{from: Region__r.Supplier__r.Name, to: supplier, label: 仕入先}",
    "{from: Region__r.Supplier__r.Rank__c, to: rank, label: 順位}",
)
OFFICES = ("{from: Region__r.Office__r.Name, to: office, label: 支店}",)


def linked(link: Link, mapping: tuple[str, ...], source: str = "{object: Account}") -> Tenant:
    tenant = link("regions", make_org(regional_org), settings_of("regions", source, mapping))
    tenant.sync()
    return tenant


@pytest.fixture
def owned(link: Link) -> Tenant:
    """A tenant whose companies show who owns their region: a user or a queue."""
    return linked(link, OWNERS)


def is_idle(tenant: Tenant) -> bool:
    return check_idle(tenant.installation, tenant.name, clock=tenant.clock.now).is_idle


def owning_group(org: Org) -> str:
    """The group that owns most regions: some company's region is among them."""
    owners = [str(region["OwnerId"]) for region in org.records("Region__c")]
    groups = [owner for owner in owners if owner.startswith("00G")]
    return max(groups, key=groups.count)


def region_of_a_user(org: Org) -> str:
    users = set(org.ids("User"))
    return next(str(r["Id"]) for r in org.records("Region__c") if r["OwnerId"] in users)


def test_companies_owned_by_a_group_show_the_groups_name(owned: Tenant) -> None:
    """26 of 55 were blank, with check ok and "116 of 116 match"."""
    owned.assert_follows_org()
    groups = group_owned(owned.there)
    companies = owned.companies()
    assert (len(companies), len(groups)) == (55, 33)
    assert {str(companies[key].custom_fields["owner"])[:2] for key in groups} == {"窓口"}
    assert {companies[key].custom_fields["mail"] for key in groups} == {None}
    assert {companies[key].custom_fields["kind"] for key in groups} == {"Queue"}


CHANGES: dict[str, Change] = {
    "user renamed": lambda org: org.update("User", org.ids("User")[0], {"Name": "改姓 花子"}),
    "group renamed": lambda org: org.update("Group", owning_group(org), {"Name": "新窓口"}),
    "given to a group": lambda org: org.update(
        "Region__c", region_of_a_user(org), {"OwnerId": org.ids("Group")[0]}
    ),
    "given to a group that is new": lambda org: org.update(
        "Region__c", region_of_a_user(org), {"OwnerId": add_queue(org, "新設")}
    ),
    "given to a user": lambda org: org.update(
        "Region__c", org.ids("Region__c")[0], {"OwnerId": org.ids("User")[3]}
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_of_such_an_owner_reaches_the_companies_with_the_next_refresh(
    owned: Tenant, change: Change
) -> None:
    owned.later()
    owned.assert_follows_org()
    before = owned.rows()
    change(owned.there)
    owned.later()
    assert not is_idle(owned)
    owned.sync()
    owned.assert_follows_org()
    assert owned.assert_moved_exactly(before) > 0
    owned.later()
    assert is_idle(owned)


def test_a_group_that_is_gone_is_found_by_the_census(owned: Tenant) -> None:
    """Nothing tells of it: groups know no Recycle Bin."""
    org = owned.there
    owned.assert_follows_org()
    org.hard_delete("Group", org.ids("Group")[0])
    owned.later()
    owned.sync(kind="census")
    owned.assert_follows_org()


def test_an_idle_look_at_such_a_tenant_costs_one_call(owned: Tenant) -> None:
    owned.later()
    checked = check_idle(owned.installation, owned.name, clock=owned.clock.now)
    assert (checked.is_idle, checked.api_calls) == (True, 1)


def test_a_condition_on_such_an_owner_works_in_every_kind_of_refresh(link: Link) -> None:
    """Every refresh but the first asked SystemModstamp of Name: INVALID_FIELD, for ever."""
    condition = "{field: Region__r.Owner.Name, op: eq, value: 窓口 0}"
    source = f"{{object: Account, conditions: [{condition}]}}"
    tenant = linked(link, ("{from: Type, to: type, label: 種別}",), source)
    tenant.assert_follows_org()
    assert 0 < len(tenant.companies()) < 55
    org = tenant.there
    tenant.later()
    assert is_idle(tenant)
    account = next(key for key in tenant.companies())
    org.update("Account", account, {"Type": "Partner"})
    tenant.later()
    assert not is_idle(tenant)
    tenant.sync()
    tenant.assert_follows_org()
    org.update("Group", org.ids("Group")[0], {"Name": "別の窓口"})
    org.update("Group", org.ids("Group")[1], {"Name": "窓口 0"})
    tenant.later()
    tenant.sync()
    tenant.sync(kind="sweep")
    tenant.assert_follows_org()
    org.update("Group", org.ids("Group")[0], {"Name": "窓口 0"})
    tenant.later()
    tenant.sync(kind="census")
    tenant.assert_follows_org()


@pytest.mark.parametrize("rest", ["Department", "Region__c", "Manager.Name", "SystemModstamp"])
def test_what_salesforce_does_not_show_behind_such_an_owner_is_refused(
    link: Link, rest: str
) -> None:
    """Department passed the check, and every sync ended in INVALID_FIELD."""
    settings = settings_of(
        "refused", "{object: Account}", [f"{{from: Region__r.Owner.{rest}, to: x, label: x}}"]
    )
    tenant = link("refused", make_org(regional_org), settings)
    with pytest.raises(SettingsInvalid, match="lookup to several objects"):
        tenant.sync()


@pytest.mark.parametrize(
    ("conditions", "mapping"),
    [("", OWNERS[:1]), ("", SUPPLIERS), ("{field: Region__r.Owner.Type, op: eq, value: User}", ())],
    ids=["owner mapped", "object without a stamp mapped", "condition on an owner"],
)
def test_a_preview_foretells_what_such_lookups_bring(
    link: Link, conditions: str, mapping: tuple[str, ...]
) -> None:
    first = "{from: Type, to: type, label: 種別}"
    tenant = linked(link, (first,))
    tenant.assert_follows_org()
    source = f"{{object: Account, conditions: [{conditions}]}}"
    assert_came_true(tenant, settings_of("regions", source, (first, *mapping)))
    tenant.assert_follows_org()


@pytest.mark.parametrize("mapping", [SUPPLIERS, OFFICES], ids=["no stamp", "unfilterable stamp"])
@pytest.mark.parametrize("kind", ["sweep", "census", "full"])
def test_parents_without_a_stamp_to_filter_by_are_read_again(
    link: Link, mapping: tuple[str, ...], kind: str
) -> None:
    """They passed the check and no refresh ever ended: SystemModstamp was asked for."""
    tenant = linked(link, mapping)
    tenant.assert_follows_org()
    org = tenant.there
    org.update("Supplier__x", org.ids("Supplier__x")[0], {"Name": "改名した仕入先", "Rank__c": 9})
    org.update("Office__c", org.ids("Office__c")[0], {"Name": "改名した支店"})
    org.hard_delete("Supplier__x", org.ids("Supplier__x")[1])
    org.hard_delete("Office__c", org.ids("Office__c")[1])
    tenant.later()
    tenant.sync()
    tenant.sync(kind=kind)  # type: ignore[arg-type]
    tenant.assert_follows_org()
    tenant.later()
    assert is_idle(tenant)


def test_a_parent_without_a_stamp_that_is_newly_looked_up_is_read_at_once(link: Link) -> None:
    tenant = linked(link, (*SUPPLIERS, *OFFICES))
    tenant.assert_follows_org()
    org = tenant.there
    new = org.insert("Supplier__x", {"Name": "新しい仕入先", "Rank__c": 7})
    org.update("Region__c", org.ids("Region__c")[0], {"Supplier__c": new})
    tenant.later()
    tenant.sync()
    tenant.assert_follows_org()


def test_conditions_on_parents_without_a_stamp_are_a_sweeps_to_follow(link: Link) -> None:
    conditions = (
        "{field: Region__r.Supplier__r.Rank__c, op: ge, value: 1},"
        " {field: Region__r.Office__r.Name, op: eq, value: 支店 0}"
    )
    tenant = linked(
        link,
        ("{from: Type, to: type, label: 種別}",),
        f"{{object: Account, conditions: [{conditions}]}}",
    )
    tenant.assert_follows_org()
    org = tenant.there
    tenant.later()
    assert is_idle(tenant)
    org.update("Office__c", org.ids("Office__c")[1], {"Name": "支店 0"})
    org.update("Supplier__x", org.ids("Supplier__x")[1], {"Rank__c": 0})
    tenant.later()
    tenant.sync()
    tenant.sync(kind="sweep")
    tenant.assert_follows_org()
