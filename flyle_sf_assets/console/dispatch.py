"""From a request to its answer: who sends it, whether they may, and the page or the refusal.

Every page goes through `answer`: the session, the plan, the role and the form's origin are checked
here and nowhere else.
"""

from starlette.requests import Request
from starlette.responses import Response

from flyle_sf_assets.console import error_pages as refusals
from flyle_sf_assets.console import sessions
from flyle_sf_assets.console.i18n import language_of
from flyle_sf_assets.console.request import (
    CSRF_FIELD,
    CSRF_HEADER,
    Access,
    Console,
    Form,
    Page,
    PageRequest,
    parsed,
)
from flyle_sf_assets.errors import FlyleError
from flyle_sf_assets.telemetry.logs import bind, logger

_log = logger("console")


def answer(
    console: Console, request: Request, form: Form | None, page: Page, access: Access
) -> Response:
    """What a page answers, or why it refuses. No exception of ours passes it."""
    # Not of request.url: with a Host header like "a:1]" that is no URL, and raises.
    query = parsed(request.scope["query_string"].decode("ascii", "replace"))
    page_request = PageRequest(
        console, request, language_of(request), form or Form(), query or Form(), None
    )
    if form is None or query is None:
        return refusals.too_large(page_request)
    try:
        if access is Access.OPEN:
            return page(page_request)
        cookie = request.cookies.get(console.cookie_name, "")
        session = sessions.resume(console.installation.database, cookie, page_request.now)
        if session is None:
            return refusals.nobody(page_request)
        page_request = PageRequest(console, request, page_request.language, form, query, session)
        with bind(tenant=session.user.tenant):
            return _allowed(page_request, access) or page(page_request)
    except FlyleError as error:
        _log.info("page refused", path=request.scope["path"], code=error.code)
        return refusals.failed(page_request, error)


def _allowed(page_request: PageRequest, access: Access) -> Response | None:
    """The answer for a user who may not see the page, None for one who may."""
    session = page_request.session
    if session is None or not session.user.has_plan:
        return refusals.no_plan(page_request)
    if access is Access.CHANGE and not session.user.may_change:
        return refusals.no_right(page_request)
    if page_request.request.method not in ("GET", "HEAD") and not _is_own_form(
        page_request, session
    ):
        return refusals.foreign_form(page_request)
    return None


def _is_own_form(page_request: PageRequest, session: sessions.Session) -> bool:
    """Whether it has the token of the session's own pages, and comes from no other site."""
    headers = page_request.request.headers
    token = page_request.form.one(CSRF_FIELD) or headers.get(CSRF_HEADER, "")
    sender = headers.get("sec-fetch-site", "same-origin")
    return sender in ("same-origin", "none") and session.is_own_form(token)
