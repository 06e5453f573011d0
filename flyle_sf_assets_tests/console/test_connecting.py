"""Connecting by the pages: hosts, states, another org; consent is given at the sandbox org."""

import html
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.settings.hosts import check_org_url, pasted_org_url
from flyle_sf_assets.sync.session import open_refresh
from flyle_sf_assets_tests.console.house import House, Visitor, open_house
from flyle_sf_assets_tests.flows.run_steps import run_all
from flyle_sf_assets_tests.flows.tenants import make_org
from flyle_sf_assets_tests.postgres import admin
from flyle_sf_assets_tests.tenant_fixtures import installed

TENANT = "umbrella"


@pytest.fixture
def installation(
    tmp_path_factory: pytest.TempPathFactory, server: SandboxServer
) -> Iterator[Installation]:
    """An installation without tenants."""
    with installed(tmp_path_factory.mktemp("connecting"), server) as made:
        yield made


@pytest.fixture
def house(installation: Installation) -> Iterator[House]:
    """The console over it."""
    with open_house(installation) as made:
        yield made


@pytest.fixture
def org(server: SandboxServer) -> Org:
    """An org of this test."""
    made = make_org(samples.account_org)
    server.add(made)
    return made


def _entry(server: SandboxServer, org: Org, **changes: str) -> dict[str, str]:
    return {
        "org_url": server.url,
        "consumer_key": org.consumer_key,
        "consumer_secret": org.consumer_secret,
        **changes,
    }


def _go(page: requests.Response) -> str:
    """Where the page sends the browser."""
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
    assert found, page.text
    return html.unescape(found[1])


def _consent(server: SandboxServer, org: Org, url: str, user: str = "") -> str:
    """The path by which Salesforce sends the browser back, once a user has allowed the access."""
    answer = requests.post(
        f"{server.url}/services/oauth2/authorize",
        data={
            **dict(parse_qsl(urlsplit(url).query)),
            "user": user or org.connected_user_id,
            "decision": "approve",
        },
        verify=server.ca_file,
        allow_redirects=False,
        timeout=60,
    )
    back = urlsplit(answer.headers["location"])
    return f"{back.path}?{back.query}"


def _back(visitor: Visitor, path: str) -> requests.Response:
    """The page that the browser shows after the way back from Salesforce."""
    answer = visitor.get(path)
    assert answer.status_code == 303
    assert urlsplit(answer.headers["location"]).query == "", "a code stays in the address"
    return visitor.get(answer.headers["location"])


def _connect(visitor: Visitor, server: SandboxServer, org: Org) -> requests.Response:
    page = visitor.post("/connect", _entry(server, org))
    return _back(visitor, _consent(server, org, _go(page)))


def _stored(installation: Installation) -> list[str]:
    """Which secrets are kept, of any tenant, longer than a quarter of an hour."""
    with admin(installation.database_url) as connection:
        rows = connection.execute(
            b"SELECT tenant_id || ':' || kind FROM flyle.credentials"
            b" WHERE kind NOT LIKE 'pending:%'"
        )
        return sorted(str(row) for (row,) in rows)


