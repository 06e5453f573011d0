"""Consent, refresh tokens and signed assertions: how a user's access is given and taken away."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from flyle_sf_assets_tests.conformance import asking, consent


def refused(answer: requests.Response) -> tuple[int, str]:
    """Status and code of a refusal; fails when the body has not the documented shape."""
    body = answer.json()
    assert {"error", "error_description"} <= set(body), body
    return answer.status_code, body["error"]


@pytest.mark.sandbox_only("a person has to allow the access on the org's page")
class TestConsent:
    def test_approval_brings_a_code_and_the_state(self, twin: asking.Twin) -> None:
        """After approval the browser goes to the callback URL with ``code`` and our ``state``.

        Page: Salesforce Help, "OAuth 2.0 Web Server Flow for Web App Integration"
        """
        asked = consent.page(twin)
        assert asked.status_code == 200
        assert "text/html" in asked.headers["Content-Type"]
        told = consent.decided(twin)
        assert told.keys() == {"code", "state"}
        assert told["state"] == "state-of-ours"

    def test_denial_brings_access_denied(self, twin: asking.Twin) -> None:
        """After denial the callback gets ``error=access_denied`` and our ``state``, and no code.

        Page: Salesforce Help, "OAuth 2.0 Authorization Errors"
        Unverified: the page writes ``access-denied`` for this flow, ``access_denied`` for another.
        """
        told = consent.decided(twin, "deny")
        assert (told["error"], told["state"]) == ("access_denied", "state-of-ours")
        assert "code" not in told

    def test_a_code_brings_access_and_refresh_token(self, twin: asking.Twin) -> None:
        """The code, with the verifier, gives an access token and, by its scope, a refresh token.

        Page: Salesforce Help, "OAuth 2.0 Web Server Flow for Web App Integration"
        """
        grant = consent.granted(twin)
        assert grant["refresh_token"]
        assert grant["token_type"] == "Bearer"
        assert twin.org.get("limits", token=grant["access_token"]).ok
        assert grant["id"].split("/")[-2:] == [twin.inner.org_id, twin.inner.connected_user_id]

    def test_without_its_scope_no_refresh_token_comes(self, twin: asking.Twin) -> None:
        """A refresh token is given only when ``refresh_token`` is among the scopes.

        Page: Salesforce Help, "OAuth 2.0 Web Server Flow for Web App Integration"
        """
        assert "refresh_token" not in consent.granted(twin, scope="api")

    def test_a_code_works_once(self, twin: asking.Twin) -> None:
        """A code that was exchanged is ``invalid_grant`` from then on.

        Page: REST API Developer Guide, "How Are Apps Authenticated with the Web Server OAuth
        Authentication Flow?"
        Unverified: the code and the words are from users' reports.
        """
        code = consent.decided(twin)["code"]
        assert consent.exchange(twin, code).ok
        assert refused(consent.exchange(twin, code)) == (400, "invalid_grant")

    def test_a_code_expires_after_15_minutes(self, twin: asking.Twin) -> None:
        """A code older than 15 minutes is ``invalid_grant``.

        Page: Salesforce Help, "OAuth 2.0 Web Server Flow for Web App Integration"
        Unverified: read in quotations of the page only.
        """
        code, late = consent.decided(twin)["code"], consent.decided(twin)["code"]
        twin.inner.set_clock_skew(timedelta(minutes=14).total_seconds())
        assert consent.exchange(twin, code).ok
        twin.inner.set_clock_skew(timedelta(minutes=16).total_seconds())
        assert refused(consent.exchange(twin, late)) == (400, "invalid_grant")

    def test_the_redirect_uri_must_be_the_same(self, twin: asking.Twin) -> None:
        """The exchange names the same ``redirect_uri`` as the request.

        Page: Salesforce Help, "OAuth 2.0 Web Server Flow for Web App Integration"
        Unverified: which of redirect_uri_mismatch and invalid_grant a real org says.
        """
        code = consent.decided(twin)["code"]
        answer = consent.exchange(twin, code, redirect_uri=f"{consent.CALLBACK}/other")
        status, error = refused(answer)
        assert status == 400
        assert error in {"redirect_uri_mismatch", "invalid_grant"}

    def test_an_unregistered_callback_is_never_redirected_to(self, twin: asking.Twin) -> None:
        """A ``redirect_uri`` that is not a callback URL of the app ends on the org's own page.

        Page: Salesforce Help, "OAuth 2.0 Web Server Flow for Web App Integration"
        Unverified: the status; the page names the error redirect_uri_mismatch.
        """
        twin.inner.callback_urls = {consent.CALLBACK}
        try:
            answer = consent.page(twin, redirect_uri="https://evil.example/callback")
            assert consent.page(twin).status_code == 200
        finally:
            twin.inner.callback_urls = None
        assert answer.status_code == 400
        assert "Location" not in answer.headers
        assert "redirect_uri_mismatch" in answer.text

    def test_a_new_app_is_not_known_on_the_page(self, twin: asking.Twin) -> None:
        """For about ten minutes after its creation the org's page does not know the app.

        Page: Salesforce Help, "OAuth 2.0 Authorization Errors"
        Unverified: the code is from users' reports.
        """
        key, secret = twin.inner.consumer_key, twin.inner.consumer_secret
        twin.inner.new_consumer_key(key, secret)
        answer = consent.page(twin)
        assert (answer.status_code, "invalid_client_id" in answer.text) == (400, True)
        twin.inner.set_clock_skew(600)
        assert consent.page(twin).status_code == 200
        twin.inner.key_created_at -= timedelta(minutes=20)

    def test_an_inactive_user_gets_no_token(self, twin: asking.Twin) -> None:
        """A user who was deactivated between consent and exchange gets nothing.

        Page: Salesforce Help, "OAuth 2.0 Authorization Errors"
        Unverified: which of inactive_user and invalid_grant a real org says.
        """
        code = consent.decided(twin)["code"]
        twin.inner.deactivate_user()
        try:
            status, error = refused(consent.exchange(twin, code))
        finally:
            twin.inner.activate_user()
        assert status == 400
        assert error in {"inactive_user", "invalid_grant"}


@pytest.mark.sandbox_only("a person has to allow the access on the org's page")
class TestProofKey:
    def test_a_wrong_verifier_is_refused(self, twin: asking.Twin) -> None:
        """A verifier whose SHA-256 is not the challenge gets no token.

        Page: REST API Developer Guide, "How Are Apps Authenticated with the Web Server OAuth
        Authentication Flow?"
        Unverified: the page says invalid_request, users report invalid_grant.
        """
        code = consent.decided(twin)["code"]
        status, error = refused(consent.exchange(twin, code, code_verifier="w" * 86))
        assert status == 400
        assert error in {"invalid_request", "invalid_grant"}

    def test_a_missing_verifier_is_invalid_grant(self, twin: asking.Twin) -> None:
        """A challenge without its verifier at the exchange is ``invalid_grant``.

        Page: REST API Developer Guide, "How Are Apps Authenticated with the Web Server OAuth
        Authentication Flow?"
        """
        code = consent.decided(twin)["code"]
        assert refused(consent.exchange(twin, code, code_verifier=None)) == (400, "invalid_grant")

    def test_an_app_that_requires_it_refuses_a_request_without(self, twin: asking.Twin) -> None:
        """With "Require Proof Key for Code Exchange" a request without challenge brings no code.

        Page: Salesforce Help, "OAuth 2.0 Web Server Flow for Web App Integration"
        Unverified: the error's name and words.
        """
        told = consent.told(consent.page(twin, code_challenge=None, code_challenge_method=None))
        assert told["error"] == "invalid_request"

    def test_only_s256_is_a_method(self, twin: asking.Twin) -> None:
        """``plain`` is no method of Salesforce's.

        Page: Salesforce Help, "OAuth 2.0 Web Server Flow for Web App Integration"
        Unverified: the error's name and words.
        """
        told = consent.told(consent.page(twin, code_challenge_method="plain"))
        assert told["error"] == "invalid_request"


@pytest.mark.sandbox_only("a person has to allow the access on the org's page")
class TestRefreshTokens:
    def test_a_refresh_token_is_used_again_and_again(self, twin: asking.Twin) -> None:
        """Without rotation the answer has no refresh token and the old one goes on working.

        Page: Salesforce Help, "OAuth 2.0 Refresh Token Flow for Renewed Sessions"
        """
        token = consent.granted(twin)["refresh_token"]
        for _ in range(2):
            answer = consent.refresh(twin, token)
            assert answer.ok, answer.text
            assert "refresh_token" not in answer.json()
            assert twin.org.get("limits", token=answer.json()["access_token"]).ok

    def test_rotation_replaces_it_each_time(self, twin: asking.Twin) -> None:
        """With rotation each answer has the next refresh token.

        Page: Salesforce Help, "OAuth 2.0 Refresh Token Flow for Renewed Sessions"
        """
        twin.inner.rotates_refresh_tokens = True
        try:
            first = consent.granted(twin)["refresh_token"]
            second = consent.refresh(twin, first).json()["refresh_token"]
            third = consent.refresh(twin, second).json()["refresh_token"]
        finally:
            twin.inner.rotates_refresh_tokens = False
        assert len({first, second, third}) == 3

    def test_one_that_was_rotated_out_revokes_its_grant(self, twin: asking.Twin) -> None:
        """Used again, it invalidates the current refresh token and all its access tokens.

        Page: Salesforce Help, "OAuth 2.0 Refresh Token Flow for Renewed Sessions"
        """
        twin.inner.rotates_refresh_tokens = True
        try:
            other = consent.granted(twin)
            first = consent.granted(twin)["refresh_token"]
            now = consent.refresh(twin, first).json()
            assert refused(consent.refresh(twin, first)) == (400, "invalid_grant")
            assert refused(consent.refresh(twin, now["refresh_token"])) == (400, "invalid_grant")
            assert twin.org.get("limits", token=now["access_token"]).status_code == 401
            assert twin.org.get("limits", token=other["access_token"]).ok
        finally:
            twin.inner.rotates_refresh_tokens = False

    def test_revoking_one_ends_its_access_tokens(self, twin: asking.Twin) -> None:
        """POST to ``/services/oauth2/revoke``: 200, and the refresh token's sessions are over.

        Page: Salesforce Help, "Revoke OAuth Tokens Programmatically"
        """
        grant = consent.granted(twin)
        url = f"{twin.org.target.org_url}/services/oauth2/revoke"
        assert twin.org.session.post(url, data={"token": grant["refresh_token"]}).status_code == 200
        assert twin.org.get("limits", token=grant["access_token"]).status_code == 401
        assert refused(consent.refresh(twin, grant["refresh_token"])) == (400, "invalid_grant")

    def test_revoking_an_unknown_token_is_400(self, twin: asking.Twin) -> None:
        """All errors of the endpoint are 400, ``unsupported_token_type`` or ``invalid_token``.

        Page: Salesforce Help, "Revoke OAuth Tokens Programmatically"
        """
        url = f"{twin.org.target.org_url}/services/oauth2/revoke"
        status, error = refused(twin.org.session.post(url, data={"token": "5Aepmade.up"}))
        assert status == 400
        assert error in {"unsupported_token_type", "invalid_token"}


@pytest.mark.sandbox_only("an app of the org has to hold the certificate of our key")
class TestSignedAssertions:
    def test_an_assertion_brings_an_access_token_alone(self, twin: asking.Twin) -> None:
        """A JWT signed with RS256 gives an access token for ``sub``, and five members in all.

        No refresh token, no issued_at, no signature; ``id`` is on the login host (recorded).

        Page: Salesforce Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration"
        """
        signer = consent.Signer(twin)
        answer = signer.ask(signer.assertion())
        assert answer.ok, answer.text
        members = {"access_token", "scope", "instance_url", "id", "token_type"}
        assert answer.json().keys() == members
        host = urlsplit(answer.json()["id"]).hostname
        assert host in {"login.salesforce.com", "test.salesforce.com"}
        assert answer.json()["id"].endswith(twin.inner.connected_user_id)

    @pytest.mark.parametrize("aud", ["https://login.salesforce.com", "https://test.salesforce.com"])
    def test_the_audience_is_the_login_server(self, twin: asking.Twin, aud: str) -> None:
        """``aud`` is the authorization server; any other is ``invalid_grant``.

        Page: Salesforce Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration"
        Page: Salesforce Help, "OAuth 2.0 Authorization Errors"
        """
        signer = consent.Signer(twin)
        assert signer.ask(signer.assertion(aud=aud)).ok
        other = signer.ask(signer.assertion(aud="https://login.evil.example"))
        assert refused(other) == (400, "invalid_grant")

    @pytest.mark.parametrize(
        "change",
        [{"exp": 1}, {"exp": None}, {"sub": "nobody@acme.example"}, {"algorithm": "HS256"}],
    )
    def test_what_is_expired_or_for_nobody_is_invalid_grant(
        self, twin: asking.Twin, change: dict[str, Any]
    ) -> None:
        """An expired assertion, a user who has not approved, another algorithm: ``invalid_grant``.

        Page: Salesforce Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration"
        Unverified: the words; users report "user hasn't approved this consumer".
        """
        signer = consent.Signer(twin)
        answer = signer.ask(signer.assertion(**change))
        assert refused(answer) == (400, "invalid_grant")

    def test_another_keys_signature_is_refused(self, twin: asking.Twin) -> None:
        """Only the private key of the app's certificate signs.

        Page: Salesforce Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration"
        """
        former, now = consent.Signer(twin), consent.Signer(twin)
        assert refused(now.ask(former.assertion())) == (400, "invalid_grant")

    def test_an_unknown_issuer_is_refused(self, twin: asking.Twin) -> None:
        """``iss`` is the consumer key; one that nobody has is refused.

        Page: Salesforce Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration"
        Unverified: which of invalid_client_id, invalid_client and invalid_grant a real org says.
        """
        signer = consent.Signer(twin)
        status, error = refused(signer.ask(signer.assertion(iss="3MVG9unknown")))
        assert status == 400
        assert error in {"invalid_client_id", "invalid_client", "invalid_grant"}


def test_the_running_users_permissions_are_one_row(org: asking.Org) -> None:
    """UserPermissionAccess has one row: what the user who asks may do.

    Page: Salesforce Field Reference Guide, "UserPermissionAccess"
    """
    found = org.records(
        "SELECT PermissionsModifyAllData, PermissionsApiEnabled FROM UserPermissionAccess"
    )
    assert len(found) == 1
    assert found[0]["PermissionsApiEnabled"] is True
    assert found[0]["PermissionsModifyAllData"] in {True, False}


@pytest.mark.sandbox_only("switching the API off would stop everything else in the org")
def test_without_the_api_everything_is_403(twin: asking.Twin) -> None:
    """Off for the org or the user's profile: 403 API_DISABLED_FOR_ORG, but tokens are given.

    Page: REST API Developer Guide, "Status Codes and Error Responses"
    Unverified: the code and the words are from users' reports.
    """
    twin.inner.set_api_enabled(False)
    try:
        token = twin.org.client_credentials().json()["access_token"]
        error = asking.refusal(twin.org.get("limits", token=token))
    finally:
        twin.inner.set_api_enabled(True)
    assert (error.status, error.code) == (403, "API_DISABLED_FOR_ORG")
