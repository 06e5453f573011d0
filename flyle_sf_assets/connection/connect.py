"""Connecting a tenant to its org: by an administrator's consent in a browser, or headless.

Used by the console and by ``flyle-sf connect``. Nothing is stored before every check has passed:
for a user who may not connect no token is stored.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from flyle_sf_assets.connection.connection_writer import (
    Connected,
    connection_state,
    keep_connection,
    other_org_of,
)
from flyle_sf_assets.connection.pending_consents import Allowed, Begun, claim, save
from flyle_sf_assets.errors import FlyleError, NotPermitted, PlanNotEligible, Text
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.installation.tenant_org import (
    AppEntry,
    app_of,
    network_of,
    open_tenant_org,
    origin_of,
    stored_app,
)
from flyle_sf_assets.salesforce import rights
from flyle_sf_assets.salesforce.errors import remedies
from flyle_sf_assets.salesforce.session import OrgSession
from flyle_sf_assets.salesforce.tokens.access_tokens import (
    AccessToken,
    Granted,
    TokenTransport,
)
from flyle_sf_assets.salesforce.tokens.web_server import (
    Callback,
    authorization_request,
    exchange_code,
    revoke,
)
from flyle_sf_assets.settings.models import ELIGIBLE_PLANS, Connection, Flow, TenantSettings
from flyle_sf_assets.store.tenants.connections import ConnectionState, get_connection
from flyle_sf_assets.telemetry.logs import bind, logger
from flyle_sf_assets.tenants.registration import newest_settings

__all__ = [
    "AppEntry",
    "Callback",
    "Connected",
    "OtherOrg",
    "Started",
    "begin_connect",
    "confirm_replacement",
    "connect_headless",
    "connection_of",
    "decline_replacement",
    "finish_connect",
    "stored_connection",
]

_log = logger("refresh")
_CONFIRMATION_BYTES = 32


@dataclass(frozen=True, slots=True)
class Started:
    """Where to send the browser, until when it may return, and the state it will return with."""

    authorisation_url: str = field(repr=False)
    state: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OtherOrg:
    """All checks passed, but it is another org than before; nothing has changed yet.

    ``confirmation`` is for `confirm_replacement`; None where the caller repeats its call with
    ``replace_org``.
    """

    old_org_id: str
    new_org_id: str
    new_org_name: str
    confirmation: str | None = field(repr=False)


def begin_connect(
    installation: Installation,
    tenant: str,
    *,
    redirect_uri: str,
    by: str,
    app: AppEntry | None = None,
    clock: Clock = utc_now,
) -> Started:
    """Begins the web server flow: the page where a Salesforce administrator allows the access.

    ``app`` is what the user entered; without it the settings' connection, else what was entered
    last. ``by`` is the user: only the same user can finish. Raises UsageError for a host that is
    not allowed, NotConnected ``app_keys_missing``, PlanNotEligible.

    Relied on: Salesforce Help, "OAuth 2.0 Web Server Flow for Web App Integration", with PKCE.

    Example: ``connection/test_connect.py``
    """
    settings = newest_settings(installation, tenant)
    _check_plan(tenant, settings)
    used = app or app_of(installation, tenant, settings.connection if settings else None)
    origin = origin_of(installation.environment, used.org_url)
    used = AppEntry(origin, used.consumer_key, used.consumer_secret)
    request = authorization_request(
        origin, used.consumer_key, redirect_uri, installation.environment.sf_extra_hosts
    )
    is_entered = app is not None or stored_app(installation, tenant) == used
    begun = Begun(by, used, is_entered, redirect_uri, request.verifier)
    expires_at = save(installation, tenant, request.state, begun, clock)
    return Started(request.url, request.state, expires_at)


def finish_connect(
    installation: Installation,
    tenant: str,
    callback: Callback,
    *,
    by: str,
    replace_org: bool = False,
    clock: Clock = utc_now,
) -> Connected | OtherOrg:
    """Handles the callback: exchanges the code, checks the user, stores the tokens.

    Raises NotPermitted (``state_unknown``, ``consent_denied``, ``salesforce_admin_required``,
    ``api_disabled``), NotConnected (``app_unknown``, ``secret_wrong``, ``grant_refused``, …),
    Postponed. After an error nothing is stored, and issued tokens are revoked.
    """
    with bind(tenant=tenant):
        begun = claim(installation, tenant, callback.state, Begun, by=by, clock=clock)
        code = callback.require_code(begun.app.org_url)
        transport = TokenTransport(network_of(installation.environment))
        granted = exchange_code(
            transport,
            begun.app.org_url,
            consumer_key=begun.app.consumer_key,
            consumer_secret=begun.app.consumer_secret,
            code=code,
            redirect_uri=begun.redirect_uri,
            verifier=begun.verifier,
        )
        try:
            who = _checked_administrator(installation, granted)
        except FlyleError:
            _give_up(transport, granted)
            raise
        allowed = Allowed(by, begun.app, begun.is_entered, granted, who)
        other = other_org_of(installation, tenant, who)
        if other is not None and not replace_org:
            return _asked_back(installation, tenant, allowed, other, clock)
        return _keep(installation, tenant, allowed, clock)


def confirm_replacement(
    installation: Installation,
    tenant: str,
    confirmation: str,
    *,
    by: str,
    clock: Clock = utc_now,
) -> Connected:
    """Changes to the other org that `finish_connect` asked about; once, and by the same user.

    Raises NotPermitted ``state_unknown`` otherwise.
    """
    with bind(tenant=tenant):
        allowed = claim(installation, tenant, confirmation, Allowed, by=by, clock=clock)
        return _keep(installation, tenant, allowed, clock)


def decline_replacement(
    installation: Installation,
    tenant: str,
    confirmation: str,
    *,
    by: str,
    clock: Clock = utc_now,
) -> None:
    """Stays with the earlier org: the tokens of the other one are revoked, nothing is stored.

    Raises NotPermitted ``state_unknown`` as in `confirm_replacement`.
    """
    with bind(tenant=tenant):
        allowed = claim(installation, tenant, confirmation, Allowed, by=by, clock=clock)
        _give_up(TokenTransport(network_of(installation.environment)), allowed.granted)


def connect_headless(
    installation: Installation,
    tenant: str,
    *,
    by: str,
    replace_org: bool = False,
    clock: Clock = utc_now,
) -> Connected | OtherOrg:
    """Connects by client credentials or JWT bearer, as the registered settings say.

    The user who reads needs the API and the right to read the base object, nothing more. Raises
    the errors of logging in and reading (NotConnected, NotPermitted, SalesforceRefused, Postponed).

    ``by`` is who asked, for the connection's row. For another org than before it returns
    `OtherOrg` and changes nothing, unless ``replace_org``.

    >>> connected = connect_headless(installation, "acme", by="cli:sato")
    >>> connected.is_other_org, connected.is_reconnected
    (False, False)
    """
    settings = newest_settings(installation, tenant)
    _check_plan(tenant, settings)
    if settings is None or settings.connection.flow is Flow.WEB_SERVER:
        raise _no_headless_settings(tenant)
    with bind(tenant=tenant):
        with open_tenant_org(installation, settings) as org:
            who = rights.identity(org.session)
            rights.check_readable(org.session, settings.source.object)
        other = other_org_of(installation, tenant, who)
        if other is not None and not replace_org:
            return OtherOrg(other, who.org_id, who.org_name, None)
        used = settings.connection
        state = connection_state(used.org_url, used.flow, who, by, clock)
        return keep_connection(installation, tenant, state, who, None, clock)


def connection_of(installation: Installation, tenant: str) -> ConnectionState | None:
    """How the tenant was last connected, None before the first connection."""
    with installation.database.tenant(tenant) as tx:
        return get_connection(tx)


def stored_connection(installation: Installation, tenant: str) -> Connection | None:
    """The ``connection`` of settings made in the console; None before an app was entered."""
    app = stored_app(installation, tenant)
    return None if app is None else Connection(org_url=app.org_url, flow=Flow.WEB_SERVER)


def _check_plan(tenant: str, settings: TenantSettings | None) -> None:
    if settings is None or settings.plan in ELIGIBLE_PLANS:
        return
    raise PlanNotEligible(
        "plan_not_eligible",
        tried=Text(
            f"テナント {tenant} のプランを確認しようとしました",
            f"Tried to check the plan of {tenant}",
        ),
        came_back=Text(f"プランは {settings.plan} です", f"The plan is {settings.plan}"),
        remedy=Text(
            "エンタープライズプランまたはプロフェッショナルプランでご利用いただけます",
            "The link is part of the Enterprise and the Professional plan",
        ),
    )


def _checked_administrator(installation: Installation, granted: Granted) -> rights.Identity:
    """The user who consented. NotPermitted unless the API is on and it is an administrator."""
    session = OrgSession(_Once(granted.access), network_of(installation.environment))
    try:
        who = rights.identity(session)
        if not rights.is_administrator(session):
            raise NotPermitted(
                "salesforce_admin_required",
                tried=Text(
                    "許可したユーザーの権限 (UserPermissionAccess.PermissionsModifyAllData)"
                    " を確認しようとしました",
                    "Tried to check the permissions of the user who allowed the access"
                    " (UserPermissionAccess.PermissionsModifyAllData)",
                ),
                came_back=Text(
                    f"「{who.username}」に「すべてのデータの編集」権限がありません",
                    f"“{who.username}” does not have Modify All Data",
                ),
                remedy=remedies.ADMINISTRATOR_NEEDED,
            )
        if granted.refresh_token is None:
            raise NotPermitted(
                "scope_missing",
                tried=Text("トークンを受け取ろうとしました", "Tried to get the tokens"),
                came_back=Text(
                    "更新トークンが含まれていませんでした", "no refresh token came along"
                ),
                remedy=remedies.SCOPES_MISSING,
            )
        return who
    finally:
        session.close()


class _Once:
    """A token that was just issued: it is not renewed."""

    def __init__(self, access: AccessToken) -> None:
        self._access = access

    def token(self) -> AccessToken:
        return self._access

    def renew(self, stale: AccessToken) -> AccessToken:
        return stale


def _give_up(transport: TokenTransport, granted: Granted) -> None:
    """Revokes tokens that will not be stored; the error that led here is the one reported."""
    token = granted.refresh_token or granted.access.value
    try:
        revoke(transport, granted.access.instance_url, token)
    except FlyleError as error:
        _log.warning("tokens not revoked", error=str(error))


def _asked_back(
    installation: Installation, tenant: str, allowed: Allowed, old: str, clock: Clock
) -> OtherOrg:
    confirmation = secrets.token_urlsafe(_CONFIRMATION_BYTES)
    save(installation, tenant, confirmation, allowed, clock)
    who = allowed.identity
    return OtherOrg(old, who.org_id, who.org_name, confirmation)


def _keep(installation: Installation, tenant: str, allowed: Allowed, clock: Clock) -> Connected:
    who, org_url = allowed.identity, allowed.app.org_url
    state = connection_state(org_url, Flow.WEB_SERVER, who, allowed.by, clock)
    return keep_connection(installation, tenant, state, who, allowed, clock)


def _no_headless_settings(tenant: str) -> NotPermitted:
    return NotPermitted(
        "no_headless_flow",
        tried=Text(f"テナント {tenant} に接続しようとしました", f"Tried to connect {tenant}"),
        came_back=Text(
            "設定に、ブラウザーなしで使える認証方式がありません",
            "its settings name no flow that works without a browser",
        ),
        remedy=Text(
            "設定ファイルの connection.flow を client_credentials か jwt_bearer にするか、"
            "ブラウザーで連携してください",
            "Let connection.flow be client_credentials or jwt_bearer, or connect in a browser",
        ),
    )
