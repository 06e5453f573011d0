"""``flyle-sf connect`` and ``disconnect``: link and unlink a tenant from a terminal.

For the web server flow the browser returns to a server on loopback that waits for it.
"""

import hmac
import html
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from flyle_sf_assets.cli.opening import installation
from flyle_sf_assets.cli.syncing.command import register_file
from flyle_sf_assets.cli.terminal.language import language, say
from flyle_sf_assets.cli.terminal.output import to_stderr, to_stdout
from flyle_sf_assets.connection.connect import (
    Callback,
    Connected,
    OtherOrg,
    begin_connect,
    connect_headless,
    decline_replacement,
    finish_connect,
)
from flyle_sf_assets.connection.disconnect import disconnect
from flyle_sf_assets.errors import FlyleError, NotConnected, Text, UsageError
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.installation.tenant_org import other_org
from flyle_sf_assets.settings.models import Flow
from flyle_sf_assets.store.tenants.credentials import PENDING_LIVES
from flyle_sf_assets.tenants.error_guidance import explained
from flyle_sf_assets.tenants.registration import registered_settings

CALLBACK_PATH = "/callback"
BY = "cli"

_Waiting = Callable[[str, float], dict[str, str] | None]


def run_connect(tenant: str, *, replace_org: bool, port: int) -> None:
    """Connects the tenant by the flow of its settings, and prints the org.

    Raises errors in the words of 「Salesforce連携ができません」.
    """
    contact = Environment.from_environment().support_contact
    try:
        made = _connected(tenant, replace_org=replace_org, port=port)
    except FlyleError as error:
        raise explained(error, contact) from error
    said = Text(
        f"組織「{made.org_name}」({made.org_id})に {made.username} として接続しました",
        f'connected to the org "{made.org_name}" ({made.org_id}) as {made.username}',
    )
    to_stdout().print(f"{tenant}: {said.in_language(language())}")
    follows = Text(
        f"flyle-sf sync {tenant} で同期できます",
        f"flyle-sf sync {tenant} brings the companies",
    )
    to_stdout().print(f"{tenant}: {follows.in_language(language())}")


def run_disconnect(tenant: str) -> None:
    """Disconnects the tenant and prints the result."""
    with installation() as opened:
        _require_known(opened, tenant)
        done = disconnect(opened, tenant, by=BY)
    said = Text(
        f"連携を解除しました({done.companies:,}社を「連携解除」に、企業データは残ります)",
        f"disconnected; {done.companies:,} companies are unlinked and stay",
    )
    to_stdout().print(f"{tenant}: {said.in_language(language())}")
    if done.cancelled_syncs:
        stopped = Text("実行中の同期を中止しました", "the running sync was cancelled")
        to_stdout().print(f"{tenant}: {stopped.in_language(language())}")
    if done.is_revoked is False:
        left = Text(
            "Salesforce側でトークンを取り消せませんでした。「接続アプリケーションのOAuthの利用状況」で"
            "取り消してください",
            "the tokens could not be revoked at Salesforce: revoke them there, under Connected Apps"
            " OAuth Usage",
        )
        to_stderr().print(f"{tenant}: {left.in_language(language())}")


def _connected(tenant: str, *, replace_org: bool, port: int) -> Connected:
    with installation() as opened:
        register_file(opened, tenant)
        settings = registered_settings(opened, tenant)
        made: Connected | OtherOrg
        if settings is not None and settings.connection.flow is Flow.WEB_SERVER:
            made = _by_browser(opened, tenant, replace_org=replace_org, port=port)
        else:
            made = connect_headless(opened, tenant, by=BY, replace_org=replace_org)
        if isinstance(made, OtherOrg) and made.confirmation is not None:
            decline_replacement(opened, tenant, made.confirmation, by=BY)
    if isinstance(made, OtherOrg):
        raise other_org(tenant, made.old_org_id, made.new_org_id)
    return made


def _by_browser(
    opened: Installation, tenant: str, *, replace_org: bool, port: int
) -> Connected | OtherOrg:
    with _callback_server(port) as (callback_url, came_back):
        started = begin_connect(opened, tenant, redirect_uri=callback_url, by=BY)
        console = to_stdout()
        console.print(f"{say('コールバック URL', 'callback URL')}: {callback_url}")
        asked = Text(
            "Salesforceの管理者として次のURLを開き、アクセスを許可してください",
            "Open this URL as a Salesforce administrator and allow the access",
        )
        console.print(asked.in_language(language()))
        console.print(started.authorisation_url, soft_wrap=True)
        sys.stdout.flush()  # a reader of a pipe waits for it
        query = came_back(started.state, PENDING_LIVES.total_seconds())
    if query is None:
        raise _nobody_came(tenant)
    return finish_connect(
        opened, tenant, Callback.from_query(query), by=BY, replace_org=replace_org
    )


class _Arrival:
    """The query that reached the callback with our state, and a way to wait for it."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._state = ""
        self._query: dict[str, str] | None = None

    def is_awaited(self, state: str) -> bool:
        """Whether this state is the one waited for; any page may send a browser here."""
        return bool(self._state) and hmac.compare_digest(state.encode(), self._state.encode())

    def put(self, query: dict[str, str]) -> None:
        """Stores the query and ends the waiting."""
        self._query = query
        self._event.set()

    def wait(self, state: str, seconds: float) -> dict[str, str] | None:
        """The query with that state, None when none arrived in that time."""
        self._state = state
        self._event.wait(seconds)
        return self._query


@contextmanager
def _callback_server(port: int) -> Iterator[tuple[str, _Waiting]]:
    """The callback URL on loopback, and a way to wait for the browser's return."""
    arrival = _Arrival()
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), _handler_of(arrival))
    except OSError as error:
        raise UsageError(
            "port_unavailable",
            tried=Text(
                f"ポート {port} で待ち受けようとしました", f"Tried to listen on port {port}"
            ),
            came_back=Text.quoted(error.strerror or error),
            remedy=Text(
                "--port で別のポートを指定し、そのコールバック URL をアプリケーションに"
                "登録してください",
                "Name another port by --port, and register its callback URL with the app",
            ),
        ) from error
    thread = threading.Thread(target=server.serve_forever, name="callback", daemon=True)
    thread.start()
    try:
        # Salesforce accepts http for localhost only; the name must be as registered with the app.
        yield f"http://localhost:{server.server_address[1]}{CALLBACK_PATH}", arrival.wait
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler_of(arrival: _Arrival) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query))
            if parts.path != CALLBACK_PATH or not arrival.is_awaited(query.get("state", "")):
                self.send_error(404)
                return
            words = say("端末に戻ってください", "Go back to the terminal")
            body = f"<!DOCTYPE html><meta charset=utf-8><p>{html.escape(words)}</p>".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write(body)
            arrival.put(query)

        def log_message(self, *_: object) -> None:
            """Logs nothing: the request's path contains the code."""

    return Handler


def _require_known(opened: Installation, tenant: str) -> None:
    if registered_settings(opened, tenant) is None:
        register_file(opened, tenant)


def _nobody_came(tenant: str) -> NotConnected:
    return NotConnected(
        "nobody_came_back",
        tried=Text(
            f"テナント {tenant} の許可を受けようとしました",
            f"Tried to get the consent for {tenant}",
        ),
        came_back=Text(
            "15分以内にコールバック URL への応答がありませんでした",
            "nobody came back to the callback URL within 15 minutes",
        ),
        remedy=Text(
            "もう一度 flyle-sf connect を実行し、表示された URL を"
            "この端末のブラウザーで開いてください",
            "Run flyle-sf connect again and open the URL in a browser on this machine",
        ),
    )
