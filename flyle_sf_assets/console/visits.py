"""One request of one person: who it is, what came with it, and what it is answered with.

Every page goes through `answer`: the session, the plan, the role and the form's origin are checked
here and nowhere else. What does not belong here: pages (``pages``) and routes (``app.py``).
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from flyle_sf_assets.console import refusals, sessions
from flyle_sf_assets.console.configuration import ConsoleSettings
from flyle_sf_assets.console.figures import CompanyFigures
from flyle_sf_assets.console.guards import KnockLimit
from flyle_sf_assets.console.languages import language_of
from flyle_sf_assets.console.orgs import KnownOrgs, answers_of
from flyle_sf_assets.console.people import Person
from flyle_sf_assets.console.rendering import Renderer
from flyle_sf_assets.console.tokens import TokenKeys
from flyle_sf_assets.errors import FlyleError, Text
from flyle_sf_assets.refresh.context import Clock
from flyle_sf_assets.refresh.installation import Installation
from flyle_sf_assets.refresh.org_answers import OrgAnswers
from flyle_sf_assets.telemetry.logs import bind, logger

CSRF_FIELD = "csrf"
CSRF_HEADER = "x-csrf-token"
FORM_BYTES_MAX = 512_000
FORM_FIELDS_MAX = 5_000

_log = logger("console")


class Access(Enum):
    """Whom a page is for."""

    OPEN = "open"
    """Anybody: it says nothing of any tenant."""
    LOOK = "look"
    """Whoever has a session, in any role."""
    CHANGE = "change"
    """Administrators (S2)."""


@dataclass(frozen=True)
class Console:
    """What every page works with."""

    installation: Installation
    settings: ConsoleSettings
    keys: TokenKeys
    renderer: Renderer
    clock: Clock
    knocks: KnockLimit
    figures: CompanyFigures = field(default_factory=CompanyFigures)
    orgs: KnownOrgs = field(default_factory=KnownOrgs)

    @staticmethod
    def answers(visit: "Visit", org_url: str) -> AbstractContextManager[OrgAnswers]:
        """What the visitor's org answers while settings are chosen."""
        return answers_of(visit, org_url)

    @property
    def cookie_name(self) -> str:
        """With the prefix that binds it to this very host, where browsers allow the prefix."""
        return "__Host-flyle_sf" if self.is_https else "flyle_sf"

    @property
    def is_https(self) -> bool:
        """Whether people come over TLS; without it only this machine is served."""
        return urlsplit(self.settings.public_url).scheme == "https"


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form or an address, in their order."""

    fields: tuple[tuple[str, str], ...] = ()

    def one(self, name: str, default: str = "") -> str:
        """The last value of that name."""
        return next((value for key, value in reversed(self.fields) if key == name), default)

    def all(self, name: str) -> list[str]:
        """Every value of that name."""
        return [value for key, value in self.fields if key == name]

    def names(self) -> set[str]:
        """The names that occur."""
        return {key for key, _ in self.fields}


@dataclass(frozen=True)
class Visit:
    """A request whose sender may do what it asks; pages get nothing else."""

    console: Console
    request: Request
    language: str
    form: Form
    query: Form
    session: sessions.Session | None

    @property
    def person(self) -> Person:
        """Who is there; only open pages may have nobody."""
        if self.session is None:
            raise LookupError("this page is open: nobody is known")
        return self.session.person

    @property
    def tenant(self) -> str:
        """The tenant of the person: the only one that a page may touch."""
        return self.person.tenant

    @property
    def installation(self) -> Installation:
        """Where the tenant's data is."""
        return self.console.installation

    @property
    def now(self) -> datetime:
        """The time of the clock that was passed in."""
        return self.console.clock()

    @property
    def is_fragment(self) -> bool:
        """Whether htmx asks for a part of a page."""
        return self.request.headers.get("hx-request") == "true"

    def param(self, name: str) -> str:
        """A part of the address."""
        return str(self.request.path_params[name])

    def t(self, ja: str, en: str) -> str:
        """The text in the page's language."""
        return ja if self.language == "ja" else en

    def page(self, template: str, /, status: int = 200, **values: object) -> HTMLResponse:
        """A page or a part of one."""
        html = self.console.renderer.render(template, self, values)
        return HTMLResponse(html, status_code=status)

    def go(self, path: str) -> Response:
        """Sends the browser on, after a form or instead of a page."""
        if self.is_fragment:
            return Response(headers={"HX-Redirect": path})
        return RedirectResponse(path, status_code=303)


Page = Callable[[Visit], Response]


async def read_form(request: Request) -> Form | None:
    """The fields of an ordinary form; None when there are too many or too large ones."""
    if request.method in ("GET", "HEAD"):
        return Form()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES_MAX:
            return None
    return parsed(body.decode("utf-8", "replace"))


def parsed(text: str) -> Form | None:
    """The fields of ``a=1&b=2``; None when there are too many."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX)
    except ValueError:
        return None
    # PostgreSQL takes no NUL, and nobody means one.
    return Form(tuple((name, value.replace("\0", "")) for name, value in pairs))


def answer(
    console: Console, request: Request, form: Form | None, page: Page, access: Access
) -> Response:
    """What a page answers, or why it may not. No exception of ours gets past this."""
    # Not of request.url: with a Host header like "a:1]" that is no URL, and raises.
    query = parsed(request.scope["query_string"].decode("ascii", "replace"))
    visit = Visit(console, request, language_of(request), form or Form(), query or Form(), None)
    if form is None or query is None:
        return refusals.too_large(visit)
    try:
        if access is Access.OPEN:
            return page(visit)
        cookie = request.cookies.get(console.cookie_name, "")
        session = sessions.resume(console.installation.database, cookie, visit.now)
        if session is None:
            return refusals.nobody(visit)
        visit = Visit(console, request, visit.language, form, query, session)
        with bind(tenant=session.person.tenant):
            return _allowed(visit, access) or page(visit)
    except FlyleError as error:
        _log.info("page refused", path=request.scope["path"], code=error.code)
        return refusals.failed(visit, error)


def _allowed(visit: Visit, access: Access) -> Response | None:
    """The answer to somebody who may not, None for who may."""
    session = visit.session
    if session is None or not session.person.has_plan:
        return refusals.no_plan(visit)
    if access is Access.CHANGE and not session.person.may_change:
        return refusals.no_right(visit)
    if visit.request.method not in ("GET", "HEAD") and not _is_own_form(visit, session):
        return refusals.foreign_form(visit)
    return None


def _is_own_form(visit: Visit, session: sessions.Session) -> bool:
    """The token of the session's own pages, and no other site as the sender."""
    headers: Mapping[str, str] = visit.request.headers
    token = visit.form.one(CSRF_FIELD) or headers.get(CSRF_HEADER, "")
    sender = headers.get("sec-fetch-site", "same-origin")
    return sender in ("same-origin", "none") and session.is_own_form(token)


def text_of(text: Text, visit: Visit) -> str:
    """A text in the visit's language."""
    return text.in_language(visit.language)
