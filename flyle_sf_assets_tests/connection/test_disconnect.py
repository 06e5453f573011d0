"""S13: disconnecting stops everything at once and keeps the companies; connecting takes them up."""

import threading
import time
from functools import partial

import pytest
from cryptography.fernet import Fernet

from flyle_sf_assets import errors
from flyle_sf_assets.connection import connect as connecting
from flyle_sf_assets.connection.connect import Callback, Connected, OtherOrg
from flyle_sf_assets.connection.disconnect import disconnect
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.syncs.syncs import latest_syncs
from flyle_sf_assets.store.tenants.links import get_link
from flyle_sf_assets.store.tenants.notices import list_notices
from flyle_sf_assets.sync.poll import check_idle
from flyle_sf_assets.sync.session import run_step
from flyle_sf_assets_tests.consenting import CALLBACK, consented
from flyle_sf_assets_tests.flows.run_steps import STEPS
from flyle_sf_assets_tests.flows.tenants import Tenant, demo_settings, make_org
from flyle_sf_assets_tests.tenant_fixtures import Link

BY = "console:user-1"
WEB_SERVER = ("flow: client_credentials", "flow: web_server")


def connect(tenant: Tenant, *, replace_org: bool = False) -> Connected | OtherOrg:
    """Connects by the settings' flow, through the browser if it needs one."""
    installation, clock = tenant.installation, tenant.clock.now
    if "flow: web_server" not in tenant.settings:
        return connecting.connect_headless(
            installation, tenant.name, by=BY, replace_org=replace_org, clock=clock
        )
    started = connecting.begin_connect(
        installation, tenant.name, redirect_uri=CALLBACK, by=BY, clock=clock
    )
    query = consented(tenant.server, started.authorisation_url, user=tenant.there.connected_user_id)
    return connecting.finish_connect(
        installation,
        tenant.name,
        Callback.from_query(query),
        by=BY,
        replace_org=replace_org,
        clock=clock,
    )


def undo(tenant: Tenant) -> None:
    """Disconnects."""
    disconnect(tenant.installation, tenant.name, by=BY, clock=tenant.clock.now)


def ends(tenant: Tenant) -> set[tuple[str, str | None]]:
    """The statuses and reasons that companies have."""
    return {(company.status, company.status_reason) for company in tenant.companies().values()}


@pytest.fixture
def web(link: Link) -> Tenant:
    """A tenant that was connected in the browser and synced, in an org that rotates tokens."""
    org = make_org()
    org.rotates_refresh_tokens = True
    tenant = link("acme", org, demo_settings("acme").replace(*WEB_SERVER))
    assert isinstance(connect(tenant), Connected)
    tenant.sync()
    return tenant


def test_a_refresh_lives_on_the_stored_rotating_token(web: Tenant) -> None:
    """Each opening uses the token up and keeps the next; sessions end in between."""
    web.assert_follows_org()
    for _ in range(3):
        web.later(3 * 3600)
        web.there.touch("Account", [next(iter(web.companies()))])
        web.sync()
    web.assert_follows_org()
    assert len(web.there.refresh_tokens) == 1


def test_disconnecting_revokes_erases_and_keeps_the_companies(web: Tenant) -> None:
    before = web.companies()
    web.later()
    made = disconnect(web.installation, web.name, by=BY, clock=web.clock.now)
    assert made.is_revoked is True
    assert made.companies == sum(c.status == "linked" for c in before.values())
    assert web.there.refresh_tokens == web.there.sessions == ()
    assert web.query("SELECT kind FROM flyle.credentials WHERE tenant_id = %s") == []
    after = web.companies()
    assert after.keys() == before.keys()
    assert {key: row.custom_fields for key, row in after.items()} == {
        key: row.custom_fields for key, row in before.items()
    }
    assert ("unlinked", "disconnected") in ends(web)
    assert not any(status == "linked" for status, _ in ends(web))
    with web.installation.database.tenant(web.name) as tx:
        link = get_link(tx)
        notice = list_notices(tx, limit=1)[0]
    assert (link.state, link.next_due_at, link.org_id) == ("disconnected", None, web.there.org_id)
    assert notice.kind == "disconnected"


def test_disconnecting_again_changes_nothing(web: Tenant) -> None:
    undo(web)
    rows = web.rows()
    web.later()
    again = disconnect(web.installation, web.name, by="somebody", clock=web.clock.now)
    assert (again.companies, again.cancelled_syncs, again.is_revoked) == (0, 0, None)
    assert web.rows() == rows
    notices = "SELECT count(*) FROM flyle.notifications WHERE tenant_id = %s"
    assert web.query(notices + " AND kind = 'disconnected'") == [(1,)]
    state = connecting.connection_of(web.installation, web.name)
    assert state is not None
    assert state.disconnected_by == BY


