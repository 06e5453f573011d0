"""Every whole sync runs without pauses and in an environment of its own, whatever it sets up."""

from collections.abc import Iterator

import pytest

from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.flows.s3_tenants import synced_tenant
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.lake.s3_server import SomeBucket, new_bucket


@pytest.fixture(autouse=True)
def _alone(no_waiting: None, own_environment: None) -> None:
    """Also for tests that open an installation without the fixture of that name."""


@pytest.fixture(scope="module")
def shared_bucket() -> Iterator[SomeBucket]:
    """The bucket of `s3_acme`, as the test before left it."""
    with new_bucket() as made:
        yield made


@pytest.fixture
def s3_bucket(shared_bucket: SomeBucket) -> SomeBucket:
    """The bucket of `s3_acme`, without faults."""
    shared_bucket.proxy.reset()
    return shared_bucket


@pytest.fixture(scope="module")
def s3_acme(
    shared_bucket: SomeBucket, tmp_path_factory: pytest.TempPathFactory, server: SandboxServer
) -> Iterator[Tenant]:
    """Each test leaves it as the next one needs it: it follows its org."""
    with synced_tenant(shared_bucket.url, tmp_path_factory.mktemp("s3"), server) as tenant:
        yield tenant
