"""The routes: every page of the console in one list, each with its users."""

from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from typing import Any, cast

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from flyle_sf_assets.console.dispatch import answer
from flyle_sf_assets.console.i18n import language_of
from flyle_sf_assets.console.middleware import RateLimiter, SecurityHeaders, security_headers
from flyle_sf_assets.console.pages import (
    choosing,
    companies,
    company_list,
    conditions,
    confirming,
    connecting,
    copying,
    explaining,
    fields,
    held,
    mapping,
    metrics,
    one_to_one,
    overview,
    records,
    rollback,
    settings,
    sign_in,
    sync,
    versions,
)
from flyle_sf_assets.console.rendering import FOLDER, Renderer
from flyle_sf_assets.console.request import Access, Console, Form, Page, PageRequest, read_form
from flyle_sf_assets.console.settings import ConsoleSettings
from flyle_sf_assets.console.tokens import TokenKeys
from flyle_sf_assets.errors import Text
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.telemetry.logs import logger

STATIC = FOLDER / "static"
STATIC_KEPT_S = 86_400
READING_MAX = 6
ASKING_MAX = 24

_log = logger("console")


class PageRoute(Route):
    """A route that knows the users of its page, and whether it ``asks`` Salesforce."""

    def __init__(
        self, path: str, page: Page, access: Access, method: str = "GET", *, asks: bool = False
    ) -> None:
        self.access = access
        super().__init__(path, _endpoint(page, access, asks=asks), methods=[method])


def build_app(
    installation: Installation,
    of: ConsoleSettings,
    *,
    clock: Clock = utc_now,
    rate_limiter: RateLimiter | None = None,
    more: Sequence[BaseRoute] = (),
) -> Starlette:
    """The console over an installation. ``more`` are routes of the caller (the demo)."""
    app = _App(
        routes=[*_routes(), *more, Mount("/static", _Static(directory=STATIC), name="static")],
        middleware=[
            # A page of another name that resolves to this machine must not be served.
            Middleware(
                TrustedHostMiddleware,
                allowed_hosts=sorted({of.host, "127.0.0.1", "localhost"}),
                www_redirect=False,
            ),
        ],
        exception_handlers={
            Exception: _broken,
            ClientDisconnect: _left,
            404: _missing,
            405: _missing,
        },
    )
    app.state.console = Console(
        installation=installation,
        settings=of,
        keys=TokenKeys(of),
        renderer=Renderer(_static_version()),
        clock=clock,
        rate_limiter=rate_limiter or RateLimiter(),
    )
    app.state.limits = _Limits()
    return app


class _Limits:
    """How many pages are made at once.

    More than a few readers only slow each other down; and a slow org must not delay other
    people's pages.
    """

    def __init__(self) -> None:
        self.reading = CapacityLimiter(READING_MAX)
        self.asking = CapacityLimiter(ASKING_MAX)


class _App(Starlette):
    """Starlette with security headers on its answer to unforeseen errors, too."""

    def build_middleware_stack(self) -> ASGIApp:
        """The whole stack, inside the headers."""
        console: Console = self.state.console
        headers = security_headers(console.settings.embedded_by, is_https=console.is_https)
        app: ASGIApp = SecurityHeaders(super().build_middleware_stack(), headers)
        proxies = console.settings.trusted_proxies
        if proxies:
            app = cast("ASGIApp", ProxyHeadersMiddleware(cast("Any", app), list(proxies)))
        return app


def _routes() -> list[BaseRoute]:
    look, change, to_all = Access.LOOK, Access.CHANGE, Access.OPEN
    return [
        PageRoute("/enter", sign_in.sign_in, to_all),
        PageRoute("/language/{language}", sign_in.choose_language, to_all),
        PageRoute("/health", sign_in.health, to_all),
        PageRoute("/metrics", metrics.metrics, to_all),
        PageRoute("/leave", sign_in.sign_out, look, "POST"),
        PageRoute("/", overview.overview, look),
        PageRoute("/progress", overview.progress, look),
        PageRoute("/sync", overview.sync_now, change, "POST"),
        PageRoute("/connect", connecting.connect_page, change),
        PageRoute("/connect", connecting.begin, change, "POST", asks=True),
        PageRoute("/callback", connecting.callback, change, asks=True),
        PageRoute("/connect/other-org", connecting.other_org, change),
        PageRoute("/connect/done", connecting.connected, change),
        PageRoute("/connect/replace", connecting.replace_org, change, "POST", asks=True),
        PageRoute("/disconnect", connecting.ask_disconnect, change),
        PageRoute("/disconnect", connecting.do_disconnect, change, "POST", asks=True),
        PageRoute("/settings", settings.settings, look),
        PageRoute("/settings/versions/{version}", versions.version, change),
        PageRoute(
            "/settings/versions/{version}/impact", versions.version_impact, change, asks=True
        ),
        PageRoute("/settings/versions/{version}", versions.restore, change, "POST"),
        *_setup_routes(),
        PageRoute("/syncs", records.syncs, look),
        PageRoute("/syncs/{sync_id}", sync.sync, look),
        PageRoute("/syncs/{sync_id}/rollback", rollback.preview, look),
        PageRoute("/syncs/{sync_id}/rollback", rollback.confirmed, change, "POST"),
        PageRoute("/syncs/{sync_id}/resume", rollback.resume_preview, look),
        PageRoute("/syncs/{sync_id}/resume", rollback.resume_confirmed, change, "POST"),
        PageRoute("/rejected", records.rejected, look),
        PageRoute("/rejected.csv", records.rejected_csv, look),
        PageRoute("/notices", records.notices, look),
        PageRoute("/notices/read", records.read_notices, change, "POST"),
        PageRoute("/held", held.held, look),
        PageRoute("/held", held.approve, change, "POST"),
        PageRoute("/companies", company_list.companies, look),
        PageRoute("/companies.csv", company_list.companies_csv, look),
        PageRoute("/explain", explaining.explanation, change, asks=True),
        PageRoute("/companies/{external_id}", companies.company, look),
        PageRoute("/companies/{external_id}/parents", companies.parents, look),
    ]