def test_a_disconnected_tenant_is_not_refreshed(web: Tenant) -> None:
    undo(web)
    syncs = web.query("SELECT count(*) FROM flyle.syncs WHERE tenant_id = %s")
    assert not check_idle(web.installation, web.name, clock=web.clock.now).is_idle
    with pytest.raises(errors.NotConnected) as refused:
        web.sync()
    assert (refused.value.code, refused.value.exit_code) == ("disconnected", 4)
    assert web.query("SELECT count(*) FROM flyle.syncs WHERE tenant_id = %s") == syncs


def test_when_salesforce_is_away_the_tokens_are_erased_all_the_same(web: Tenant) -> None:
    """Its administrator can still revoke them there; here nobody can use them."""
    away = web.there.faults.add(
        Fault(FaultKind.RESET, "/services/oauth2/revoke", times=99, method="POST")
    )
    made = disconnect(web.installation, web.name, by=BY, clock=web.clock.now)
    assert made.is_revoked is False
    assert away.hits
    assert web.query("SELECT kind FROM flyle.credentials WHERE tenant_id = %s") == []


def test_tokens_that_no_key_opens_any_more_are_erased_too(
    web: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anyone who lost the key must still be able to disconnect, and then connect again."""
    monkeypatch.setenv("FLYLE_SECRET_KEYS", Fernet.generate_key().decode())
    made = disconnect(web.installation, web.name, by=BY, clock=web.clock.now)
    assert made.is_revoked is False
    assert web.query("SELECT kind FROM flyle.credentials WHERE tenant_id = %s") == []
    assert isinstance(connect(web), Connected)


@pytest.mark.parametrize("place", range(len(STEPS)))
def test_a_running_refresh_stops_writing_at_its_next_step(link: Link, place: int) -> None:
    """Whatever step it has got to; its end does not bring the link back to life."""
    tenant = link("acme", make_org(), demo_settings("acme"))
    tenant.sync()
    tenant.later()
    account = next(iter(tenant.companies()))
    tenant.there.update("Account", account, {"Name": "Renamed while disconnecting"})
    with tenant.open_refresh() as refresh:
        for step in STEPS[:place]:
            run_step(refresh, step)
        generations = tenant.generations()
        made = disconnect(tenant.installation, tenant.name, by=BY, clock=tenant.clock.now)
        rows = tenant.rows()
        with pytest.raises(errors.NotConnected) as refused:
            run_step(refresh, STEPS[place])
    assert (made.cancelled_syncs, refused.value.code) == (1, "disconnected")
    assert tenant.rows() == rows
    assert tenant.generations() == generations
    with tenant.installation.database.tenant(tenant.name) as tx:
        assert get_link(tx).state == "disconnected"
        assert latest_syncs(tx, 1)[0].state == "cancelled"
        assert get_link(tx).attention == ()


def test_waiting_for_a_bulk_job_ends_with_the_link(link: Link) -> None:
    """A job may take an hour in Salesforce's queue; a disconnect does not wait for it."""
    org = make_org(partial(samples.big_org, opportunities=0), accounts=6_000)
    org.bulk_delay_s = 3600.0
    tenant = link("acme", org, demo_settings("acme"))

    def disconnect_once_it_waits() -> None:
        while not org.usage.by_kind["bulk_status"]:
            time.sleep(0.02)
        undo(tenant)

    person = threading.Thread(target=disconnect_once_it_waits)
    person.start()
    with pytest.raises(errors.NotConnected) as refused:
        tenant.sync()
    person.join()
    assert refused.value.code == "disconnected"
    assert tenant.companies() == {}


@pytest.mark.parametrize("place", [0, 2, 3, 4, 5, 6])
def test_a_step_under_way_commits_nothing_after_a_disconnect(
    link: Link, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disconnect comes between the step's reading and its commit (opportunities need none)."""
    tenant = link("acme", make_org(), demo_settings("acme"))
    with tenant.open_refresh() as refresh:
        for step in STEPS[:place]:
            run_step(refresh, step)
        require, asked = refresh.require_running, []

        def and_then(tx: TenantTransaction) -> None:
            require(tx)
            asked.append(1)
            if len(asked) == 2:  # the first is the step's beginning, the second its commit's
                undo(tenant)

        monkeypatch.setattr(refresh, "require_running", and_then)
        generations = tenant.generations()
        with pytest.raises(errors.NotConnected) as refused:
            run_step(refresh, STEPS[place])
        assert refused.value.code == "disconnected"
        assert tenant.generations() == generations
        assert tenant.companies() == {}


@pytest.mark.parametrize("flow", ["client_credentials", "web_server"])
def test_connecting_again_takes_up_the_same_rows(link: Link, flow: str) -> None:
    """What happened meanwhile is found: changed, new, deleted, purged, out of the conditions."""
    settings = demo_settings("acme").replace("flow: client_credentials", f"flow: {flow}")
    tenant = link("acme", make_org(), settings)
    connect(tenant)
    tenant.sync()
    tenant.assert_follows_org()
    undo(tenant)
    created = {key: row.created_at for key, row in tenant.rows().items()}
    meanwhile(tenant)
    tenant.later(40 * 24 * 3600)
    made = connect(tenant)
    assert isinstance(made, Connected)
    assert (made.is_reconnected, made.is_other_org) == (True, False)
    tenant.sync()
    kind = "SELECT kind, state FROM flyle.syncs WHERE tenant_id = %s ORDER BY sync_id DESC LIMIT 1"
    assert tenant.query(kind) == [("census", "done")]
    tenant.assert_follows_org()
    rows = tenant.rows()
    assert created.items() <= {key: row.created_at for key, row in rows.items()}.items()
    assert len(rows) == len(created) + 1
    tenant.later()
    tenant.sync()
    assert tenant.query(kind) == [("refresh", "done")]
    tenant.assert_follows_org()


def meanwhile(tenant: Tenant) -> None:
    """What may happen in an org while nobody looks."""
    org = tenant.there
    tenant.later()
    changed, deleted, purged, *_ = sorted(tenant.companies())
    org.update("Account", changed, {"Name": "Renamed meanwhile"})
    org.delete("Account", deleted)
    org.hard_delete("Account", purged)
    org.insert("Account", {"Name": "New meanwhile", "OwnerId": org.connected_user_id})


@pytest.mark.parametrize("place", [2, 4, 6])
def test_a_first_sync_that_was_cancelled_begins_anew(link: Link, place: int) -> None:
    """Its records were held, but what happened to them since is not in any window."""
    tenant = link("acme", make_org(), demo_settings("acme"))
    with tenant.open_refresh() as refresh:
        for step in STEPS[:place]:
            run_step(refresh, step)
        undo(tenant)
        with pytest.raises(errors.NotConnected):
            run_step(refresh, STEPS[place])
    account = next(str(record["Id"]) for record in tenant.there.records("Account"))
    tenant.there.hard_delete("Account", account)
    tenant.later(40 * 24 * 3600)
    connect(tenant)
    tenant.sync()
    linked = {key for key, row in tenant.companies().items() if row.status == "linked"}
    assert linked == {str(record["Id"]) for record in tenant.there.records("Account")}


def test_connecting_a_link_that_stands_reads_nothing_anew(web: Tenant) -> None:
    """Another user, or a token that was revoked: the rows are what they were."""
    web.there.revoke_tokens()
    web.later()
    with pytest.raises(errors.NotConnected) as refused:
        web.sync()
    assert refused.value.code == "grant_refused"
    made = connect(web)
    assert isinstance(made, Connected)
    assert not made.is_reconnected
    web.sync()
    kind = "SELECT kind FROM flyle.syncs WHERE tenant_id = %s ORDER BY sync_id DESC LIMIT 1"
    assert web.query(kind) == [("refresh",)]


def test_another_orgs_records_are_never_mixed_in(link: Link) -> None:
    """The settings file names another org now: nothing is read before somebody confirms it."""
    tenant = link("acme", make_org(), demo_settings("acme"))
    tenant.sync()
    former, old_org = tenant.rows(), tenant.there
    tenant.there = make_org(samples.opportunity_org)
    tenant.server.add(tenant.there)
    tenant.give_credentials()
    with pytest.raises(errors.NotConnected) as refused:
        tenant.sync()
    assert refused.value.code == "org_changed"
    assert tenant.rows() == former
    asked = connect(tenant)
    assert isinstance(asked, OtherOrg)
    assert tenant.rows() == former
    tenant.later()
    made = connect(tenant, replace_org=True)
    assert isinstance(made, Connected)
    assert made.is_other_org
    assert ends(tenant) == {("unlinked", "org_changed")}
    tenant.last = {}
    tenant.sync()
    new = {key: row for key, row in tenant.companies().items() if key not in former}
    expected = tenant.oracle.companies({})
    assert new == expected
    left = {key: row for key, row in tenant.companies().items() if key in former}
    assert {(c.status, c.status_reason) for c in left.values()} == {("unlinked", "org_changed")}
    assert {key: c.custom_fields for key, c in left.items()} == {
        key: row.company.custom_fields for key, row in former.items()
    }
    assert tenant.query(
        "SELECT kind, state FROM flyle.syncs WHERE tenant_id = %s ORDER BY sync_id DESC LIMIT 1"
    ) == [("initial", "done")]
    assert old_org.org_id != made.org_id


def test_an_org_that_was_left_is_taken_up_when_it_comes_back(link: Link) -> None:
    """Disconnected, changed to another org, and back: the first rows are linked again."""
    tenant = link("acme", make_org(), demo_settings("acme"))
    tenant.sync()
    first, first_keys = tenant.there, set(tenant.rows())
    undo(tenant)
    tenant.later()
    tenant.there = make_org(samples.opportunity_org)
    tenant.server.add(tenant.there)
    tenant.give_credentials()
    connect(tenant, replace_org=True)
    tenant.sync()
    tenant.later()
    tenant.there = first
    tenant.give_credentials()
    connect(tenant, replace_org=True)
    tenant.sync()
    back = {key: row for key, row in tenant.companies().items() if key in first_keys}
    assert back == tenant.oracle.companies({})
