"""Opening a tenant's org by its connection: settings, stored keys, stored tokens."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import msgspec

from flyle_sf_assets.errors import NotConnected, Text
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.salesforce.connect import Org, SalesforceAccess, open_org
from flyle_sf_assets.salesforce.errors import remedies
from flyle_sf_assets.salesforce.tokens.access_tokens import (
    AccessToken,
    ClientCredentials,
    Granted,
    TokenSource,
    TokenTransport,
)
from flyle_sf_assets.salesforce.tokens.refresh_tokens import RefreshTokens
from flyle_sf_assets.salesforce.transport import Network
from flyle_sf_assets.settings.hosts import check_org_url
from flyle_sf_assets.settings.models import Connection, Flow, TenantSettings
from flyle_sf_assets.settings.secret_refs import reveal
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.tenants.credentials import get_secret, put_secret
from flyle_sf_assets.store.tenants.links import get_link, put_link

APP, GRANT = "app", "grant"
"""The kinds of a tenant's stored secrets."""

REUSED_FOR = timedelta(minutes=10)
"""A page that only reads uses a stored access token up to this age."""


@dataclass(frozen=True, slots=True)
class AppEntry:
    """The app's data from an administrator: its org, its key, and its secret if it has one."""

    org_url: str
    consumer_key: str = field(repr=False)
    consumer_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class StoredGrant:
    """A tenant's grant in the database, behind the lock of its tokens (a `GrantKeeper`)."""

    installation: Installation
    tenant: str
    clock: Clock = utc_now

    def read(self) -> Granted | None:
        """The stored grant."""
        with self.installation.database.tenant(self.tenant) as tx:
            kept = get_secret(tx, self.installation.secrets, GRANT)
        return None if kept is None else msgspec.json.decode(kept, type=Granted)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """The lock: one holder over all processes."""
        with self.installation.database.token_lock(self.tenant):
            yield

    def replace(self, granted: Granted) -> None:
        """Committed when this returns."""
        with self.installation.database.tenant(self.tenant) as tx:
            put_grant(tx, self.installation, granted, self.clock)


def put_grant(
    tx: TenantTransaction, installation: Installation, granted: Granted, clock: Clock
) -> None:
    """Stores a grant, sealed. Call it while holding the lock of the tenant's tokens."""
    text = msgspec.json.encode(granted).decode()
    put_secret(tx, installation.secrets, GRANT, text, clock())


def stored_app(installation: Installation, tenant: str) -> AppEntry | None:
    """The app entered when the tenant was connected, None when the settings name it."""
    with installation.database.tenant(tenant) as tx:
        kept = get_secret(tx, installation.secrets, APP)
    return None if kept is None else msgspec.json.decode(kept, type=AppEntry)


def put_app(tx: TenantTransaction, installation: Installation, app: AppEntry, clock: Clock) -> None:
    """Stores the entered app, sealed."""
    put_secret(tx, installation.secrets, APP, msgspec.json.encode(app).decode(), clock())


def app_of(installation: Installation, tenant: str, connection: Connection | None) -> AppEntry:
    """The app to log in with: from the settings, else as entered.

    NotConnected ``app_keys_missing`` when there is neither; errors of `reveal` are passed on.
    """
    stored = stored_app(installation, tenant)
    if connection is not None and connection.consumer_key is not None:
        secret = connection.consumer_secret
        return AppEntry(
            connection.org_url,
            reveal(connection.consumer_key),
            None if secret is None else reveal(secret),
        )
    if stored is not None and (connection is None or _is_same_org(stored, connection)):
        return stored
    raise NotConnected(
        "app_keys_missing",
        tried=Text(
            f"テナント {tenant} の Consumer Key を見つけようとしました",
            f"Tried to find the Consumer Key of {tenant}",
        ),
        came_back=Text(
            "設定にも保管場所にも、この組織のものがありません",
            "neither the settings nor the store has it for this org",
        ),
        remedy=Text(
            "設定コンソールで組織の URL と Consumer Key、Consumer Secret を入力するか、"
            "設定ファイルの connection.consumer_key を書いてください",
            "Enter the org URL, the Consumer Key and the Consumer Secret in the setup console, or"
            " write connection.consumer_key in the settings file",
        ),
    )


def open_tenant_org(
    where: Installation | Environment,
    settings: TenantSettings,
    *,
    sleep: Callable[[float], None] = time.sleep,
    patience: Network | None = None,
) -> Org:
    """The tenant's org, logged in to; ``sleep`` waits for Bulk jobs.

    ``patience`` replaces the default timeouts and retries. With ``Environment`` only, a login works
    for flows whose secrets are in the settings: the tokens of the web server flow are in the
    database. Raises the errors of a login (NotConnected, NotPermitted, Postponed, UsageError).
    """
    if isinstance(where, Environment):
        return open_org(settings.connection, reveal, _access(where, sleep, patience))
    access = _access(where.environment, sleep, patience)
    tokens = _stored_tokens(where, settings.tenant, settings.connection, access.network)
    return open_org(settings.connection, reveal, access, tokens=tokens)


