"""Rollback of one sync: the companies are as they were before it, and stay so.

The expected rows were read from PostgreSQL before the sync that is rolled back.
"""

from typing import Any

import pytest

from flyle_sf_assets.errors import NotFound
from flyle_sf_assets.sync.context import RefreshKind
from flyle_sf_assets.tenants.rollback import preview_rollback
from flyle_sf_assets_tests.flows.content import content
from flyle_sf_assets_tests.flows.guarded import delete, link_of, update
from flyle_sf_assets_tests.flows.rollbacks import (
    back,
    census_of,
    contents,
    kept,
    last_sync_id,
    resumed,
    rollback_history,
    small,
    sync_row,
    synced,
)
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.tenant_fixtures import Link

KINDS: list[RefreshKind] = ["refresh", "sweep", "census", "full"]


@pytest.fixture
def tenant(link: Link) -> Tenant:
    """60 linked companies with an industry and a site each."""
    return small(link)


def test_values_are_as_before_and_no_sync_redoes_it(tenant: Tenant) -> None:
    """An import overwrote two fields of a few accounts, one of them with blanks."""
    before = tenant.companies()
    ids = update(tenant, 20, {"Industry": "Retail", "Memo__c": None, "Name": "株式会社まちがい"})
    sync_id = synced(tenant)
    assert tenant.companies() != before
    tenant.later()
    done = back(tenant, sync_id)
    assert (done.companies, done.values, done.left_counts) == (20, 60, {})
    assert tenant.companies() == before
    for kind in KINDS:
        tenant.later()
        tenant.sync(kind=kind)
        assert tenant.companies() == before, kind
    assert {row[0] for row in kept(tenant)} == set(ids)
    assert census_of(tenant) == (60, 60, 0)


def test_the_fleet_sees_the_companies_that_are_linked_again(tenant: Tenant) -> None:
    """The number is kept with the link; nobody counts companies for the fleet's figures."""
    kept_number = "SELECT companies FROM flyle.links WHERE tenant_id = %s"
    delete(tenant, 5)
    sync_id = synced(tenant)
    assert tenant.query(kept_number) == [(55,)]
    back(tenant, sync_id)
    assert tenant.query(kept_number) == [(60,)]
    resumed(tenant, sync_id)
    assert tenant.query(kept_number) == [(55,)]


def test_it_is_a_sync_with_its_own_history(tenant: Tenant) -> None:
    ids = update(tenant, 3, {"Industry": "Retail"})
    delete(tenant, 2, first=10)
    sync_id = synced(tenant)
    tenant.later()
    moment = tenant.clock.now()
    done = back(tenant, sync_id)
    assert done.rollback_sync_id is not None
    row = sync_row(tenant, done.rollback_sync_id)
    assert row == ("rollback", "done", 0, 0, 5, 0, 0, sync_id, "test")
    told = rollback_history(tenant, done.rollback_sync_id)
    gone = [key for key, field, *_ in told if field == "status"]
    assert [one for one in told if one[1] == "industry"] == [
        (key, "industry", "小売", "金融", f"rolled_back:{sync_id}") for key in ids
    ]
    assert len(gone) == 2
    updated = {key: r.updated_at for key, r in tenant.rows().items() if r.updated_at == moment}
    assert sorted(updated) == sorted([*ids, *gone])


def test_a_preview_says_the_same_and_changes_nothing(tenant: Tenant) -> None:
    update(tenant, 3, {"Industry": "Retail"})
    sync_id = synced(tenant)
    update(tenant, 1, {"Industry": "Healthcare"})
    synced(tenant)
    stands = tenant.companies(), kept(tenant), last_sync_id(tenant)
    told = preview_rollback(tenant.installation, tenant.name, sync_id)
    assert (tenant.companies(), kept(tenant), last_sync_id(tenant)) == stands
    done = back(tenant, sync_id)
    assert (told.restored, told.left_alone) == (done.restored, done.left_alone)
    assert (done.values, done.left_counts) == (2, {"changed_later": 1})


def test_what_changed_later_is_left_alone(tenant: Tenant) -> None:
    """Of one company one field was changed again, of another one all."""
    before = tenant.companies()
    ids = update(tenant, 4, {"Industry": "Retail", "Memo__c": "支社"})
    sync_id = synced(tenant)
    update(tenant, 2, {"Memo__c": "倉庫"})
    update(tenant, 1, {"Industry": "Healthcare"})
    synced(tenant)
    after = tenant.companies()
    done = back(tenant, sync_id)
    found = tenant.companies()
    assert found[ids[0]] == after[ids[0]]
    assert found[ids[1]].custom_fields == {
        **before[ids[1]].custom_fields,
        "site": after[ids[1]].custom_fields["site"],
    }
    assert [found[key] for key in ids[2:]] == [before[key] for key in ids[2:]]
    assert done.left_counts == {"changed_later": 3}
    assert {(one.external_id, one.field) for one in done.left_alone} == {
        (ids[0], "industry"),
        (ids[0], "site"),
        (ids[1], "site"),
    }


