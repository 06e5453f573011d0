"""Ticks as Dagster evaluates them, on a real instance: who gets a run, who does not, and why."""

from datetime import timedelta

import pytest
from dagster import DagsterRunStatus
from dagster._core.test_utils import create_run_for_test

from flyle_sf_assets.defs.partitions import TENANT_PARTITIONS
from flyle_sf_assets.defs.schedules import nightly_census, nightly_sweep
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.store.syncs.syncs import latest_syncs
from flyle_sf_assets.store.tenants.links import put_link
from flyle_sf_assets.tenants.due_times import night_slot
from flyle_sf_assets_tests.flows.platform import Platform, rename, small_settings
from flyle_sf_assets_tests.flows.tenants import Tenant, make_org, settings_of
from flyle_sf_assets_tests.tenant_fixtures import Link


def test_a_tenant_that_is_not_due_is_not_asked(platform: Platform, small: Tenant) -> None:
    """Every minute is looked; an interval of hours is what the tenant chose."""
    rename(small)
    calls = small.there.usage.total
    ticked = platform.tick()
    assert ticked.requests == []
    assert "nobody is due" in ticked.skipped
    assert small.there.usage.total == calls


def test_another_interval_counts_from_the_last_sync_on(platform: Platform, small: Tenant) -> None:
    """From once a day to every hour: the first hour came a day later."""
    now = platform.clock.now()
    hour, day = timedelta(hours=1), timedelta(days=1)
    small.apply(small.settings.replace("every: 3h", "every: 24h"))
    assert now < (platform.link(small).next_due_at or now) <= now + day
    small.apply(small.settings.replace("every: 24h", "every: 1h"))
    assert now < (platform.link(small).next_due_at or now) <= now + hour


def test_a_due_tenant_with_nothing_new_costs_one_call_and_no_run(
    platform: Platform, small: Tenant
) -> None:
    """Of a thousand tenants most have nothing new; its last sync moves all the same."""
    platform.until_due(small)
    calls = small.there.usage.total
    ticked = platform.tick()
    assert ticked.requests == []
    assert ticked.skipped == "1 idle"
    assert small.there.usage.total == calls + 1
    link = platform.link(small)
    assert link.last_synced_at == platform.clock.now()
    assert link.next_due_at == platform.clock.now() + timedelta(hours=3)


def test_a_due_tenant_with_something_new_gets_one_run_that_brings_it(
    platform: Platform, small: Tenant
) -> None:
    """Partition, tags and key are what one run a tenant is enforced and found by."""
    rename(small)
    platform.until_due(small)
    (request,) = platform.tick().requests
    assert request.partition_key == "small"
    assert request.tags.items() >= {"tenant": "small", "flyle/kind": "refresh"}.items()
    (same,) = platform.tick().requests
    assert request.run_key == same.run_key, "the daemon repeats a tick that broke off"
    result = platform.run(request)
    assert result.success
    small.assert_follows_org()
    assert platform.tick().requests == []
    run = platform.instance.get_run_by_id(result.run_id)
    assert run is not None
    with platform.installation.database.tenant("small") as tx:
        assert run.tags["flyle/sync_id"] == str(latest_syncs(tx)[0].sync_id)


def test_a_tenant_that_was_never_synced_is_due_at_once(platform: Platform, link: Link) -> None:
    """A settings file that was applied needs nobody who presses a button."""
    new = link("new", make_org(accounts=3, opportunities=0), small_settings("new"))
    platform.add(new)
    assert platform.refresh() == [("new", "refresh")]
    new.assert_follows_org()


@pytest.mark.parametrize("status", [DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTED])
def test_a_tenant_with_a_run_in_flight_gets_no_second_one(
    platform: Platform, small: Tenant, status: DagsterRunStatus
) -> None:
    """Also when a person started it: Dagster tags every run of a partition."""
    rename(small)
    platform.until_due(small)
    create_run_for_test(platform.instance, status=status, tags={"dagster/partition": "small"})
    assert platform.tick().requests == []
    assert platform.tick().skipped == "nobody is due"


def test_a_tenant_that_another_process_refreshes_now_is_busy(
    platform: Platform, small: Tenant
) -> None:
    """``flyle-sf sync`` in a terminal is a run that Dagster's queue does not know."""
    rename(small)
    platform.until_due(small)
    with platform.installation.database.tenant_lock("small"):
        ticked = platform.tick()
    assert (ticked.requests, ticked.skipped) == ([], "1 busy")
    assert platform.tick().tenants == ["small"]


def test_a_removed_tenant_is_left_alone_until_it_is_there_again(
    platform: Platform, small: Tenant
) -> None:
    """Its data stay, and a run for a partition that is not there would fail."""
    rename(small)
    platform.until_due(small)
    platform.instance.delete_dynamic_partition(TENANT_PARTITIONS, "small")
    assert platform.tick().skipped == "nobody is due"
    platform.add(small)
    assert platform.refresh() == [("small", "refresh")]
    small.assert_follows_org()


def test_metadata_is_asked_on_its_own_cadence_without_a_run(
    platform: Platform, small: Tenant
) -> None:
    """Four runs a day a tenant, only to hear that no field was added."""
    for _ in range(3):  # 9 hours; describe is asked again after 6
        platform.until_due(small)
        assert platform.tick().skipped == "1 idle"
    describes = small.query("SELECT min(checked_at) FROM flyle.object_schemas WHERE tenant_id = %s")
    assert describes[0][0] > platform.clock.now() - timedelta(hours=6)
    small.there.add_option("Account", "Industry", "Space", "宇宙")
    for _ in range(3):
        platform.until_due(small)
        platform.tick_and_run()
    assert ("industry", "Space") in small.options()


def test_a_census_is_made_once_a_night_and_a_sweep_only_where_something_needs_it(
    platform: Platform, small: Tenant, link: Link
) -> None:
    """A formula's value moves without a stamp; a tenant without one has nothing to sweep."""
    settings = settings_of(
        "formula", "{object: Account}", ["{from: Customer_Rank__c, to: rank, label: ランク}"]
    )
    formula = link("formula", make_org(samples.account_org, accounts=3), settings)
    platform.add(formula)
    formula.sync()
    tomorrow = platform.clock.now() + timedelta(days=1)
    for kind in ("census", "sweep"):
        assert night_slot(kind, "small", "Asia/Tokyo", tomorrow) > platform.clock.now()
    small.org_clock.move_to(tomorrow)
    formula.org_clock.move_to(tomorrow)
    platform.at(tomorrow)
    assert sorted(platform.tick(nightly_sweep).kinds) == [("formula", "sweep")]
    assert sorted(platform.tick(nightly_census).kinds) == [
        ("formula", "census"),
        ("small", "census"),
    ]
    platform.tick_and_run()
    assert platform.tick(nightly_sweep).requests == []
    assert platform.tick(nightly_census).requests == []
    with platform.installation.database.tenant("formula") as tx:
        assert {sync.kind for sync in latest_syncs(tx)} >= {"census", "sweep"}


def test_a_link_that_a_person_ended_is_never_tried(platform: Platform, small: Tenant) -> None:
    """連携を解除 stops the automatic updates at once."""
    with platform.installation.database.tenant("small") as tx:
        put_link(tx, state="disconnected")
    platform.until_due(small)
    platform.at(platform.clock.now() + timedelta(days=2))
    assert platform.tick_and_run() == []
