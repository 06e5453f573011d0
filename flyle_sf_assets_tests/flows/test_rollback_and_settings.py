"""Rollback beside another mapping, another type, another base object, and another connection.

The expected rows were read from PostgreSQL before the sync that is rolled back.
"""

import pytest

from flyle_sf_assets.connection.connect import connect_headless
from flyle_sf_assets.connection.disconnect import disconnect
from flyle_sf_assets_tests.flows.content import content
from flyle_sf_assets_tests.flows.guarded import MAPPING, delete, settings, update
from flyle_sf_assets_tests.flows.rollbacks import back, contents, kept, resumed, small, synced
from flyle_sf_assets_tests.flows.tenants import Tenant, make_org
from flyle_sf_assets_tests.tenant_fixtures import Link


@pytest.fixture
def tenant(link: Link) -> Tenant:
    """60 linked companies with an industry and a site each."""
    return small(link)


def test_a_bad_mapping_is_rolled_back_before_it_is_corrected(tenant: Tenant) -> None:
    """The new values go at once; the corrected mapping is followed, and nothing is kept."""
    before = tenant.companies()
    wrong = ("{from: Phone, to: industry, label: 業種, type: text}", *MAPPING[1:])
    tenant.apply(settings(wrong))
    sync_id = synced(tenant)
    assert back(tenant, sync_id).left_counts == {}
    assert contents(tenant) == {key: content(row) for key, row in before.items()}
    synced(tenant)
    assert contents(tenant) == {key: content(row) for key, row in before.items()}
    tenant.apply(settings(MAPPING))
    synced(tenant)
    assert contents(tenant) == {key: content(row) for key, row in before.items()}
    assert kept(tenant) == []


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        ("{from: Phone, to: industry, label: 業種, type: text}", "mapping_changed"),
        ("{from: Industry, to: other, label: 業種, type: text}", "not_mapped"),
    ],
)
def test_another_mapping_since_is_left_alone(tenant: Tenant, first: str, reason: str) -> None:
    """Its values would be those of a field that is not mapped there any more."""
    update(tenant, 2, {"Industry": "Retail"})
    sync_id = synced(tenant)
    tenant.there.mass_update("Account", tenant.there.ids("Account"), {"Phone": "小売"})
    tenant.apply(settings((first, *MAPPING[1:])))
    tenant.later()
    synced(tenant)
    assert back(tenant, sync_id).left_counts == {reason: 2}


def test_another_type_ends_what_is_kept(tenant: Tenant) -> None:
    """A field never has values of two types; the values are Salesforce's again."""
    update(tenant, 2, {"Industry": "Retail"})
    sync_id = synced(tenant)
    back(tenant, sync_id)
    text = "{from: Industry, to: industry, label: 業種, type: single_select}"
    tenant.apply(settings((text, *MAPPING[1:])))
    synced(tenant)
    tenant.assert_follows_org()
    assert kept(tenant) == []
    assert back(tenant, sync_id).restored == ()


def test_disconnecting_keeps_what_was_rolled_back(tenant: Tenant) -> None:
    """Values stay rolled back after the next connection; a status follows it."""
    before = tenant.companies()
    ids = update(tenant, 2, {"Industry": "Retail"})
    gone = delete(tenant, 2, first=10)
    sync_id = synced(tenant)
    back(tenant, sync_id)
    disconnect(tenant.installation, tenant.name, by="test", clock=tenant.clock.now)
    assert {row.status for row in tenant.companies().values()} == {"unlinked"}
    connect_headless(tenant.installation, tenant.name, by="test", clock=tenant.clock.now)
    synced(tenant)
    found = tenant.companies()
    assert [found[key] for key in ids] == [before[key] for key in ids]
    assert {found[key].status for key in gone} == {"deleted"}


def test_another_base_object_ends_what_is_kept_of_a_status(tenant: Tenant) -> None:
    """The companies of the former object are unlinked, and no rollback links one of them."""
    gone = delete(tenant, 2, first=10)
    sync_id = synced(tenant)
    left = delete(tenant, 2, first=20)
    other = synced(tenant)
    back(tenant, sync_id)
    text = settings().replace("object: Account", "object: Opportunity")
    mapping = "{from: StageName, to: industry, label: 業種, type: text}"
    text = text[: text.index("mapping:")] + f"mapping:\n  - {mapping}\n"
    tenant.apply(text.replace("Customer, Partner", "New Business"))
    changed = synced(tenant)
    assert {tenant.companies()[key].status for key in gone} == {"unlinked"}
    assert {tenant.companies()[key].status for key in left} == {"deleted"}
    assert back(tenant, other).left_counts == {"link_changed": 2}
    assert set(back(tenant, changed).left_counts) == {"link_changed"}
    assert resumed(tenant, sync_id).left_counts == {"changed_later": 2}
    assert kept(tenant) == []


def test_another_org_ends_everything(tenant: Tenant) -> None:
    """Its records are others; the companies of the former org stay as they are."""
    update(tenant, 2, {"Industry": "Retail"})
    gone = delete(tenant, 2, first=10)
    sync_id = synced(tenant)
    back(tenant, sync_id)
    left = delete(tenant, 2, first=20)
    other = synced(tenant)
    tenant.there = make_org(accounts=3, opportunities=0)
    tenant.server.add(tenant.there)
    tenant.give_credentials()
    connect_headless(
        tenant.installation, tenant.name, by="test", replace_org=True, clock=tenant.clock.now
    )
    assert kept(tenant) == []
    synced(tenant)
    assert {tenant.companies()[key].status for key in gone} == {"unlinked"}
    assert back(tenant, other).left_counts == {"link_changed": 2}
    assert {tenant.companies()[key].status for key in left} == {"deleted"}


def test_another_source_ends_what_is_kept_even_with_the_same_value(tenant: Tenant) -> None:
    """The new field happens to have the value that was rolled back: it is that field's own."""
    update(tenant, 2, {"Industry": "Retail", "Phone": "小売"})
    sync_id = synced(tenant)
    back(tenant, sync_id)
    tenant.apply(settings(("{from: Phone, to: industry, label: 業種, type: text}", *MAPPING[1:])))
    tenant.later()
    synced(tenant)
    tenant.assert_follows_org()
    assert kept(tenant) == []
