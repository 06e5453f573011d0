"""A console over an installation of its own: served over TLS, real PostgreSQL, sandbox orgs.

`Schedule` stands in for Dagster's: it runs what is due by the same steps. What does not belong
here: what a person does in a browser (``browser/console_pages.py``) and what is expected.
"""

import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import requests
import trustme
from starlette.applications import Starlette

from flyle_sf_assets.console.app import build_app
from flyle_sf_assets.console.middleware import RateLimiter
from flyle_sf_assets.console.server import Certificate, listening_socket, served
from flyle_sf_assets.console.settings import ConsoleSettings
from flyle_sf_assets.console.tokens import issue_token
from flyle_sf_assets.console.users import User
from flyle_sf_assets.errors import FlyleError
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.store.tenants.console_sessions import Role
from flyle_sf_assets.sync.session import open_refresh
from flyle_sf_assets_tests.flows.run_steps import run_all

POLL_S = 0.2
TIMEOUT_S = 60


@dataclass
class Visitor:
    """Somebody with a browser that follows no redirects; forms carry the token of a page."""

    url: str
    session: requests.Session

    def get(self, path: str, **headers: str) -> requests.Response:
        """A page."""
        return self.session.get(
            self.url + path, headers=headers, allow_redirects=False, timeout=TIMEOUT_S
        )

    def post(
        self,
        path: str,
        form: dict[str, Any] | None = None,
        *,
        csrf: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> requests.Response:
        """A form of a page of this visitor, or with another token."""
        token = self.csrf() if csrf is None else csrf
        return self.session.post(
            self.url + path,
            data={"csrf": token, **(form or {})},
            headers=headers,
            allow_redirects=False,
            timeout=TIMEOUT_S,
        )

    def confirm(self) -> requests.Response:
        """「連携」 on the last page of the setup, with what this page showed."""
        page = self.get("/setup/confirm").text
        shown = re.search(r'name="shown_digest" value="([0-9a-f]+)"', page)
        return self.post("/setup/confirm", {"shown_digest": shown[1] if shown else ""})

    def csrf(self) -> str:
        """What the forms of this visitor's pages carry."""
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.get("/").text)
        return found[1] if found else ""


@dataclass(frozen=True)
class House:
    """A running console."""

    url: str
    ca_file: Path
    settings: ConsoleSettings
    app: Starlette
    installation: Installation

    def user(self, tenant: str, role: Role = "admin", plan: str = "enterprise") -> User:
        """Somebody of a tenant."""
        return User(tenant, f"{role}@{tenant}.example", "佐藤 花子", role, plan)

    def token(self, tenant: str, role: Role = "admin", plan: str = "enterprise") -> str:
        """A token as Flyle would issue it."""
        return issue_token(self.user(tenant, role, plan), self.settings, datetime.now(UTC))

    def visitor(
        self,
        tenant: str,
        role: Role = "admin",
        plan: str = "enterprise",
        *,
        language: str = "ja",
    ) -> Visitor:
        """Somebody who has come in."""
        visitor = self.stranger(language)
        answer = visitor.get(f"/enter?token={self.token(tenant, role, plan)}")
        assert answer.status_code == 303, answer.text
        return visitor

    def stranger(self, language: str = "ja") -> Visitor:
        """Somebody without a token."""
        session = requests.Session()
        session.trust_env = False
        session.verify = str(self.ca_file)
        session.headers["Accept-Language"] = language
        return Visitor(self.url, session)


@contextmanager
def open_house(
    installation: Installation,
    *,
    clock: Clock = utc_now,
    secret: str | None = None,
    jwks_url: str | None = None,
    rate_limiter: RateLimiter | None = None,
    trusted_proxies: tuple[str, ...] = (),
) -> Iterator[House]:
    """The console of an installation, served over TLS on this machine."""
    listener = listening_socket("127.0.0.1", 0)
    url = f"https://127.0.0.1:{listener.getsockname()[1]}"
    settings = ConsoleSettings(
        url, secret or secrets.token_urlsafe(32), jwks_url, trusted_proxies=trusted_proxies
    )
    app = build_app(
        installation, settings, clock=clock, rate_limiter=rate_limiter or RateLimiter(most=10_000)
    )
    folder = installation.environment.home / f"console-{url.rpartition(':')[2]}"
    folder.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA()
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    with served(app, listener, certificate(authority, folder)):
        yield House(url, ca_file, settings, app, installation)


def certificate(authority: trustme.CA, folder: Path) -> Certificate:
    """A certificate for this machine that the CA signed."""
    made = authority.issue_cert("127.0.0.1")
    chain, key = folder / "console.pem", folder / "console.key"
    made.cert_chain_pems[0].write_to_path(chain)
    made.private_key_pem.write_to_path(key)
    return Certificate(chain, key)


class Schedule:
    """Runs every tenant that is due, one after the other, until it is stopped."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._stop = threading.Event()
        self._held = threading.Event()
        self._thread = threading.Thread(target=self._run, name="schedule", daemon=True)
        self.failed: list[BaseException] = []

    def hold(self) -> None:
        """Nothing begins until `release`."""
        self._held.set()

    def release(self) -> None:
        """What is due may begin."""
        self._held.clear()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)

    def _run(self) -> None:
        while not self._stop.wait(POLL_S):
            if not self._held.is_set():
                for tenant in self._due():
                    self._refresh(tenant)

    def _due(self) -> list[str]:
        now = datetime.now(UTC)
        with self._installation.database.fleet() as tx:
            due = tx.execute(
                "SELECT tenant_id FROM links WHERE state <> 'disconnected' AND next_due_at <= :now"
                " ORDER BY tenant_id",
                now=now,
            )
            return [str(row.tenant_id) for row in due]

    def _refresh(self, tenant: str) -> None:
        try:
            with open_refresh(self._installation, tenant) as refresh:
                run_all(refresh)
        except FlyleError:
            return  # it stands in the sync's row and on the link
        except BaseException as error:
            self.failed.append(error)
            raise
