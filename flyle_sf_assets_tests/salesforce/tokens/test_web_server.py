"""The web server flow's request and callback."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from flyle_sf_assets import errors
from flyle_sf_assets.salesforce.tokens.web_server import (
    AuthorizationRequest,
    Callback,
    authorization_request,
    challenge_of,
)

ORG = "https://acme.my.salesforce.com"
CALLBACK = "https://flyle.example/callback?lang=ja"


def request() -> AuthorizationRequest:
    return authorization_request(f"{ORG}/lightning/page/home", "3MVG9.key", CALLBACK)


def test_the_request_has_everything_that_salesforce_wants() -> None:
    made = request()
    url = urlsplit(made.url)
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{ORG}/services/oauth2/authorize"
    assert query == {
        "response_type": "code",
        "client_id": "3MVG9.key",
        "redirect_uri": CALLBACK,
        "scope": "api refresh_token",
        "state": made.state,
        "code_challenge": challenge_of(made.verifier),
        "code_challenge_method": "S256",
    }


def test_the_challenge_is_that_of_the_rfc() -> None:
    """RFC 7636, appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_state_and_verifier_are_new_each_time_and_never_shown() -> None:
    one, two = request(), request()
    assert one.state != two.state
    assert one.verifier != two.verifier
    assert re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", one.verifier)
    shown = repr(one) + repr(Callback(one.state, code="the-code"))
    assert not any(secret in shown for secret in (one.state, one.verifier, "the-code"))


@pytest.mark.parametrize(
    ("query", "kind", "code"),
    [
        ({"error": "access_denied"}, errors.NotPermitted, "consent_denied"),
        ({"error": "access-denied"}, errors.NotPermitted, "consent_denied"),
        ({"error": "invalid_client_id"}, errors.NotConnected, "app_unknown"),
        ({"error": "redirect_uri_mismatch"}, errors.NotConnected, "callback_wrong"),
        ({"error": "invalid_scope"}, errors.NotPermitted, "scope_missing"),
        (
            {"error": "OAUTH_APPROVAL_ERROR_GENERIC"},
            errors.NotPermitted,
            "app_not_installed",
        ),
        ({"error": "access_denied", "code": "both"}, errors.NotPermitted, "consent_denied"),
        ({"error": "no_such_error"}, errors.NotConnected, "login_refused"),
    ],
)
def test_each_error_of_the_callback_says_what_it_means(
    query: dict[str, str], kind: type[errors.FlyleError], code: str
) -> None:
    with pytest.raises(kind) as refused:
        Callback.from_query({"state": "s", **query}).require_code(ORG)
    assert refused.value.code == code


def test_a_callback_with_neither_code_nor_error_is_no_success() -> None:
    with pytest.raises(errors.FlyleError):
        Callback.from_query({"state": "s"}).require_code(ORG)
