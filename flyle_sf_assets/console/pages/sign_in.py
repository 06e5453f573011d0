"""Signing in with a token of Flyle, choosing a language, and signing out."""

from starlette.responses import PlainTextResponse, RedirectResponse, Response

from flyle_sf_assets.console import error_pages as refusals
from flyle_sf_assets.console import sessions
from flyle_sf_assets.console.i18n import COOKIE, LANGUAGES
from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.errors import NotPermitted
from flyle_sf_assets.telemetry.logs import logger

LANGUAGE_KEPT_S = 365 * 86_400

_log = logger("console")


def sign_in(page_request: PageRequest) -> Response:
    """A session for the holder of a valid token; otherwise a refusal."""
    if not is_attempt_allowed(page_request):
        return refusals.too_often(page_request)
    console = page_request.console
    database = console.installation.database
    try:
        ticket = console.keys.check(page_request.query.one("token"), page_request.now)
        if not console.rate_limiter.allows_tenant(ticket.user.tenant, database, page_request.now):
            return refusals.too_often(page_request)
        session = sessions.sign_in(database, ticket, page_request.now)
    except NotPermitted as error:
        _log.warning("token refused", reason=error.came_back.en)
        return page_request.page("refused/token.html", 403, error=error)
    former = page_request.request.cookies.get(console.cookie_name)
    if former:
        sessions.sign_out(database, former)
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(
        console.cookie_name,
        session.cookie,
        max_age=sessions.SESSION_S,
        path="/",
        secure=True,
        httponly=True,
        # Not strict: the redirect from Salesforce to /callback has to send it.
        samesite="lax",
    )
    return response


def sign_out(page_request: PageRequest) -> Response:
    """Ends the session."""
    console = page_request.console
    cookie = page_request.request.cookies.get(console.cookie_name, "")
    sessions.sign_out(console.installation.database, cookie)
    response = page_request.page("left.html")
    response.delete_cookie(console.cookie_name, path="/", secure=True, httponly=True)
    return response


def choose_language(page_request: PageRequest) -> Response:
    """Stores the language and returns to a page of ours."""
    back = page_request.query.one("back", "/")
    is_own_path = back.startswith("/") and not back.startswith(("//", "/\\"))
    response = RedirectResponse(back if is_own_path else "/", status_code=303)
    language = page_request.param("language")
    if language in LANGUAGES:
        response.set_cookie(
            COOKIE, language, max_age=LANGUAGE_KEPT_S, secure=True, httponly=True, samesite="lax"
        )
    return response


def health(_: PageRequest) -> Response:
    """For process monitoring."""
    return PlainTextResponse("ok\n")


def is_attempt_allowed(page_request: PageRequest) -> bool:
    """Whether this address, and the tenant that it names, may now try to sign in once more."""
    client, limit = page_request.request.client, page_request.console.rate_limiter
    database, now = page_request.installation.database, page_request.now
    if not limit.allows(client.host if client else "", database, now):
        return False
    return page_request.session is None or limit.allows_tenant(page_request.tenant, database, now)
