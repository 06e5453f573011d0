"""Connecting to an org, the return from Salesforce, another org, and disconnecting."""

from starlette.responses import Response

from flyle_sf_assets.connection.app_probe import check_app
from flyle_sf_assets.connection.connect import (
    AppEntry,
    Callback,
    Connected,
    OtherOrg,
    begin_connect,
    confirm_replacement,
    connection_of,
    finish_connect,
)
from flyle_sf_assets.connection.disconnect import disconnect
from flyle_sf_assets.console import error_pages as refusals
from flyle_sf_assets.console.pages.sign_in import is_attempt_allowed
from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.errors import FlyleError
from flyle_sf_assets.store.tenants.links import get_link
from flyle_sf_assets.telemetry.logs import logger
from flyle_sf_assets.tenants.error_guidance import refusal_of
from flyle_sf_assets.tenants.registration import registered_settings
from flyle_sf_assets.tenants.sync_requests import ask_for_sync

APP_NAME = "Flyle"
API_NAME = "Flyle"
SCOPES = ("api", "refresh_token")
FIELD_CHARACTERS_MAX = 4_000

_log = logger("console")


def connect_page(page_request: PageRequest) -> Response:
    """What to copy into Salesforce, and the form; the current connection, if any."""
    return _page(page_request)


def begin(page_request: PageRequest) -> Response:
    """Redirects to Salesforce by a page: a form's redirect may not lead to another site."""
    app = AppEntry(
        org_url=_entered(page_request, "org_url"),
        consumer_key=_entered(page_request, "consumer_key"),
        consumer_secret=_entered(page_request, "consumer_secret") or None,
    )
    callback_url = page_request.console.settings.callback_url
    try:
        check_app(page_request.installation, app, redirect_uri=callback_url)
        started = begin_connect(
            page_request.installation,
            page_request.tenant,
            redirect_uri=callback_url,
            by=page_request.user.author,
            app=app,
            clock=page_request.console.clock,
        )
    except FlyleError as error:
        return _page(page_request, error=error, org_url=app.org_url, status=400)
    return page_request.page("connect/leaving.html", url=started.authorisation_url)


def callback(page_request: PageRequest) -> Response:
    """The return from Salesforce: the link is connected, or the page says why not."""
    if not is_attempt_allowed(page_request):
        return refusals.too_often(page_request)
    try:
        outcome = finish_connect(
            page_request.installation,
            page_request.tenant,
            Callback.from_query(dict(page_request.query.fields)),
            by=page_request.user.author,
            clock=page_request.console.clock,
        )
    except FlyleError as error:
        return _page(page_request, error=error, status=403)
    if isinstance(outcome, OtherOrg):
        return page_request.page("connect/other_org.html", other=outcome)
    return _connected(page_request, outcome)


def replace_org(page_request: PageRequest) -> Response:
    """Confirms that the other org is intended."""
    outcome = confirm_replacement(
        page_request.installation,
        page_request.tenant,
        page_request.form.one("confirmation"),
        by=page_request.user.author,
        clock=page_request.console.clock,
    )
    return _connected(page_request, outcome)


def ask_disconnect(page_request: PageRequest) -> Response:
    """Asks for confirmation, and says what will happen."""
    with page_request.installation.database.tenant(page_request.tenant) as tx:
        companies = page_request.console.figures.of(tx, "disconnect").get("linked", 0)
        link = get_link(tx)
    return page_request.page("connect/disconnect.html", companies=companies, link=link)


def do_disconnect(page_request: PageRequest) -> Response:
    """Ends the link at once."""
    done = disconnect(
        page_request.installation,
        page_request.tenant,
        by=page_request.user.author,
        clock=page_request.console.clock,
    )
    page_request.console.orgs.forget(page_request.tenant)
    return page_request.page("connect/disconnected.html", done=done)


def _connected(page_request: PageRequest, outcome: Connected) -> Response:
    page_request.console.orgs.forget(page_request.tenant)
    settings = registered_settings(page_request.installation, page_request.tenant)
    if settings is not None:
        ask_for_sync(
            page_request.installation, page_request.tenant, clock=page_request.console.clock
        )
    return page_request.page("connect/connected.html", outcome=outcome, settings=settings)


def _page(
    page_request: PageRequest,
    *,
    error: FlyleError | None = None,
    org_url: str = "",
    status: int = 200,
) -> Response:
    contact = page_request.console.settings.support_contact
    if error is not None:
        _log.info("connect refused", code=error.code)
    return page_request.page(
        "connect.html",
        status,
        refusal=refusal_of(error, contact) if error else None,
        error=error,
        connection=connection_of(page_request.installation, page_request.tenant),
        settings=registered_settings(page_request.installation, page_request.tenant),
        org_url=org_url,
        copied=[
            ("app-name", page_request.t("接続アプリケーション名", "App name"), APP_NAME),
            ("api-name", page_request.t("API 参照名", "API name"), API_NAME),
            ("contact-mail", page_request.t("取引先責任者 メール", "Contact email"), contact),
            (
                "callback",
                page_request.t("コールバック URL", "Callback URL"),
                page_request.console.settings.callback_url,
            ),
            ("scopes", page_request.t("選択した OAuth 範囲", "OAuth scopes"), " ".join(SCOPES)),
        ],
        time_zone=None,
    )


def _entered(page_request: PageRequest, name: str) -> str:
    return page_request.form.one(name).strip()[:FIELD_CHARACTERS_MAX]
