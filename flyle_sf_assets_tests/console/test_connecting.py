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


def _connect(visitor: Visitor, server: SandboxServer, org: Org) -> requests.Response:
    page = visitor.post("/connect", _entry(server, org))
    return visitor.get(_consent(server, org, _go(page)))


def _stored(installation: Installation) -> list[str]:
    """Which secrets are kept, of any tenant."""
    with admin(installation.database_url) as connection:
        rows = connection.execute(b"SELECT tenant_id || ':' || kind FROM flyle.credentials")
        return sorted(str(row) for (row,) in rows)


@pytest.mark.parametrize(
    "url",
    [
        "https://169.254.169.254",
        "https://127.0.0.1:1",
        "http://acme.my.salesforce.com",
        "https://acme.my.salesforce.com.evil.example",
        "https://evil.example/?acme.my.salesforce.com",
        "https://user@acme.my.salesforce.com@evil.example",
        "",
    ],
)
def test_no_other_host_is_ever_asked(
    house: House, server: SandboxServer, org: Org, installation: Installation, url: str
) -> None:
    """The server behind the page must not be sent to addresses inside its own network."""
    visitor = house.visitor(TENANT)
    answer = visitor.post("/connect", _entry(server, org, org_url=url))
    assert answer.status_code == 400
    assert "org_url_not_allowed" in answer.text
    assert 'http-equiv="refresh"' not in answer.text
    assert _stored(installation) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"consumer_key": "unknown"}, "app_unknown"), ({"consumer_secret": "x"}, "secret_wrong")],
)
def test_a_wrong_key_is_told_before_anybody_is_sent_away(
    house: House, server: SandboxServer, org: Org, changes: dict[str, str], code: str
) -> None:
    """Salesforce's own page says it in English, and leads nowhere back."""
    answer = house.visitor(TENANT).post("/connect", _entry(server, org, **changes))
    assert answer.status_code == 400
    assert "Salesforce連携ができません" in answer.text
    assert code in answer.text
    assert org.consumer_secret not in answer.text


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
    other_tenant = house.visitor("elsewhere").get(back)
    assert (other_tenant.status_code, "state_unknown" in other_tenant.text) == (403, True)
    assert not any("app" in kept or "grant" in kept for kept in _stored(installation))
    assert "接続しました" in begun.get(back).text
    again = begun.get(back)
    assert (again.status_code, "state_unknown" in again.text) == (403, True)


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
    page = visitor.get(_consent(server, org, url))
    assert page.status_code == 403
    assert "Salesforce連携ができません" in page.text
    assert code in page.text
    assert told in page.text
    assert _stored(house.installation) == []


def test_another_org_asks_first_and_then_takes_over(
    house: House, server: SandboxServer, org: Org, installation: Installation
) -> None:
    """PRODUCT.md, "Which org": the rows of before are unlinked only when that was confirmed."""
    visitor = house.visitor(TENANT)
    _connect(visitor, server, org)
    assert visitor.post("/setup/object", {"object": "Account", "every": "3h"}).status_code == 303
    linked = visitor.post("/setup/confirm")
    assert (linked.status_code, linked.headers["location"]) == (303, "/")
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
    done = visitor.post("/connect/replace", {"confirmation": confirmation[1]})
    assert "連携解除" in done.text
    assert _link(installation) == (other.org_id, "unlinked")
    again = visitor.post("/connect/replace", {"confirmation": confirmation[1]})
    assert again.status_code == 403


def _link(installation: Installation) -> tuple[str, str]:
    """The linked org, and the status that all companies have."""
    with installation.database.tenant(TENANT) as tx:
        org_id = tx.execute("SELECT org_id FROM links").scalar_one()
        [status] = tx.execute("SELECT DISTINCT status FROM companies").scalars()
    return org_id, status
