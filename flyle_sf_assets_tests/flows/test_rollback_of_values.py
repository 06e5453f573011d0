"""Rollback of values of every type, of parents, and of those that a sync does not write.

The expected rows were read from PostgreSQL before the sync that is rolled back.
"""

import pytest

from flyle_sf_assets.sync.context import RefreshKind
from flyle_sf_assets_tests.flows.changes import change_accounts
from flyle_sf_assets_tests.flows.content import content
from flyle_sf_assets_tests.flows.guarded import guarded, settings, update
from flyle_sf_assets_tests.flows.rollbacks import (
    back,
    census_of,
    contents,
    kept,
    resumed,
    small,
    synced,
)
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.tenant_fixtures import Link

KINDS: list[RefreshKind] = ["refresh", "sweep", "census", "full"]
EVERYTHING = {
    "AnnualRevenue": "123.45",
    "NumberOfEmployees": 7,
    "Industry": "Retail",
    "Contract_Plan__c": None,
    "Regions__c": "North",
    "Score__c": "0.125",
    "Is_Strategic__c": True,
    "Founded_On__c": "1999-12-31",
    "Last_Contact_At__c": "2025-01-02T03:04:05Z",
    "Website": "https://wrong.example",
    "Memo__c": None,
}


def test_values_of_every_type_and_of_parents(acme: Tenant) -> None:
    """The demo tenant: numbers exact, options, dates, a renamed owner, a moved contract."""
    acme.sync()
    before = contents(acme)
    acme.later()
    change_accounts(acme.there)
    acme.there.mass_update("Account", sorted(before)[10:40], EVERYTHING)
    acme.later()
    sync_id = synced(acme)
    after = contents(acme)
    new = after.keys() - before.keys()
    done = back(acme, sync_id)
    assert done.left_counts == {"created": len(new)}
    assert {key: row for key, row in contents(acme).items() if key not in new} == before
    for kind in KINDS:
        acme.later()
        acme.sync(kind=kind)
        assert {key: row for key, row in contents(acme).items() if key not in new} == before, kind
    assert census_of(acme)[2] == 0
    acme.later()
    resumed(acme, sync_id)
    assert contents(acme) == after


@pytest.fixture
def tenant(link: Link) -> Tenant:
    """60 linked companies with an industry and a site each."""
    return small(link)


def test_a_value_that_becomes_unacceptable_was_another_value(link: Link) -> None:
    """x, y, no url, y: the last one is a change of Salesforce's, so it is followed."""
    mapping = ("{from: Website, to: site, label: サイト, type: url}",)
    tenant = guarded(link, accounts=5, text=settings(mapping))
    [key] = update(tenant, 1, {"Website": "https://x.example"})
    synced(tenant)
    update(tenant, 1, {"Website": "https://y.example"})
    sync_id = synced(tenant)
    back(tenant, sync_id)
    update(tenant, 1, {"Website": "javascript:alert(1)"})
    synced(tenant)
    assert tenant.companies()[key].custom_fields["site"] == "https://x.example"
    update(tenant, 1, {"Website": "https://y.example"})
    synced(tenant)
    assert tenant.companies()[key].custom_fields["site"] == "https://y.example"


def test_a_blank_that_the_settings_keep_was_another_value(link: Link) -> None:
    """x, y, blank, y: as above, for a mapping with ``when_blank: keep``."""
    mapping = ("{from: Memo__c, to: site, label: 拠点, when_blank: keep}",)
    tenant = guarded(link, accounts=5, text=settings(mapping))
    [key] = update(tenant, 1, {"Memo__c": "支社"})
    sync_id = synced(tenant)
    back(tenant, sync_id)
    update(tenant, 1, {"Memo__c": None})
    synced(tenant)
    assert tenant.companies()[key].custom_fields["site"] == "本社"
    update(tenant, 1, {"Memo__c": "支社"})
    synced(tenant)
    assert tenant.companies()[key].custom_fields["site"] == "支社"


def test_a_hidden_field_keeps_what_was_rolled_back(tenant: Tenant) -> None:
    """Its value in Salesforce is not known while it is hidden."""
    before = tenant.companies()
    ids = update(tenant, 3, {"Industry": "Retail"})
    sync_id = synced(tenant)
    back(tenant, sync_id)
    tenant.there.hide_field("Account", "Industry")
    tenant.later(7 * 3600)
    update(tenant, 3, {"Memo__c": "支社"})
    synced(tenant)
    tenant.there.show_field("Account", "Industry")
    tenant.later(7 * 3600)
    synced(tenant)
    industries = {tenant.companies()[key].custom_fields["industry"] for key in ids}
    assert industries == {before[key].custom_fields["industry"] for key in ids}


def test_a_parents_name_is_rolled_back_for_every_child(tenant: Tenant) -> None:
    """One wrong name of a parent is in many companies; the next name is followed."""
    parent = max(tenant.there.ids("Account"))
    update(tenant, 40, {"ParentId": parent})
    synced(tenant)
    before = tenant.companies()
    tenant.there.update("Account", parent, {"Name": "まちがい"})
    tenant.later()
    sync_id = synced(tenant)
    assert back(tenant, sync_id).companies == 41
    assert tenant.companies() == before
    update(tenant, 40, {"Memo__c": "支社"})
    synced(tenant)
    assert {row.custom_fields["parent"] for row in tenant.companies().values()} == {
        row.custom_fields["parent"] for row in before.values()
    }
    tenant.there.update("Account", parent, {"Name": "正しい名前"})
    tenant.later()
    synced(tenant)
    tenant.last = before
    names = {row.custom_fields["parent"] for row in tenant.companies().values()}
    assert names == {"正しい名前", None}


def test_more_companies_than_the_guard_allows(link: Link) -> None:
    """Neither a rollback nor its end is a mass change: a person asked for it."""
    tenant = guarded(link)
    update(tenant, 60, {"Industry": None})
    numbers = [synced(tenant)]
    tenant.there.delete("Account", *sorted(tenant.there.ids("Account"))[100:160])
    tenant.later()
    numbers.append(synced(tenant))
    after = tenant.companies()
    for number in reversed(numbers):
        back(tenant, number)
    assert {row.status for row in tenant.companies().values()} == {"linked"}
    before = tenant.companies()
    for kind in KINDS:
        tenant.later()
        tenant.sync(kind=kind)
        assert tenant.companies() == before, kind
    for number in numbers:
        resumed(tenant, number)
    assert tenant.companies() == after
    assert kept(tenant) == []


def test_a_rollback_of_a_rollback_brings_what_changed_while_companies_were_frozen(
    tenant: Tenant,
) -> None:
    """Their records did not change again, so no later refresh wrote the values."""
    ids = update(tenant, 3, {"Type": "Other"})
    synced(tenant)
    update(tenant, 3, {"Type": "Customer", "Industry": "Retail"})
    made = back(tenant, synced(tenant)).rollback_sync_id
    update(tenant, 2, {"Industry": "Healthcare", "Memo__c": "支社", "Name": "新しい名前"})
    synced(tenant)
    before = tenant.companies()
    assert {before[key].status for key in ids} == {"out_of_scope"}
    done = back(tenant, made or 0)
    expected = {key: content(row) for key, row in tenant.oracle.companies(before).items()}
    assert contents(tenant) == expected
    assert (done.companies, done.left_counts, kept(tenant)) == (3, {}, [])
    tenant.later()
    tenant.sync(kind="census")
    assert census_of(tenant)[2] == 0
