"""Sessions, forms of other sites, headers, knocking, languages."""

import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flyle_sf_assets.console.middleware import RateLimiter
from flyle_sf_assets.console.sessions import SESSION_S
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.store.tenants.console_sessions import NO_TENANT
from flyle_sf_assets_tests.console.house import House, open_house
from flyle_sf_assets_tests.tenant_fixtures import installed

SECRET = "a-secret-of-flyle-that-is-long-enough-for-every-algorithm-000001"
COOKIE = "__Host-flyle_sf"


@pytest.fixture(scope="module")
def installation(
    tmp_path_factory: pytest.TempPathFactory, server: SandboxServer
) -> Iterator[Installation]:
    """An installation without tenants."""
    with installed(tmp_path_factory.mktemp("entering"), server) as made:
        yield made


@pytest.fixture(scope="module")
def clock() -> list[datetime]:
    """What time it is; tests turn it on."""
    return [datetime.now(UTC)]


@pytest.fixture(scope="module")
def house(installation: Installation, clock: list[datetime]) -> Iterator[House]:
    """The console over it."""
    with open_house(installation, clock=lambda: clock[0], secret=SECRET) as made:
        yield made


def test_a_token_opens_one_session_whichever_process_sees_it(
    house: House, installation: Installation
) -> None:
    """An address that was copied from a log or a proxy must open nothing."""
    token = house.token("acme")
    with open_house(installation, secret=SECRET) as second:
        assert house.stranger().get(f"/enter?token={token}").status_code == 303
        for again in (house, second):
            answer = again.stranger().get(f"/enter?token={token}")
            assert answer.status_code == 403
            assert "すでに使われています" in answer.text
            assert COOKIE not in answer.cookies


def test_the_cookie_is_bound_to_this_host_over_tls_and_hidden_from_scripts(house: House) -> None:
    answer = house.stranger().get(f"/enter?token={house.token('acme')}")
    said = answer.headers["set-cookie"]
    for word in ("Secure", "HttpOnly", "SameSite=lax", "Path=/", f"Max-Age={SESSION_S}"):
        assert word in said
    assert said.startswith(f"{COOKIE}=acme.")
    assert "Domain" not in said


def test_a_session_ends_by_itself(house: House, clock: list[datetime]) -> None:
    """Roles and plans change in Flyle: it is asked again."""
    visitor = house.visitor("acme")
    assert visitor.get("/").status_code == 200
    clock[0] += timedelta(seconds=SESSION_S + 1)
    assert visitor.get("/").status_code == 401
    clock[0] = datetime.now(UTC)


def test_leaving_ends_the_session_here_too(house: House) -> None:
    """Deleting the cookie alone leaves a key that was copied."""
    visitor = house.visitor("acme")
    cookie = visitor.session.cookies[COOKIE]
    assert visitor.post("/leave").status_code == 200
    copied = house.stranger()
    copied.session.cookies.set(COOKIE, cookie)
    assert copied.get("/").status_code == 401


def test_coming_in_again_ends_the_session_before(house: House) -> None:
    visitor = house.visitor("acme")
    former = visitor.session.cookies[COOKIE]
    visitor.get(f"/enter?token={house.token('acme', 'editor')}")
    copied = house.stranger()
    copied.session.cookies.set(COOKIE, former)
    assert copied.get("/").status_code == 401
    assert visitor.get("/").status_code == 200


def test_the_cookies_secret_is_not_in_the_database(
    house: House, installation: Installation
) -> None:
    """A backup of the database must not open anybody's session."""
    visitor = house.visitor("acme")
    secret = str(visitor.session.cookies[COOKIE]).partition(".")[2]
    with installation.database.tenant("acme") as tx:
        kept = tx.execute("SELECT s::text FROM console_sessions s").scalars().all()
    assert kept
    assert not any(secret in row for row in kept)


@pytest.mark.parametrize(
    ("csrf", "headers"),
    [
        ("", {}),
        ("0" * 64, {}),
        ("é", {}),
        (None, {"Sec-Fetch-Site": "cross-site"}),
        (None, {"Sec-Fetch-Site": "same-site"}),
    ],
)
def test_a_form_of_another_site_changes_nothing(
    house: House, csrf: str | None, headers: dict[str, str]
) -> None:
    """Another site may send forms with the visitor's cookie, but knows no token of its pages."""
    visitor = house.visitor("acme")
    answer = visitor.post("/leave", csrf=csrf, headers=headers)
    assert answer.status_code == 403
    assert visitor.get("/").status_code == 200


