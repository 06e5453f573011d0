"""Which org the conformance suite judges, and what its cases are given.

By default a sandbox org in this process; with ``FLYLE_CONFORMANCE_ORG_URL`` a real one
(docs/conformance.md). Cases that only a sandbox can set up, and on a real org those that
write without ``FLYLE_CONFORMANCE_MAY_WRITE=1``, are deselected and counted, not skipped.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

from flyle_sf_assets_tests.conformance import asking
from flyle_sf_assets_tests.conformance.cast import Cast, gather
from flyle_sf_assets_tests.conformance.writing import RealRecords, Records, SandboxRecords

HERE = Path(__file__).parent
PREFIX = "FLYLE_CONFORMANCE_"
REAL_ORG_URL = os.environ.get(f"{PREFIX}ORG_URL", "").rstrip("/")
MAY_WRITE = os.environ.get(f"{PREFIX}MAY_WRITE") == "1"
WRITING_FIXTURES = {"records", "cast"}
_deselected = {"sandbox_only": 0, "writes": 0}


def pytest_configure(config: pytest.Config) -> None:
    """Names the marker, so that strict markers accept it."""
    config.addinivalue_line(
        "markers", "sandbox_only(reason): a conformance case that no real org can be put into"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what a real org cannot or must not be asked."""
    if not REAL_ORG_URL:
        return
    credentials = (f"{PREFIX}CONSUMER_KEY", f"{PREFIX}CONSUMER_SECRET")
    if missing := [name for name in credentials if not os.environ.get(name)]:
        raise pytest.UsageError(f"set {' and '.join(missing)} besides {PREFIX}ORG_URL")
    left_out = []
    for item in items:
        if HERE not in item.path.parents:
            continue
        if item.get_closest_marker("sandbox_only"):
            _deselected["sandbox_only"] += 1
            left_out.append(item)
        elif not MAY_WRITE and WRITING_FIXTURES & set(getattr(item, "fixturenames", ())):
            _deselected["writes"] += 1
            left_out.append(item)
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Says which org was judged and what was left out, when it was a real one."""
    if REAL_ORG_URL:
        terminalreporter.write_line(
            f"conformance: judged {REAL_ORG_URL}; left out {_deselected['sandbox_only']} cases "
            f"that only a sandbox can set up and {_deselected['writes']} that write records"
            + ("" if MAY_WRITE else f" (allow with {PREFIX}MAY_WRITE=1)")
        )


@dataclass(frozen=True)
class _Sandbox:
    """The running sandbox: its server and its two orgs."""

    server: Any
    main: Any
    twin: Any


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[_Sandbox | None]:
    if REAL_ORG_URL:
        yield None
        return
    from flyle_sf_assets.sandbox import samples
    from flyle_sf_assets.sandbox.server import SandboxServer

    main = samples.account_org()
    twin = main.clone(
        "twin", consumer_key="3MVG9sandboxTwin", consumer_secret="twin-secret", org_number=77
    )
    with SandboxServer([main, twin]) as server:
        yield _Sandbox(server, main, twin)


@pytest.fixture(scope="session")
def http() -> Iterator[requests.Session]:
    """A plain session; proxies and certificates come from the target, not the environment."""
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture(scope="session")
def target(_sandbox: _Sandbox | None) -> asking.Target:
    """The org to judge."""
    if _sandbox is not None:
        return _sandbox_target(_sandbox.server, _sandbox.main)
    return asking.Target(
        org_url=REAL_ORG_URL,
        consumer_key=os.environ[f"{PREFIX}CONSUMER_KEY"],
        consumer_secret=os.environ[f"{PREFIX}CONSUMER_SECRET"],
        verify=os.environ.get(f"{PREFIX}CA_FILE") or True,
        is_sandbox=False,
        poll_s=2.0,
    )


def _sandbox_target(server: Any, inner: Any) -> asking.Target:
    return asking.Target(
        org_url=server.url,
        consumer_key=inner.consumer_key,
        consumer_secret=inner.consumer_secret,
        verify=str(server.ca_file),
        is_sandbox=True,
        poll_s=0.02,
    )


@pytest.fixture(scope="session")
def org(target: asking.Target, http: requests.Session) -> asking.Org:
    """The org, asked over plain HTTPS."""
    http.verify = target.verify
    return asking.Org(target, http)


@pytest.fixture(scope="session")
def login_domain(target: asking.Target, _sandbox: _Sandbox | None) -> str:
    """What simple-salesforce wants as ``domain`` to log in to this org."""
    if _sandbox is not None:
        return str(_sandbox.server.login_domain)
    host = target.org_url.removeprefix("https://")
    if not host.endswith(".salesforce.com"):
        pytest.skip("simple-salesforce logs in at hosts of salesforce.com only")
    return host.removesuffix(".salesforce.com")


@pytest.fixture(scope="session")
def records(org: asking.Org, _sandbox: _Sandbox | None) -> Iterator[Records]:
    """A way to change records; what was created on a real org is deleted at the end."""
    if _sandbox is not None:
        yield SandboxRecords(_sandbox.main)
        return
    real = RealRecords(org)
    try:
        yield real
    finally:
        real.clean_up()


@pytest.fixture(scope="session")
def today(org: asking.Org) -> date:
    """Today where the connected user is, by the server's clock: date literals follow it."""
    answer = org.ask(f"SELECT TimeZoneSidKey FROM User WHERE Id = '{org.user_id}'")
    zone = ZoneInfo(asking.exact(answer)["records"][0]["TimeZoneSidKey"])
    return parsedate_to_datetime(answer.headers["Date"]).astimezone(zone).date()


@pytest.fixture(scope="session")
def cast(org: asking.Org, records: Records, today: date) -> Cast:
    """The records that the SOQL cases ask about."""
    return gather(org, records, today)


@pytest.fixture
def twin(_sandbox: _Sandbox | None) -> Iterator[asking.Twin]:
    """A sandbox org that a ``sandbox_only`` case may disturb; put right again afterwards."""
    if _sandbox is None:
        raise pytest.UsageError("a case that uses `twin` must be marked sandbox_only")
    inner = _sandbox.twin
    with ExitStack() as stack:
        session = stack.enter_context(requests.Session())
        session.trust_env = False
        session.verify = str(_sandbox.server.ca_file)
        yield asking.Twin(asking.Org(_sandbox_target(_sandbox.server, inner), session), inner)
        inner.faults.clear()
        inner.set_api_limit(100_000, used=0)
        inner.set_clock_skew(0)
