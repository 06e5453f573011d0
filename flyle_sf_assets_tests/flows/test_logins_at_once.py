"""Many logins of one tenant at the same moment, by each flow, and a sync that is told to wait.

Real orgs take up one token request at a time and refuse the others with "token request is already
being processed".
"""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import stamina

from flyle_sf_assets.connection import connect as connecting
from flyle_sf_assets.connection.connect import AppEntry, Callback, Connected
from flyle_sf_assets.installation.tenant_org import open_tenant_org
from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.tenants.registration import registered_settings
from flyle_sf_assets_tests.consenting import CALLBACK, consented
from flyle_sf_assets_tests.flows.tenants import Tenant, demo_settings, make_org
from flyle_sf_assets_tests.signing import JWT_SETTINGS, certify, new_key, pem, username_of
from flyle_sf_assets_tests.tenant_fixtures import Link

LOGINS, TOLD_TO_WAIT = 20, 5
FLOWS = ("web_server", "client_credentials", "jwt_bearer")


@pytest.fixture(autouse=True)
def _as_many_attempts_as_configured(no_waiting: None) -> Iterator[None]:
    """Without their pauses."""
    with stamina.set_testing(True, attempts=99, cap=True):
        yield


def tenant_of(link: Link, flow: str) -> Tenant:
    """The demo tenant with settings of that flow, not connected."""
    org, settings = make_org(), demo_settings("acme")
    if flow == "web_server":
        org.rotates_refresh_tokens = True
        settings = settings.replace("flow: client_credentials", "flow: web_server")
    if flow == "jwt_bearer":
        key = new_key()
        certify(org, key)
        os.environ["ACME_SF_PRIVATE"] = pem(key)
        for old, new in JWT_SETTINGS:
            settings = settings.replace(old, new.replace("USERNAME", username_of(org)))
    return link("acme", org, settings)


def busy(tenant: Tenant, language: str, times: int = TOLD_TO_WAIT) -> Fault:
    """The next logins are told that one is already being processed."""
    return tenant.there.faults.add(
        Fault(FaultKind.RECORDED, answer="login_in_progress", language=language, times=times)
    )


def connect(tenant: Tenant, flow: str) -> object:
    """By the flow, as a person would."""
    here = tenant.installation
    if flow != "web_server":
        return connecting.connect_headless(here, "acme", by="cli")
    app = AppEntry(tenant.server.url, tenant.there.consumer_key, tenant.there.consumer_secret)
    started = connecting.begin_connect(here, "acme", redirect_uri=CALLBACK, by="cli", app=app)
    user = tenant.there.connected_user_id
    query = consented(tenant.server, started.authorisation_url, user=user)
    return connecting.finish_connect(here, "acme", Callback.from_query(query), by="cli")


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("flow", FLOWS)
def test_twenty_logins_of_which_five_are_told_to_wait_all_reach_the_org(
    link: Link, flow: str, language: str
) -> None:
    """The tenant was stopped, and its administrators told to connect again."""
    tenant = tenant_of(link, flow)
    if language == "en" or flow != "web_server":
        # A code works once: where the words say nothing, that page has to be gone through again.
        busy(tenant, language, times=1)
    assert isinstance(connect(tenant, flow), Connected)
    settings = registered_settings(tenant.installation, "acme")
    assert settings is not None
    told, together = busy(tenant, language), threading.Barrier(LOGINS)

    def log_in(_: int) -> str:
        together.wait(timeout=60)
        with open_tenant_org(tenant.installation, settings) as org:
            org.simple_salesforce().limits()
            return org.org_id

    with ThreadPoolExecutor(LOGINS) as threads:
        found = list(threads.map(log_in, range(LOGINS)))
    assert found == [tenant.there.org_id] * LOGINS
    assert told.hits == TOLD_TO_WAIT
    again = busy(tenant, language, times=2)
    tenant.sync()
    tenant.assert_follows_org()
    assert again.hits == 2