def open_connected_org(installation: Installation, tenant: str, *, clock: Clock = utc_now) -> Org:
    """The org of the stored grant only: for pages that show its data.

    A stored access token is used without renewal for `REUSED_FOR`. NotConnected without a grant.
    """
    app = app_of(installation, tenant, None)

    def is_fresh(access: AccessToken) -> bool:
        return access.issued_at is not None and clock() - access.issued_at < REUSED_FOR

    transport = TokenTransport(network_of(installation.environment))
    tokens = RefreshTokens(
        transport,
        app.org_url,
        consumer_key=lambda: app.consumer_key,
        consumer_secret=lambda: app.consumer_secret,
        keeper=StoredGrant(installation, tenant, clock),
        is_fresh=is_fresh,
    )
    connection = Connection(org_url=app.org_url, flow=Flow.WEB_SERVER)
    return open_org(connection, reveal, _access(installation.environment), tokens=tokens)


def open_same_org(
    installation: Installation,
    settings: TenantSettings,
    *,
    sleep: Callable[[float], None] = time.sleep,
    patience: Network | None = None,
    linked: str | None = None,
) -> Org:
    """The tenant's org for a refresh: the one that its records came from until now.

    The first time its id is stored. Raises NotConnected ``org_changed`` for any other org: its
    records must not be mixed with the stored ones. ``linked`` is the id as read before, which
    is read again only where it differs: a person may have replaced the org meanwhile.
    """
    org = open_tenant_org(installation, settings, sleep=sleep, patience=patience)
    if linked != org.org_id:
        with installation.database.tenant(settings.tenant) as tx:
            linked = get_link(tx).org_id
            if linked is None:
                put_link(tx, org_id=org.org_id)
    if linked not in (None, org.org_id):
        found = org.org_id
        org.close()
        raise other_org(settings.tenant, str(linked), found)
    return org


def other_org(tenant: str, linked: str, found: str) -> NotConnected:
    """The refusal to read another org than the linked one without a confirmation."""
    return NotConnected(
        "org_changed",
        tried=Text(
            f"テナント {tenant} の組織に接続しようとしました",
            f"Tried to connect to the org of {tenant}",
        ),
        came_back=Text(
            f"組織 {found} ですが、企業は組織 {linked} に連携しています",
            f"It is org {found}, but the companies are linked to org {linked}",
        ),
        remedy=Text(
            "元の組織に戻すか、別の組織に切り替える場合は設定コンソールか"
            f" flyle-sf connect {tenant} --replace-org で確認してください"
            " (これまでの企業は「連携解除」になります)",
            "Go back to that org; to change to the other one, confirm it in the setup console or by"
            f" flyle-sf connect {tenant} --replace-org (the companies so far become unlinked)",
        ),
    )


def network_of(environment: Environment, patience: Network | None = None) -> Network:
    """How this installation reaches Salesforce."""
    return replace(
        patience or Network(),
        ca_file=environment.sf_ca_file,
        extra_hosts=environment.sf_extra_hosts,
    )


def _access(
    environment: Environment,
    sleep: Callable[[float], None] = time.sleep,
    patience: Network | None = None,
) -> SalesforceAccess:
    return SalesforceAccess(network_of(environment, patience), sleep=sleep)


def _stored_tokens(
    installation: Installation, tenant: str, connection: Connection, network: Network
) -> TokenSource | None:
    """The tokens of connections that do not name all their secrets; None when they do."""
    transport = TokenTransport(network)
    if connection.flow is Flow.WEB_SERVER:
        return RefreshTokens(
            transport,
            connection.org_url,
            consumer_key=lambda: app_of(installation, tenant, connection).consumer_key,
            consumer_secret=lambda: app_of(installation, tenant, connection).consumer_secret,
            keeper=StoredGrant(installation, tenant),
        )
    is_stored = connection.consumer_key is None or connection.consumer_secret is None
    if connection.flow is Flow.CLIENT_CREDENTIALS and is_stored:
        app = app_of(installation, tenant, connection)
        secret = app.consumer_secret
        if secret is None:
            raise _secret_missing(app.org_url)
        return ClientCredentials(transport, app.org_url, lambda: app.consumer_key, lambda: secret)
    return None


def _is_same_org(stored: AppEntry, connection: Connection) -> bool:
    return stored.org_url.rstrip("/").lower() == connection.org_url.rstrip("/").lower()


def _secret_missing(org_url: str) -> NotConnected:
    return NotConnected(
        "app_keys_missing",
        tried=Text(f"{org_url} へのログインを試みました", f"Tried to log in at {org_url}"),
        came_back=Text("Consumer Secret が登録されていません", "no Consumer Secret is known"),
        remedy=remedies.SECRET_WRONG,
    )


def origin_of(environment: Environment, org_url: str) -> str:
    """The org's origin. UsageError ``org_url_not_allowed`` for a host that is not allowed."""
    return check_org_url(org_url, environment.sf_extra_hosts)
