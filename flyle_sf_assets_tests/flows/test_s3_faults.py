"""A bucket that loses objects, refuses or breaks off in the middle of syncs."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

import pytest

from flyle_sf_assets.errors import StoreUnavailable
from flyle_sf_assets.preview.preview import preview
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.scheduling.file_verification import check_files
from flyle_sf_assets.tenants.registration import registered_settings
from flyle_sf_assets_tests.flows.changes import METADATA_S, change_accounts
from flyle_sf_assets_tests.flows.damaging import all_named_paths, named_paths, rereads
from flyle_sf_assets_tests.flows.s3_tenants import synced_tenant
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.lake.faulty_proxy import Fault, refusal
from flyle_sf_assets_tests.lake.s3_server import SomeBucket, new_bucket

LASTS = 10_000


@pytest.fixture(scope="module")
def shared_bucket() -> Iterator[SomeBucket]:
    with new_bucket() as made:
        yield made


@pytest.fixture
def bucket(shared_bucket: SomeBucket) -> SomeBucket:
    """The bucket of `acme`, without faults."""
    shared_bucket.proxy.reset()
    return shared_bucket


@pytest.fixture(scope="module")
def acme(
    shared_bucket: SomeBucket, tmp_path_factory: pytest.TempPathFactory, server: SandboxServer
) -> Iterator[Tenant]:
    """Each test leaves it as the next one needs it: it follows its org."""
    with synced_tenant(shared_bucket.url, tmp_path_factory.mktemp("s3"), server) as tenant:
        yield tenant


def lost(bucket: SomeBucket, path: str) -> None:
    bucket.delete(path)


def bit_flipped(bucket: SomeBucket, path: str) -> None:
    bucket.flip(path)


def synced(tenant: Tenant) -> None:
    tenant.sync()


def compared(tenant: Tenant) -> None:
    tenant.sync(kind="census")


def previewed(tenant: Tenant) -> None:
    settings = registered_settings(tenant.installation, tenant.name)
    assert settings is not None
    before, known = tenant.rows(), rereads(tenant)
    assert preview(tenant.installation, settings).matching
    assert tenant.rows() == before
    assert rereads(tenant) == known


@pytest.mark.parametrize(
    ("damage", "dataset", "command"),
    [
        (lost, "accounts", synced),
        (bit_flipped, "enriched/Account", synced),
        (bit_flipped, "accounts", compared),
        (lost, "related/User", previewed),
    ],
)
def test_a_damaged_object_heals(
    acme: Tenant,
    bucket: SomeBucket,
    damage: Callable[[SomeBucket, str], None],
    dataset: str,
    command: Callable[[Tenant], None],
) -> None:
    """While it is damaged the org changes: a deletion, of which only the lost file told."""
    known = len(rereads(acme))
    damage(bucket, named_paths(acme, dataset)[0])
    org = acme.there
    org.delete("Account", org.ids("Account")[1])
    org.update("Account", org.ids("Account")[2], {"Name": "損傷中に改名"})
    org.update("User", org.ids("User")[0], {"LastName": "損傷中に改姓"})
    acme.later(METADATA_S)
    command(acme)
    acme.later(METADATA_S)
    acme.sync()
    acme.later(60)
    acme.sync(kind="census")
    acme.assert_follows_org()
    assert dataset in rereads(acme)[known:]
    assert set(bucket.stored_keys()) >= set(all_named_paths(acme))


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(answer=refusal(403, "AccessDenied")), "s3_access_denied"),
        (Fault("PUT", answer=refusal(503, "SlowDown")), "s3_slow_down"),
        (Fault("GET", part=".parquet", is_reset=True), "s3_unreachable"),
        (Fault("GET", part=".parquet", cut=100), "s3_unreachable"),
    ],
    ids=["denied", "slow down", "reset", "cut off"],
)
def test_an_outage_is_the_loss_of_no_file(
    acme: Tenant, bucket: SomeBucket, fault: Fault, code: str
) -> None:
    """What came before it stays, and the next refresh brings the rest."""
    org, known = acme.there, rereads(acme)
    org.update("Account", org.ids("Account")[4], {"Name": "停止中に改名"})
    org.delete("Account", org.ids("Account")[5])
    acme.later()
    bucket.proxy.fail(replace(fault, times=LASTS))
    with pytest.raises(StoreUnavailable) as caught:
        acme.sync()
    assert caught.value.code == code
    assert caught.value.retryable
    bucket.proxy.reset()
    acme.later(600)
    acme.sync()
    acme.assert_follows_org()
    assert rereads(acme) == known


def test_a_bucket_that_stumbles_costs_nothing(acme: Tenant, bucket: SomeBucket) -> None:
    """One of every kind of fault while a refresh reads and writes."""
    known = rereads(acme)
    change_accounts(acme.there)
    bucket.proxy.fail(
        Fault("GET", answer=refusal(500, "InternalError")),
        Fault("GET", skip=2, is_reset=True),
        Fault("GET", ".parquet", skip=4, cut=200),
        Fault("PUT", answer=refusal(503, "SlowDown")),
        Fault("PUT", skip=2, is_done=True, is_reset=True),
        Fault("PUT", skip=3, is_done=True, answer=refusal(500, "InternalError")),
    )
    acme.later(METADATA_S)
    acme.sync()
    acme.assert_follows_org()
    assert not [one for one in bucket.proxy.faults if one.times]
    assert rereads(acme) == known


def test_the_nightly_check_names_what_is_lost_and_what_is_damaged(
    acme: Tenant, bucket: SomeBucket
) -> None:
    """Sizes by one list per tenant; the content of the files that are due by one request each."""
    files = len(all_named_paths(acme))
    with bucket.counted() as requests:
        found = check_files(acme.installation, date(2026, 3, 2), nights=10_000)
    assert (found.files, found.read, found.damaged) == (files, 0, ())
    assert requests == {"LIST": 1}
    user, account = named_paths(acme, "related/User")[0], named_paths(acme, "accounts")[0]
    whole = {path: bucket.get(path) for path in (user, account)}
    bucket.delete(user)
    bucket.flip(account)
    found = check_files(acme.installation, date(2026, 3, 2), nights=1)
    assert [(one.dataset, one.reason) for one in found.damaged] == [
        ("accounts", "its content is not what was written"),
        ("related/User", "it is not there"),
    ]
    for path, content in whole.items():
        bucket.put(path, content)
