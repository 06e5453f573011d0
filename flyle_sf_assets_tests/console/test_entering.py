"""Who is there: tokens, sessions, forms of other sites, headers, knocking."""

import json
import re
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from flyle_sf_assets.console.configuration import ConsoleSettings, console_settings
from flyle_sf_assets.console.guards import KnockLimit
from flyle_sf_assets.console.serving import listening_socket, served
from flyle_sf_assets.console.sessions import SESSION_S
from flyle_sf_assets.console.tokens import TokenKeys
from flyle_sf_assets.errors import NotPermitted, UsageError
from flyle_sf_assets.refresh.installation import Installation
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.console.house import House, certificate, open_house
from flyle_sf_assets_tests.flows.conftest import installed

SECRET = "a-secret-of-flyle-that-is-long-enough-for-every-algorithm-000001"
NOW = datetime(2026, 3, 2, 3, 4, 5, tzinfo=UTC)
CLAIMS: dict[str, Any] = {
    "aud": "flyle-sf-console",
    "sub": "user-1",
    "name": "佐藤 花子",
    "tenant": "acme",
    "role": "admin",
    "plan": "enterprise",
    "iat": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 120,
    "jti": "one",
}
COOKIE = "__Host-flyle_sf"


def _settings(**more: Any) -> ConsoleSettings:
    return ConsoleSettings("https://console.example", SECRET, **more)


def _signed(
    claims: dict[str, Any], key: Any = SECRET, algorithm: str = "HS256", **header: str
) -> str:
    return jwt.encode(claims, key, algorithm=algorithm, headers=header or None)


def _refusal(token: str, now: datetime = NOW) -> str:
    with pytest.raises(NotPermitted) as refused:
        TokenKeys(_settings()).check(token, now)
    assert len(token) < 10 or token not in str(refused.value)
    assert refused.value.code == "console_token_refused"
    return refused.value.came_back


def test_a_token_of_the_contract_says_who_comes() -> None:
    ticket = TokenKeys(_settings()).check(_signed(CLAIMS), NOW)
    person = ticket.person
    assert (person.tenant, person.subject, person.name) == ("acme", "user-1", "佐藤 花子")
    assert (person.role, person.plan, ticket.jti) == ("admin", "enterprise", "one")


@pytest.mark.parametrize("missing", sorted(CLAIMS))
def test_every_claim_is_required(missing: str) -> None:
    """A token without a jti could be used for ever."""
    assert _refusal(_signed({k: v for k, v in CLAIMS.items() if k != missing}))


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "another-app"},
        {"role": "owner"},
        {"role": 1},
        {"tenant": "../acme"},
        {"tenant": "acme\n"},
        {"tenant": ""},
        {"name": ""},
        {"name": "x" * 256},
        {"jti": 7},
        {"exp": CLAIMS["iat"] + 301},
        {"exp": CLAIMS["iat"] - 1},
        {"exp": "soon"},
        {"iat": True},
        {"exp": 10**30, "iat": 10**30 - 10},
        {"iat": CLAIMS["iat"] + 3600, "exp": CLAIMS["iat"] + 3700},
    ],
)
def test_claims_that_are_not_the_contracts_are_refused(changed: dict[str, Any]) -> None:
    assert _refusal(_signed({**CLAIMS, **changed}))


def test_an_expired_token_is_refused() -> None:
    """An address that was kept in a history must not open anything an hour later."""
    assert _refusal(_signed(CLAIMS), NOW + timedelta(seconds=121)) == "it has expired"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        _signed(CLAIMS, "another-secret-of-somebody-else-00000001"),
        _signed(CLAIMS, SECRET, "HS512"),
        jwt.encode(CLAIMS, None, algorithm="none"),
    ],
)
def test_a_forged_token_is_refused(token: str) -> None:
    """RFC 8725, 2.1: none, and other algorithms than the one that was agreed."""
    assert _refusal(token)


