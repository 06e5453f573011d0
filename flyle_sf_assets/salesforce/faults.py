"""The one place that knows Salesforce's error strings: what an answer means for us.

HTTP statuses, REST and OAuth error bodies, transport exceptions and the messages of failed Bulk
jobs become errors of ``flyle_sf_assets.errors``. No text made here holds a token or a secret.

What does not belong here: retrying (``transport.py``) and the remedies' wording (``remedies.py``).
Sources: REST API Developer Guide, "Status Codes and Error Responses"; Object Reference,
"Core Data Types: API Fault Exception Codes"; Salesforce Help, "OAuth 2.0 Authorization Errors".
"""

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
import requests
import urllib3

from flyle_sf_assets.errors import (
    AnswerTooLarge,
    ApiBudgetSpent,
    FieldRefused,
    FlyleError,
    IncompleteRead,
    NotConnected,
    NotPermitted,
    ObjectRefused,
    OrgUnavailable,
    SalesforceRefused,
    Text,
)
from flyle_sf_assets.salesforce import remedies
from flyle_sf_assets.telemetry.redaction import redacted_text

CAME_BACK_LENGTH_MAX = 500


@dataclass(frozen=True, slots=True)
class Fault:
    """One refusal. ``transient``: the same request may work in a moment.

    ``session_expired``: the access token is dead, a new one may work. ``wait_s`` is Retry-After.
    """

    error: FlyleError
    transient: bool = False
    session_expired: bool = False
    wait_s: float | None = None


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: type[FlyleError]
    code: str
    remedy: Text
    transient: bool = False


_BUSY = _Rule(OrgUnavailable, "org_busy", remedies.LATER, transient=True)
_RIGHT = _Rule(NotPermitted, "right_missing", remedies.RIGHT_MISSING)
_FIELD = _Rule(FieldRefused, "field_refused", remedies.FIELD_GONE)
_OBJECT = _Rule(ObjectRefused, "object_refused", remedies.OBJECT_GONE)
_QUERY = _Rule(SalesforceRefused, "query_refused", remedies.QUERY_WRONG)
_SPENT = _Rule(ApiBudgetSpent, "api_limit_reached", remedies.LIMIT_SPENT)

