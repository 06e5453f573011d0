"""What an answer of Salesforce means: class, code, and what a person is told to do."""

import json
import pickle

import pytest
import requests

from flyle_sf_assets import errors
from flyle_sf_assets.errors import Text
from flyle_sf_assets.salesforce.errors import classification as faults

TRIED = Text("試しました", "Tried")
CONNECT, PERMIT = errors.NotConnected, errors.NotPermitted
UNKNOWN_COLUMN = (
    "\nSELECT Id, Foo__c FROM Account\n           ^\nERROR at Row:1:Column:12\n"
    "No such column 'Foo__c' on entity 'Account'. If you are attempting to use a custom field, "
    "be sure to append the '__c' after the custom field name."
)
UNKNOWN_RELATIONSHIP = (
    "Didn't understand relationship 'Ownr' in field path. If you are attempting to use a custom "
    "relationship, be sure to append the '__r' after the custom relationship name."
)


def _body(code: str, message: str) -> bytes:
    return json.dumps([{"message": message, "errorCode": code}]).encode()


@pytest.mark.parametrize(
    ("status", "code", "message", "kind", "transient"),
    [
        (401, "INVALID_SESSION_ID", "Session expired or invalid", errors.NotConnected, False),
        (
            403,
            "REQUEST_LIMIT_EXCEEDED",
            "TotalRequests Limit exceeded.",
            errors.ApiBudgetSpent,
            False,
        ),
        (
            403,
            "REQUEST_LIMIT_EXCEEDED",
            "ConcurrentPerOrgLongTxn Limit exceeded.",
            errors.OrgUnavailable,
            True,
        ),
        (403, "API_DISABLED_FOR_ORG", "API is not enabled", errors.NotPermitted, False),
        (403, "INSUFFICIENT_ACCESS", "insufficient access rights", errors.NotPermitted, False),
        (403, "FUNCTIONALITY_NOT_ENABLED", "[Api]", errors.NotPermitted, False),
        (400, "INVALID_FIELD", UNKNOWN_COLUMN, errors.FieldRefused, False),
        (
            400,
            "INVALID_FIELD",
            "value of filter criterion for field 'CloseDate' must be of type date",
            errors.SalesforceRefused,
            False,
        ),
        (400, "INVALID_TYPE", "sObject type 'X__c' is not supported.", errors.ObjectRefused, False),
        (400, "MALFORMED_QUERY", "unexpected token: FROM", errors.SalesforceRefused, False),
        (400, "QUERY_TIMEOUT", "running for too long", errors.OrgUnavailable, False),
        (400, "INVALID_QUERY_LOCATOR", "invalid query locator", errors.IncompleteRead, False),
        (
            400,
            "UNABLE_TO_LOCK_ROW",
            "unable to obtain exclusive access",
            errors.OrgUnavailable,
            True,
        ),
        (503, "SERVER_UNAVAILABLE", "", errors.OrgUnavailable, True),
        (429, "TOO_MANY_REQUESTS", "", errors.OrgUnavailable, True),
        (404, "NOT_FOUND", "does not exist", errors.SalesforceRefused, False),
        (400, "SOMETHING_NEW", "?", errors.SalesforceRefused, False),
    ],
)
def test_a_rest_refusal_has_its_class_and_says_whether_to_ask_again(
    status: int, code: str, message: str, kind: type[errors.FlyleError], *, transient: bool
) -> None:
    """A 405 was once retried 5,363 times elsewhere: only what passes by itself is tried again."""
    fault = faults.of_answer(status, _body(code, message), tried=TRIED)
    assert type(fault.error) is kind
    assert fault.transient is transient
    assert code in fault.error.came_back.en
    assert fault.error.remedy.ja
    assert fault.error.remedy.en


def test_only_a_401_asks_for_a_new_token() -> None:
    """A renewed token cures an expired session and nothing else."""
    assert faults.of_answer(401, _body("INVALID_SESSION_ID", ""), tried=TRIED).session_expired
    assert not faults.of_answer(403, _body("INSUFFICIENT_ACCESS", ""), tried=TRIED).session_expired
    assert not faults.of_answer(401, _body("INVALID_AUTH_HEADER", ""), tried=TRIED).session_expired


@pytest.mark.parametrize(
    ("message", "field", "object_name"),
    [
        (UNKNOWN_COLUMN, "Foo__c", "Account"),
        (UNKNOWN_RELATIONSHIP, "Ownr", None),
        ("field 'Memo__c' can not be filtered in a query call", "Memo__c", None),
    ],
)
def test_a_refused_field_is_named(message: str, field: str, object_name: str | None) -> None:
    """The permission watchdog has to know which field to leave out."""
    error = faults.of_answer(400, _body("INVALID_FIELD", message), tried=TRIED).error
    assert isinstance(error, errors.FieldRefused)
    assert (error.field, error.object) == (field, object_name)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (again.field, again.object, str(again)) == (field, object_name, str(error))


