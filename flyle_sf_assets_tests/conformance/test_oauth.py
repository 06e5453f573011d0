"""Tokens: how they are got, what their answer holds, how the endpoint refuses."""

import re
import time

import pytest
import requests

from flyle_sf_assets_tests.conformance import asking

ID_URL = re.compile(r"^https://.+/id/(00D[A-Za-z0-9]{15})/(005[A-Za-z0-9]{15})$")


def oauth_error(answer: requests.Response) -> tuple[int, str]:
    """Status and code of a refusal; fails when the body has not the documented shape."""
    body = answer.json()
    assert {"error", "error_description"} <= set(body), body
    return answer.status_code, body["error"]


def test_client_credentials_give_a_bearer_token(org: asking.Org) -> None:
    """Key and secret, posted to the token endpoint of the org's own URL, give a bearer token.

    Page: Salesforce Help, "OAuth 2.0 Client Credentials Flow for Server-to-Server Integration"
    Page: Salesforce Help, "Sample Request and Response for Access Token"
    """
    answer = org.client_credentials()
    assert answer.status_code == 200
    body = answer.json()
    assert body["token_type"] == "Bearer"
    assert org.get("limits", token=body["access_token"]).ok


def test_key_and_secret_may_travel_as_basic_authorization(org: asking.Org) -> None:
    """The credentials may be in a Basic Authorization header instead of the form.

    Page: Salesforce Help, "OAuth 2.0 Client Credentials Flow for Server-to-Server Integration"
    Unverified: the sentence of the page breaks off where we could read it.
    """
    answer = org.session.post(
        f"{org.target.org_url}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(org.target.consumer_key, org.target.consumer_secret),
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["access_token"]


def test_identity_url_names_org_and_user(org: asking.Org) -> None:
    """The answer's ``id`` is a URL that ends in the org's and the user's 18-character ids.

    Page: Salesforce Help, "Sample Request and Response for Access Token"
    """
    named = ID_URL.match(org.grant["id"])
    assert named, org.grant["id"]
    found = org.records(f"SELECT Id FROM User WHERE Id = '{named[2]}'")
    assert [record["Id"] for record in found] == [named[2]]
    assert org.records("SELECT Id FROM Organization")[0]["Id"] == named[1]


def test_instance_url_is_where_requests_go(org: asking.Org) -> None:
    """``instance_url`` is an https URL without a path at which the token works.

    Page: Salesforce Help, "Sample Request and Response for Access Token"
    """
    assert re.match(r"^https://[^/]+$", org.grant["instance_url"])
    assert org.get("query", params={"q": "SELECT Id FROM User LIMIT 1"}).ok


def test_issued_at_is_milliseconds_since_1970(org: asking.Org) -> None:
    """``issued_at`` is a text of milliseconds since 1970, by the server's clock.

    Page: Salesforce Help, "Sample Request and Response for Access Token"
    Unverified: the unit; the sample has 13 digits, older pages say seconds.
    """
    issued_ms = org.client_credentials().json()["issued_at"]
    assert isinstance(issued_ms, str)
    assert abs(int(issued_ms) / 1000 - time.time()) < 3600


def test_unknown_consumer_key_is_invalid_client_id(org: asking.Org) -> None:
    """A consumer key that the org does not know (or not yet) is ``invalid_client_id``.

    Page: Salesforce Help, "OAuth 2.0 Authorization Errors"
    Unverified: the code is from users' reports, also for an app's first ten minutes.
    """
    answer = org.client_credentials(client_id="3MVG9unknownKeyOfNobody")
    assert oauth_error(answer) == (400, "invalid_client_id")


def test_wrong_consumer_secret_is_invalid_client(org: asking.Org) -> None:
    """A wrong secret for a known key is ``invalid_client``.

    Page: Salesforce Help, "OAuth 2.0 Authorization Errors"
    Unverified: the code is from users' reports; the page shows the shape.
    """
    answer = org.client_credentials(client_secret="0123456789ABCDEF")
    assert oauth_error(answer) == (400, "invalid_client")


def test_unknown_grant_type_is_refused(org: asking.Org) -> None:
    """A grant type that Salesforce does not have is ``unsupported_grant_type``.

    Page: Salesforce Help, "OAuth 2.0 Authorization Errors"
    Unverified: the code is from users' reports; the page shows the shape.
    """
    answer = org.client_credentials(grant_type="guess")
    assert oauth_error(answer) == (400, "unsupported_grant_type")


def test_unknown_refresh_token_is_invalid_grant(org: asking.Org) -> None:
    """A refresh token that is expired, revoked or made up is ``invalid_grant``.

    Page: Salesforce Help, "OAuth 2.0 Authorization Errors"
    """
    answer = org.client_credentials(grant_type="refresh_token", refresh_token="5Aepmade.up")
    assert oauth_error(answer) == (400, "invalid_grant")
    assert answer.json()["error_description"] == "expired access/refresh token"


def test_made_up_session_is_401_invalid_session_id(org: asking.Org) -> None:
    """A token that is expired or invalid gives 401 with errorCode INVALID_SESSION_ID.

    Page: REST API Developer Guide, "Status Codes and Error Responses"
    Unverified: the code and the words are from practice; the page promises 401 with both.
    """
    answer = org.get("limits", token=f"{org.org_id[:15]}!AQcAQmadeUp")
    error = asking.refusal(answer)
    assert (error.status, error.code) == (401, "INVALID_SESSION_ID")
    assert error.message == "Session expired or invalid"


def test_missing_session_is_401(org: asking.Org) -> None:
    """A request without any token is refused like one with a bad token.

    Page: REST API Developer Guide, "Status Codes and Error Responses"
    Unverified: the page speaks of expired and invalid tokens, not of a missing one.
    """
    url = f"{org.grant['instance_url']}/services/data/v{asking.API_VERSION}/limits"
    error = asking.refusal(org.session.get(url))
    assert error.status == 401
    assert error.code in {"INVALID_SESSION_ID", "INVALID_AUTH_HEADER"}


@pytest.mark.sandbox_only("ending a real user's sessions would disturb the org")
def test_expired_session_is_401_and_a_new_token_works(twin: asking.Twin) -> None:
    """A session that has ended answers 401 INVALID_SESSION_ID; a new token goes on.

    Page: REST API Developer Guide, "Status Codes and Error Responses"
    """
    assert twin.org.get("limits").ok
    twin.inner.expire_sessions()
    error = asking.refusal(twin.org.get("limits"))
    assert (error.status, error.code) == (401, "INVALID_SESSION_ID")
    renewed = twin.org.client_credentials().json()["access_token"]
    assert twin.org.get("limits", token=renewed).ok


@pytest.mark.sandbox_only("it deactivates the user that the app runs as")
def test_inactive_run_as_user_gets_no_token(twin: asking.Twin) -> None:
    """With an inactive run-as user the token endpoint refuses, and says so in OAuth's shape.

    Page: Salesforce Help, "OAuth 2.0 Authorization Errors"
    Unverified: which of inactive_user and invalid_grant a real org says in this flow.
    """
    twin.inner.deactivate_user()
    try:
        status, code = oauth_error(twin.org.client_credentials())
    finally:
        twin.inner.activate_user()
    assert status == 400
    assert code in {"inactive_user", "invalid_grant"}