def test_a_value_that_changed_and_changed_back_was_changed_later(tenant: Tenant) -> None:
    """What the company has now came from Salesforce later than that sync."""
    [key] = update(tenant, 1, {"Industry": "Retail"})
    sync_id = synced(tenant)
    for value in ("Healthcare", "Retail"):
        update(tenant, 1, {"Industry": value})
        synced(tenant)
    after = tenant.companies()
    assert back(tenant, sync_id).left_counts == {"changed_later": 1}
    assert tenant.companies()[key] == after[key]


def test_the_next_change_in_salesforce_is_followed(tenant: Tenant) -> None:
    """Only the value that changed; the other one of the same company is kept."""
    before = tenant.companies()
    ids = update(tenant, 2, {"Industry": "Retail", "Memo__c": "支社"})
    sync_id = synced(tenant)
    back(tenant, sync_id)
    update(tenant, 1, {"Industry": "Healthcare", "Name": "新しい名前"})
    synced(tenant)
    found = tenant.companies()
    assert found[ids[0]].name == "新しい名前"
    assert found[ids[0]].custom_fields["industry"] == "医療"
    assert found[ids[0]].custom_fields["site"] == before[ids[0]].custom_fields["site"]
    assert found[ids[1]] == before[ids[1]]
    # The value that was rolled back is followed as well, once it comes again.
    update(tenant, 1, {"Industry": "Retail"})
    synced(tenant)
    assert tenant.companies()[ids[0]].custom_fields["industry"] == "小売"


@pytest.mark.parametrize("kind", KINDS)
def test_a_deletion_is_taken_back_until_the_record_changes(
    tenant: Tenant, kind: RefreshKind
) -> None:
    """The record stays deleted in Salesforce; undeleted, it is followed like any other."""
    before = tenant.companies()
    ids = delete(tenant, 5)
    sync_id = synced(tenant)
    assert {tenant.companies()[key].status for key in ids} == {"deleted"}
    back(tenant, sync_id)
    assert tenant.companies() == before
    tenant.later()
    tenant.sync(kind=kind)
    assert tenant.companies() == before
    tenant.there.undelete("Account", ids[0])
    update(tenant, 1, {"Industry": "Healthcare"})
    synced(tenant)
    assert tenant.companies()[ids[0]].custom_fields["industry"] == "医療"
    assert ids[0] not in {row[0] for row in kept(tenant)}


def test_leaving_the_conditions_is_taken_back(tenant: Tenant) -> None:
    """Someone emptied the field that the conditions ask for."""
    before = tenant.companies()
    ids = update(tenant, 30, {"Type": "Other"})
    sync_id = synced(tenant)
    back(tenant, sync_id)
    for kind in KINDS:
        tenant.later()
        tenant.sync(kind=kind)
        assert tenant.companies() == before, kind
    assert census_of(tenant)[2] == 0
    # Its status in Salesforce changes again: it is deleted.
    tenant.there.delete("Account", ids[0])
    tenant.later()
    synced(tenant)
    assert tenant.companies()[ids[0]].status == "deleted"


def test_companies_that_came_back_go_again_with_their_values(tenant: Tenant) -> None:
    """And what Salesforce changes while they are frozen comes with --resume."""
    ids = update(tenant, 3, {"Type": "Other"})
    synced(tenant)
    before = tenant.companies()
    update(tenant, 3, {"Type": "Customer", "Industry": "Retail"})
    sync_id = synced(tenant)
    back(tenant, sync_id)
    assert tenant.companies() == before
    update(tenant, 1, {"Memo__c": "支社", "Name": "新しい名前"})
    for kind in KINDS:
        tenant.sync(kind=kind)
        assert tenant.companies() == before, kind
        tenant.later()
    done = resumed(tenant, sync_id)
    assert done.companies == 3
    tenant.last = {key: row for key, row in before.items() if key not in ids}
    expected = tenant.oracle.companies(before)
    assert {k: content(v) for k, v in tenant.companies().items()} == {
        k: content(v) for k, v in expected.items()
    }
    assert kept(tenant) == []