_BY_ERROR_CODE = {
    "INVALID_SESSION_ID": _Rule(NotConnected, "session_refused", remedies.RECONNECT),
    "INVALID_AUTH_HEADER": _Rule(NotConnected, "session_refused", remedies.RECONNECT),
    "REQUEST_LIMIT_EXCEEDED": _SPENT,
    "LIMIT_EXCEEDED": _SPENT,
    "API_LIMIT_EXCEEDED": _SPENT,
    "API_DISABLED_FOR_ORG": _Rule(NotPermitted, "api_disabled", remedies.API_OFF),
    "API_CURRENTLY_DISABLED": _Rule(NotPermitted, "api_disabled", remedies.API_OFF),
    "FUNCTIONALITY_NOT_ENABLED": _Rule(NotPermitted, "feature_disabled", remedies.FEATURE_OFF),
    "FEATURENOTENABLED": _Rule(NotPermitted, "feature_disabled", remedies.FEATURE_OFF),
    "INSUFFICIENT_ACCESS": _RIGHT,
    "INSUFFICIENT_ACCESS_OR_READONLY": _RIGHT,
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": _RIGHT,
    "TXN_SECURITY_NO_ACCESS": _RIGHT,
    "FORBIDDEN": _RIGHT,
    "INVALID_FIELD": _FIELD,
    "INVALIDFIELD": _FIELD,
    "INVALID_TYPE": _OBJECT,
    "INVALID_TYPE_FOR_OPERATION": _OBJECT,
    "INVALIDENTITY": _OBJECT,
    "MALFORMED_QUERY": _QUERY,
    "INVALID_QUERY_FILTER_OPERATOR": _QUERY,
    "QUERY_TOO_COMPLICATED": _QUERY,
    "OPERATION_TOO_LARGE": _QUERY,
    "QUERY_TIMEOUT": _Rule(OrgUnavailable, "query_timed_out", remedies.QUERY_SLOW),
    "INVALID_QUERY_LOCATOR": _Rule(IncompleteRead, "locator_expired", remedies.READ_AGAIN),
    "UNABLE_TO_LOCK_ROW": _BUSY,
    "SERVER_UNAVAILABLE": _BUSY,
    "UNKNOWN_EXCEPTION": _BUSY,
    "INTERNAL_ERROR": _BUSY,
}
_BY_OAUTH_ERROR = {
    "invalid_client_id": _Rule(NotConnected, "app_unknown", remedies.APP_UNKNOWN),
    "invalid_client": _Rule(NotConnected, "secret_wrong", remedies.SECRET_WRONG),
    "invalid_client_credentials": _Rule(NotConnected, "secret_wrong", remedies.SECRET_WRONG),
    "invalid_grant": _Rule(NotConnected, "grant_refused", remedies.RECONNECT),
    "inactive_user": _Rule(NotConnected, "user_inactive", remedies.USER_INACTIVE),
    "inactive_org": _Rule(NotConnected, "org_inactive", remedies.ORG_INACTIVE),
    "OAUTH_APPROVAL_ERROR_GENERIC": _Rule(
        NotPermitted, "app_not_installed", remedies.APP_NOT_INSTALLED
    ),
    "OAUTH_APP_ACCESS_DENIED": _Rule(NotPermitted, "app_not_allowed", remedies.APP_NOT_INSTALLED),
    "OAUTH_APP_BLOCKED": _Rule(NotPermitted, "app_not_allowed", remedies.APP_NOT_INSTALLED),
    "invalid_app_access": _Rule(NotPermitted, "app_not_allowed", remedies.APP_NOT_INSTALLED),
    "unsupported_grant_type": _Rule(NotConnected, "flow_disabled", remedies.FLOW_OFF),
    "unauthorized_client": _Rule(NotConnected, "flow_disabled", remedies.FLOW_OFF),
    "invalid_scope": _Rule(NotPermitted, "scope_missing", remedies.SCOPES_MISSING),
    "redirect_uri_mismatch": _Rule(NotConnected, "callback_wrong", remedies.CALLBACK_WRONG),
    "access_denied": _Rule(NotPermitted, "consent_denied", remedies.CONSENT_DENIED),
    "rate_limit_exceeded": _Rule(OrgUnavailable, "login_rate_exceeded", remedies.LATER),
    "server_error": _BUSY,
    "temporarily_unavailable": _BUSY,
    "unknown_error": _BUSY,
}
_BY_OAUTH_DESCRIPTION = (
    ("domain", _Rule(NotConnected, "not_on_this_domain", remedies.OWN_DOMAIN)),
    ("no client credentials user", _Rule(NotConnected, "flow_disabled", remedies.FLOW_OFF)),
    ("ip restricted", _Rule(NotPermitted, "ip_restricted", remedies.IP_RESTRICTED)),
    ("inactive user", _Rule(NotConnected, "user_inactive", remedies.USER_INACTIVE)),
    ("user hasn't approved", _Rule(NotPermitted, "app_not_allowed", remedies.APP_NOT_INSTALLED)),
    ("not admin approved", _Rule(NotPermitted, "app_not_allowed", remedies.APP_NOT_INSTALLED)),
    ("not installed", _Rule(NotPermitted, "app_not_installed", remedies.APP_NOT_INSTALLED)),
)
_TRANSIENT_STATUSES = frozenset({406, 408, 420, 429})
_UNKNOWN_COLUMN = re.compile(r"No such column '([^']+)' on (?:entity|sobject of type) '?([\w]+)")
_UNKNOWN_RELATIONSHIP = re.compile(r"Didn't understand relationship '([^']+)'")
_UNFILTERABLE = re.compile(r"field '([^']+)' can ?not be filtered")
_UNKNOWN_OBJECT = re.compile(r"(?:sObject type|Entity) '([^']+)' is not supported")
_SECONDS = re.compile(r"\s*([0-9]{1,9})\s*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_JOB_ERROR_CODE = re.compile(r"\b([A-Z]+(?:_[A-Z]+)+|INVALIDENTITY|INVALIDFIELD)\b")


def of_answer(status: int, body: bytes, *, tried: Text, retry_after: str | None = None) -> Fault:
    """What an HTTP status of 300 or more with a REST (or composite subrequest) body means."""
    error_code, message = _rest_error(body)
    came_back = f"HTTP {status} {error_code} {message}".strip()
    rule = _BY_ERROR_CODE.get(error_code)
    if error_code == "REQUEST_LIMIT_EXCEEDED" and "Concurrent" in message:
        # Too many long requests at this moment, not the day's allowance.
        rule = _BUSY
    if rule is _FIELD and "filter criterion" in message:
        # The field is there; the value compared with it is of another type.
        rule = _QUERY
    if rule is None:
        rule = _by_status(status)
    expired = status == HTTPStatus.UNAUTHORIZED and error_code != "INVALID_AUTH_HEADER"
    return Fault(
        _made(rule, tried, came_back, message),
        transient=rule.transient,
        session_expired=expired,
        wait_s=_seconds(retry_after),
    )


def of_oauth(status: int, body: bytes, *, tried: Text, retry_after: str | None = None) -> Fault:
    """What the token endpoint's refusal means (RFC 6749 section 5.2 with Salesforce's codes)."""
    answer = _json(body)
    if not isinstance(answer, dict) or "error" not in answer:
        return of_answer(status, body, tried=tried, retry_after=retry_after)
    error, description = str(answer["error"]), str(answer.get("error_description", ""))
    fault = of_oauth_error(error, description, tried=tried)
    wait_s = _seconds(retry_after)
    return Fault(
        fault.error,
        transient=fault.transient or status >= HTTPStatus.INTERNAL_SERVER_ERROR,
        wait_s=wait_s,
    )


def of_oauth_error(error: str, description: str, *, tried: Text) -> Fault:
    """What ``error`` and ``error_description`` mean, in a token answer or on the callback URL."""
    rule = _BY_OAUTH_ERROR.get(error, _Rule(NotConnected, "login_refused", remedies.RECONNECT))
    for part, finer in _BY_OAUTH_DESCRIPTION:
        if part in description.lower():
            rule = finer
            break
    else:
        coded = next(
            (code for code in _BY_OAUTH_ERROR if code.isupper() and code in description), ""
        )
        rule = _BY_OAUTH_ERROR.get(coded, rule)
    return Fault(
        _made(rule, tried, f"{error} {description}".strip(), description), transient=rule.transient
    )


def of_transport(exception: Exception, *, tried: Text) -> Fault:
    """What an exception of requests or urllib3 means: TLS, DNS, time, or a broken connection."""
    certificate_failed = isinstance(exception, requests.exceptions.SSLError)
    if certificate_failed and "CERTIFICATE_VERIFY_FAILED" in str(exception):
        return _transport_fault(
            _Rule(OrgUnavailable, "tls_not_trusted", remedies.TLS_UNTRUSTED), exception, tried
        )
    if _has_cause(exception, urllib3.exceptions.NameResolutionError):
        rule = _Rule(OrgUnavailable, "host_not_found", remedies.HOST_UNKNOWN, transient=True)
    elif isinstance(exception, requests.exceptions.Timeout) or _has_cause(
        exception, urllib3.exceptions.ReadTimeoutError
    ):
        rule = _Rule(OrgUnavailable, "timed_out", remedies.NETWORK, transient=True)
    elif isinstance(
        exception,
        requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError,
    ):
        rule = _Rule(IncompleteRead, "answer_cut_off", remedies.READ_AGAIN, transient=True)
    else:
        rule = _Rule(OrgUnavailable, "unreachable", remedies.NETWORK, transient=True)
    return _transport_fault(rule, exception, tried)


def of_job(state: str, error_message: str, *, tried: Text) -> FlyleError:
    """What a Bulk 2.0 job that ended Failed or Aborted means, told from its ``errorMessage``."""
    codes = [code for code in _JOB_ERROR_CODE.findall(error_message) if code in _BY_ERROR_CODE]
    rule = _BY_ERROR_CODE[codes[0]] if codes else None
    if rule is None or state == "Aborted":
        rule = rule or _Rule(IncompleteRead, "job_ended", remedies.READ_AGAIN)
    return _made(rule, tried, f"job {state}: {error_message or 'no message'}", error_message)


def about_object(error: SalesforceRefused, object_name: str) -> SalesforceRefused:
    """The same refusal as ObjectRefused when "not found" can only mean that object."""
    if error.code not in {"not_found", "object_refused"}:
        return error
    refused = ObjectRefused(
        "object_refused", tried=error.tried, came_back=error.came_back, remedy=remedies.OBJECT_GONE
    )
    refused.object = object_name
    return refused


def cut_off(came_back: str, *, tried: Text) -> IncompleteRead:
    """Fewer rows or bytes than announced."""
    return IncompleteRead(
        "read_incomplete", tried=tried, came_back=_shown(came_back), remedy=remedies.READ_AGAIN
    )


def too_large(came_back: str, *, tried: Text) -> IncompleteRead:
    """An answer beyond every bound: the same request would bring the same again."""
    return AnswerTooLarge(
        "answer_too_large",
        tried=tried,
        came_back=_shown(came_back),
        remedy=remedies.ANSWER_TOO_LARGE,
    )


def implausible(what: str, *, tried: Text) -> IncompleteRead:
    """An answer that can be read and cannot be true. ``what`` tells no value."""
    return IncompleteRead(
        "answer_implausible", tried=tried, came_back=what, remedy=remedies.ANSWER_IMPLAUSIBLE
    )


def clock_apart(came_back: str, *, tried: Text) -> IncompleteRead:
    """Salesforce's clock and ours differ by more than can be."""
    return IncompleteRead(
        "clock_apart", tried=tried, came_back=came_back, remedy=remedies.CLOCK_APART
    )


def unreadable(what: str, *, tried: Text) -> IncompleteRead:
    """An answer that is not what it says it is: most often a body that broke off."""
    return IncompleteRead(
        "answer_unreadable", tried=tried, came_back=_shown(what), remedy=remedies.READ_AGAIN
    )


def too_slow(came_back: str, *, tried: Text) -> OrgUnavailable:
    """Salesforce did not get ready within the time that we give it."""
    return OrgUnavailable(
        "timed_out", tried=tried, came_back=_shown(came_back), remedy=remedies.LATER
    )


def _rest_error(body: bytes) -> tuple[str, str]:
    """``errorCode`` and ``message`` of the first error; blanks for a body of another shape."""
    answer = _json(body)
    first = answer[0] if isinstance(answer, list) and answer else answer
    if isinstance(first, dict):
        return str(first.get("errorCode", "")), str(first.get("message", ""))
    return "", ""


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # A gateway's HTML page, for instance: then the status has to do.
        return None


def _by_status(status: int) -> _Rule:
    if status in _TRANSIENT_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _BUSY
    if status < HTTPStatus.BAD_REQUEST:
        return _Rule(NotConnected, "org_moved", remedies.HOST_MOVED)
    if status == HTTPStatus.UNAUTHORIZED:
        return _BY_ERROR_CODE["INVALID_SESSION_ID"]
    if status == HTTPStatus.FORBIDDEN:
        return _RIGHT
    if status == HTTPStatus.NOT_FOUND:
        return _Rule(SalesforceRefused, "not_found", remedies.OBJECT_GONE)
    return _Rule(SalesforceRefused, "request_refused", remedies.SUPPORT)


def _made(rule: _Rule, tried: Text, came_back: str, message: str) -> FlyleError:
    if rule.kind is FieldRefused and (unfilterable := _UNFILTERABLE.search(message)):
        rule = _Rule(FieldRefused, "field_not_filterable", remedies.FIELD_NOT_FILTERABLE)
        error = rule.kind(rule.code, tried=tried, came_back=_shown(came_back), remedy=rule.remedy)
        return _naming(error, unfilterable[1], None)
    error = rule.kind(rule.code, tried=tried, came_back=_shown(came_back), remedy=rule.remedy)
    column = _UNKNOWN_COLUMN.search(message)
    relationship = _UNKNOWN_RELATIONSHIP.search(message)
    unknown_object = _UNKNOWN_OBJECT.search(message)
    if column:
        return _naming(error, column[1], column[2])
    if relationship:
        return _naming(error, relationship[1], None)
    return _naming(error, None, unknown_object[1] if unknown_object else None)


def _naming(error: FlyleError, field: str | None, object_name: str | None) -> FlyleError:
    if isinstance(error, FieldRefused):
        error.field, error.object = field, object_name
    elif isinstance(error, ObjectRefused):
        error.object = object_name
    return error


def _transport_fault(rule: _Rule, exception: Exception, tried: Text) -> Fault:
    cause: BaseException = exception
    while cause.__cause__ or cause.__context__:
        cause = cause.__cause__ or cause.__context__ or cause
    came_back = f"{type(exception).__name__}: {cause}"
    return Fault(_made(rule, tried, came_back, ""), transient=rule.transient)


def _has_cause(exception: BaseException, *kinds: type[BaseException]) -> bool:
    seen: BaseException | None = exception
    while seen is not None and not isinstance(seen, kinds):
        seen = seen.__cause__ or seen.__context__
    return seen is not None


def _seconds(retry_after: str | None) -> float | None:
    """Retry-After in seconds; its other form, a date, is not used by Salesforce."""
    found = _SECONDS.fullmatch(retry_after or "")
    return float(found[1]) if found else None


def _shown(came_back: str) -> str:
    # A control character would move a terminal's cursor, or begin a line of its own in a log.
    text = " ".join(_CONTROL.sub(" ", redacted_text(came_back)).split())
    if len(text) <= CAME_BACK_LENGTH_MAX:
        return text or "no detail"
    # Salesforce puts the query first and the reason last.
    half = CAME_BACK_LENGTH_MAX // 2
    return f"{text[:half]} … {text[-half:]}"
