"""What comes after a person ended or made a connection leaves it as that person wanted it.

What does not belong here: disconnecting itself (``connection/test_disconnect.py``).
"""

from datetime import timedelta

import pytest

from flyle_sf_assets import errors
from flyle_sf_assets.connection.connect import connect_headless
from flyle_sf_assets.connection.disconnect import disconnect
from flyle_sf_assets.installation.tenant_org import open_same_org
from flyle_sf_assets.salesforce.transport import Network
from flyle_sf_assets.store.tenants.links import Link, get_link, put_back_off
from flyle_sf_assets.sync import idle_check as idle
from flyle_sf_assets.sync import poll
from flyle_sf_assets.sync.poll import check_idle
from flyle_sf_assets.tenants.backoff import (
    Attempt,
    LostRun,
    record_failure,
    record_lost_run,
)
from flyle_sf_assets.tenants.registration import registered_settings
from flyle_sf_assets_tests.flows.tenants import Tenant

BY = "console:user-1"
ATTEMPT = Attempt(1, timedelta(hours=3), "Asia/Tokyo", "help@example.jp")


def link_of(tenant: Tenant) -> Link:
    """The link as it stands."""
    with tenant.installation.database.tenant(tenant.name) as tx:
        return get_link(tx)


@pytest.mark.parametrize("fails", ["its run", "its look"])
def test_what_fails_after_a_disconnect_links_nobody_again(acme: Tenant, fails: str) -> None:
    """A run was queued, or a look under way: its failure set a retry, which linked the tenant."""
    acme.sync()
    disconnect(acme.installation, "acme", by=BY, clock=acme.clock.now)
    before = link_of(acme)
    if fails == "its run":
        lost = LostRun("acme", "run-1", acme.clock.now() + timedelta(hours=1), "disconnected")
        assert not record_lost_run(acme.installation, lost, clock=acme.clock.now)
    else:
        gone = errors.NotConnected(
            "grant_refused",
            tried=errors.Text("見ました", "Looked"),
            came_back=errors.Text.quoted("revoked"),
            remedy=errors.Text("接続", "Connect"),
        )
        with acme.installation.database.tenant("acme") as tx:
            record_failure(tx, gone, acme.clock.now(), ATTEMPT)
    assert link_of(acme) == before


def test_a_look_that_ends_after_a_disconnect_does_not_make_the_tenant_due(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The idle check had begun before: it noted a sync, and when the next would be."""
    acme.sync()
    acme.later(1800)

    def then_disconnected(asked: idle.IdleQuestion, *, is_asked_for: bool) -> bool:
        assert idle.is_idle(asked, is_asked_for=is_asked_for)
        disconnect(acme.installation, "acme", by=BY, clock=acme.clock.now)
        return True

    monkeypatch.setattr(poll, "is_idle", then_disconnected)
    before = link_of(acme).last_synced_at
    check_idle(acme.installation, "acme", clock=acme.clock.now)
    after = link_of(acme)
    assert (after.state, after.next_due_at, after.last_synced_at) == ("disconnected", None, before)


def test_an_org_that_was_replaced_during_a_look_is_not_refused(acme: Tenant) -> None:
    """The look had read the id of the org before; the credentials were those of the new one."""
    acme.sync()
    settings = registered_settings(acme.installation, "acme")
    assert settings is not None
    before = "00D000000000001AAA"
    patience = Network(clock=acme.clock.now)
    org = open_same_org(acme.installation, settings, patience=patience, linked=before)
    assert org.org_id == link_of(acme).org_id != before
    org.close()


def test_connecting_ends_what_a_failure_had_stopped(acme: Tenant) -> None:
    """The link said that it was connected, and no schedule ever took it up."""
    with acme.installation.database.tenant("acme") as tx:
        put_back_off(tx, failures=5, retry_at=None, stopped_version=1)
    connect_headless(acme.installation, "acme", by=BY, clock=acme.clock.now)
    link = link_of(acme)
    assert (link.failures, link.retry_at, link.stopped_version) == (0, None, None)