def test_resume_gives_salesforces_values_back(tenant: Tenant) -> None:
    """All at once, without a call, and with a history; then there is nothing to resume."""
    before = tenant.companies()
    update(tenant, 20, {"Industry": "Retail", "Memo__c": None})
    delete(tenant, 5, first=30)
    sync_id = synced(tenant)
    after = tenant.companies()
    first = back(tenant, sync_id)
    assert tenant.companies() == before
    tenant.later()
    done = resumed(tenant, sync_id)
    assert tenant.companies() == after
    assert kept(tenant) == []
    assert done.rollback_sync_id is not None
    told = rollback_history(tenant, done.rollback_sync_id)
    assert {one[4] for one in told} == {f"resumed:{sync_id}"}
    tenant.later()
    tenant.sync(kind="census")
    assert census_of(tenant)[2] == 0
    for number in (sync_id, first.rollback_sync_id or 0):
        with pytest.raises(NotFound, match="nothing_rolled_back"):
            resumed(tenant, number)
    # It can be rolled back once more.
    back(tenant, sync_id)
    assert contents(tenant) == {key: content(row) for key, row in before.items()}


def test_two_syncs_are_rolled_back_the_newest_first(tenant: Tenant) -> None:
    """What a rolled-back sync changed later counts for nothing."""
    before = tenant.companies()
    numbers = []
    for value in ("Retail", "Healthcare"):
        update(tenant, 5, {"Industry": value})
        numbers.append(synced(tenant))
    back(tenant, numbers[1])
    ids = sorted(before)[:5]
    assert {tenant.companies()[key].custom_fields["industry"] for key in ids} == {"小売"}
    assert back(tenant, numbers[0]).left_counts == {}
    assert tenant.companies() == before
    for kind in KINDS:
        tenant.later()
        tenant.sync(kind=kind)
        assert tenant.companies() == before, kind
    assert {row[3] for row in kept(tenant)} == {"医療"}


def test_a_rollback_of_a_rollback(tenant: Tenant) -> None:
    """It gives Salesforce's values back; nothing is kept after it."""
    before = tenant.companies()
    update(tenant, 5, {"Industry": "Retail"})
    sync_id = synced(tenant)
    after = tenant.companies()
    done = back(tenant, sync_id)
    tenant.later()
    again = back(tenant, done.rollback_sync_id or 0)
    assert (tenant.companies(), kept(tenant)) == (after, [])
    tenant.later()
    back(tenant, again.rollback_sync_id or 0)
    assert tenant.companies() == before
    synced(tenant)
    assert tenant.companies() == before


def test_a_second_rollback_finds_nothing_to_do(tenant: Tenant) -> None:
    update(tenant, 5, {"Industry": "Retail"})
    sync_id = synced(tenant)
    back(tenant, sync_id)
    newest = last_sync_id(tenant)
    again = back(tenant, sync_id)
    assert (again.rollback_sync_id, again.left_counts) == (None, {"already_restored": 5})
    assert last_sync_id(tenant) == newest


def test_companies_that_the_sync_created_are_named_and_stay(tenant: Tenant) -> None:
    """A row is never deleted, and has no earlier state."""
    new = tenant.there.insert("Account", {"Name": "新規", "Type": "Customer"})
    update(tenant, 2, {"Industry": "Retail"})
    sync_id = synced(tenant)
    done = back(tenant, sync_id)
    assert done.left_counts == {"created": 1}
    assert [(one.external_id, one.field, one.reason) for one in done.left_alone] == [
        (new, None, "created")
    ]
    assert tenant.companies()[new].status == "linked"


def test_history_that_was_deleted_is_an_error(tenant: Tenant) -> None:
    update(tenant, 2, {"Industry": "Retail"})
    sync_id = synced(tenant)
    tenant.query(
        "WITH d AS (DELETE FROM flyle.company_changes WHERE tenant_id = %s RETURNING 1)"
        " SELECT count(*) FROM d"
    )
    with pytest.raises(NotFound, match="history_pruned"):
        back(tenant, sync_id)


def test_a_sync_of_another_tenant_is_unknown(tenant: Tenant) -> None:
    with pytest.raises(NotFound, match="unknown_sync"):
        back(tenant, 999_999)


def test_the_link_and_its_times_stay(tenant: Tenant) -> None:
    def times() -> list[tuple[Any, ...]]:
        return tenant.query(
            "SELECT state, last_synced_at, next_due_at FROM flyle.links WHERE tenant_id = %s"
        )

    update(tenant, 2, {"Industry": "Retail"})
    sync_id = synced(tenant)
    stood = times()
    back(tenant, sync_id)
    assert times() == stood
    assert link_of(tenant) == ("linked", [])