@pytest.fixture(scope="module")
def jwks(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, ssl.SSLContext, dict[str, Any]]]:
    """A JWKS URL with an RSA and an EC key, the trust in it, and the private keys."""
    keys: dict[str, Any] = {
        "rsa": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "ec": ec.generate_private_key(ec.SECP256R1()),
    }
    published = [
        {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(keys["rsa"].public_key())), "kid": "rsa"},
        {**json.loads(jwt.algorithms.ECAlgorithm.to_jwk(keys["ec"].public_key())), "kid": "ec"},
    ]
    app = Starlette(routes=[Route("/keys", lambda _: JSONResponse({"keys": published}))])
    authority, tls = trustme.CA(), ssl.create_default_context()
    authority.configure_trust(tls)
    listener = listening_socket("127.0.0.1", 0)
    url = f"https://127.0.0.1:{listener.getsockname()[1]}/keys"
    with served(app, listener, certificate(authority, tmp_path_factory.mktemp("jwks"))):
        yield url, tls, keys


@pytest.mark.parametrize(("kid", "algorithm"), [("rsa", "RS256"), ("ec", "ES256")])
def test_keys_of_a_jwks_url_are_trusted(
    jwks: tuple[str, ssl.SSLContext, dict[str, Any]], kid: str, algorithm: str
) -> None:
    url, tls, keys = jwks
    token = _signed(CLAIMS, keys[kid], algorithm, kid=kid)
    assert TokenKeys(_settings(jwks_url=url), tls).check(token, NOW).person.tenant == "acme"


def test_with_a_jwks_url_nothing_else_is_trusted(
    jwks: tuple[str, ssl.SSLContext, dict[str, Any]],
) -> None:
    """RFC 8725, 3.1: a public key, taken for a shared secret, would let everybody sign."""
    url, tls, keys = jwks
    trusting = TokenKeys(_settings(jwks_url=url), tls)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for token in (
        _signed(CLAIMS, kid="rsa"),
        _signed(CLAIMS, other, "RS256", kid="rsa"),
        _signed(CLAIMS, keys["rsa"], "RS256", kid="unknown"),
    ):
        with pytest.raises(NotPermitted):
            trusting.check(token, NOW)


def test_a_short_secret_and_a_jwks_url_without_tls_are_refused() -> None:
    """A secret of eight letters is guessed from one token."""
    with pytest.raises(UsageError, match="FLYLE_CONSOLE_SECRET"):
        ConsoleSettings("https://console.example", "short")
    with pytest.raises(UsageError, match="FLYLE_CONSOLE_JWKS_URL"):
        _settings(jwks_url="http://keys.example/jwks")


def test_the_secret_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    """Processes that start at once must agree on it."""
    code = (
        "import sys, pathlib; from flyle_sf_assets.console.configuration import *;"
        "home = pathlib.Path(sys.argv[1]);"
        "sys.stdout.write(console_settings(home, 'http://127.0.0.1', {}).secret)"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    made = {process.communicate(timeout=60)[0] for process in started}
    [secret] = made
    assert len(secret) >= 32
    assert (tmp_path / "console.secret").stat().st_mode & 0o777 == 0o600
    settings = console_settings(tmp_path, "http://127.0.0.1:1", {})
    assert settings.secret.encode() == secret
    assert settings.secret not in repr(settings)


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
            assert "it was used before" in answer.text
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
    answer = visitor.post("/leave", csrf=csrf, **headers)
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


@pytest.mark.parametrize("path", ["/enter?token=x", "/callback?state=x"])
def test_knocking_is_limited(installation: Installation, path: str) -> None:
    """Guessing tokens or states must take longer than they live."""
    with open_house(installation, knocks=KnockLimit(most=4)) as house:
        visitor = house.visitor("acme")  # one knock
        answers = [visitor.get(path).status_code for _ in range(5)]
    assert answers == [403, 403, 403, 429, 429]


def test_knocks_are_forgotten_after_a_while() -> None:
    now = [0.0]
    limit = KnockLimit(most=2, within_s=60, clock_s=lambda: now[0])
    assert [limit.allows("a") for _ in range(3)] == [True, True, False]
    assert limit.allows("b")
    now[0] = 61
    assert limit.allows("a")


Preference = tuple[str, str]


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
    monkeypatch.setattr("flyle_sf_assets.console.pages.overview.registered_settings", broken)
    answer = visitor.get("/")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert answer.headers["content-security-policy"]
