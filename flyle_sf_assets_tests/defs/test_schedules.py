"""Ticks as Dagster evaluates them, on a real instance: who gets a run, who does not, and why."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from dagster import DagsterRunStatus
from dagster._core.test_utils import create_run_for_test

from flyle_sf_assets.defs import schedules
from flyle_sf_assets.defs.partitions import TENANT_PARTITIONS
from flyle_sf_assets.defs.schedules import nightly_census, nightly_sweep
from flyle_sf_assets.refresh import looking
from flyle_sf_assets.refresh.due import night_slot
from flyle_sf_assets.refresh.installation import Installation
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.store.links import Link, get_link, put_link
from flyle_sf_assets.store.notices import list_notices
from flyle_sf_assets.store.syncs import latest_syncs
from flyle_sf_assets_tests.flows.conftest import Link as Linking
from flyle_sf_assets_tests.flows.platform import Platform, persistent_instance
from flyle_sf_assets_tests.flows.tenants import Tenant, make_org, settings_of

SETTINGS = partial(
    settings_of,
    source="{object: Account}",
    mapping=["{from: Industry, to: industry, label: 業種}"],
)


@pytest.fixture
def platform(installation: Installation, tmp_path: Path) -> Iterator[Platform]:
    """A platform without tenants."""
    with persistent_instance(tmp_path) as instance:
        yield Platform(installation, instance)


@pytest.fixture
def small(platform: Platform, link: Linking) -> Tenant:
    """A small tenant that was just synced."""
    tenant = link("small", make_org(accounts=3, opportunities=0), SETTINGS("small"))
    platform.add(tenant)
    tenant.sync()
    return tenant


def _link(tenant: Tenant) -> Link:
    with tenant.installation.database.tenant(tenant.name) as tx:
        return get_link(tx)


def _later(platform: Platform, tenant: Tenant, moment: datetime) -> None:
    """Time passes until that moment, here and in the org."""
    tenant.org_clock.advance((moment - platform.clock.now()).total_seconds())
    platform.at(moment)


def _until_due(platform: Platform, tenant: Tenant) -> None:
    due = _link(tenant).next_due_at
    assert due is not None
    _later(platform, tenant, due)


def _change(tenant: Tenant) -> None:
    tenant.there.update("Account", tenant.there.ids("Account")[0], {"Name": "改名"})


def test_a_tenant_that_is_not_due_is_not_asked(platform: Platform, small: Tenant) -> None:
    """Every minute is looked; an interval of hours is what the tenant chose."""
    _change(small)
    calls = small.there.usage.total
    ticked = platform.tick()
    assert ticked.requests == []
    assert "nobody is due" in ticked.skipped
    assert small.there.usage.total == calls


def test_a_due_tenant_with_nothing_new_costs_one_call_and_no_run(
    platform: Platform, small: Tenant
) -> None:
    """Of a thousand tenants most have nothing new; its last sync moves all the same."""
    _until_due(platform, small)
    calls = small.there.usage.total
    ticked = platform.tick()
    assert ticked.requests == []
    assert ticked.skipped == "1 idle"
    assert small.there.usage.total == calls + 1
    link = _link(small)
    assert link.last_synced_at == platform.clock.now()
    assert link.next_due_at == platform.clock.now() + timedelta(hours=3)


def test_a_due_tenant_with_something_new_gets_one_run_that_brings_it(
    platform: Platform, small: Tenant
) -> None:
    """Partition, tags and key are what one run a tenant is enforced and found by."""
    _change(small)
    _until_due(platform, small)
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


def test_a_tenant_that_was_never_synced_is_due_at_once(platform: Platform, link: Linking) -> None:
    """A settings file that was applied needs nobody who presses a button."""
    new = link("new", make_org(accounts=3, opportunities=0), SETTINGS("new"))
    platform.add(new)
    assert platform.refresh() == [("new", "refresh")]
    new.assert_follows_org()


@pytest.mark.parametrize("status", [DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTED])
def test_a_tenant_with_a_run_in_flight_gets_no_second_one(
    platform: Platform, small: Tenant, status: DagsterRunStatus
) -> None:
    """Also when a person started it: Dagster tags every run of a partition."""
    _change(small)
    _until_due(platform, small)
    create_run_for_test(platform.instance, status=status, tags={"dagster/partition": "small"})
    assert platform.tick().requests == []
    assert platform.tick().skipped == "nobody is due"


def test_a_failed_run_that_dagster_will_try_again_counts_as_in_flight(
    platform: Platform, small: Tenant
) -> None:
    """Between a failure and its retry lie seconds, and a tick."""
    _change(small)
    _until_due(platform, small)
    tags = {"dagster/partition": "small", "dagster/will_retry": "true"}
    run = create_run_for_test(platform.instance, status=DagsterRunStatus.FAILURE, tags=tags)
    assert platform.tick().requests == []
    platform.instance.add_run_tags(run.run_id, {"dagster/auto_retry_run_id": "the-retry"})
    assert platform.tick().tenants == ["small"]


def test_a_tenant_that_another_process_refreshes_now_is_busy(
    platform: Platform, small: Tenant
) -> None:
    """``flyle-sf sync`` in a terminal is a run that Dagster's queue does not know."""
    _change(small)
    _until_due(platform, small)
    with platform.installation.database.tenant_lock("small"):
        ticked = platform.tick()
    assert (ticked.requests, ticked.skipped) == ([], "1 busy")
    assert platform.tick().tenants == ["small"]


