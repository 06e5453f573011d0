"""A tenant that logs in by signed assertions, seen and synced from the console.

Its org answers as real ones do: five members, no time, and "already being processed" in Japanese.
"""

import time
from collections.abc import Iterator

import pytest

from flyle_sf_assets.connection.connect import Connected, connect_headless
from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.console.house import House, Schedule, open_house
from flyle_sf_assets_tests.flows.tenants import Tenant, demo_settings, make_org
from flyle_sf_assets_tests.signing import JWT_SETTINGS, certify, new_key, pem, username_of
from flyle_sf_assets_tests.tenant_fixtures import installed, linked

WITHIN_S = 60


@pytest.fixture
def acme(
    tmp_path_factory: pytest.TempPathFactory,
    server: SandboxServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Tenant]:
    """The demo tenant by ``jwt_bearer``."""
    org, key, settings = make_org(), new_key(), demo_settings("acme")
    certify(org, key)
    for name in ("ACME_SF_KEY", "ACME_SF_SECRET"):
        monkeypatch.setenv(name, "to be replaced")
    monkeypatch.setenv("ACME_SF_PRIVATE", pem(key))
    for old, new in JWT_SETTINGS:
        settings = settings.replace(old, new.replace("USERNAME", username_of(org)))
    with installed(tmp_path_factory.mktemp("signed"), server) as installation:
        yield linked(installation, server, "acme", org, settings)


@pytest.fixture
def house(acme: Tenant) -> Iterator[House]:
    """The console over it."""
    with open_house(acme.installation) as made:
        yield made


def busy(tenant: Tenant) -> Fault:
    """The next login is told to wait."""
    return tenant.there.faults.add(
        Fault(FaultKind.RECORDED, answer="login_in_progress", language="ja")
    )


def test_a_signed_login_is_connected_shown_and_synced_from_the_console(
    acme: Tenant, house: House
) -> None:
    """Before, each sync ended as ``answer_unreadable`` and came again, for ever."""
    told = [busy(acme)]
    assert isinstance(connect_headless(acme.installation, "acme", by="console"), Connected)
    me = house.visitor("acme")
    assert username_of(acme.there) in me.get("/connect").text
    told.append(busy(acme))
    assert me.post("/sync").status_code == 303
    with Schedule(acme.installation) as schedule:
        until = time.monotonic() + WITHIN_S
        while not acme.rows() and time.monotonic() < until and not schedule.failed:
            time.sleep(0.2)
    assert schedule.failed == []
    assert [fault.hits for fault in told] == [1, 1]
    acme.assert_follows_org()
    page = me.get("/companies").text
    assert any(row.company.name in page for row in acme.rows().values())
