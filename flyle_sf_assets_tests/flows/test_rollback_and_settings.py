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


AMOUNT = "Amount, to: industry, label: 業種, type: number"


def of_deals() -> str:
    """Settings of the other base object."""
    text = settings().replace("object: Account", "object: Opportunity")
    mapping = "{from: StageName, to: industry, label: 業種, type: text}"
    text = text[: text.index("mapping:")] + f"mapping:\n  - {mapping}\n"
    return text.replace("Customer, Partner", "New Business")


def frozen(tenant: Tenant) -> tuple[list[str], int]:
    """Two companies that a rollback of their undelete froze, and its sync; one value is noted."""
    gone = delete(tenant, 2)
    synced(tenant)
    tenant.there.undelete("Account", *gone)
    tenant.later()
    sync_id = synced(tenant)
    back(tenant, sync_id)
    update(tenant, 2, {"Industry": "Retail"})
    synced(tenant)
    return gone, sync_id


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
    tenant.apply(of_deals())
    changed = synced(tenant)
    assert {tenant.companies()[key].status for key in gone} == {"unlinked"}
    assert {tenant.companies()[key].status for key in left} == {"deleted"}
    assert back(tenant, other).left_counts == {"link_changed": 2}
    assert set(back(tenant, changed).left_counts) == {"link_changed"}
    assert resumed(tenant, sync_id).left_counts == {"changed_later": 2}
    assert kept(tenant) == []


@pytest.mark.parametrize("is_begun", [False, True])
def test_no_company_of_another_base_object_is_linked_when_its_rollback_ends(
    tenant: Tenant, *, is_begun: bool
) -> None:
    """It stays as it is, with its values, until a sync has written its object again."""
    ids, sync_id = frozen(tenant)
    tenant.apply(of_deals())
    synced(tenant)
    before = tenant.companies()
    assert {before[key].status for key in ids} == {"deleted"}
    if is_begun:
        tenant.apply(settings())
        tenant.sync(steps=range(1))
    done = resumed(tenant, sync_id)
    assert (done.values, done.left_counts) == (0, {"link_changed": 2})
    assert tenant.companies() == before
    assert kept(tenant) == []
    tenant.apply(settings())
    synced(tenant)
    tenant.assert_follows_org()


def test_a_base_object_that_no_sync_has_written_yet_does_not_count(tenant: Tenant) -> None:
    """The companies are those of the former object; should it come back, nothing reads them."""
    _, sync_id = frozen(tenant)
    tenant.apply(of_deals())
    tenant.sync(steps=range(1))
    assert resumed(tenant, sync_id).left_counts.keys() <= {"already_restored"}
    tenant.apply(settings())
    synced(tenant)
    tenant.assert_follows_org()


def test_a_frozen_company_keeps_its_values_when_its_rollback_ends_without_a_connection(
    tenant: Tenant,
) -> None:
    """They come with the status, and that with the next connection."""
    _, sync_id = frozen(tenant)
    disconnect(tenant.installation, tenant.name, by="test", clock=tenant.clock.now)
    before = tenant.companies()
    assert resumed(tenant, sync_id).left_counts == {"link_changed": 2}
    assert tenant.companies() == before
    connect_headless(tenant.installation, tenant.name, by="test", clock=tenant.clock.now)
    synced(tenant)
    tenant.assert_follows_org()


@pytest.mark.parametrize("is_retyped", [False, True])
def test_a_noted_value_ends_with_its_mapping(tenant: Tenant, *, is_retyped: bool) -> None:
    """A field that is not mapped is never touched, least of all with a value of another type."""
    ids, sync_id = frozen(tenant)
    if is_retyped:
        deals = of_deals().replace("StageName, to: industry, label: 業種, type: text", AMOUNT)
        tenant.apply(deals)
        synced(tenant)
    tenant.apply(settings(MAPPING[1:]))
    synced(tenant)
    before = tenant.companies()
    resumed(tenant, sync_id)
    found = tenant.companies()
    assert {found[key].status for key in ids} == {"linked"}
    held = {found[key].custom_fields["industry"] for key in ids}
    assert held == {before[key].custom_fields["industry"] for key in ids}
    assert held == {None if is_retyped else "金融"}


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