@pytest.mark.parametrize(
    "url",
    [
        "https://169.254.169.254",
        "https://127.0.0.1:1",
        "ftp://acme.my.salesforce.com",
        "https://acme.my.salesforce.com.evil.example",
        "https://evil.example/?acme.my.salesforce.com",
        "https://user@acme.my.salesforce.com@evil.example",
        "evil.example/acme.lightning.force.com",
        "acme.lightning.force.com.evil.example",
    ],
)
def test_no_other_host_is_ever_asked(
    house: House, server: SandboxServer, org: Org, installation: Installation, url: str
) -> None:
    """The server behind the page must not be sent to addresses inside its own network."""
    visitor = house.visitor(TENANT)
    answer = _refused(visitor, _entry(server, org, org_url=url))
    assert _at_fields(answer) == {"org_url"}
    assert "FLYLE_SF" not in answer.text, "the operator's variables tell an administrator nothing"
    assert _typed(answer) == (url, org.consumer_key)
    assert 'http-equiv="refresh"' not in answer.text
    assert _stored(installation) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"consumer_key": "unknown"}, "consumer_key"),
        ({"consumer_secret": "wrong-one"}, "consumer_secret"),
    ],
)
def test_a_wrong_key_is_told_before_anybody_is_sent_away(
    house: House, server: SandboxServer, org: Org, changes: dict[str, str], field: str
) -> None:
    """Salesforce's own page says it in English, and leads nowhere back."""
    entry = _entry(server, org, **changes)
    answer = _refused(house.visitor(TENANT), entry)
    assert _at_fields(answer) == {field}
    assert _typed(answer) == (entry["org_url"], entry["consumer_key"])
    assert entry["consumer_secret"] not in answer.text


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("field", ["org_url", "consumer_key", "consumer_secret"])
def test_a_field_that_is_empty_is_told_there_and_the_others_stay(
    house: House, server: SandboxServer, org: Org, field: str, language: str
) -> None:
    """The browser said it in its own language, and an error took the Consumer Key away."""
    visitor = house.visitor(TENANT, language=language)
    entry = _entry(server, org, **{field: "  "})
    answer = _refused(visitor, entry)
    assert _at_fields(answer) == {field}
    assert _typed(answer) == (entry["org_url"].strip(), entry["consumer_key"].strip())
    assert ("Enter the" in answer.text) == (language == "en")
    assert org.consumer_secret not in answer.text
    again = visitor.get("/connect")
    assert _at_fields(again) == set(), "after reloading it is over"
    assert _typed(again) == _typed(answer)


def _refused(visitor: Visitor, entry: dict[str, str]) -> requests.Response:
    """The page after a try that fails at once: a redirect, so reloading sends nothing again."""
    answer = visitor.post("/connect", entry)
    assert (answer.status_code, answer.headers["location"]) == (303, "/connect")
    return visitor.get("/connect")


def _at_fields(page: requests.Response) -> set[str]:
    """The inputs that say what is wrong with them, and only such that a text belongs to."""
    fields = set(re.findall(r'<input id="(\w+)"[^>]*aria-invalid="true"', page.text))
    for name in fields:
        text = re.search(rf'id="{name}_error">([^<]+)<', page.text)
        assert text, name
        assert f'aria-describedby="{name}_error' in page.text
    return fields


def _typed(page: requests.Response) -> tuple[str, str]:
    """The values of the fields that may be shown again."""
    found = dict(re.findall(r'<input id="(\w+)"[^>]*? value="([^"]*)"', page.text))
    assert "consumer_secret" not in found
    return html.unescape(found["org_url"]), html.unescape(found["consumer_key"])


@pytest.mark.parametrize(
    ("pasted", "meant"),
    [
        ("acme.my.salesforce.com", "https://acme.my.salesforce.com"),
        ("http://acme.my.salesforce.com/", "https://acme.my.salesforce.com"),
        (" <https://ACME.my.salesforce.com/home/home.jsp?x=1> ", "https://acme.my.salesforce.com"),
        (
            "https://acme.lightning.force.com/lightning/o/Account/list?filterName=Recent",
            "https://acme.my.salesforce.com",
        ),
        ("acme--dev.sandbox.lightning.force.com", "https://acme--dev.sandbox.my.salesforce.com"),
        (
            "https://acme.my.salesforce-setup.com/lightning/setup/SetupOneHome/home",
            "https://acme.my.salesforce.com",
        ),
        ("ａｃｍｅ．ｍｙ．ｓａｌｅｓｆｏｒｃｅ．ｃｏｍ", "https://acme.my.salesforce.com"),
        ("https://acme.my.salesforce.com:443", "https://acme.my.salesforce.com"),
    ],
)
def test_an_address_is_taken_as_people_paste_it(pasted: str, meant: str) -> None:
    """They copy the address of the page that they see, and Japanese keyboards type full width."""
    assert pasted_org_url(pasted) == meant
    assert check_org_url(pasted_org_url(pasted)) == meant


