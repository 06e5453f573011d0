"""Connecting to an org, the return from Salesforce, another org, and disconnecting."""

from dataclasses import replace

from starlette.responses import Response

from flyle_sf_assets.connection.app_probe import check_app
from flyle_sf_assets.connection.connect import (
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
from flyle_sf_assets.console.pages import connect_form
from flyle_sf_assets.console.pages.asking import ask
from flyle_sf_assets.console.pages.sign_in import is_attempt_allowed
from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.errors import FlyleError
from flyle_sf_assets.store.tenants.links import get_link
from flyle_sf_assets.telemetry.logs import logger
from flyle_sf_assets.tenants.registration import registered_settings

APP_NAME = "Flyle"
API_NAME = "Flyle"
SCOPES = ("api", "refresh_token")

_log = logger("console")


def connect_page(page_request: PageRequest) -> Response:
    """What to copy into Salesforce, and the form; the current connection, if any.

    An error of the last try is shown once; what was typed stays for a quarter of an hour.
    """
    return _page(page_request, connect_form.told_once(page_request))


def begin(page_request: PageRequest) -> Response:
    """Redirects to Salesforce by a page: a form's redirect may not lead to another site.

    What is wrong is shown after a redirect, so that reloading does not send the secret again.
    """
    app, typed, missing = connect_form.app_typed(page_request.form)
    if missing:
        connect_form.keep(page_request, connect_form.Kept(typed, missing=missing))
        return page_request.go("/connect")
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
        connect_form.keep(page_request, connect_form.Kept(typed, _told(page_request, error)))
        return page_request.go("/connect")
    connect_form.keep(page_request, connect_form.Kept(typed))
    return page_request.page("connect/leaving.html", url=started.authorisation_url)


def callback(page_request: PageRequest) -> Response:
    """The return from Salesforce; redirects to a page that may be reloaded and has no code."""
    if not is_attempt_allowed(page_request):
        return refusals.too_often(page_request)
    kept = connect_form.kept_of(page_request)
    try:
        outcome = finish_connect(
            page_request.installation,
            page_request.tenant,
            Callback.from_query(dict(page_request.query.fields)),
            by=page_request.user.author,
            clock=page_request.console.clock,
        )
    except FlyleError as error:
        connect_form.keep(page_request, replace(kept, told=_told(page_request, error)))
        return page_request.go("/connect")
    if isinstance(outcome, OtherOrg):
        connect_form.keep(page_request, replace(kept, other=outcome))
        return page_request.go("/connect/other-org")
    return _connected(page_request, outcome)


def other_org(page_request: PageRequest) -> Response:
    """Asks whether another org than before is intended."""
    other = connect_form.kept_of(page_request).other
    if other is None:
        return page_request.go("/connect")
    return page_request.page("connect/other_org.html", other=other)


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


def connected(page_request: PageRequest) -> Response:
    """The org that was just connected, and what comes next."""
    outcome = connect_form.kept_of(page_request).connected
    if outcome is None:
        return page_request.go("/")
    settings = registered_settings(page_request.installation, page_request.tenant)
    return page_request.page("connect/connected.html", outcome=outcome, settings=settings)


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
    connect_form.keep(page_request, connect_form.Kept(connected=outcome))
    done = page_request.go("/connect/done")
    return done if settings is None else ask(page_request, done)


def _told(page_request: PageRequest, error: FlyleError) -> connect_form.Told:
    _log.info("connect refused", code=error.code)
    return connect_form.Told.of(error, page_request.console.settings.support_contact)


def _page(page_request: PageRequest, kept: connect_form.Kept) -> Response:
    contact = page_request.console.settings.support_contact
    typed, told = kept.typed, kept.told
    at_field = {**kept.missing, **(told.at_field if told else {})}
    connection = connection_of(page_request.installation, page_request.tenant)
    return page_request.page(
        "connect.html",
        told=told,
        at_field=at_field,
        connection=connection,
        typed=typed,
        org_url=typed.org_url or (connection.org_url if connection else ""),
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
