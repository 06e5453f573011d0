"""S1, S2: a tenant is connected by an administrator's consent, and by nobody else's."""

import os
from datetime import timedelta

import pytest

from flyle_sf_assets import errors
from flyle_sf_assets.connection import connect as connecting
from flyle_sf_assets.connection.connect import (
    AppEntry,
    Callback,
    Connected,
    OtherOrg,
    Started,
)
from flyle_sf_assets.installation.clock import utc_now
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.installation.tenant_org import open_connected_org
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.settings.connection_rules import connection_problems
from flyle_sf_assets.store.tenants.links import get_link
from flyle_sf_assets_tests.consenting import CALLBACK, clerk_of, consented
from flyle_sf_assets_tests.flows.tenants import demo_settings, make_org
from flyle_sf_assets_tests.postgres import admin
from flyle_sf_assets_tests.tenant_fixtures import Link

BY = "console:user-1"


@pytest.fixture
def there(server: SandboxServer) -> Org:
    """An org behind the server."""
    org = make_org()
    server.add(org)
    return org


def entry(server: SandboxServer, org: Org) -> AppEntry:
    """What an administrator types."""
    return AppEntry(server.url, org.consumer_key, org.consumer_secret)


def begun(installation: Installation, server: SandboxServer, org: Org) -> Started:
    """A flow that waits for its browser."""
    return connecting.begin_connect(
        installation, "acme", redirect_uri=CALLBACK, by=BY, app=entry(server, org)
    )


def connected(
    installation: Installation, server: SandboxServer, org: Org, *, user: str | None = None
) -> Connected | OtherOrg:
    """The whole flow, as the given user (the administrator by default)."""
    url = begun(installation, server, org).authorisation_url
    query = consented(server, url, user=user or org.connected_user_id)
    return connecting.finish_connect(installation, "acme", Callback.from_query(query), by=BY)


def kept(installation: Installation) -> list[str]:
    """The kinds of secrets that are stored, read without the product."""
    with admin(installation.database_url) as connection:
        rows = connection.execute("SELECT kind FROM flyle.credentials ORDER BY kind").fetchall()
    return [str(kind) for (kind,) in rows]


def test_an_administrators_consent_connects(
    installation: Installation, server: SandboxServer, there: Org
) -> None:
    """Before there are any settings: the first page of the console comes first."""
    made = connected(installation, server, there)
    assert isinstance(made, Connected)
    assert (made.org_id, made.is_reconnected, made.is_other_org) == (there.org_id, False, False)
    user = there.record("User", there.connected_user_id)
    state = connecting.connection_of(installation, "acme")
    assert state is not None
    assert (state.org_url, state.flow) == (server.url, "web_server")
    assert (state.username, state.connected_by) == (user["Username"], BY)
    assert kept(installation) == ["app", "grant"]
    with installation.database.tenant("acme") as tx:
        link = get_link(tx)
    assert (link.state, link.org_id) == ("connected", there.org_id)
    with open_connected_org(installation, "acme") as org:
        assert org.user_id == there.connected_user_id
        assert org.simple_salesforce().limits()


def test_the_settings_part_of_a_console_connection_holds_no_secret(
    installation: Installation, server: SandboxServer, there: Org
) -> None:
    assert connecting.stored_connection(installation, "acme") is None
    connected(installation, server, there)
    part = connecting.stored_connection(installation, "acme")
    assert part is not None
    shown = part.model_dump_json()
    assert (part.org_url, part.flow.value, part.consumer_key) == (server.url, "web_server", None)
    assert there.consumer_key not in shown
    assert there.consumer_secret not in shown


def test_a_user_who_is_no_administrator_cannot_connect(
    installation: Installation, server: SandboxServer, there: Org
) -> None:
    """S2; and the token that had come is not left behind at Salesforce either."""
    with pytest.raises(errors.NotPermitted) as refused:
        connected(installation, server, there, user=clerk_of(there))
    assert refused.value.code == "salesforce_admin_required"
    assert "PermissionsModifyAllData" in refused.value.tried.en
    assert kept(installation) == []
    assert there.refresh_tokens == there.sessions == ()


def test_afterwards_the_administrators_right_is_not_needed(
    installation: Installation, server: SandboxServer, there: Org
) -> None:
    connected(installation, server, there)
    profile = str(there.record("User", there.connected_user_id)["ProfileId"])
    there.update("Profile", profile, {"PermissionsModifyAllData": False})
    with open_connected_org(installation, "acme") as org:
        assert org.simple_salesforce().limits()


