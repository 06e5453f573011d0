"""Salesforce's refusals: a status, an error code and a message.

Source: REST API Developer Guide, "Status Codes and Error Responses". What does not belong
here: OAuth errors, which have a shape of their own (``oauth.py``).
"""


class Refusal(Exception):
    """A refusal ``[{"message": …, "errorCode": …}]`` with an HTTP status.

    ``fields`` names the fields that a refused write is about; reads have none.
    """

    def __init__(
        self, error_code: str, message: str, *, status: int = 400, fields: tuple[str, ...] = ()
    ) -> None:
        self.error_code = error_code
        self.message = message
        self.status = status
        self.fields = fields
        super().__init__(f"{status} {error_code}: {message}")

    def body(self) -> list[dict[str, object]]:
        """The error list as Salesforce words it."""
        error: dict[str, object] = {"message": self.message, "errorCode": self.error_code}
        if self.fields:
            error["fields"] = list(self.fields)
        return [error]


def not_found(message: str = "The requested resource does not exist") -> Refusal:
    """404 NOT_FOUND."""
    return Refusal("NOT_FOUND", message, status=404)


def method_not_allowed(method: str, allowed: str) -> Refusal:
    """405: the resource exists, but does not know the method."""
    return Refusal(
        "METHOD_NOT_ALLOWED",
        f"HTTP Method '{method}' not allowed. Allowed are {allowed}",
        status=405,
    )


def invalid_session() -> Refusal:
    """401: the token is unknown, expired or revoked."""
    return Refusal("INVALID_SESSION_ID", "Session expired or invalid", status=401)


def api_disabled() -> Refusal:
    """403 API_DISABLED_FOR_ORG: the org's edition or the user's profile has no API."""
    return Refusal(
        "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.", status=403
    )


def request_limit_exceeded() -> Refusal:
    """403: the org's daily API requests are used up (no 429, no Retry-After)."""
    return Refusal("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)
