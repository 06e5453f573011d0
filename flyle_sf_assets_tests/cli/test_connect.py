"""``flyle-sf connect``, ``disconnect`` and ``secrets rotate``, with a person at the browser."""

import re
import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from cryptography.fernet import Fernet

from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets_tests.cli.site import Answer, Site, make_org
from flyle_sf_assets_tests.consenting import clerk_of, consented
from flyle_sf_assets_tests.signing import JWT_SETTINGS, certify, new_key, pem, username_of

WEB_SERVER = ("flow: client_credentials", "flow: web_server")


@pytest.fixture(scope="module")
def org() -> Org:
    return make_org()


def by_browser(
    here: Site, tenant: str, user: str, *options: str, decision: str = "approve"
) -> Answer:
    """Connects with a person at the browser, on a free port."""

    def person(stdout: Callable[[], str]) -> None:
        consent(here, _url_of(stdout), user, decision)

    return here.run("connect", tenant, "--port", "0", *options, person=person)


def _url_of(stdout: Callable[[], str]) -> str:
    """The URL that the command prints on a line of its own."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = re.search(r"^(https://\S+)\n", stdout(), re.MULTILINE)
        if found:
            return found[1]
        time.sleep(0.01)
    raise AssertionError(stdout())


def consent(here: Site, url: str, user: str, decision: str = "approve") -> None:
    """Opens the URL in a browser, decides, and comes back to the command."""
    callback = parse_qs(urlsplit(url).query)["redirect_uri"][0]
    assert callback.startswith("http://localhost:")
    with requests.Session() as browser:
        browser.trust_env = False
        local = callback.replace("localhost", "127.0.0.1")
        stray = browser.get(local, params={"state": "stray", "code": "stray"}, timeout=20)
        assert stray.status_code == 404
        query = consented(here.server, url, user=user, decision=decision)
        answer = browser.get(local, params=query, timeout=20)
        assert answer.status_code == 200
        assert query["state"] not in answer.text


@pytest.fixture(scope="module")
def web(here: Site, org: Org) -> Site:
    """A tenant that a person has connected in the browser, in an org that rotates tokens."""
    org.rotates_refresh_tokens = True
    here.link("web", org, WEB_SERVER)
    process = here.start("connect", "web", "--port", "0")
    assert process.stdout is not None
    url = ""
    while not url.startswith("https://"):
        url = process.stdout.readline().strip()
        assert url, "the command ended before it printed the URL"
    consent(here, url, org.connected_user_id)
    made = here.answer_of(process)
    assert (made.code, org.org_id in made.out) == (0, True), made.err
    return here


def test_a_tenant_that_nobody_connected_says_how(here: Site, org: Org) -> None:
    here.link("unconnected", org, WEB_SERVER)
    refused = here.run("sync", "unconnected")
    assert refused.code == 4
    assert "flyle-sf connect" in refused.err


def test_disconnect_stops_syncing_until_it_is_connected_again(web: Site, org: Org) -> None:
    """S13, as a person at a terminal lives it."""
    assert web.run("sync", "web").code == 0
    assert web.query("SELECT state FROM flyle.links WHERE tenant_id = 'web'") == [("linked",)]
    ended = web.run("disconnect", "web")
    assert ended.code == 0, ended.err
    assert "60" in ended.out
    assert org.refresh_tokens == ()
    refused = web.run("sync", "web", "--json")
    assert (refused.code, refused.document["error"]["code"]) == (4, "disconnected")
    assert "flyle-sf connect" in refused.document["error"]["remedy"]
    assert (refused.document["sync_id"], refused.document["state"]) == (None, "failed")
    assert by_browser(web, "web", org.connected_user_id).code == 0
    again = web.run("sync", "web", "--json")
    assert (again.code, again.document["kind"]) == (0, "census")
    statuses = web.query("SELECT DISTINCT status FROM flyle.companies WHERE tenant_id = 'web'")
    assert statuses == [("linked",)]


def test_denied_and_not_administrator_name_right_side_remedy_and_contact(
    here: Site, org: Org
) -> None:
    """S14."""
    here.link("denied", org, WEB_SERVER)
    answer = by_browser(here, "denied", org.connected_user_id, decision="deny")
    assert answer.code == 4
    assert "consent_denied" in answer.err
    answer = by_browser(here, "denied", clerk_of(org))
    assert answer.code == 4
    for text in (
        "Salesforce連携ができません",
        "Salesforce側",
        "管理者(「すべてのデータの編集」)",
        "Modify All Data",
        "customer@flyle.io",
    ):
        assert text in answer.err


def test_the_support_contact_is_the_operators(here: Site, org: Org) -> None:
    here.link("contact", org)
    answer = here.run(
        "connect", "contact", FLYLE_SUPPORT_CONTACT="help@example.com", CONTACT_SF_SECRET="wrong"
    )
    assert answer.code == 4
    assert "help@example.com" in answer.err
    assert "customer@flyle.io" not in answer.err


def test_a_new_key_says_to_wait(here: Site) -> None:
    fresh = make_org()
    fresh.new_consumer_key(fresh.consumer_key, fresh.consumer_secret)
    here.link("fresh", fresh)
    answer = here.run("connect", "fresh")
    assert answer.code == 4
    assert "10分" in answer.err
    assert "10 minutes" in answer.err


def test_connect_headless_and_another_org(here: Site, org: Org) -> None:
    here.link("head", org)
    assert here.run("connect", "head").code == 0
    assert here.query("SELECT state, org_id FROM flyle.links WHERE tenant_id = 'head'") == [
        ("connected", org.org_id)
    ]
    other = make_org(samples.opportunity_org)
    here.link("head", other)
    refused = here.run("sync", "head", "--json")
    assert (refused.code, refused.document["error"]["code"]) == (4, "org_changed")
    refused = here.run("connect", "head")
    assert refused.code == 4
    assert "--replace-org" in refused.err
    assert here.run("connect", "head", "--replace-org").code == 0
    linked = here.query("SELECT state, org_id FROM flyle.links WHERE tenant_id = 'head'")
    assert linked == [("connected", other.org_id)]


def test_unknown_tenants_and_plans_are_refused(here: Site, org: Org) -> None:
    assert here.run("connect", "nobody").code == 4
    assert here.run("disconnect", "nobody").code == 4
    here.link("small", org, ("plan: enterprise", "plan: starter"))
    answer = here.run("connect", "small")
    assert answer.code == 4
    assert "プラン" in answer.err


def test_a_port_that_is_taken_is_told(here: Site, org: Org) -> None:
    here.link("port", org, WEB_SERVER)
    taken = urlsplit(here.server.url).port
    answer = here.run("connect", "port", "--port", str(taken))
    assert (answer.code, "port_unavailable" in answer.err) == (2, True)


def test_secrets_rotate_puts_everything_under_the_newest_key(here: Site, org: Org) -> None:
    """Afterwards the old key may go, and the link still works."""
    here.link("rot", org, WEB_SERVER)
    assert by_browser(here, "rot", org.connected_user_id).code == 0
    old = (here.home / "secret.keys").read_text()
    assert here.run("secrets", "rotate", "--new-key").code == 0
    newest, kept = (here.home / "secret.keys").read_text().split(",")
    assert kept == old
    assert here.run("check", "rot", FLYLE_SECRET_KEYS=old).code == 1
    (here.home / "secret.keys").write_text(newest)
    assert here.run("check", "rot").code == 0
    foreign = here.run("secrets", "rotate", FLYLE_SECRET_KEYS=Fernet.generate_key().decode())
    assert foreign.code == 1
    assert "secret_unreadable" in foreign.err
    assert here.run("check", "rot").code == 0


def test_jwt_bearer_connects_and_syncs(here: Site) -> None:
    """A real org's answer has five members: before, the login was tried again for ever."""
    signed_for, key = make_org(), new_key()
    certify(signed_for, key)
    changes = [
        (old.replace("ACME", "JWT"), new.replace("ACME", "JWT")) for old, new in JWT_SETTINGS
    ]
    changes[-1] = (changes[-1][0], changes[-1][1].replace("USERNAME", username_of(signed_for)))
    here.link("jwt", signed_for, *changes)
    here.secrets["JWT_SF_PRIVATE"] = pem(key)
    made = here.run("connect", "jwt")
    assert (made.code, signed_for.org_id in made.out) == (0, True), made.err
    synced = here.run("sync", "jwt", "--json")
    assert synced.code == 0, synced.err
    assert synced.document["created"] == len(signed_for.ids("Account"))
    companies = here.query("SELECT count(*) FROM flyle.companies WHERE tenant_id = 'jwt'")
    assert companies == [(synced.document["created"],)]


def test_an_app_of_another_org_is_told_at_the_terminal(here: Site, org: Org) -> None:
    """S14: the callback brings Salesforce's code; its words may be in another language."""
    here.link("cross", org, WEB_SERVER)
    org.faults.add(Fault(FaultKind.RECORDED, answer="app_of_other_org", language="ja", skip=1))
    answer = by_browser(here, "cross", org.connected_user_id)
    assert answer.code == 4
    for text in ("app_of_other_org", "外部クライアントアプリケーション", "External Client App"):
        assert text in answer.err


def test_no_secret_was_ever_told_or_stored(web: Site, org: Org) -> None:
    """In anything that the commands of this file said, and in every row of the database."""
    told = "\n".join([*web.told, *web.texts_of(web.database_url, "flyle")])
    keys = (web.home / "secret.keys").read_text().split(",")
    for secret in (org.consumer_secret, *org.sessions, *org.refresh_tokens, *keys):
        assert secret not in told
