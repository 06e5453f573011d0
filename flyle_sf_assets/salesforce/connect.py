"""Opening a tenant's org: from settings and secrets to one handle."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Self

from flyle_sf_assets.errors import NotConnected, Text
from flyle_sf_assets.salesforce.bulk_progress import BulkPace
from flyle_sf_assets.salesforce.errors import remedies
from flyle_sf_assets.salesforce.query import REST_ROWS_MAX, Reader
from flyle_sf_assets.salesforce.session import (
    API_VERSION,
    LimitUsage,
    OrgSession,
    newest_common_version,
)
from flyle_sf_assets.salesforce.tokens.access_tokens import (
    ClientCredentials,
    TokenSource,
    TokenTransport,
)
from flyle_sf_assets.salesforce.tokens.jwt_bearer import JwtBearer
from flyle_sf_assets.salesforce.transport import Network
from flyle_sf_assets.settings.hosts import check_org_url
from flyle_sf_assets.settings.models import Connection, Flow, SecretRef

if TYPE_CHECKING:
    from datetime import datetime

    from simple_salesforce.api import Salesforce


@dataclass(frozen=True, slots=True)
class SalesforceAccess:
    """How this installation calls Salesforce; one for all tenants.

    With ``api_version=None`` each login chooses the newest version that both sides support.
    ``sleep`` waits for Bulk jobs.
    """

    network: Network = field(default_factory=Network)
    api_version: str | None = API_VERSION
    rest_rows_max: int = REST_ROWS_MAX
    pace: BulkPace = field(default_factory=BulkPace)
    sleep: Callable[[float], None] = time.sleep


class Org:
    """One tenant's org while it is in use; a context manager that closes the connections.

    ``reader`` reads rows, ``session`` sends all other requests. Times are UTC.

    >>> with open_org(connection, reveal, access) as org:
    ...     len(org.org_id), len(org.user_id), org.api_calls
    (18, 18, 0)
    """

    def __init__(self, session: OrgSession, reader: Reader) -> None:
        self.session = session
        self.reader = reader

    @property
    def org_id(self) -> str:
        """The org's id, 18 characters."""
        return self.session.access.org_id

    @property
    def user_id(self) -> str:
        """The connected user's id, 18 characters."""
        return self.session.access.user_id

    @property
    def api_calls(self) -> int:
        """Requests so far that Salesforce counts, retries included."""
        return self.session.api_calls

    @property
    def limit_usage(self) -> LimitUsage | None:
        """The org's API requests of 24 hours, as last reported; None before the first answer."""
        return self.session.limit_usage

    @property
    def server_now(self) -> "datetime":
        """Salesforce's time (UTC, whole seconds) when it last answered."""
        return self.session.server_now

    def simple_salesforce(self) -> "Salesforce":
        """A simple_salesforce client on our session: its requests are authorised, retried, counted.

        For rare requests (``limits()``, ``restful()``). Rows are read by ``reader``: the client's
        query methods turn decimals into floats, and its bulk2 neither checks nor retries.
        """
        from simple_salesforce.api import Salesforce  # noqa: PLC0415 - 0.3 s few runs need

        access = self.session.access
        return Salesforce(
            session=self.session,
            instance_url=access.instance_url,
            session_id="set-by-our-session",
            version=self.session.api_version,
        )

    def close(self) -> None:
        """Closes the connections."""
        self.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_org(
    connection: Connection,
    reveal: Callable[[SecretRef], str],
    access: SalesforceAccess,
    *,
    tokens: TokenSource | None = None,
) -> Org:
    """The org of a connection, logged in: a wrong key fails here, not during a read.

    ``tokens`` replaces the connection's flow (by a stored refresh token, for example). UsageError
    when the org URL is no Salesforce host, NotConnected and NotPermitted when Salesforce refuses
    the login, Postponed when it cannot be reached; errors of ``reveal`` are passed on.

    ``reveal`` finds the secret that a reference names (`settings.secret_refs.reveal`); ``access``
    is how Salesforce is reached: CA file, allowed hosts, timeouts, API version.

    >>> org = open_org(connection, reveal, access)
    >>> org.reader.count(count(account))
    6
    >>> org.close()
    """
    network = access.network
    transport = TokenTransport(network)
    source = tokens or source_of(connection, reveal, transport)
    token = source.token()
    version = access.api_version or newest_common_version(transport, token.instance_url)
    session = OrgSession(source, network, api_version=version, like=transport)
    reader = Reader(
        session, rest_rows_max=access.rest_rows_max, pace=access.pace, sleep=access.sleep
    )
    return Org(session, reader)


def source_of(
    connection: Connection, reveal: Callable[[SecretRef], str], transport: TokenTransport
) -> TokenSource:
    """The token source of a connection that names all its secrets.

    NotConnected for the web server flow: its tokens are stored in the database.
    """
    org_url = check_org_url(connection.org_url, transport.network.extra_hosts)
    key, secret, private = (
        connection.consumer_key,
        connection.consumer_secret,
        connection.private_key,
    )
    if connection.flow is Flow.CLIENT_CREDENTIALS and key and secret:
        return ClientCredentials(transport, org_url, lambda: reveal(key), lambda: reveal(secret))
    if connection.flow is Flow.JWT_BEARER and key and private and connection.username:
        return JwtBearer(
            transport,
            org_url,
            consumer_key=lambda: reveal(key),
            username=connection.username,
            private_key=lambda: reveal(private),
        )
    raise NotConnected(
        "flow_without_tokens",
        tried=Text(
            f"{org_url} に {connection.flow} フローで接続しようとしました",
            f"Tried to connect to {org_url} by the {connection.flow} flow",
        ),
        came_back=Text(
            "このテナントのトークンは保管されていません", "no token is kept for this tenant"
        ),
        remedy=remedies.CONNECT_FIRST,
    )
