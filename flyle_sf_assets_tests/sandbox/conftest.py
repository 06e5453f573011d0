"""Orgs with a clock that stands still, and servers that host them over real TLS."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
import requests
from flyle_sf_assets.sandbox.clock import ManualClock
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer

_ORG_NUMBERS = count(1000)

NOON = datetime(2026, 3, 10, 3, 0, 0, tzinfo=UTC)
"""Twelve o'clock in Tokyo."""


@pytest.fixture
def clock() -> ManualClock:
    """A clock that moves only when it is told to."""
    return ManualClock(NOON)


@pytest.fixture
def org(clock: ManualClock) -> Org:
    """An org with nobody's records."""
    return Org(
        "hooli",
        consumer_key="hooli-key",
        consumer_secret="hooli-secret",
        org_number=next(_ORG_NUMBERS),
        clock=clock,
    )


@pytest.fixture(scope="session")
def server() -> Iterator[SandboxServer]:
    """One server for all tests of this package; each test brings its own org."""
    with SandboxServer([]) as running:
        yield running


@pytest.fixture
def served(server: SandboxServer, org: Org) -> Iterator[SandboxServer]:
    """The server with the org of this test behind it."""
    server.add(org)
    yield server
    server.remove(org)


@pytest.fixture
def session(served: SandboxServer) -> Iterator[requests.Session]:
    """A session that trusts the server and knows no token."""
    with requests.Session() as opened:
        opened.verify = served.ca_file
        opened.trust_env = False
        yield opened


Get = Callable[..., requests.Response]


@pytest.fixture
def get(org: Org, served: SandboxServer, session: requests.Session) -> Get:
    """GET a resource of the org with a token, by its path after the version."""

    def ask(path: str, **more: Any) -> requests.Response:
        session.headers["Authorization"] = f"Bearer {org.issue_access_token()}"
        return session.get(f"{served.url}/services/data/v66.0{path}", timeout=20, **more)

    return ask
