"""What an answer of Salesforce means for us, decided by the table of ``rules.py``.

HTTP statuses, REST and OAuth error bodies, transport exceptions and the messages of failed Bulk
jobs become errors of ``flyle_sf_assets.errors``. No text made here contains a token or a secret.

No other file knows Salesforce's error strings. Sources: REST API Developer Guide, "Status Codes and
Error Responses"; Object Reference, "Core Data Types: API Fault Exception Codes"; Salesforce Help,
"OAuth 2.0 Authorization Errors".
"""

import http.client
import re
import zlib
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

import msgspec
import requests
import urllib3

from flyle_sf_assets.errors import (
    AnswerTooLarge,
    FieldRefused,
    FlyleError,
    IncompleteRead,
    NotConnected,
    ObjectRefused,
    OrgUnavailable,
    SalesforceRefused,
    Text,
)
from flyle_sf_assets.salesforce.errors import remedies, rules
from flyle_sf_assets.salesforce.errors.rules import Rule
from flyle_sf_assets.telemetry.redaction import redacted_text

CAME_BACK_LENGTH_MAX = 500


@dataclass(frozen=True, slots=True)
class Fault:
    """One refusal. ``transient``: the same request may succeed soon.

    ``is_unused``: Salesforce did nothing with the request. ``session_expired``:
    the access token is invalid, a new one may work. ``wait_s`` is Retry-After.
    """

    error: FlyleError
    transient: bool = False
    is_unused: bool = False
    session_expired: bool = False
    wait_s: float | None = None