def test_without_api_access_it_says_so(
    installation: Installation, server: SandboxServer, there: Org
) -> None:
    """Once for the whole org (its edition), once for the user's profile."""
    there.set_api_enabled(False)
    with pytest.raises(errors.NotPermitted) as refused:
        connected(installation, server, there)
    assert refused.value.code == "api_disabled"
    there.set_api_enabled(True)
    profile = str(there.record("User", there.connected_user_id)["ProfileId"])
    there.update("Profile", profile, {"PermissionsApiEnabled": False})
    with pytest.raises(errors.NotPermitted) as refused:
        connected(installation, server, there)
    assert refused.value.code == "api_disabled"
    assert there.refresh_tokens == ()


def test_denied_consent_says_so(
    installation: Installation, server: SandboxServer, there: Org
) -> None:
    url = begun(installation, server, there).authorisation_url
    query = consented(server, url, user=there.connected_user_id, decision="deny")
    assert query["error"] == "access_denied"
    with pytest.raises(errors.NotPermitted) as refused:
        connecting.finish_connect(installation, "acme", Callback.from_query(query), by=BY)
    assert refused.value.code == "consent_denied"


def test_a_callback_counts_once_for_its_tenant_and_its_person(
    installation: Installation, server: SandboxServer, there: Org
) -> None:
    """Otherwise somebody could link their org to another's workspace (login CSRF)."""
    url = begun(installation, server, there).authorisation_url
    answer = Callback.from_query(consented(server, url, user=there.connected_user_id))
    made_up = Callback(state="made-up", code=answer.code)
    for tenant, callback, by in (
        ("globex", answer, BY),
        ("acme", made_up, BY),
        ("acme", Callback("", code=answer.code), BY),
    ):
        with pytest.raises(errors.NotPermitted) as refused:
            connecting.finish_connect(installation, tenant, callback, by=by)
        assert refused.value.code == "state_unknown"
    assert isinstance(connecting.finish_connect(installation, "acme", answer, by=BY), Connected)
    with pytest.raises(errors.NotPermitted) as refused:
        connecting.finish_connect(installation, "acme", answer, by=BY)
    assert refused.value.code == "state_unknown"


def test_another_person_cannot_finish_what_one_began(
    installation: Installation, server: SandboxServer, there: Org
) -> None:
    url = begun(installation, server, there).authorisation_url
    answer = Callback.from_query(consented(server, url, user=there.connected_user_id))
    with pytest.raises(errors.NotPermitted) as refused:
        connecting.finish_connect(installation, "acme", answer, by="console:user-2")
    assert refused.value.code == "state_unknown"


def test_who_comes_back_too_late_begins_again(
    installation: Installation, server: SandboxServer, there: Org
) -> None:
    started = begun(installation, server, there)
    answer = Callback.from_query(
        consented(server, started.authorisation_url, user=there.connected_user_id)
    )
    with pytest.raises(errors.NotPermitted) as refused:
        connecting.finish_connect(
            installation, "acme", answer, by=BY, clock=lambda: utc_now() + timedelta(minutes=15)
        )
    assert refused.value.code == "state_unknown"
    assert kept(installation) == []


def test_a_wrong_secret_is_told_after_the_consent(
    installation: Installation, server: SandboxServer, there: Org
) -> None:
    app = AppEntry(server.url, there.consumer_key, "wrong-secret")
    started = connecting.begin_connect(installation, "acme", redirect_uri=CALLBACK, by=BY, app=app)
    query = consented(server, started.authorisation_url, user=there.connected_user_id)
    with pytest.raises(errors.NotConnected) as refused:
        connecting.finish_connect(installation, "acme", Callback.from_query(query), by=BY)
    assert refused.value.code == "secret_wrong"
    assert kept(installation) == []


def test_a_key_younger_than_ten_minutes_says_to_wait(
    installation: Installation, server: SandboxServer, there: Org
) -> None:
    """Salesforce's page says it to the person; headless and at the exchange we do."""
    started = begun(installation, server, there)
    query = consented(server, started.authorisation_url, user=there.connected_user_id)
    there.new_consumer_key(there.consumer_key, there.consumer_secret)
    with pytest.raises(errors.NotConnected) as refused:
        connecting.finish_connect(installation, "acme", Callback.from_query(query), by=BY)
    assert refused.value.code == "app_unknown"
    assert "10分" in refused.value.remedy.ja


