"""One request of one person: who it is, what it contains, and what pages answer it with."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from flyle_sf_assets.console import sessions
from flyle_sf_assets.console.count_cache import CompanyFigures
from flyle_sf_assets.console.middleware import RateLimiter
from flyle_sf_assets.console.org_cache import KnownOrgs
from flyle_sf_assets.console.rendering import Renderer
from flyle_sf_assets.console.settings import ConsoleSettings
from flyle_sf_assets.console.tokens import TokenKeys
from flyle_sf_assets.console.users import User
from flyle_sf_assets.errors import Text
from flyle_sf_assets.installation.clock import Clock
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.tenants.advice import Advice, advice_in, advice_on
from flyle_sf_assets.tenants.settings_drafts import settings_file

CSRF_FIELD = "csrf"
CSRF_HEADER = "x-csrf-token"
FORM_BYTES_MAX = 512_000
FORM_FIELDS_MAX = 5_000
NUMBER_DIGITS_MAX = 18
"""Every number of at most 18 digits fits a bigint of PostgreSQL."""


class Access(Enum):
    """The users of a page."""

    OPEN = "open"
    """Everyone: it reveals nothing of any tenant."""
    LOOK = "look"
    """Everyone with a session, in any role."""
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
    rate_limiter: RateLimiter
    figures: CompanyFigures = field(default_factory=CompanyFigures)
    orgs: KnownOrgs = field(default_factory=KnownOrgs)

    @property
    def cookie_name(self) -> str:
        """With the prefix that binds it to this host, where browsers allow the prefix."""
        return "__Host-flyle_sf" if self.is_https else "flyle_sf"

    @property
    def is_https(self) -> bool:
        """Whether people come over TLS; without it only this machine is served."""
        return urlsplit(self.settings.public_url).scheme == "https"


def whole_number(text: str) -> int | None:
    """The number of a row as an address or a form names it; None for any other text.

    Only ASCII digits: ``²`` is a digit too, and Python parses no 5,000 of them.
    """
    is_number = text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS_MAX
    return int(text) if is_number else None


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

    def number(self, name: str) -> int | None:
        """The last value of that name as a number that fits a bigint; None when it is none."""
        return whole_number(self.one(name))

    def names(self) -> set[str]:
        """The names that occur."""
        return {key for key, _ in self.fields}


@dataclass(frozen=True)
class PageRequest:
    """A request whose sender has the right for it; pages get no other."""

    console: Console
    request: Request
    language: str
    form: Form
    query: Form
    session: sessions.Session | None

    @property
    def user(self) -> User:
        """The signed-in user; only open pages may have none."""
        if self.session is None:
            raise LookupError("this page is open: nobody is known")
        return self.session.user

    @property
    def tenant(self) -> str:
        """The user's tenant: the only one that a page may touch."""
        return self.user.tenant

    @property
    def installation(self) -> Installation:
        """The installation with the tenant's data."""
        return self.console.installation

    @property
    def now(self) -> datetime:
        """The time of the injected clock."""
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
        session = self.session
        of_page = {
            "t": self.t,
            "user": session.user if session else None,
            "csrf": session.csrf if session else "",
            "path": self.request.scope["path"],
            "support_contact": self.console.settings.support_contact,
            "advise": self._advice_on,
            "advise_in": self._advice_in,
        }
        html = self.console.renderer.render(template, self.language, of_page | values)
        return HTMLResponse(html, status_code=status)

    def csv(self, name: str, lines: Iterator[str]) -> Response:
        """A file for spreadsheets, named ``name-TENANT-DAY.csv``; sent line by line."""
        file = f"{name}-{self.tenant}-{self.now:%Y%m%d}.csv"
        return StreamingResponse(
            lines,
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{file}"'},
        )

    @property
    def is_from_file(self) -> bool:
        """Whether the tenant's settings are a file of the operators."""
        environment = self.installation.environment
        return self.session is not None and settings_file(environment, self.tenant) is not None

    def _advice_on(self, code: str, told: Text, remedy: Text) -> Advice:
        contact = self.console.settings.support_contact
        return advice_on(code, told, remedy, contact, is_from_file=self.is_from_file)

    def _advice_in(self, told: Text) -> Advice:
        return advice_in(told, self.console.settings.support_contact)

    def go(self, path: str) -> Response:
        """Redirects the browser, after a form or instead of a page."""
        if self.is_fragment:
            return Response(headers={"HX-Redirect": path})
        return RedirectResponse(path, status_code=303)


Page = Callable[[PageRequest], Response]


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
    # PostgreSQL refuses NUL, and no user needs it.
    return Form(tuple((name, value.replace("\0", "")) for name, value in pairs))
