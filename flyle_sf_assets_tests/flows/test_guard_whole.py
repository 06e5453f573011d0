"""A held change that no record tells of: only a comparison of every company finds it.

What does not belong here: what is held and why (``test_guard.py``), and what ends it otherwise
(``test_guard_approval.py``).
"""

import pytest

from flyle_sf_assets.sync.context import RefreshKind
from flyle_sf_assets.sync.poll import check_idle
from flyle_sf_assets.sync.session import run_step
from flyle_sf_assets_tests.flows.guarded import (
    approve,
    delete,
    guarded,
    hold,
    last_sync,
    link_of,
    notices,
    numbers,
    update,
)
from flyle_sf_assets_tests.flows.run_steps import STEPS
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.postgres import admin
from flyle_sf_assets_tests.tenant_fixtures import Link

WHOLE: tuple[RefreshKind, ...] = ("census", "full")
KINDS: tuple[RefreshKind, ...] = ("refresh", "sweep", "full", "census")

HELD_KIND = "SELECT kind FROM flyle.held_changes WHERE tenant_id = %s"


@pytest.fixture
def tenant(link: Link) -> Tenant:
    """300 linked companies; 61 have a site that their unchanged records do not have."""
    tenant = guarded(link)
    blank = update(tenant, 61, {"Memo__c": None})
    hold(tenant)
    approve(tenant)
    tenant.sync()
    with admin(tenant.installation.database_url) as connection:
        connection.execute(
            b"UPDATE flyle.companies SET content_hash = 1,"
            b' custom_fields = custom_fields || \'{"site": "x"}\' WHERE external_id = ANY(%s)',
            [blank],
        )
    tenant.later()
    tenant.sync()
    assert [kind for kind, _ in notices(tenant)] == ["held", "recovered"], "a refresh is blind"
    return tenant


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("found_by", WHOLE)
def test_other_records_do_not_release_it(
    tenant: Tenant, found_by: RefreshKind, kind: RefreshKind
) -> None:
    """One company is renamed meanwhile; it waits too, and the approval applies both."""
    assert numbers(hold(tenant, found_by)) == [("site", 61, 300)]
    update(tenant, 1, {"Name": "改名"}, first=200)
    assert numbers(hold(tenant, kind)) == [("site", 61, 300)]
    assert [told for told, _ in notices(tenant)] == ["held", "recovered", "held"]
    tenant.later()
    assert check_idle(tenant.installation, tenant.name, clock=tenant.clock.now).is_idle
    approve(tenant)
    tenant.sync()
    tenant.assert_follows_org()
    assert last_sync(tenant)[1:5] == ("done", 0, 62, 0)
    assert link_of(tenant) == ("linked", [])


@pytest.mark.parametrize("found_by", WHOLE)
def test_an_approval_is_applied_by_a_sync_of_its_kind(
    tenant: Tenant, found_by: RefreshKind
) -> None:
    """A plain one would not find it, and say that nothing is held any more."""
    hold(tenant, found_by)
    approve(tenant)
    tenant.sync()
    tenant.assert_follows_org()
    assert last_sync(tenant)[:5] == (found_by, "done", 0, 61, 0)


@pytest.mark.parametrize("found_by", WHOLE)
def test_what_else_would_be_lost_is_counted_with_it(tenant: Tenant, found_by: RefreshKind) -> None:
    """The approval of both is one; neither number hides the other."""
    hold(tenant, found_by)
    delete(tenant, 70, first=100)
    assert numbers(hold(tenant)) == [(None, 70, 300), ("site", 61, 300)]
    assert tenant.query(HELD_KIND) == [(found_by,)]
    approve(tenant)
    tenant.sync()
    tenant.assert_follows_org()


@pytest.mark.parametrize("found_by", WHOLE)
def test_an_approval_during_a_refresh_applies_it_too(tenant: Tenant, found_by: RefreshKind) -> None:
    """It began as a plain one, and finds the approval when it comes to the companies."""
    hold(tenant, found_by)
    update(tenant, 1, {"Name": "改名"}, first=200)
    with tenant.open_refresh() as refresh:
        approve(tenant)
        for step in STEPS:
            run_step(refresh, step)
    tenant.assert_follows_org()


@pytest.mark.parametrize("found_by", WHOLE)
def test_put_right_in_the_org_the_next_refresh_releases_it(
    tenant: Tenant, found_by: RefreshKind
) -> None:
    """Nobody has to wait for the night; a census finds nothing else."""
    hold(tenant, found_by)
    update(tenant, 61, {"Memo__c": "支社"})
    tenant.sync()
    tenant.assert_follows_org()
    assert link_of(tenant) == ("linked", [])
    assert [told for told, _ in notices(tenant)][-2:] == ["held", "recovered"]
    tenant.later()
    tenant.sync(kind="census")
    tenant.assert_follows_org()