@pytest.mark.parametrize(
    "url",
    [
        "https://salesforce.evil.example",
        "http://acme.my.salesforce.com",
        "https://127.0.0.1",
        "https://169.254.169.254",
        "https://[::1]",
        "https://user@acme.my.salesforce.com",
        "https://acme.my.salesforce.com.evil.example",
        "https://acme.my.salesforce.com:8443",
    ],
)
def test_no_other_host_is_asked(installation: Installation, url: str) -> None:
    """The org URL comes from a form: it must not reach what stands behind our firewall."""
    app = AppEntry(url, "key", "secret")
    with pytest.raises(errors.UsageError) as refused:
        connecting.begin_connect(installation, "acme", redirect_uri=CALLBACK, by=BY, app=app)
    assert refused.value.code == "org_url_not_allowed"
    assert kept(installation) == []


def test_another_org_is_asked_about_first(
    installation: Installation, server: SandboxServer, there: Org
) -> None:
    """And nothing changes before somebody has said yes; once."""
    connected(installation, server, there)
    other = make_org()
    server.add(other)
    asked = connected(installation, server, other)
    assert isinstance(asked, OtherOrg)
    assert (asked.old_org_id, asked.new_org_id) == (there.org_id, other.org_id)
    with open_connected_org(installation, "acme") as org:
        assert org.org_id == there.org_id
    assert asked.confirmation is not None
    with pytest.raises(errors.NotPermitted):
        connecting.confirm_replacement(installation, "acme", asked.confirmation, by="somebody")
    asked = connected(installation, server, other)
    assert isinstance(asked, OtherOrg)
    assert asked.confirmation is not None
    made = connecting.confirm_replacement(installation, "acme", asked.confirmation, by=BY)
    assert (made.org_id, made.is_other_org) == (other.org_id, True)
    with open_connected_org(installation, "acme") as org:
        assert org.org_id == other.org_id
    assert there.refresh_tokens == ()
    with pytest.raises(errors.NotPermitted):
        connecting.confirm_replacement(installation, "acme", asked.confirmation, by=BY)


def test_who_stays_with_the_org_of_before_leaves_no_token_at_the_other(
    installation: Installation, server: SandboxServer, there: Org
) -> None:
    connected(installation, server, there)
    other = make_org()
    server.add(other)
    asked = connected(installation, server, other)
    assert isinstance(asked, OtherOrg)
    assert asked.confirmation is not None
    connecting.decline_replacement(installation, "acme", asked.confirmation, by=BY)
    assert other.refresh_tokens == other.sessions == ()
    with pytest.raises(errors.NotPermitted):
        connecting.confirm_replacement(installation, "acme", asked.confirmation, by=BY)
    with open_connected_org(installation, "acme") as org:
        assert org.org_id == there.org_id


def test_settings_may_leave_out_what_was_entered_in_the_console(
    link: Link, server: SandboxServer
) -> None:
    """Key and secret stand nowhere but in the store, and a refresh logs in all the same."""
    org = make_org()
    lines = demo_settings("acme").replace("flow: client_credentials", "flow: web_server")
    settings = "\n".join(line for line in lines.splitlines() if "consumer_" not in line)
    tenant = link("acme", org, settings)
    for name in ("ACME_SF_KEY", "ACME_SF_SECRET"):
        del os.environ[name]
    with pytest.raises(errors.NotConnected) as refused:
        connecting.begin_connect(tenant.installation, "acme", redirect_uri=CALLBACK, by=BY)
    assert refused.value.code == "app_keys_missing"
    connected(tenant.installation, server, org)
    tenant.sync()
    tenant.assert_follows_org()
    again = connecting.begin_connect(tenant.installation, "acme", redirect_uri=CALLBACK, by=BY)
    assert org.consumer_key in again.authorisation_url


@pytest.mark.parametrize(
    ("flow", "more"),
    [
        ("client_credentials", {"consumer_secret": {"env": "S"}}),
        ("jwt_bearer", {"username": "u", "private_key": {"env": "P"}}),
    ],
)
def test_other_flows_name_their_key(flow: str, more: dict[str, object]) -> None:
    written = {"org_url": "https://acme.my.salesforce.com", "flow": flow, **more}
    (problem,) = connection_problems(written)
    assert (problem.code, problem.path) == ("missing_key", "connection.consumer_key")


def test_headless_connections_need_no_administrator(link: Link, server: SandboxServer) -> None:
    """S2: a run-as user needs the API and reading rights only."""
    org = make_org()
    org.connected_user_id = clerk_of(org)
    tenant = link("acme", org, demo_settings("acme"))
    made = connecting.connect_headless(tenant.installation, "acme", by="cli")
    assert isinstance(made, Connected)
    assert made.org_id == org.org_id
    org.hide_object("Account")
    with pytest.raises(errors.ObjectRefused):
        connecting.connect_headless(tenant.installation, "acme", by="cli")
