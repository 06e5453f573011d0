"""Which answer of Salesforce means which error: the table that ``classification.py`` reads.

Codes decide (``errorCode``, OAuth's ``error``, the requested flow). Messages are in the connected
user's language: their words only refine a decision that is safe without them. The safe decision
for a refused login with an unknown message: retry for some seconds and then three times over 35
minutes (it may be "already being processed"), and then stop and inform a person (it may be
revoked). The recorded answers are listed in docs/conformance.md.
"""

import re
from dataclasses import dataclass

from flyle_sf_assets.errors import (
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
from flyle_sf_assets.salesforce.errors import remedies

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CALLBACK = "callback"
"""The source of an OAuth error that came by the browser, not from the token endpoint."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``transient``: the same request may succeed soon.

    ``is_unused``: Salesforce did nothing with the request, so that even one that must not be
    repeated (a rotating refresh token) may be sent again.
    """

    kind: type[FlyleError]
    code: str
    remedy: Text
    transient: bool = False
    is_unused: bool = False


BUSY = Rule(OrgUnavailable, "org_busy", remedies.LATER, transient=True)
RIGHT = Rule(NotPermitted, "right_missing", remedies.RIGHT_MISSING)
FIELD = Rule(FieldRefused, "field_refused", remedies.FIELD_GONE)
OBJECT = Rule(ObjectRefused, "object_refused", remedies.OBJECT_GONE)
QUERY = Rule(SalesforceRefused, "query_refused", remedies.QUERY_WRONG)
SPENT = Rule(ApiBudgetSpent, "api_limit_reached", remedies.LIMIT_SPENT)
SESSION = Rule(NotConnected, "session_refused", remedies.RECONNECT)
ACCESS_RESTRICTED = Rule(NotPermitted, "access_restricted", remedies.ACCESS_RESTRICTED)
JOB_CRASHED = Rule(IncompleteRead, "job_crashed", remedies.READ_AGAIN)

_API_OFF = Rule(NotPermitted, "api_disabled", remedies.API_OFF)
_FEATURE_OFF = Rule(NotPermitted, "feature_disabled", remedies.FEATURE_OFF)
_PASSWORD = Rule(NotConnected, "password_expired", remedies.PASSWORD_EXPIRED)
_MOVED = Rule(NotConnected, "org_moved", remedies.HOST_MOVED)

BY_ERROR_CODE = {
    "INVALID_SESSION_ID": SESSION,
    "INVALID_AUTH_HEADER": SESSION,
    "INVALID_OPERATION_WITH_EXPIRED_PASSWORD": _PASSWORD,
    "REQUEST_LIMIT_EXCEEDED": SPENT,
    "LIMIT_EXCEEDED": SPENT,
    "API_LIMIT_EXCEEDED": SPENT,
    "API_DISABLED_FOR_ORG": _API_OFF,
    "API_CURRENTLY_DISABLED": _API_OFF,
    "FUNCTIONALITY_NOT_ENABLED": _FEATURE_OFF,
    "FEATURENOTENABLED": _FEATURE_OFF,
    "INSUFFICIENT_ACCESS": RIGHT,
    "INSUFFICIENT_ACCESS_OR_READONLY": RIGHT,
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": RIGHT,
    "TXN_SECURITY_NO_ACCESS": RIGHT,
    "FORBIDDEN": RIGHT,
    "OPERATION_TOO_LARGE": Rule(NotPermitted, "view_all_missing", remedies.VIEW_ALL_MISSING),
    "INVALID_FIELD": FIELD,
    "INVALIDFIELD": FIELD,
    "INVALID_TYPE": OBJECT,
    "INVALID_TYPE_FOR_OPERATION": OBJECT,
    "INVALIDENTITY": OBJECT,
    "MALFORMED_QUERY": QUERY,
    "INVALID_QUERY_FILTER_OPERATOR": QUERY,
    "QUERY_TOO_COMPLICATED": QUERY,
    "API_ERROR": Rule(SalesforceRefused, "query_not_supported", remedies.QUERY_NOT_SUPPORTED),
    "QUERY_TIMEOUT": Rule(OrgUnavailable, "query_timed_out", remedies.QUERY_SLOW),
    "INVALID_QUERY_LOCATOR": Rule(IncompleteRead, "locator_expired", remedies.READ_AGAIN),
    "INVALIDJOB": Rule(IncompleteRead, "job_gone", remedies.READ_AGAIN),
    "URL_NOT_RESET": _MOVED,
    "UNABLE_TO_LOCK_ROW": BUSY,
    "SERVER_UNAVAILABLE": BUSY,
    "UNKNOWN_EXCEPTION": BUSY,
    "INTERNAL_ERROR": BUSY,
    "TXN_SECURITY_METERING_ERROR": Rule(
        OrgUnavailable, "transaction_security_slow", remedies.TRANSACTION_SECURITY, transient=True
    ),
}

_APP_NOT_INSTALLED = Rule(NotPermitted, "app_not_installed", remedies.APP_NOT_INSTALLED)
_APP_NOT_ALLOWED = Rule(NotPermitted, "app_not_allowed", remedies.APP_NOT_INSTALLED)
_APP_OF_OTHER_ORG = Rule(NotPermitted, "app_of_other_org", remedies.APP_OF_OTHER_ORG)
_ASSERTION = Rule(NotConnected, "assertion_refused", remedies.ASSERTION_WRONG)
_FLOW_OFF = Rule(NotConnected, "flow_disabled", remedies.FLOW_OFF)
_SECRET = Rule(NotConnected, "secret_wrong", remedies.SECRET_WRONG)
_CLIENT = Rule(NotConnected, "client_refused", remedies.CLIENT_REFUSED)
_CODE = Rule(NotConnected, "code_refused", remedies.CODE_REFUSED)
_GRANT = Rule(NotConnected, "grant_refused", remedies.RECONNECT)
_INACTIVE = Rule(NotConnected, "user_inactive", remedies.USER_INACTIVE)
_SCOPE = Rule(NotPermitted, "scope_missing", remedies.SCOPES_MISSING)
_IN_PROGRESS = Rule(
    OrgUnavailable, "login_in_progress", remedies.LOGIN_IN_PROGRESS, transient=True, is_unused=True
)


def _unclear(remedy: Text) -> Rule:
    """A login that is refused without a known reason (see the module's docstring)."""
    return Rule(NotConnected, "grant_unclear", remedy, transient=True, is_unused=True)


BY_OAUTH_ERROR = {
    "invalid_client_id": Rule(NotConnected, "app_unknown", remedies.APP_UNKNOWN),
    "invalid_client": _CLIENT,
    "invalid_client_credentials": _SECRET,
    "invalid_grant": _GRANT,
    "inactive_user": _INACTIVE,
    "inactive_org": Rule(NotConnected, "org_inactive", remedies.ORG_INACTIVE),
    "OAUTH_APPROVAL_ERROR_GENERIC": _APP_NOT_INSTALLED,
    "OAUTH_EC_APP_NOT_FOUND": _APP_NOT_INSTALLED,
    "OAUTH_AUTHORIZATION_BLOCKED": _APP_OF_OTHER_ORG,
    "OAUTH_APP_ACCESS_DENIED": _APP_NOT_ALLOWED,
    "OAUTH_APP_BLOCKED": _APP_NOT_ALLOWED,
    "invalid_app_access": _APP_NOT_ALLOWED,
    "unsupported_grant_type": _FLOW_OFF,
    "unauthorized_client": _FLOW_OFF,
    "invalid_scope": _SCOPE,
    "redirect_uri_mismatch": Rule(NotConnected, "callback_wrong", remedies.CALLBACK_WRONG),
    "access_denied": Rule(NotPermitted, "consent_denied", remedies.CONSENT_DENIED),
    "rate_limit_exceeded": Rule(OrgUnavailable, "login_rate_exceeded", remedies.LATER),
    "server_error": BUSY,
    "temporarily_unavailable": BUSY,
    "unknown_error": BUSY,
}

BY_OAUTH_ERROR_AND_FLOW = {
    # These two send no secret, so that the secret cannot be the cause.
    ("invalid_client", JWT_BEARER): _APP_NOT_INSTALLED,
    ("invalid_client", CALLBACK): _APP_NOT_INSTALLED,
    ("invalid_grant", JWT_BEARER): _unclear(remedies.ASSERTION_WRONG),
    ("invalid_grant", "client_credentials"): _unclear(remedies.FLOW_OFF),
    # A retry is harmless: a refused token is already invalid, or still unused.
    ("invalid_grant", "refresh_token"): _unclear(remedies.RECONNECT),
    # A code works once and for some minutes: in every case a new one is needed.
    ("invalid_grant", "authorization_code"): _CODE,
}
"""More precise than ``error`` alone, and the same in every language."""

BY_OAUTH_DESCRIPTION = (
    ("already being processed", _IN_PROGRESS),
    ("must be installed", _APP_NOT_INSTALLED),
    ("not installed", _APP_NOT_INSTALLED),
    ("cross-org", _APP_OF_OTHER_ORG),
    ("invalid assertion", _ASSERTION),
    ("audience is invalid", _ASSERTION),
    ("client credentials flow not enabled", _FLOW_OFF),
    ("no client credentials user", _FLOW_OFF),
    ("invalid client credentials", _SECRET),
    ("expired access/refresh token", _GRANT),
    ("domain", Rule(NotConnected, "not_on_this_domain", remedies.OWN_DOMAIN)),
    ("ip restricted", Rule(NotPermitted, "ip_restricted", remedies.IP_RESTRICTED)),
    ("inactive user", _INACTIVE),
    ("inactive organization", Rule(NotConnected, "org_inactive", remedies.ORG_INACTIVE)),
    ("no valid scopes", _SCOPE),
    ("user hasn't approved", _APP_NOT_ALLOWED),
    ("not admin approved", _APP_NOT_ALLOWED),
)
"""Refinements by English words in ``error_description``."""

NOT_FOR_REST = "not valid for use with the"
"""In a 401: the session is valid but may not use the API; a renewal would not help."""

ERROR_ID = re.compile(
    r"Unexpected exception encountered in query processing|(?<!\d)\d+-\d+ ?\(-?\d+\)"
)
"""A Bulk job failed inside Salesforce: in every language its message names an id for support."""
