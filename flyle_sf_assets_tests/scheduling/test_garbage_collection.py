"""Record files that no dataset is made of any more go; everything else stays."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flyle_sf_assets.errors import NotFound
from flyle_sf_assets.lake.names import DOWNLOADS
from flyle_sf_assets.scheduling.garbage_collection import sweep_lake, tidy_history
from flyle_sf_assets_tests.flows.guarded import update
from flyle_sf_assets_tests.flows.rollbacks import back, small, synced
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.tenant_fixtures import Link

TOMORROW = timedelta(days=1, hours=1)


def _files(tenant: Tenant) -> set[Path]:
    root = tenant.installation.lake.root
    return {path for path in root.rglob("*") if path.is_file()}


def _left_over(tenant: Tenant, name: str, age: timedelta) -> Path:
    """A file that nobody names, last written so long ago."""
    path = tenant.installation.lake.root / tenant.name / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"rows")
    moment = time.time() - age.total_seconds()
    os.utime(path, (moment, moment))
    return path


def test_what_no_manifest_names_goes_and_the_tenant_syncs_on(acme: Tenant) -> None:
    """A killed run leaves files, a compaction leaves more: the disk was full of them."""
    acme.sync()
    named = _files(acme)
    _left_over(acme, "accounts/Account/00000001-dead.parquet", TOMORROW)
    _left_over(acme, "accounts/Account/00000001-dead.writing", TOMORROW)
    swept = sweep_lake(acme.installation, datetime.now(UTC))
    assert (swept.files, swept.size_bytes) == (2, 8)
    assert _files(acme) == named
    acme.there.update("Account", acme.there.ids("Account")[0], {"Name": "改名"})
    acme.later()
    acme.sync()
    acme.assert_follows_org()


def test_old_files_that_a_manifest_names_stay(acme: Tenant) -> None:
    """A tenant that is idle for months is made of old files."""
    acme.sync()
    for file in _files(acme):
        os.utime(file, (1_000_000_000, 1_000_000_000))
    assert sweep_lake(acme.installation, datetime.now(UTC)).files == 0
    acme.sync(kind="census")
    acme.assert_follows_org()


def test_young_files_and_downloads_that_can_go_on_stay(acme: Tenant) -> None:
    """A run that is at work writes files before it names them."""
    acme.sync()
    young = _left_over(acme, "accounts/Account/00000002-new.parquet", timedelta(hours=4))
    going_on = _left_over(acme, f"{DOWNLOADS}/Account/progress.json", timedelta(days=5))
    given_up = _left_over(acme, f"{DOWNLOADS}/Account/page-1.csv", timedelta(days=8))
    assert sweep_lake(acme.installation, datetime.now(UTC)).files == 1
    assert young.exists()
    assert going_on.exists()
    assert not given_up.exists()


def test_a_tenant_that_is_refreshed_now_is_left_alone(acme: Tenant) -> None:
    """What is deleted under a reader is an error in the middle of its run."""
    acme.sync()
    left = _left_over(acme, "accounts/Account/00000001-dead.parquet", TOMORROW)
    with acme.installation.database.tenant_lock("acme"):
        swept = sweep_lake(acme.installation, datetime.now(UTC))
    assert (swept.files, swept.busy) == (0, 1)
    assert left.exists()


def test_files_of_tenants_that_the_database_does_not_know_are_not_touched(acme: Tenant) -> None:
    """A wrong FLYLE_DATABASE_URL must not empty the lake."""
    acme.sync()
    stranger = acme.installation.lake.root / "stranger/accounts/Account/00000001-x.parquet"
    stranger.parent.mkdir(parents=True)
    stranger.write_bytes(b"rows")
    os.utime(stranger, (1_000_000_000, 1_000_000_000))
    assert sweep_lake(acme.installation, datetime.now(UTC)).files == 0
    assert stranger.exists()


def test_history_is_kept_for_400_days_and_then_a_sync_cannot_be_rolled_back(link: Link) -> None:
    """By whole months: on the day itself the month still has younger days."""
    tenant = small(link)
    tidy_history(tenant.installation, tenant.clock.now())
    update(tenant, 2, {"Industry": "Retail"})
    old = synced(tenant)
    changed_at = tenant.clock.now()
    tenant.later(40 * 86_400)
    update(tenant, 2, {"Industry": "Healthcare"}, first=10)
    young = synced(tenant)
    on_the_day = changed_at + timedelta(days=400, seconds=1)
    assert tidy_history(tenant.installation, on_the_day).dropped == ()
    month_later = on_the_day + timedelta(days=31)
    assert tidy_history(tenant.installation, month_later).dropped == ("company_changes_2026_03",)
    with pytest.raises(NotFound, match="history_pruned"):
        back(tenant, old)
    assert back(tenant, young).companies == 2