_CODE = re.compile(
    r"\b(?:[A-Z]+(?:_[A-Z]+)+|INVALIDENTITY|INVALIDFIELD|INVALIDJOB|FEATURENOTENABLED)\b",
    re.ASCII,  # Japanese letters may directly follow a code
)
_TRANSIENT_STATUSES = frozenset({406, 408, 420, 429})
_UNKNOWN_COLUMN = re.compile(r"No such column '([^']+)' on (?:entity|sobject of type) '?([\w]+)")
_UNKNOWN_RELATIONSHIP = re.compile(r"Didn't understand relationship '([^']+)'")
_UNFILTERABLE = re.compile(r"field '([^']+)' can ?not be filtered")
_UNKNOWN_OBJECT = re.compile(r"(?:sObject type|Entity) '([^']+)' is not supported")
_SECONDS = re.compile(r"\s*([0-9]{1,9})\s*")
_TEXTS_OF_THE_SYSTEM = (
    OSError,
    urllib3.exceptions.TimeoutError,
    urllib3.exceptions.IncompleteRead,
    http.client.IncompleteRead,
    zlib.error,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def of_answer(status: int, body: bytes, *, tried: Text, retry_after: str | None = None) -> Fault:
    """What an HTTP status of 300 or more with a REST (or composite subrequest) body means."""
    error_code, message = _rest_error(body)
    came_back = f"HTTP {status} {error_code} {message}".strip()
    rule = rules.BY_ERROR_CODE.get(error_code)
    if error_code == "REQUEST_LIMIT_EXCEEDED" and "Concurrent" in message:
        # Too many long requests now; the daily limit is not reached.
        rule = rules.BUSY
    if rule is rules.FIELD and "filter criterion" in message:
        # The field exists; the value compared with it is of another type.
        rule = rules.QUERY
    if error_code == "INVALID_SESSION_ID" and rules.NOT_FOR_REST in message:
        rule = rules.ACCESS_RESTRICTED
    rule = rule or _by_status(status)
    is_session = rule is rules.SESSION and error_code != "INVALID_AUTH_HEADER"
    return Fault(
        _made(rule, tried, came_back, message),
        transient=rule.transient,
        is_unused=rule.is_unused,
        session_expired=status == HTTPStatus.UNAUTHORIZED and is_session,
        wait_s=_seconds(retry_after),
    )


def of_refused_fresh_token(fault: Fault) -> Fault:
    """What an expired session means when the token was just issued: a right is missing.

    Every further renewal would get the same answer.
    """
    error, rule = fault.error, rules.ACCESS_RESTRICTED
    restricted = rule.kind(
        rule.code, tried=error.tried, came_back=error.came_back, remedy=rule.remedy
    )
    return Fault(restricted)


def of_oauth(
    status: int, body: bytes, *, tried: Text, flow: str = "", retry_after: str | None = None
) -> Fault:
    """What the token endpoint's refusal means (RFC 6749 section 5.2 with Salesforce's codes).

    ``flow`` is the ``grant_type`` of the request.
    """
    answer = _json(body)
    if not isinstance(answer, dict) or "error" not in answer:
        return of_answer(status, body, tried=tried, retry_after=retry_after)
    error, description = str(answer["error"]), str(answer.get("error_description", ""))
    fault = of_oauth_error(error, description, tried=tried, flow=flow)
    is_broken = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return replace(fault, transient=fault.transient or is_broken, wait_s=_seconds(retry_after))


def of_oauth_error(error: str, description: str, *, tried: Text, flow: str = "") -> Fault:
    """What ``error`` and ``error_description`` mean, in a token answer or on the callback URL.

    ``flow`` is the ``grant_type``, or `fault_rules.CALLBACK`.
    """
    rule = _by_oauth(error, description, flow)
    came_back = f"{error} {description}".strip()
    return Fault(
        _made(rule, tried, came_back, description),
        transient=rule.transient,
        is_unused=rule.is_unused,
    )


def _by_oauth(error: str, description: str, flow: str) -> Rule:
    for part, sharper in rules.BY_OAUTH_DESCRIPTION:
        if part in description.lower():
            return sharper
    for code in _CODE.findall(description):
        if code in rules.BY_OAUTH_ERROR or code in rules.BY_ERROR_CODE:
            return rules.BY_OAUTH_ERROR.get(code) or rules.BY_ERROR_CODE[code]
    by_flow = rules.BY_OAUTH_ERROR_AND_FLOW.get((error, flow))
    known = by_flow or rules.BY_OAUTH_ERROR.get(error) or rules.BY_ERROR_CODE.get(error)
    return known or Rule(NotConnected, "login_refused", remedies.RECONNECT)


def of_transport(exception: Exception, *, tried: Text) -> Fault:
    """What an exception of requests or urllib3 means: TLS, DNS, time, or a broken connection."""
    certificate_failed = isinstance(exception, requests.exceptions.SSLError)
    if certificate_failed and "CERTIFICATE_VERIFY_FAILED" in str(exception):
        return _transport_fault(
            Rule(OrgUnavailable, "tls_not_trusted", remedies.TLS_UNTRUSTED), exception, tried
        )
    if _has_cause(exception, urllib3.exceptions.NameResolutionError):
        rule = Rule(OrgUnavailable, "host_not_found", remedies.HOST_UNKNOWN, transient=True)
    elif isinstance(exception, requests.exceptions.Timeout) or _has_cause(
        exception, urllib3.exceptions.ReadTimeoutError
    ):
        rule = Rule(OrgUnavailable, "timed_out", remedies.NETWORK, transient=True)
    elif isinstance(
        exception,
        requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError,
    ):
        rule = Rule(IncompleteRead, "answer_cut_off", remedies.READ_AGAIN, transient=True)
    else:
        rule = Rule(OrgUnavailable, "unreachable", remedies.NETWORK, transient=True)
    return _transport_fault(rule, exception, tried)


def of_job(state: str, error_message: str, *, tried: Text) -> FlyleError:
    """What a Bulk 2.0 job that ended Failed or Aborted means, by its ``errorMessage``.

    IncompleteRead ``job_crashed``: the same rows can be read over REST.
    """
    found = _CODE.findall(error_message)
    rule = next((rules.BY_ERROR_CODE[code] for code in found if code in rules.BY_ERROR_CODE), None)
    if rule is None and state == "Failed" and rules.ERROR_ID.search(error_message):
        rule = rules.JOB_CRASHED
    rule = rule or Rule(IncompleteRead, "job_ended", remedies.READ_AGAIN)
    return _made(rule, tried, f"job {state}: {error_message or 'no message'}", error_message)


def of_refused_job(error: FlyleError) -> SalesforceRefused:
    """INVALIDJOB as the answer to creating a Bulk job: same code, but a retry does not help."""
    return SalesforceRefused(
        "job_refused", tried=error.tried, came_back=error.came_back, remedy=remedies.OBJECT_GONE
    )


def about_object(error: SalesforceRefused, object_name: str) -> SalesforceRefused:
    """The same refusal as ObjectRefused when "not found" can only mean that object."""
    if error.code not in {"not_found", "object_refused"}:
        return error
    refused = ObjectRefused(
        "object_refused", tried=error.tried, came_back=error.came_back, remedy=remedies.OBJECT_GONE
    )
    refused.object = object_name
    return refused


def cut_off(came_back: Text, *, tried: Text) -> IncompleteRead:
    """Fewer rows or bytes than announced."""
    return IncompleteRead(
        "read_incomplete", tried=tried, came_back=_printable(came_back), remedy=remedies.READ_AGAIN
    )


def too_large(what: Text, *, tried: Text) -> IncompleteRead:
    """An answer beyond a limit: the same request would get the same answer."""
    came_back, remedy = _printable(what), remedies.ANSWER_TOO_LARGE
    return AnswerTooLarge("answer_too_large", tried=tried, came_back=came_back, remedy=remedy)


def implausible(what: Text, *, tried: Text) -> IncompleteRead:
    """An answer that can be parsed but is not plausible. ``what`` contains no value."""
    return IncompleteRead(
        "answer_implausible", tried=tried, came_back=what, remedy=remedies.ANSWER_IMPLAUSIBLE
    )


def clock_apart(what: Text, *, tried: Text) -> IncompleteRead:
    """Salesforce's clock and ours differ by more than is plausible."""
    return IncompleteRead("clock_apart", tried=tried, came_back=what, remedy=remedies.CLOCK_APART)


def unreadable(what: Text, *, tried: Text) -> IncompleteRead:
    """An answer that does not match its headers: most often a truncated body."""
    return IncompleteRead(
        "answer_unreadable", tried=tried, came_back=_printable(what), remedy=remedies.READ_AGAIN
    )


def too_slow(came_back: Text, *, tried: Text) -> OrgUnavailable:
    """Salesforce did not finish within our time limit."""
    return OrgUnavailable(
        "timed_out", tried=tried, came_back=_printable(came_back), remedy=remedies.LATER
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
        # A gateway's HTML page, for example: then only the status is used.
        return None


def _by_status(status: int) -> Rule:
    if status in _TRANSIENT_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return rules.BUSY
    if status < HTTPStatus.BAD_REQUEST:
        return Rule(NotConnected, "org_moved", remedies.HOST_MOVED)
    if status == HTTPStatus.UNAUTHORIZED:
        return rules.SESSION
    if status == HTTPStatus.FORBIDDEN:
        return rules.RIGHT
    if status == HTTPStatus.NOT_FOUND:
        return Rule(SalesforceRefused, "not_found", remedies.OBJECT_GONE)
    return Rule(SalesforceRefused, "request_refused", remedies.SUPPORT)


def _made(rule: Rule, tried: Text, came_back: str, message: str) -> FlyleError:
    if rule.kind is FieldRefused and (unfilterable := _UNFILTERABLE.search(message)):
        rule = Rule(FieldRefused, "field_not_filterable", remedies.FIELD_NOT_FILTERABLE)
        error = rule.kind(
            rule.code, tried=tried, came_back=_answered(came_back), remedy=rule.remedy
        )
        return _naming(error, unfilterable[1], None)
    error = rule.kind(rule.code, tried=tried, came_back=_answered(came_back), remedy=rule.remedy)
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


def _transport_fault(rule: Rule, exception: Exception, tried: Text) -> Fault:
    cause: BaseException = exception
    while cause.__cause__ or cause.__context__:
        cause = cause.__cause__ or cause.__context__ or cause
    told = str(cause) if _quotes_no_answer(cause) else type(cause).__name__
    came_back = f"{type(exception).__name__}: {told}"
    return Fault(_made(rule, tried, came_back, ""), transient=rule.transient)


def _quotes_no_answer(cause: BaseException) -> bool:
    """Whether a text is the system's, TLS's or a count: others quote received bytes."""
    if isinstance(cause, requests.RequestException):  # an OSError by its type alone
        return False
    return isinstance(cause, _TEXTS_OF_THE_SYSTEM)


def _has_cause(exception: BaseException, *kinds: type[BaseException]) -> bool:
    seen: BaseException | None = exception
    while seen is not None and not isinstance(seen, kinds):
        seen = seen.__cause__ or seen.__context__
    return seen is not None


def _seconds(retry_after: str | None) -> float | None:
    """Retry-After in seconds; its other form, a date, is not used by Salesforce."""
    found = _SECONDS.fullmatch(retry_after or "")
    return float(found[1]) if found else None


def _answered(came_back: str) -> Text:
    """What the other side said."""
    return Text.quoted(_shown(came_back) or "-")


def _printable(ours: Text) -> Text:
    return Text(_shown(ours.ja), _shown(ours.en))  # it may contain a part of an answer


def _shown(came_back: str) -> str:
    # A control character would move a terminal's cursor, or start a new line in a log.
    text = " ".join(_CONTROL.sub(" ", redacted_text(came_back)).split())
    if len(text) <= CAME_BACK_LENGTH_MAX:
        return text
    # Salesforce puts the query first and the reason last.
    half = CAME_BACK_LENGTH_MAX // 2
    return f"{text[:half]} … {text[-half:]}"
