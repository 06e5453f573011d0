"""Connecting to an org, coming back from Salesforce, another org, and disconnecting.

What does not belong here: the flow itself (``connection/connect.py``).
"""

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
from flyle_sf_assets.console.pages.entering import knocks_allowed
from flyle_sf_assets.console.request import Visit
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


def connect_page(visit: Visit) -> Response:
    """What to copy into Salesforce, and the form; what stands when there is a connection."""
    return _page(visit)


def begin(visit: Visit) -> Response:
    """Sends the browser to Salesforce, by a page: no redirect of a form may leave this site."""
    app = AppEntry(
        org_url=_entered(visit, "org_url"),
        consumer_key=_entered(visit, "consumer_key"),
        consumer_secret=_entered(visit, "consumer_secret") or None,
    )
    callback_url = visit.console.settings.callback_url
    try:
        check_app(visit.installation, app, redirect_uri=callback_url)
        started = begin_connect(
            visit.installation,
            visit.tenant,
            redirect_uri=callback_url,
            by=visit.person.author,
            app=app,
            clock=visit.console.clock,
        )
    except FlyleError as error:
        return _page(visit, error=error, org_url=app.org_url, status=400)
    return visit.page("connect/leaving.html", url=started.authorisation_url)


def callback(visit: Visit) -> Response:
    """Back from Salesforce: the connection stands, or it says why not."""
    if not knocks_allowed(visit):
        return refusals.too_often(visit)
    try:
        outcome = finish_connect(
            visit.installation,
            visit.tenant,
            Callback.from_query(dict(visit.query.fields)),
            by=visit.person.author,
            clock=visit.console.clock,
        )
    except FlyleError as error:
        return _page(visit, error=error, status=403)
    if isinstance(outcome, OtherOrg):
        return visit.page("connect/other_org.html", other=outcome)
    return _connected(visit, outcome)


def replace_org(visit: Visit) -> Response:
    """Confirms that another org than before is meant."""
    outcome = confirm_replacement(
        visit.installation,
        visit.tenant,
        visit.form.one("confirmation"),
        by=visit.person.author,
        clock=visit.console.clock,
    )
    return _connected(visit, outcome)


def ask_disconnect(visit: Visit) -> Response:
    """Asks once, and says what will happen."""
    with visit.installation.database.tenant(visit.tenant) as tx:
        companies = visit.console.figures.of(tx, "disconnect").get("linked", 0)
        link = get_link(tx)
    return visit.page("connect/disconnect.html", companies=companies, link=link)


def do_disconnect(visit: Visit) -> Response:
    """Ends the link at once."""
    done = disconnect(
        visit.installation, visit.tenant, by=visit.person.author, clock=visit.console.clock
    )
    visit.console.orgs.forget(visit.tenant)
    return visit.page("connect/disconnected.html", done=done)


def _connected(visit: Visit, outcome: Connected) -> Response:
    visit.console.orgs.forget(visit.tenant)
    settings = registered_settings(visit.installation, visit.tenant)
    if settings is not None:
        ask_for_sync(visit.installation, visit.tenant, clock=visit.console.clock)
    return visit.page("connect/connected.html", outcome=outcome, settings=settings)


def _page(
    visit: Visit, *, error: FlyleError | None = None, org_url: str = "", status: int = 200
) -> Response:
    contact = visit.console.settings.support_contact
    if error is not None:
        _log.info("connect refused", code=error.code)
    return visit.page(
        "connect.html",
        status,
        refusal=refusal_of(error, contact) if error else None,
        error=error,
        connection=connection_of(visit.installation, visit.tenant),
        settings=registered_settings(visit.installation, visit.tenant),
        org_url=org_url,
        copied=[
            ("app-name", visit.t("接続アプリケーション名", "App name"), APP_NAME),
            ("api-name", visit.t("API 参照名", "API name"), API_NAME),
            ("contact-mail", visit.t("取引先責任者 メール", "Contact email"), contact),
            (
                "callback",
                visit.t("コールバック URL", "Callback URL"),
                visit.console.settings.callback_url,
            ),
            ("scopes", visit.t("選択した OAuth 範囲", "OAuth scopes"), " ".join(SCOPES)),
        ],
        time_zone=None,
    )


def _entered(visit: Visit, name: str) -> str:
    return visit.form.one(name).strip()[:FIELD_CHARACTERS_MAX]