def test_a_form_that_is_too_large_is_not_read(house: House) -> None:
    answer = house.visitor("acme").post("/leave", {"x": "y" * 600_000})
    assert answer.status_code == 413


HEADERS = {
    "content-security-policy": re.compile(
        r"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        r" connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none';"
        r" frame-ancestors 'none'"
    ),
    "x-content-type-options": re.compile("nosniff"),
    "x-frame-options": re.compile("DENY"),
    "referrer-policy": re.compile("no-referrer"),
    "strict-transport-security": re.compile(r"max-age=\d{7,}"),
    "cross-origin-opener-policy": re.compile("same-origin"),
}


@pytest.mark.parametrize(
    "path", ["/", "/enter?token=x", "/health", "/nowhere", "/static/console.css"]
)
def test_every_answer_binds_the_browser(house: House, path: str) -> None:
    """Errors and files too: one page without the policy is enough for a script."""
    answer = house.stranger().get(path)
    for name, value in HEADERS.items():
        assert value.fullmatch(answer.headers[name]), name
    cached = answer.headers["cache-control"]
    assert ("immutable" in cached) if path.startswith("/static") else cached == "no-store"
    assert "server" not in answer.headers


def test_no_page_has_script_or_style_inside(house: House) -> None:
    """The policy would switch them off; what depends on them would be broken in silence."""
    folder = Path(sys.modules["flyle_sf_assets.console.app"].__file__ or "").parent / "templates"
    for template in folder.rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?! src=)", text), (
            template
        )


def test_another_host_name_is_not_served(house: House) -> None:
    """A page of the web whose name resolves to this machine would read what is served here."""
    assert house.stranger().get("/health", Host="evil.example").status_code == 400


@pytest.mark.parametrize(("path", "refused"), [("/enter?token=x", 403), ("/callback?state=x", 303)])
def test_knocking_is_limited(installation: Installation, path: str, refused: int) -> None:
    """Guessing tokens or states must take longer than they live."""
    with installation.database.tenant(NO_TENANT) as tx:
        tx.execute("DELETE FROM console_knocks")  # those of the tests before
    with open_house(installation, rate_limiter=RateLimiter(most=4)) as house:
        visitor = house.visitor("acme")  # one knock
        answers = [visitor.get(path).status_code for _ in range(5)]
    assert answers == [refused, refused, refused, 429, 429]


def test_knocks_are_forgotten_after_a_while() -> None:
    now = [0.0]
    limit = RateLimiter(most=2, within_s=60, clock_s=lambda: now[0])
    assert [limit.allows_here("a") for _ in range(3)] == [True, True, False]
    assert limit.allows_here("b")
    now[0] = 61
    assert limit.allows_here("a")


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "ja"),
        ("ja", "ja"),
        ("en-US,en;q=0.9", "en"),
        ("en;q=0.5, ja;q=0.9", "ja"),
        ("fr, de", "ja"),
        ("fr, en;q=0.3", "en"),
        ("en;q=x", "ja"),
    ],
)
def test_japanese_unless_english_is_preferred(house: House, accepted: str, language: str) -> None:
    answer = house.stranger(accepted).get("/")
    assert f'<html lang="{language}">' in answer.text


@pytest.mark.parametrize(
    ("back", "goes"),
    [("/companies", "/companies"), ("//evil.example", "/"), ("/\\evil", "/"), ("https://e", "/")],
)
def test_the_switch_of_language_stays_on_this_site(house: House, back: str, goes: str) -> None:
    """An open redirect lends our name to somebody's phishing page."""
    visitor = house.stranger()
    answer = visitor.session.get(
        f"{house.url}/language/en", params={"back": back}, allow_redirects=False, timeout=60
    )
    assert (answer.status_code, answer.headers["location"]) == (303, goes)
    assert '<html lang="en">' in visitor.get("/").text


def test_what_nobody_foresaw_is_not_shown(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A traceback on a page tells strangers about the house."""

    def broken(*_: object) -> Callable[[], None]:
        raise RuntimeError("a secret detail")

    visitor = house.visitor("acme")
    monkeypatch.setattr("flyle_sf_assets.console.pages.overview.settings_in", broken)
    answer = visitor.get("/")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert answer.headers["content-security-policy"]
