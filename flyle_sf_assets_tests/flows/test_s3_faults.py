"""A bucket that loses objects, refuses or breaks off in the middle of syncs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from flyle_sf_assets.errors import StoreUnavailable
from flyle_sf_assets.preview.preview import preview
from flyle_sf_assets.scheduling.file_verification import check_files
from flyle_sf_assets.tenants.registration import registered_settings
from flyle_sf_assets_tests.flows.changes import METADATA_S, change_accounts
from flyle_sf_assets_tests.flows.damaging import all_named_paths, named_paths, rereads
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.lake.faulty_proxy import Fault, refusal
from flyle_sf_assets_tests.lake.s3_server import SomeBucket

LASTS = 10_000


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
    s3_acme: Tenant,
    s3_bucket: SomeBucket,
    damage: Callable[[SomeBucket, str], None],
    dataset: str,
    command: Callable[[Tenant], None],
) -> None:
    """While it is damaged the org changes: a deletion, of which only the lost file told."""
    known = len(rereads(s3_acme))
    damage(s3_bucket, named_paths(s3_acme, dataset)[0])
    org = s3_acme.there
    org.delete("Account", org.ids("Account")[1])
    org.update("Account", org.ids("Account")[2], {"Name": "損傷中に改名"})
    org.update("User", org.ids("User")[0], {"LastName": "損傷中に改姓"})
    s3_acme.later(METADATA_S)
    command(s3_acme)
    s3_acme.later(METADATA_S)
    s3_acme.sync()
    s3_acme.later(60)
    s3_acme.sync(kind="census")
    s3_acme.assert_follows_org()
    assert dataset in rereads(s3_acme)[known:]
    assert set(s3_bucket.stored_keys()) >= set(all_named_paths(s3_acme))


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
    s3_acme: Tenant, s3_bucket: SomeBucket, fault: Fault, code: str
) -> None:
    """What came before it stays, and the next refresh brings the rest."""
    org, known = s3_acme.there, rereads(s3_acme)
    org.update("Account", org.ids("Account")[4], {"Name": "停止中に改名"})
    org.delete("Account", org.ids("Account")[5])
    s3_acme.later()
    s3_bucket.proxy.fail(replace(fault, times=LASTS))
    with pytest.raises(StoreUnavailable) as caught:
        s3_acme.sync()
    assert caught.value.code == code
    assert caught.value.retryable
    s3_bucket.proxy.reset()
    s3_acme.later(600)
    s3_acme.sync()
    s3_acme.assert_follows_org()
    assert rereads(s3_acme) == known


def test_a_bucket_that_stumbles_costs_nothing(s3_acme: Tenant, s3_bucket: SomeBucket) -> None:
    """One of every kind of fault while a refresh reads and writes."""
    known = rereads(s3_acme)
    change_accounts(s3_acme.there)
    s3_bucket.proxy.fail(
        Fault("GET", answer=refusal(500, "InternalError")),
        Fault("GET", skip=2, is_reset=True),
        Fault("GET", ".parquet", skip=4, cut=200),
        Fault("PUT", answer=refusal(503, "SlowDown")),
        Fault("PUT", skip=2, is_done=True, is_reset=True),
        Fault("PUT", skip=3, is_done=True, answer=refusal(500, "InternalError")),
    )
    s3_acme.later(METADATA_S)
    s3_acme.sync()
    s3_acme.assert_follows_org()
    assert not [one for one in s3_bucket.proxy.faults if one.times]
    assert rereads(s3_acme) == known


def test_the_nightly_check_names_what_is_lost_and_what_is_damaged(
    s3_acme: Tenant, s3_bucket: SomeBucket
) -> None:
    """Sizes by one list per tenant; the content of the files that are due by one request each."""
    files = len(all_named_paths(s3_acme))
    with s3_bucket.counted() as requests:
        found = check_files(s3_acme.installation, date(2026, 3, 2), nights=10_000)
    assert (found.files, found.read, found.damaged) == (files, 0, ())
    assert requests == {"LIST": 1}
    user, account = named_paths(s3_acme, "related/User")[0], named_paths(s3_acme, "accounts")[0]
    whole = {path: s3_bucket.get(path) for path in (user, account)}
    s3_bucket.delete(user)
    s3_bucket.flip(account)
    found = check_files(s3_acme.installation, date(2026, 3, 2), nights=1)
    assert [(one.dataset, one.reason) for one in found.damaged] == [
        ("accounts", "its content is not what was written"),
        ("related/User", "it is not there"),
    ]
    for path, content in whole.items():
        s3_bucket.put(path, content)
