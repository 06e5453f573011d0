"""Tenants whose record files are in a bucket.

What does not belong here: the bucket and its faults (``lake/s3_server.py``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.flows.changes import METADATA_S
from flyle_sf_assets_tests.flows.tenants import Tenant, demo_settings, make_org
from flyle_sf_assets_tests.tenant_fixtures import installed, linked

ACCOUNTS = 40


@contextmanager
def installed_at(url: str, home: Path, server: SandboxServer) -> Iterator[Installation]:
    """An installation with its record files at that place."""
    with installed(home, server) as made:
        yield replace(made, environment=replace(made.environment, lake_url=url))


@contextmanager
def synced_tenant(url: str, home: Path, server: SandboxServer) -> Iterator[Tenant]:
    """A synced tenant with its files in the bucket, and segments beside the first ones."""
    with installed_at(url, home, server) as installation:
        org = make_org(samples.account_org, accounts=ACCOUNTS)
        tenant = linked(installation, server, "acme", org, demo_settings("acme"))
        tenant.sync()
        org.update("Account", org.ids("Account")[0], {"Name": "改名"})
        tenant.later(METADATA_S)
        tenant.sync()
        tenant.assert_follows_org()
        yield tenant
