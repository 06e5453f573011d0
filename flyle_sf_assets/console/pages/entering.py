"""Coming in with a token of Flyle, choosing a language, and leaving.

What does not belong here: judging tokens (``tokens.py``).
"""

from starlette.responses import PlainTextResponse, RedirectResponse, Response

from flyle_sf_assets.console import error_pages as refusals
from flyle_sf_assets.console import sessions
from flyle_sf_assets.console.i18n import COOKIE, LANGUAGES
from flyle_sf_assets.console.request import Visit
from flyle_sf_assets.errors import NotPermitted
from flyle_sf_assets.telemetry.logs import logger

LANGUAGE_KEPT_S = 365 * 86_400

_log = logger("console")


def enter(visit: Visit) -> Response:
    """A session for the holder of a token; nothing but a refusal for anybody else."""
    if not knocks_allowed(visit):
        return refusals.too_often(visit)
    console = visit.console
    database = console.installation.database
    try:
        ticket = console.keys.check(visit.query.one("token"), visit.now)
        if not console.knocks.allows_tenant(ticket.person.tenant, database, visit.now):
            return refusals.too_often(visit)
        session = sessions.enter(database, ticket, visit.now)
    except NotPermitted as error:
        _log.warning("token refused", reason=error.came_back)
        return visit.page("refused/token.html", 403, error=error)
    former = visit.request.cookies.get(console.cookie_name)
    if former:
        sessions.leave(database, former)
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(
        console.cookie_name,
        session.cookie,
        max_age=sessions.SESSION_S,
        path="/",
        secure=True,
        httponly=True,
        # Not strict: Salesforce's way back to /callback has to carry it.
        samesite="lax",
    )
    return response


def leave(visit: Visit) -> Response:
    """Ends the session."""
    console = visit.console
    cookie = visit.request.cookies.get(console.cookie_name, "")
    sessions.leave(console.installation.database, cookie)
    response = visit.page("left.html")
    response.delete_cookie(console.cookie_name, path="/", secure=True, httponly=True)
    return response


def choose_language(visit: Visit) -> Response:
    """Keeps the language and goes back to a page of ours."""
    back = visit.query.one("back", "/")
    is_own_path = back.startswith("/") and not back.startswith(("//", "/\\"))
    response = RedirectResponse(back if is_own_path else "/", status_code=303)
    language = visit.param("language")
    if language in LANGUAGES:
        response.set_cookie(
            COOKIE, language, max_age=LANGUAGE_KEPT_S, secure=True, httponly=True, samesite="lax"
        )
    return response


def health(_: Visit) -> Response:
    """For whoever watches the process."""
    return PlainTextResponse("ok\n")


def knocks_allowed(visit: Visit) -> bool:
    """Whether this address, and the tenant that is known to knock, may try once more now."""
    client, limit = visit.request.client, visit.console.knocks
    database, now = visit.installation.database, visit.now
    if not limit.allows(client.host if client else "", database, now):
        return False
    return visit.session is None or limit.allows_tenant(visit.tenant, database, now)
