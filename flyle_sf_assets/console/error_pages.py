"""Answers to those who may not, or for whom something does not work: what, why, and what to do.

What does not belong here: deciding it (``request.py``) and the words of an error (``errors.py``).
"""

from starlette.responses import Response

from flyle_sf_assets.console.request import Visit
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
"""What was asked for is understood and cannot be done: wrong settings, a refusal of Salesforce."""


def nobody(visit: Visit) -> Response:
    """Nobody is known: the session is over, or there never was one."""
    if visit.is_fragment:
        return Response(status_code=401, headers={"HX-Redirect": "/"})
    return visit.page("refused/nobody.html", 401)


def no_plan(visit: Visit) -> Response:
    """S3: the plan does not include the link; what it is, and whom to ask."""
    return visit.page("refused/plan.html", 403)


def no_right(visit: Visit) -> Response:
    """S2: the role may only look."""
    return visit.page(_or_part(visit, "refused/right"), 403)


def foreign_form(visit: Visit) -> Response:
    """The form did not come from a page that was shown to its sender."""
    return visit.page(_or_part(visit, "refused/foreign"), 403)


def too_large(visit: Visit) -> Response:
    """More came than any page of ours sends."""
    return Response(visit.t("送信内容が大きすぎます", "Too much was sent"), 413)


def too_often(visit: Visit) -> Response:
    """Too many requests from one address."""
    answer = visit.page("refused/often.html", 429)
    answer.headers["Retry-After"] = "60"
    return answer


def failed(visit: Visit, error: FlyleError) -> Response:
    """Something that was tried does not work: the error with its remedy and the support contact."""
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), TROUBLE)
    refusal = refusal_of(error, visit.console.settings.support_contact)
    return visit.page(_or_part(visit, "refused/failed"), status, error=error, refusal=refusal)


def _or_part(visit: Visit, name: str) -> str:
    return f"{name}_part.html" if visit.is_fragment else f"{name}.html"
