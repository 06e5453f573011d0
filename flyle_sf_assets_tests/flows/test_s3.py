"""Whole syncs with record files in a bucket: the store is what it is with a folder."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from flyle_sf_assets.connection.connect import Connected, connect_headless
from flyle_sf_assets.connection.disconnect import disconnect
from flyle_sf_assets.errors import FlyleError
from flyle_sf_assets.lake.names import MARKER
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.faults import Fault as OrgFault
from flyle_sf_assets.sandbox.faults import FaultKind
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.scheduling.garbage_collection import sweep_lake
from flyle_sf_assets.sync.poll import check_idle
from flyle_sf_assets_tests.cli import site as cli_site
from flyle_sf_assets_tests.cli.site import Site, site
from flyle_sf_assets_tests.flows.changes import METADATA_S, change_accounts
from flyle_sf_assets_tests.flows.damaging import all_named_paths, rereads
from flyle_sf_assets_tests.flows.s3_tenants import ACCOUNTS, installed_at
from flyle_sf_assets_tests.flows.tenants import Tenant, demo_settings, make_org, settings_of
from flyle_sf_assets_tests.lake.faulty_proxy import Fault, refusal
from flyle_sf_assets_tests.lake.s3_server import SECRET_KEY, SomeBucket, new_bucket
from flyle_sf_assets_tests.tenant_fixtures import linked

LASTS = 10_000


@pytest.fixture
def own_bucket() -> Iterator[SomeBucket]:
    with new_bucket() as made:
        yield made


def test_the_store_is_the_same_as_with_a_folder(
    own_bucket: SomeBucket, tmp_path: Path, server: SandboxServer
) -> None:
    """First sync by Bulk, changes of every kind, a deletion, a full sync, a census."""
    org = make_org(samples.account_org, accounts=ACCOUNTS)
    places = {"folder": str(tmp_path / "folder" / "lake"), "bucket": own_bucket.url}
    with (
        installed_at(places["folder"], tmp_path / "folder", server) as local,
        installed_at(places["bucket"], tmp_path / "bucket", server) as remote,
    ):
        both = [linked(one, server, "acme", org, demo_settings("acme")) for one in (local, remote)]

        def synced(kind: str) -> None:
            org_clock = both[0].org_clock
            org_clock.advance(METADATA_S)
            for tenant in both:
                tenant.clock.advance(METADATA_S)
                tenant.rest_rows_max = 0 if kind == "first" else None
                tenant.sync(kind="refresh" if kind in ("first", "refresh") else kind)  # type: ignore[arg-type]
                tenant.assert_follows_org()
            assert both[0].rows() == both[1].rows()
            assert both[0].options() == both[1].options()
            assert both[0].generations() == both[1].generations()

        synced("first")
        change_accounts(org)
        synced("refresh")
        org.delete("Account", org.ids("Account")[-1])
        org.update("Account", org.ids("Account")[5], {"Name": "また改名"})
        synced("refresh")
        synced("full")
        synced("census")
        stored = set(own_bucket.stored_keys())
        assert stored >= {MARKER, *all_named_paths(both[1])}
        assert all(key == MARKER or key.startswith("acme/") for key in stored)
        assert not list((tmp_path / "bucket" / "scratch" / "copies").iterdir())
        assert not list((tmp_path / "bucket" / "scratch" / "downloads").rglob("*.parquet"))


def test_a_folder_that_was_copied_into_a_bucket_goes_on(
    own_bucket: SomeBucket, tmp_path: Path, server: SandboxServer
) -> None:
    """With its marker: the same lake in another place; nothing is read again."""
    with installed_at(str(tmp_path / "lake"), tmp_path, server) as local:
        org = make_org(samples.account_org, accounts=ACCOUNTS)
        tenant = linked(local, server, "acme", org, demo_settings("acme"))
        tenant.sync()
        tenant.assert_follows_org()
        for file in (tmp_path / "lake").rglob("*"):
            if file.is_file():
                own_bucket.put(file.relative_to(tmp_path / "lake").as_posix(), file.read_bytes())
        environment = replace(local.environment, lake_url=own_bucket.url)
        tenant.installation = replace(local, environment=environment)
        change_accounts(org)
        for kind in ("refresh", "census"):
            tenant.later(METADATA_S)
            tenant.sync(kind=kind)
            tenant.assert_follows_org()
        assert rereads(tenant) == []


@pytest.mark.parametrize("name", ["acme", "globex"])
def test_a_refresh_with_nothing_new_asks_the_bucket_for_nothing(
    own_bucket: SomeBucket, tmp_path: Path, server: SandboxServer, name: str
) -> None:
    """Neither a poll, nor all steps of a refresh that somebody started; for either base object."""
    sample = samples.account_org if name == "acme" else samples.opportunity_org
    with installed_at(own_bucket.url, tmp_path, server) as installation:
        tenant = linked(installation, server, name, make_org(sample), demo_settings(name))
        # What was written just before the first sync is asked for once more by the second.
        for _ in range(2):
            tenant.sync()
            tenant.later(METADATA_S)
        with own_bucket.counted() as of_poll:
            assert check_idle(installation, name, clock=tenant.clock.now).is_idle
        with own_bucket.counted() as of_refresh:
            tenant.sync()
        assert (of_poll, of_refresh) == ({}, {})
        tenant.assert_follows_org()


def test_a_refresh_with_changes_asks_for_what_it_names(
    s3_acme: Tenant, s3_bucket: SomeBucket
) -> None:
    """Each file that it needs once, the marker once, and no list."""
    s3_acme.there.update("Account", s3_acme.there.ids("Account")[3], {"Name": "また別の名前"})
    before = set(all_named_paths(s3_acme))
    s3_acme.later()
    with s3_bucket.counted() as requests:
        s3_acme.sync()
    new = set(all_named_paths(s3_acme)) - before
    kinds = {key.partition(" ")[0] for key in requests}
    assert kinds == {"GET", "PUT"}
    assert {key.removeprefix("PUT ") for key in requests if key.startswith("PUT ")} == new
    read = {key.removeprefix("GET ") for key in requests if key.startswith("GET ")}
    assert MARKER in read
    assert read - {MARKER} <= before
    assert set(requests.values()) == {1}
    s3_acme.assert_follows_org()


def test_files_that_no_dataset_uses_are_deleted_in_one_request(
    s3_acme: Tenant, s3_bucket: SomeBucket
) -> None:
    """Only those of tenants that the database knows, and only what the product named."""
    s3_acme.sync(kind="full")
    named = set(all_named_paths(s3_acme))
    old = "acme/accounts/00000001-0123456789ab.parquet"
    foreign = {
        "acme/notes.txt",
        "acme/accounts/copy of 00000001-0123456789ab.parquet",
        "acme-backup/accounts/00000001-0123456789ab.parquet",
        "globex/accounts/00000001-0123456789ab.parquet",
    }
    for key in (old, *foreign):
        s3_bucket.put(key, b"x")
    unused = set(s3_bucket.stored_keys()) - named - foreign - {MARKER}
    assert old in unused
    with s3_bucket.counted() as requests:
        assert sweep_lake(s3_acme.installation, datetime.now(UTC)).files == 0
        swept = sweep_lake(s3_acme.installation, datetime(2040, 1, 1, tzinfo=UTC))
    assert swept.files == len(unused)
    assert requests["DELETE MANY"] == 1
    assert {key for key in requests if key != "DELETE MANY"} == {"LIST"}
    assert set(s3_bucket.stored_keys()) == {MARKER, *named, *foreign}
    s3_acme.later()
    s3_acme.sync(kind="census")
    s3_acme.assert_follows_org()


def test_a_tenant_that_is_disconnected_takes_its_files_up_again(
    s3_acme: Tenant, s3_bucket: SomeBucket
) -> None:
    """Disconnecting asks the bucket for nothing; connecting again compares everything."""
    clock = s3_acme.clock.now
    with s3_bucket.counted() as requests:
        disconnect(s3_acme.installation, "acme", by="test", clock=clock)
    assert not requests
    s3_acme.there.delete("Account", s3_acme.there.ids("Account")[6])
    s3_acme.there.update("Account", s3_acme.there.ids("Account")[6], {"Name": "解除中に改名"})
    s3_acme.later(METADATA_S)
    connected = connect_headless(
        s3_acme.installation, "acme", by="test", replace_org=False, clock=clock
    )
    assert isinstance(connected, Connected)
    s3_acme.sync()
    s3_acme.assert_follows_org()


@pytest.mark.parametrize("is_same_machine", [True, False], ids=["same machine", "another one"])
def test_a_large_read_goes_on_where_it_broke_off_on_the_same_machine(
    own_bucket: SomeBucket, tmp_path: Path, server: SandboxServer, *, is_same_machine: bool
) -> None:
    """Another machine has not its pages, and begins the read again."""
    with installed_at(own_bucket.url, tmp_path / "one", server) as installation:
        org = make_org(partial(samples.big_org, "big", org_number=81), accounts=6_000)
        mapping = ["{from: Type, to: t, label: t}"]
        settings = settings_of("large", "{object: Account}", mapping)
        tenant = linked(installation, server, "large", org, settings)
        tenant.rest_rows_max = 1_000
        org.faults.add(OrgFault(FaultKind.RESET, "/jobs/query", times=100, skip=2, method="GET"))
        with pytest.raises(FlyleError):
            tenant.sync()
        org.faults.clear()
        assert org.usage.by_kind["bulk_create"] == 1
        assert list((tmp_path / "one" / "scratch").rglob("page-*.parquet"))
        if not is_same_machine:
            elsewhere = replace(installation.environment, home=tmp_path / "two")
            tenant.installation = replace(installation, environment=elsewhere)
        tenant.sync()
        assert org.usage.by_kind["bulk_create"] == (1 if is_same_machine else 2)
        assert len(tenant.rows()) == len(org.records("Account"))
        home = tenant.installation.environment.home
        assert not list((home / "scratch").rglob("page-*.parquet"))


@pytest.fixture
def here(tmp_path: Path, server: SandboxServer) -> Iterator[Site]:
    with site(tmp_path, server) as made:
        yield made


def test_the_command_tells_what_is_wrong_with_the_bucket_and_no_secret(
    here: Site, own_bucket: SomeBucket
) -> None:
    """Nothing of the credentials is in what it says, nor in either database."""
    here.link("acme", cli_site.make_org(accounts=ACCOUNTS))
    variables: dict[str, Any] = {
        "FLYLE_LAKE_URL": own_bucket.url,
        "AWS_ENDPOINT_URL": own_bucket.proxy.url,
        "AWS_REGION": "ap-northeast-1",
        "AWS_ACCESS_KEY_ID": "AKIATESTTESTTESTTEST",
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_SESSION_TOKEN": "a-session-token-that-no-text-may-show",
    }
    own_bucket.proxy.fail(Fault(times=LASTS, answer=refusal(400, "ExpiredToken")))
    failed = here.run("sync", "acme", "--json", **variables)
    assert failed.code == 1, failed
    assert failed.document["error"]["code"] == "s3_token_expired"
    own_bucket.proxy.reset()
    done = here.run("sync", "acme", "--json", **variables)
    assert done.code == 0, done
    assert done.document["state"] == "done"
    places = ((here.database_url, "flyle"), (here.dagster_url, "public"))
    stored = [text for url, schema in places for text in here.texts_of(url, schema)]
    for secret in (SECRET_KEY, "AKIATESTTESTTESTTEST", "a-session-token-that-no-text-may-show"):
        assert not [text for text in (*here.told, *stored) if secret in text]
