"""Answers to refused or failed requests: what happened, why, and what to do."""

from starlette.responses import Response

from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.errors import (
    FlyleError,
    NotFound,
    NotPermitted,
    Postponed,
    StoreUnavailable,
    UsageError,
)
from flyle_sf_assets.tenants.error_guidance import refusal_of

_STATUS: tuple[tuple[type[FlyleError], int], ...] = (
    (NotPermitted, 403),
    (NotFound, 404),
    (UsageError, 400),
    (Postponed, 503),
    (StoreUnavailable, 503),
)
TROUBLE = 422
"""The request is understood and cannot be done: wrong settings, a refusal of Salesforce."""


def nobody(page_request: PageRequest) -> Response:
    """No user is signed in: the session has ended, or there never was one."""
    if page_request.is_fragment:
        return Response(status_code=401, headers={"HX-Redirect": "/"})
    return page_request.page("refused/nobody.html", 401)


def no_plan(page_request: PageRequest) -> Response:
    """S3: the plan does not include the link; says what the link is, and whom to contact."""
    return page_request.page("refused/plan.html", 403)


def no_right(page_request: PageRequest) -> Response:
    """S2: the role may only read."""
    return page_request.page(_or_part(page_request, "refused/right"), 403)


def foreign_form(page_request: PageRequest) -> Response:
    """The form did not come from a page that was shown to its sender."""
    return page_request.page(_or_part(page_request, "refused/foreign"), 403)


def too_large(page_request: PageRequest) -> Response:
    """The request is larger than any of our pages sends."""
    return Response(page_request.t("送信内容が大きすぎます", "Too much was sent"), 413)


def too_often(page_request: PageRequest) -> Response:
    """Too many requests from one address."""
    answer = page_request.page("refused/often.html", 429)
    answer.headers["Retry-After"] = "60"
    return answer


def failed(page_request: PageRequest, error: FlyleError) -> Response:
    """An action failed: the error with its remedy and the support contact."""
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), TROUBLE)
    refusal = refusal_of(error, page_request.console.settings.support_contact)
    return page_request.page(
        _or_part(page_request, "refused/failed"), status, error=error, refusal=refusal
    )


def _or_part(page_request: PageRequest, name: str) -> str:
    return f"{name}_part.html" if page_request.is_fragment else f"{name}.html"
