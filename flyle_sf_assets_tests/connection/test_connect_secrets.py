"""X14: no secret of a connection in any log, error text, repr or traceback, whatever goes wrong."""

import logging
import traceback

import pytest

from flyle_sf_assets import errors
from flyle_sf_assets.connection import connect as connecting
from flyle_sf_assets.connection.connect import AppEntry, Callback
from flyle_sf_assets.connection.disconnect import disconnect
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.installation.tenant_org import StoredGrant, open_connected_org
from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.tenants.error_guidance import explained, refusal_of
from flyle_sf_assets_tests.consenting import CALLBACK, clerk_of, consented
from flyle_sf_assets_tests.flows.tenants import make_org

BY = "console:user-1"
FAULTS = [
    (FaultKind.STATUS, "/services/oauth2/token"),
    (FaultKind.RESET, "/services/oauth2/token"),
    (FaultKind.TRUNCATED, "/services/oauth2/token"),
    (FaultKind.TRUNCATED_SILENTLY, "/services/oauth2/token"),
    (FaultKind.SESSION_EXPIRED, "/query"),
    (FaultKind.STATUS, "/query"),
    (FaultKind.TRUNCATED, "/query"),
    (FaultKind.STATUS, "/services/oauth2/revoke"),
    (FaultKind.RESET, "/services/oauth2/revoke"),
    None,
]


class Watch:
    """What was told, and the secrets that must not be in it."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.secrets = {org.consumer_secret}
        self.told: list[str] = []

    def looks(self) -> None:
        """Notes the tokens that there are now."""
        self.secrets |= {*self.org.refresh_tokens, *self.org.sessions}

    def hears(self, error: errors.FlyleError) -> None:
        """Notes all that an error shows."""
        shown = (explained(error, "help@example.com"), refusal_of(error, "help@example.com"))
        self.told += [str(error), repr(error), *map(str, shown), *map(repr, shown)]
        self.told += traceback.format_exception(error)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("is_administrator", [True, False])
def test_nothing_that_is_told_holds_a_secret(
    installation: Installation,
    server: SandboxServer,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    fault: tuple[FaultKind, str] | None,
    *,
    is_administrator: bool,
) -> None:
    """Every library's debug log is on, and each error is printed with its whole chain."""
    caplog.set_level(logging.DEBUG)
    org = make_org()
    org.rotates_refresh_tokens = True
    server.add(org)
    watch = Watch(org)
    app = AppEntry(server.url, org.consumer_key, org.consumer_secret)
    started = connecting.begin_connect(installation, "acme", redirect_uri=CALLBACK, by=BY, app=app)
    user = org.connected_user_id if is_administrator else clerk_of(org)
    query = consented(server, started.authorisation_url, user=user)
    callback = Callback.from_query(query)
    watch.told += [repr(app), repr(started), repr(callback)]
    watch.secrets |= {started.state, query["code"]}
    caplog.clear()
    if fault is not None:
        org.faults.add(Fault(fault[0], fault[1], times=99))
    try:
        made = connecting.finish_connect(installation, "acme", callback, by=BY)
        watch.told.append(repr(made))
        watch.looks()
        with open_connected_org(installation, "acme") as opened:
            watch.looks()
            watch.told += [repr(opened.session.access), repr(StoredGrant(installation, "acme"))]
            watch.told.append(repr(StoredGrant(installation, "acme").read()))
    except errors.FlyleError as error:
        watch.hears(error)
    watch.looks()
    watch.told.append(repr(disconnect(installation, "acme", by=BY)))
    out, err = capfd.readouterr()
    text = "\n".join([*watch.told, caplog.text, out, err])
    assert any(record.name.startswith("urllib3") for record in caplog.records)
    for secret in watch.secrets:
        assert secret not in text
