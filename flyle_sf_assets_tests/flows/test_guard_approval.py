"""What ends a held change: an approval, the org put right, or a link that ends."""

from typing import Any
from unittest import mock

import pytest

from flyle_sf_assets.connection.disconnect import disconnect
from flyle_sf_assets.errors import HeldForApproval, NotFound
from flyle_sf_assets.store.companies.mass_changes import count_losses
from flyle_sf_assets.sync.load import mass_change_guard
from flyle_sf_assets.tenants.held_changes import MassChangeHeld, approve_held
from flyle_sf_assets_tests.flows.guarded import (
    approve,
    delete,
    guarded,
    hold,
    last_sync,
    link_of,
    notices,
    numbers,
    store_of,
    update,
)
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.postgres import admin
from flyle_sf_assets_tests.tenant_fixtures import Link


@pytest.fixture
def tenant(link: Link) -> Tenant:
    """300 linked companies with an industry and a site each."""
    return guarded(link)


def test_an_approval_applies_exactly_what_was_held(tenant: Tenant) -> None:
    gone = delete(tenant, 61)
    blank = update(tenant, 70, {"Industry": None})
    before = tenant.rows()
    assert numbers(hold(tenant)) == [(None, 61, 300), ("industry", 70, 300)]
    approve(tenant)
    tenant.sync()
    tenant.assert_follows_org()
    changed = {key for key, row in tenant.rows().items() if row != before[key]}
    assert changed == {*gone, *blank}
    assert link_of(tenant) == ("linked", [])
    assert last_sync(tenant)[:5] == ("refresh", "done", 0, 70, 61)
    assert [kind for kind, _ in notices(tenant)] == ["held", "recovered"]
    assert tenant.query("SELECT * FROM flyle.held_changes WHERE tenant_id = %s") == []


def test_an_approval_covers_what_is_there_now_within_its_numbers(tenant: Tenant) -> None:
    """Two records were restored and one more was deleted since: 60 are within the 61."""
    gone = delete(tenant, 61)
    hold(tenant)
    tenant.there.undelete("Account", *gone[:2])
    delete(tenant, 1, first=200)
    update(tenant, 5, {"Name": "改名"}, first=100)
    approve(tenant)
    tenant.sync()
    tenant.assert_follows_org()
    assert link_of(tenant) == ("linked", [])


def test_beyond_the_approved_numbers_it_is_held_again(tenant: Tenant) -> None:
    """The approval ends with it: new numbers need a new one, and people are told."""
    delete(tenant, 61)
    hold(tenant)
    approve(tenant)
    delete(tenant, 1, first=200)
    assert numbers(hold(tenant)) == [(None, 62, 300)]
    assert [kind for kind, _ in notices(tenant)] == ["held", "held"]
    assert "62" in notices(tenant)[1][1]
    assert numbers(hold(tenant)) == [(None, 62, 300)], "the old approval does not come back"
    approve(tenant)
    tenant.sync()
    tenant.assert_follows_org()


def test_an_approval_of_one_field_does_not_cover_another(tenant: Tenant) -> None:
    update(tenant, 61, {"Industry": None})
    hold(tenant)
    approve(tenant)
    update(tenant, 61, {"Memo__c": None})
    assert numbers(hold(tenant)) == [("industry", 61, 300), ("site", 61, 300)]


def test_an_approval_waits_for_an_org_that_does_not_answer(tenant: Tenant) -> None:
    """It is stored: the refresh that reaches the companies applies it."""
    delete(tenant, 61)
    hold(tenant)
    approve(tenant)
    tenant.sync(steps=range(2))
    tenant.sync()
    tenant.assert_follows_org()


def test_an_approval_during_a_refresh_is_not_lost(tenant: Tenant) -> None:
    """The refresh has looked before the person clicked; it is held, and the next one applies it."""
    delete(tenant, 61)
    hold(tenant)
    tenant.later()
    update(tenant, 1, {"Name": "改名"}, first=200)

    def approved_first(*args: Any) -> Any:
        approve(tenant)
        return count_losses(*args)

    with (
        mock.patch.object(mass_change_guard, "count_losses", approved_first),
        pytest.raises(MassChangeHeld),
    ):
        tenant.sync()
    assert [kind for kind, _ in notices(tenant)] == ["held"]
    [(due, by)] = tenant.query(
        "SELECT l.next_due_at, h.approved_by FROM flyle.held_changes h JOIN flyle.links l"
        " USING (tenant_id) WHERE tenant_id = %s"
    )
    assert (due <= tenant.clock.now(), by) == (True, "test")
    tenant.sync()
    tenant.assert_follows_org()


def test_what_only_a_census_finds_is_applied_by_a_census(tenant: Tenant) -> None:
    """61 companies have a value that their unchanged records do not have."""
    blank = update(tenant, 61, {"Memo__c": None})
    hold(tenant)
    approve(tenant)
    tenant.sync()
    tenant.assert_follows_org()
    with admin(tenant.installation.database_url) as connection:
        connection.execute(
            b'UPDATE flyle.companies SET custom_fields = custom_fields || \'{"site": "x"}\''
            b" WHERE external_id = ANY(%s)",
            [blank],
        )
    tenant.later()
    tenant.sync()
    error = hold(tenant, "census")
    assert numbers(error) == [("site", 61, 300)]
    assert numbers(hold(tenant)) == [("site", 61, 300)], "a refresh has found nothing else"
    approve(tenant)
    tenant.sync()
    tenant.assert_follows_org()
    assert last_sync(tenant)[:2] == ("census", "done")


def test_put_right_in_the_org_it_is_held_no_more(tenant: Tenant) -> None:
    """Undeleted: the next refresh clears it, and no company has any history of it."""
    before = store_of(tenant)
    gone = delete(tenant, 61)
    blank = update(tenant, 61, {"Memo__c": None}, first=100)
    hold(tenant)
    tenant.there.undelete("Account", *gone)
    tenant.there.mass_update("Account", blank, {"Memo__c": "本社"})
    tenant.later()
    tenant.sync()
    tenant.assert_follows_org()
    assert store_of(tenant)[1] == before[1] == []
    assert link_of(tenant) == ("linked", [])
    assert [kind for kind, _ in notices(tenant)] == ["held", "recovered"]
    assert tenant.query("SELECT * FROM flyle.held_changes WHERE tenant_id = %s") == []


def test_linking_again_is_not_held_and_what_was_held_is_gone(tenant: Tenant) -> None:
    """Companies of a disconnected link are not linked: none of them can leave."""
    delete(tenant, 61)
    hold(tenant)
    disconnect(tenant.installation, tenant.name, by="test", clock=tenant.clock.now)
    assert tenant.query("SELECT * FROM flyle.held_changes WHERE tenant_id = %s") == []
    assert link_of(tenant)[1] == []
    with pytest.raises(NotFound):
        approve(tenant)


def test_nothing_held_cannot_be_approved(tenant: Tenant) -> None:
    with pytest.raises(NotFound) as refused:
        approve(tenant)
    assert (refused.value.code, refused.value.exit_code) == ("nothing_held", 1)


def test_an_approval_of_numbers_that_have_changed_is_refused(tenant: Tenant) -> None:
    """The page that a person reads may be an hour old."""
    delete(tenant, 61)
    seen = hold(tenant).change.fingerprint
    delete(tenant, 1, first=100)
    hold(tenant)
    with pytest.raises(HeldForApproval, match="62 of 300"):
        approve_held(tenant.installation, tenant.name, by="test", fingerprint=seen)
    with pytest.raises(MassChangeHeld):
        tenant.sync()
