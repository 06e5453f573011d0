"""Ticks while record files cannot be reached: those of one tenant, and all of them."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from dagster._core.errors import ScheduleExecutionError

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.lake.damage import RecordFilesUnavailable
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.store.tenants.notices import list_notices
from flyle_sf_assets_tests.flows.platform import Platform, rename, small_settings
from flyle_sf_assets_tests.flows.s3_tenants import installed_at
from flyle_sf_assets_tests.flows.tenants import Tenant, make_org
from flyle_sf_assets_tests.lake.faulty_proxy import Fault, refusal
from flyle_sf_assets_tests.lake.s3_server import SomeBucket, new_bucket
from flyle_sf_assets_tests.tenant_fixtures import Link

LASTS = 10_000
DENIED = refusal(403, "AccessDenied")
FIRST_WAIT = timedelta(minutes=5)


@pytest.fixture
def bucket() -> Iterator[SomeBucket]:
    with new_bucket() as made:
        yield made


@pytest.fixture
def installation(
    tmp_path: Path,
    server: SandboxServer,
    bucket: SomeBucket,
    no_waiting: None,
    own_environment: None,
) -> Iterator[Installation]:
    """With its record files in the bucket."""
    with installed_at(bucket.url, tmp_path, server) as made:
        yield made


@pytest.fixture
def other(platform: Platform, small: Tenant, link: Link) -> Tenant:
    """A second tenant, which becomes due at the same time as `small`, and both have changed."""
    tenant = link("other", make_org(accounts=2, opportunities=0), small_settings("other"))
    platform.add(tenant)
    tenant.sync()
    platform.at(platform.clock.now() + timedelta(hours=4), small, tenant)
    rename(small)
    rename(tenant)
    platform.at(platform.clock.now() + timedelta(minutes=1), small, tenant)
    return tenant


def test_the_others_are_refreshed_and_the_tenant_is_tried_again(
    platform: Platform, small: Tenant, other: Tenant, bucket: SomeBucket
) -> None:
    """One tenant's files that S3 refuses ended the tick of all tenants."""
    bucket.proxy.fail(Fault("GET", "/other/", times=LASTS, answer=DENIED))
    ticked = platform.tick()
    assert ticked.tenants == ["small"]
    assert platform.run(ticked.requests[0]).success
    small.assert_follows_org()
    broken = platform.link(other)
    [attention] = broken.attention
    assert (broken.state, attention.code) == ("failing", "s3_access_denied")
    assert broken.retry_at == platform.clock.now() + FIRST_WAIT
    assert platform.tick().skipped == "nobody is due"
    bucket.proxy.reset()
    platform.at(broken.retry_at, small, other)
    assert platform.refresh() == [("other", "refresh")]
    other.assert_follows_org()
    healed = platform.link(other)
    assert (healed.state, healed.failures, healed.attention) == ("linked", 0, ())


def test_without_any_record_file_the_tick_fails_once_and_no_tenant_is_blamed(
    platform: Platform, small: Tenant, other: Tenant, bucket: SomeBucket
) -> None:
    """It is no matter of a tenant's administrator; and no org is asked every minute meanwhile."""
    bucket.proxy.fail(Fault("GET", times=LASTS, answer=DENIED))
    with pytest.raises(ScheduleExecutionError) as caught:
        platform.tick()
    error = caught.value.user_exception
    assert isinstance(error, RecordFilesUnavailable)
    assert error.code == "s3_access_denied"
    for tenant in (small, other):
        link = platform.link(tenant)
        assert (link.state, link.failures, link.attention) == ("linked", 0, ())
        assert link.retry_at == platform.clock.now() + FIRST_WAIT
    assert platform.tick().skipped == "nobody is due"
    bucket.proxy.reset()
    platform.at(platform.clock.now() + FIRST_WAIT, small, other)
    assert sorted(platform.refresh()) == [("other", "refresh"), ("small", "refresh")]
    for tenant in (small, other):
        tenant.assert_follows_org()
        with platform.installation.database.tenant(tenant.name) as tx:
            assert [notice.kind for notice in list_notices(tx)] == ["first_sync_done"]
