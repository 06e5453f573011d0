"""Tokens of Flyle against the contract ("Console tokens"), and the keys that are trusted."""

import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
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

from flyle_sf_assets.console.server import listening_socket, served
from flyle_sf_assets.console.settings import ConsoleSettings, console_settings
from flyle_sf_assets.console.tokens import TokenKeys
from flyle_sf_assets.errors import NotPermitted, UsageError
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets_tests.console.house import certificate

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
    return refused.value.came_back.en


def test_a_token_of_the_contract_says_who_comes() -> None:
    ticket = TokenKeys(_settings()).check(_signed(CLAIMS), NOW)
    user = ticket.user
    assert (user.tenant, user.subject, user.name) == ("acme", "user-1", "佐藤 花子")
    assert (user.role, user.plan, ticket.jti) == ("admin", "enterprise", "one")


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
        *(
            {claim: f"a{odd}b"}
            for claim in ("sub", "jti", "name", "plan")
            for odd in ("\ud800", "\udfff", "\0", "\n", "\x1b", "\x9b")
        ),
        {"nbf": CLAIMS["iat"] + 60},
        {"nbf": "soon"},
        {"nbf": True},
        {"nbf": 10**30},
        {"name": ["x"]},
        {"role": {"admin": 1}},
        {"x": "y" * 9_000},
        {"sub": 5},
        {"iat": float("inf")},
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
        jwt.encode(CLAIMS, "", algorithm="none"),
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
        "short": rsa.generate_private_key(public_exponent=65537, key_size=1024),  # noqa: S505
        "curve": ec.generate_private_key(ec.SECP384R1()),
        "rsa": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "ec": ec.generate_private_key(ec.SECP256R1()),
    }
    published = [
        {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(keys["rsa"].public_key())), "kid": "rsa"},
        {**json.loads(jwt.algorithms.ECAlgorithm.to_jwk(keys["ec"].public_key())), "kid": "ec"},
        {
            **json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(keys["short"].public_key())),
            "kid": "short",
        },
        {
            **json.loads(jwt.algorithms.ECAlgorithm.to_jwk(keys["curve"].public_key())),
            "kid": "curve",
        },
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
    assert TokenKeys(_settings(jwks_url=url), tls).check(token, NOW).user.tenant == "acme"


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
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
        _signed(CLAIMS, keys["rsa"], "RS256", kid="ec"),
        _signed(CLAIMS, keys["ec"], "ES256", kid="rsa"),
        _signed(CLAIMS, keys["rsa"], "RS512", kid="rsa"),
        _signed(CLAIMS, keys["short"], "RS256", kid="short"),
        _signed(CLAIMS, keys["curve"], "ES384", kid="curve"),
        _signed(CLAIMS, keys["rsa"], "RS256"),
    ):
        with pytest.raises(NotPermitted):
            trusting.check(token, NOW)


def test_forged_tokens_do_not_make_the_keys_be_fetched_again_and_again(
    jwks: tuple[str, ssl.SSLContext, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each unknown key id was a request to the server of the keys."""
    url, tls, keys = jwks
    fetched: list[int] = []
    really = jwt.PyJWKClient.fetch_data

    def counting(client: jwt.PyJWKClient) -> Any:
        fetched.append(1)
        return really(client)

    monkeypatch.setattr(jwt.PyJWKClient, "fetch_data", counting)
    trusting = TokenKeys(_settings(jwks_url=url), tls)
    for number in range(20):
        with pytest.raises(NotPermitted):
            trusting.check(_signed(CLAIMS, keys["rsa"], "RS256", kid=f"unknown-{number}"), NOW)
    assert 1 <= len(fetched) <= 2


def test_a_token_that_becomes_valid_within_the_leeway_is_taken() -> None:
    """Clocks of two machines differ by some seconds."""
    token = _signed({**CLAIMS, "nbf": CLAIMS["iat"] + 20})
    assert TokenKeys(_settings()).check(token, NOW).jti == "one"


def test_a_short_secret_and_a_jwks_url_without_tls_are_refused() -> None:
    """A secret of eight letters is guessed from one token."""
    with pytest.raises(UsageError, match="FLYLE_CONSOLE_SECRET"):
        ConsoleSettings("https://console.example", "short")
    with pytest.raises(UsageError, match="FLYLE_CONSOLE_JWKS_URL"):
        _settings(jwks_url="http://keys.example/jwks")


def test_the_secret_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    """Processes that start at once must agree on it."""
    code = (
        "import sys; from flyle_sf_assets.console.settings import *;"
        "environment = Environment.from_environment({'FLYLE_HOME': sys.argv[1]});"
        "sys.stdout.write(console_settings(environment, 'http://127.0.0.1', {}).secret)"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    made = {process.communicate(timeout=60)[0] for process in started}
    [secret] = made
    assert len(secret) >= 32
    assert (tmp_path / "console.secret").stat().st_mode & 0o777 == 0o600
    environment = Environment.from_environment({"FLYLE_HOME": str(tmp_path)})
    settings = console_settings(environment, "http://127.0.0.1:1", {})
    assert settings.secret.encode() == secret
    assert settings.secret not in repr(settings)