def test_secrets_are_not_shown_again(
    house: House, server: SandboxServer, org: Org, installation: Installation
) -> None:
    """Anyone who looks over a shoulder, or at the page's source, finds neither key nor tokens."""
    visitor = house.visitor(TENANT)
    assert "接続しました" in _connect(visitor, server, org).text
    assert _stored(installation) == [f"{TENANT}:app", f"{TENANT}:grant"]
    for path in ("/", "/connect", "/settings", "/setup/object"):
        page = visitor.get(path).text
        assert org.consumer_key not in page
        assert org.consumer_secret not in page
    assert server.url in visitor.get("/connect").text


def test_a_state_is_good_for_who_began_and_only_once(
    house: House, server: SandboxServer, org: Org, installation: Installation
) -> None:
    """An address with somebody's code, sent to an administrator, must connect nothing."""
    begun = house.visitor(TENANT)
    back = _consent(server, org, _go(begun.post("/connect", _entry(server, org))))
    assert "state_unknown" in _back(house.visitor("elsewhere"), back).text
    assert not any("app" in kept or "grant" in kept for kept in _stored(installation))
    assert "接続しました" in _back(begun, back).text
    assert "state_unknown" in _back(begun, back).text


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize(
    ("answer", "code", "told"),
    [
        ("app_of_other_org", "app_of_other_org", "作成した組織のユーザーでログイン"),
        ("app_not_approved", "app_not_installed", "インストール"),
        ("app_not_found", "app_not_installed", "インストール"),
    ],
)
def test_what_salesforce_brings_back_in_any_language_says_what_to_do(
    house: House, server: SandboxServer, org: Org,
    answer: str, code: str, told: str, language: str,
) -> None:  # fmt: skip
    """The code is English in every language; the page says it in the visitor's."""
    visitor = house.visitor(TENANT)
    url = _go(visitor.post("/connect", _entry(server, org)))
    org.faults.add(Fault(FaultKind.RECORDED, answer=answer, language=language))
    page = _back(visitor, _consent(server, org, url))
    assert told in page.text
    if code == "app_of_other_org":
        assert _at_fields(page) == {"consumer_key"}
    else:
        assert "Salesforce連携ができません" in page.text
        assert code in page.text
    assert _typed(page) == (server.url, org.consumer_key), "a refused login loses nothing"
    assert org.consumer_secret not in page.text
    assert _stored(house.installation) == []
    again = visitor.get("/connect").text
    assert told not in again, "after reloading the error is over"
    assert org.consumer_key in again


def test_another_org_asks_first_and_then_takes_over(
    house: House, server: SandboxServer, org: Org, installation: Installation
) -> None:
    """PRODUCT.md, "Which org": the rows of before are unlinked only when that was confirmed."""
    visitor = house.visitor(TENANT)
    _connect(visitor, server, org)
    assert visitor.post("/setup/object", {"object": "Account", "every": "3h"}).status_code == 303
    linked = visitor.confirm()
    assert (linked.status_code, linked.headers["location"]) == (303, "/?saved=1")
    with open_refresh(installation, TENANT) as refresh:
        run_all(refresh)

    other = make_org(samples.account_org)
    server.add(other)
    page = _connect(visitor, server, other)
    assert org.org_id in page.text
    assert other.org_id in page.text
    assert _link(installation) == (org.org_id, "linked")
    confirmation = re.search(r'name="confirmation" value="([^"]+)"', page.text)
    assert confirmation
    assert visitor.get("/connect/other-org").text == page.text, "it may be reloaded"
    done = visitor.post("/connect/replace", {"confirmation": confirmation[1]})
    assert (done.status_code, done.headers["location"]) == (303, "/connect/done")
    assert "連携解除" in visitor.get("/connect/done").text
    assert _link(installation) == (other.org_id, "unlinked")
    again = visitor.post("/connect/replace", {"confirmation": confirmation[1]})
    assert again.status_code == 403


def _link(installation: Installation) -> tuple[str, str]:
    """The linked org, and the status that all companies have."""
    with installation.database.tenant(TENANT) as tx:
        org_id = tx.execute("SELECT org_id FROM links").scalar_one()
        [status] = tx.execute("SELECT DISTINCT status FROM companies").scalars()
    return org_id, status