def _setup_routes() -> list[BaseRoute]:
    change = Access.CHANGE
    return [
        PageRoute("/setup/object", choosing.choose_object, change),
        PageRoute("/setup/object", choosing.object_chosen, change, "POST"),
        PageRoute("/setup/one-to-one", one_to_one.one_to_one, change, asks=True),
        PageRoute("/setup/one-to-one", one_to_one.change_one_to_one, change, "POST", asks=True),
        PageRoute("/setup/copy", copying.copies, change),
        PageRoute("/setup/copy", copying.copy, change, "POST"),
        PageRoute("/setup/discard", choosing.discard, change, "POST"),
        PageRoute("/setup/fields", fields.picker, change, asks=True),
        PageRoute("/setup/fields/below", fields.branch, change, asks=True),
        PageRoute("/setup/fields/reload", fields.reload_fields, change, "POST"),
        PageRoute("/setup/conditions", conditions.conditions, change),
        PageRoute("/setup/conditions", conditions.conditions_chosen, change, "POST", asks=True),
        PageRoute("/setup/conditions/rows", conditions.rows, change, asks=True),
        PageRoute("/setup/conditions/rows", conditions.edit_rows, change, "POST", asks=True),
        PageRoute("/setup/conditions/draft", conditions.keep_typed, change, "POST"),
        PageRoute("/setup/conditions/count", conditions.count, change, asks=True),
        PageRoute("/setup/conditions/count", conditions.count, change, "POST", asks=True),
        PageRoute("/setup/mapping", mapping.mapping, change),
        PageRoute("/setup/mapping", mapping.mapping_chosen, change, "POST", asks=True),
        PageRoute("/setup/mapping/rows", mapping.rows, change, asks=True),
        PageRoute("/setup/mapping/rows", mapping.edit_rows, change, "POST", asks=True),
        PageRoute("/setup/mapping/draft", mapping.keep_typed, change, "POST"),
        PageRoute("/setup/mapping/samples", mapping.samples, change, asks=True),
        PageRoute("/setup/mapping/currencies", mapping.add_currencies, change, "POST", asks=True),
        PageRoute("/setup/mapping/suggested", mapping.suggested, change, asks=True),
        PageRoute("/setup/mapping/options", mapping.options, change, asks=True),
        PageRoute("/setup/confirm", confirming.confirm, change),
        PageRoute("/setup/confirm/impact", confirming.impact, change, asks=True),
        PageRoute("/setup/confirm", confirming.link, change, "POST", asks=True),
    ]


def _endpoint(
    page: Page, access: Access, *, asks: bool
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        console: Console = request.app.state.console
        limits: _Limits = request.app.state.limits
        form = await read_form(request)
        return await to_thread.run_sync(
            answer,
            console,
            request,
            form,
            page,
            access,
            limiter=limits.asking if asks else limits.reading,
        )

    return endpoint


class _Static(StaticFiles):
    """Files of ours, cached by browsers: their address changes with their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = f"public, max-age={STATIC_KEPT_S}, immutable"
        return response


def _static_version() -> str:
    """A version that changes when any of the files does."""
    digest = sha256()
    for file in sorted(STATIC.rglob("*.*")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


async def _left(_request: Request, _error: Exception) -> Response:
    """The browser has gone, or was too slow, in the middle of a form: nobody gets this answer."""
    return Response(status_code=400)


def _missing(request: Request, _: Exception) -> Response:
    """No page has this address, or not for this method."""
    console: Console = request.app.state.console
    page_request = PageRequest(console, request, language_of(request), Form(), Form(), None)
    return page_request.page("refused/missing.html", 404)


def _broken(request: Request, error: Exception) -> Response:
    """An unforeseen error: it goes to the log, not to the browser."""
    _log.error("page broke", path=request.scope["path"], error=type(error).__name__, exc_info=error)
    text = Text(
        "申し訳ありません。ページを表示できませんでした。\n",
        "Sorry, this page could not be shown.\n",
    )
    return PlainTextResponse(text.in_language(language_of(request)), status_code=500)