def test_an_org_that_is_down_is_asked_again_later_and_later_without_runs(
    platform: Platform, small: Tenant
) -> None:
    """A maintenance of hours must not fill the list of runs with failures."""
    _until_due(platform, small)
    small.there.faults.add(Fault(FaultKind.STATUS, "/", times=1_000, status=503))
    waits = []
    for _ in range(9):
        ticked = platform.tick()
        assert (ticked.requests, ticked.skipped) == ([], "1 failed")
        retry_at = _link(small).retry_at
        assert retry_at is not None
        waits.append(int((retry_at - platform.clock.now()).total_seconds() / 60))
        assert platform.tick().skipped == "nobody is due"
        _later(platform, small, retry_at)
    assert waits == [5, 10, 20, 40, 80, 160, 320, 360, 360]
    assert (_link(small).state, _link(small).attention) == ("linked", ())
    small.there.faults.clear()
    _change(small)
    _later(platform, small, platform.clock.now() + timedelta(minutes=1))
    assert platform.refresh() == [("small", "refresh")]
    small.assert_follows_org()
    assert (_link(small).failures, _link(small).retry_at) == (0, None)


def test_a_refused_login_stops_the_tenant_is_told_once_and_is_over_after_new_settings(
    platform: Platform, small: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused login was once retried thousands of times, and locked the user out."""
    secret = small.there.consumer_secret
    monkeypatch.setenv("SMALL_SF_SECRET", "a-wrong-secret-1234567890")
    _until_due(platform, small)
    assert platform.tick().skipped == "1 failed"
    link = _link(small)
    assert (link.state, link.retry_at, link.stopped_version) == ("failing", None, 1)
    for days in (1, 7):
        platform.at(platform.clock.now() + timedelta(days=days))
        assert platform.tick().skipped == "nobody is due"
    assert _told(small) == ["attention", "first_sync_done"]
    (attention,) = link.attention
    assert "Consumer Secret" in attention.remedy.en
    monkeypatch.setenv("SMALL_SF_SECRET", secret)
    small.apply(small.settings.replace("label: 業種", "label: 業界"))
    small.org_clock.move_to(platform.clock.now())
    assert platform.refresh() == [("small", "refresh")]
    small.assert_follows_org()
    link = _link(small)
    assert (link.state, link.failures, link.stopped_version, link.attention) == (
        "linked",
        0,
        None,
        (),
    )
    assert _told(small) == ["recovered", "attention", "first_sync_done"]


def test_a_person_who_runs_a_stopped_tenant_sets_it_going_again(
    platform: Platform, small: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was mended in Salesforce changes no settings file."""
    secret = small.there.consumer_secret
    monkeypatch.setenv("SMALL_SF_SECRET", "a-wrong-secret-1234567890")
    _until_due(platform, small)
    platform.tick()
    monkeypatch.setenv("SMALL_SF_SECRET", secret)
    small.sync()
    assert _link(small).stopped_version is None
    _until_due(platform, small)
    assert platform.tick().skipped == "1 idle"


def _told(tenant: Tenant) -> list[str]:
    with tenant.installation.database.tenant(tenant.name) as tx:
        return [notice.kind for notice in list_notices(tx)]


def test_a_budget_that_is_spent_leaves_the_rest_due(
    platform: Platform, small: Tenant, link: Linking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An evaluation that takes 60 s is ended by Dagster, and everything of it is lost."""
    others = [
        link(name, make_org(accounts=2, opportunities=0), SETTINGS(name)) for name in ("a", "b")
    ]
    platform.add(*others)
    _change(small)
    _until_due(platform, small)
    monkeypatch.setattr(schedules, "look_at", partial(looking.look_at, budget_s=0.0))
    ticked = platform.tick()
    assert (ticked.requests, ticked.skipped) == ([], "3 not reached, still due")
    monkeypatch.undo()
    for tenant in (small, *others):
        tenant.give_credentials()
    assert sorted(platform.tick().tenants) == ["a", "b", "small"]


def test_a_look_that_hangs_is_left_behind_and_takes_no_other_tenant_with_it(
    platform: Platform, small: Tenant, link: Linking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One org that answers after a minute would end the tick of all."""
    slow = link("slow", make_org(accounts=2, opportunities=0), SETTINGS("slow"))
    platform.add(slow)
    slow.sync()
    _change(small)
    slow.org_clock.advance(4 * 3600)
    _later(platform, small, platform.clock.now() + timedelta(hours=4))
    slow.there.faults.add(Fault(FaultKind.SLOW, "/composite", times=9, seconds=4.0))
    monkeypatch.setattr(schedules, "look_at", partial(looking.look_at, budget_s=1.5, grace_s=0.2))
    ticked = platform.tick()
    assert ticked.tenants == ["small"]


def test_a_full_queue_is_not_filled_further(
    platform: Platform, small: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs that wait for hours are about a state that was hours ago."""
    _change(small)
    _until_due(platform, small)
    monkeypatch.setattr(schedules, "QUEUE_MAX", 1)
    tags = {"dagster/partition": "other"}
    create_run_for_test(platform.instance, status=DagsterRunStatus.STARTED, tags=tags)
    assert platform.tick().skipped == "1 runs are in flight; 1 tenants wait"


def test_a_removed_tenant_is_left_alone_until_it_is_there_again(
    platform: Platform, small: Tenant
) -> None:
    """Its data stay, and a run for a partition that is not there would fail."""
    _change(small)
    _until_due(platform, small)
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
        _until_due(platform, small)
        assert platform.tick().skipped == "1 idle"
    describes = small.query("SELECT min(checked_at) FROM flyle.object_schemas WHERE tenant_id = %s")
    assert describes[0][0] > platform.clock.now() - timedelta(hours=6)
    small.there.add_option("Account", "Industry", "Space", "宇宙")
    for _ in range(3):
        _until_due(platform, small)
        platform.tick_and_run()
    assert ("industry", "Space") in small.options()


def test_a_census_is_made_once_a_night_and_a_sweep_only_where_something_needs_it(
    platform: Platform, small: Tenant, link: Linking
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
    _until_due(platform, small)
    platform.at(platform.clock.now() + timedelta(days=2))
    assert platform.tick_and_run() == []