def test_a_gateways_page_counts_by_its_status() -> None:
    """Load balancers answer in HTML; the error does not carry the page's length."""
    fault = faults.of_answer(502, b"<html>" + b"x" * 9999, tried=TRIED)
    assert isinstance(fault.error, errors.OrgUnavailable)
    assert fault.transient
    assert len(fault.error.came_back.en) < 600


def test_a_long_message_keeps_its_end() -> None:
    """Salesforce repeats the whole query before it says what is wrong with it."""
    message = "SELECT " + "A, " * 5000 + "\nNo such column 'B' on entity 'Account'."
    error = faults.of_answer(400, _body("INVALID_FIELD", message), tried=TRIED).error
    assert "No such column 'B' on entity 'Account'." in error.came_back.en
    assert len(error.came_back.en) < 600


@pytest.mark.parametrize(
    ("error", "description", "kind", "code", "told"),
    [
        ("invalid_client_id", "client identifier invalid", CONNECT, "app_unknown", "10 min"),
        ("invalid_client", "invalid client credentials", CONNECT, "secret_wrong", "Secret"),
        ("invalid_grant", "expired access/refresh token", CONNECT, "grant_refused", "again"),
        (
            "invalid_grant",
            "request not supported on this domain",
            CONNECT,
            "not_on_this_domain",
            "My Domain",
        ),
        ("invalid_grant", "no client credentials user enabled", CONNECT, "flow_disabled", "Run As"),
        ("invalid_grant", "ip restricted", PERMIT, "ip_restricted", "IP"),
        ("invalid_grant", "user hasn't approved this consumer", PERMIT, "app_not_allowed", "app"),
        ("inactive_user", "user is inactive", CONNECT, "user_inactive", "Activate"),
        ("unsupported_grant_type", "grant type not supported", CONNECT, "flow_disabled", "flow"),
        (
            "OAUTH_APPROVAL_ERROR_GENERIC",
            "unexpected error",
            PERMIT,
            "app_not_installed",
            "install",
        ),
        ("access_denied", "end-user denied authorization", PERMIT, "consent_denied", "Allow"),
        ("redirect_uri_mismatch", "must match", CONNECT, "callback_wrong", "callback"),
        ("something_new", "?", CONNECT, "login_refused", "again"),
    ],
)
def test_a_refused_login_tells_what_to_do_on_which_side(
    error: str, description: str, kind: type[errors.FlyleError], code: str, told: str
) -> None:
    """A wrong secret, a young app and a revoked consent look alike to who only sees "400"."""
    body = json.dumps({"error": error, "error_description": description}).encode()
    fault = faults.of_oauth(400, body, tried=TRIED)
    assert type(fault.error) is kind
    assert fault.error.code == code
    assert told in fault.error.remedy.en
    assert not fault.transient


@pytest.mark.parametrize(
    ("message", "kind", "field"),
    [
        (
            "InvalidBatch : Failed to process query: INVALID_FIELD: " + UNKNOWN_COLUMN,
            errors.FieldRefused,
            "Foo__c",
        ),
        (
            "QUERY_TIMEOUT: Your query request was running for too long.",
            errors.OrgUnavailable,
            None,
        ),
        ("", errors.IncompleteRead, None),
        ("InternalServerError", errors.IncompleteRead, None),
    ],
)
def test_a_failed_job_means_what_its_message_says(
    message: str, kind: type[errors.FlyleError], field: str | None
) -> None:
    """Bulk jobs fail with the REST error code inside a sentence."""
    error = faults.of_job("Failed", message, tried=TRIED)
    assert type(error) is kind
    assert getattr(error, "field", None) == field


@pytest.mark.parametrize(
    "secret",
    [
        "00D5i0010000000EAA!AQcAQH0dMHZfz972Szmpkb58urFRkgeBGsxL_QJWwYMfAbUeeG7c1E6LYUfiDUkWe6H34r1",
        "Bearer 00D5i0010000000!AQEAQFakeFakeFake",
        "client_secret=0123456789ABCDEF",
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIzTVZHOSJ9.c2lnbmF0dXJl",
    ],
)
def test_secrets_that_come_back_are_not_shown(secret: str) -> None:
    """A gateway may echo the request into its error page."""
    broken = requests.ConnectionError()
    broken.__cause__ = ConnectionRefusedError(f"to {secret}")
    for error in (
        faults.of_answer(400, _body("X", f"bad request: {secret}"), tried=TRIED).error,
        faults.of_oauth_error("invalid_grant", f"bad {secret}", tried=TRIED).error,
        faults.of_transport(broken, tried=TRIED).error,
        faults.of_job("Failed", secret, tried=TRIED),
    ):
        assert secret.removeprefix("Bearer ").removeprefix("client_secret=") not in str(error)
        assert "[hidden]" in str(error)


def test_retry_after_is_told() -> None:
    """Seconds are understood; anything else leaves the waiting to the backoff."""
    for header, wait_s in (("7", 7.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None), (None, None)):
        fault = faults.of_answer(503, b"", tried=TRIED, retry_after=header)
        assert fault.wait_s == wait_s
