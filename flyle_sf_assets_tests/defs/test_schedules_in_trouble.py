"""Ticks when something is wrong: an org, a login, a look that hangs, a run that died, no time."""

import shutil
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from dagster import DagsterEvent, DagsterEventType, DagsterRunStatus
from dagster._core.test_utils import create_run_for_test

from flyle_sf_assets.defs import schedules
from flyle_sf_assets.defs.fleet import end_lost_runs
from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.scheduling import poller as looking
from flyle_sf_assets.store.tenants.notices import list_notices
from flyle_sf_assets_tests.flows.platform import Platform, rename, small_settings
from flyle_sf_assets_tests.flows.tenants import Tenant, make_org
from flyle_sf_assets_tests.tenant_fixtures import Link


def test_a_failed_run_that_dagster_will_try_again_counts_as_in_flight(
    platform: Platform, small: Tenant
) -> None:
    """Between a failure and its retry lie seconds, and a tick."""
    rename(small)
    platform.until_due(small)
    tags = {"dagster/partition": "small", "dagster/will_retry": "true"}
    run = create_run_for_test(platform.instance, status=DagsterRunStatus.FAILURE, tags=tags)
    assert platform.tick().requests == []
    platform.instance.add_run_tags(run.run_id, {"dagster/auto_retry_run_id": "the-retry"})
    assert platform.tick().tenants == ["small"]


def test_a_command_that_was_killed_keeps_its_tenant_from_nothing(
    platform: Platform, small: Tenant
) -> None:
    """Its run stood as started for hours, and nobody monitors a command's process."""
    rename(small)
    platform.until_due(small)
    instance = platform.instance
    run = create_run_for_test(
        instance, status=DagsterRunStatus.STARTING, tags={"dagster/partition": "small"}
    )
    instance.report_engine_event("begins", run)
    instance.report_dagster_event(
        DagsterEvent(DagsterEventType.RUN_START.value, job_name=run.job_name), run_id=run.run_id
    )
    now = datetime.now(UTC)
    with platform.installation.database.tenant_lock("small"):
        assert end_lost_runs(instance, lambda _: True, now + timedelta(hours=1)) == 0
    assert end_lost_runs(instance, lambda _: False, now) == 0
    assert platform.tick().requests == []
    assert end_lost_runs(instance, lambda _: False, now + timedelta(hours=1)) == 1
    ended = instance.get_run_by_id(run.run_id)
    assert ended is not None
    assert ended.status == DagsterRunStatus.FAILURE
    assert platform.tick().tenants == ["small"]


def test_a_tenant_that_lost_its_files_is_left_to_its_run_and_the_others_go_on(
    platform: Platform, small: Tenant, link: Link
) -> None:
    """A lost record file of one tenant ended everybody's tick; its own run reads it again."""
    broken = link("broken", make_org(accounts=2, opportunities=0), small_settings("broken"))
    platform.add(broken)
    broken.sync()
    shutil.rmtree(platform.installation.lake.root / "broken")
    later = platform.clock.now() + timedelta(hours=4)
    broken.org_clock.move_to(later)
    platform.at(later, small)
    rename(broken)
    ticked = platform.tick()
    assert ticked.tenants == ["broken"]
    assert platform.link(small).last_synced_at == later
    assert platform.run(ticked.requests[0]).success
    broken.assert_follows_org()
    assert (platform.link(broken).state, platform.link(broken).failures) == ("linked", 0)
    assert (platform.link(small).state, platform.link(small).attention) == ("linked", ())


def test_an_org_that_is_down_is_asked_again_later_and_later_without_runs(
    platform: Platform, small: Tenant
) -> None:
    """A maintenance of hours must not fill the list of runs with failures."""
    platform.until_due(small)
    small.there.faults.add(Fault(FaultKind.STATUS, "/", times=1_000, status=503))
    last, down_at, waits = platform.link(small).last_synced_at, platform.clock.now(), []
    assert last is not None
    for _ in range(11):
        ticked = platform.tick()
        assert (ticked.requests, ticked.skipped) == ([], "1 failed")
        retry_at = platform.link(small).retry_at
        assert retry_at is not None
        waits.append(int((retry_at - platform.clock.now()).total_seconds() / 60))
        assert platform.tick().skipped == "nobody is due"
        platform.at(retry_at, small)
    wanted, at = [], down_at
    moments = [last + timedelta(hours=6), last + timedelta(hours=24)]
    for wait in [5, 10, 20, 40, 80, 160, 320, *[360] * 4]:
        # Sooner where the link changes: by two intervals, and by a day.
        after = min([at + timedelta(minutes=wait), *[m for m in moments if m > at]])
        wanted.append(int((after - at).total_seconds() / 60))
        at = after
    assert waits == wanted
    assert platform.instance.get_runs_count() == 0
    small.there.faults.clear()
    rename(small)
    platform.at(platform.clock.now() + timedelta(minutes=1), small)
    assert platform.refresh() == [("small", "refresh")]
    small.assert_follows_org()
    assert (platform.link(small).failures, platform.link(small).retry_at) == (0, None)


def test_a_refused_login_stops_the_tenant_is_told_once_and_is_over_after_new_settings(
    platform: Platform, small: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused login was once retried thousands of times, and locked the user out."""
    secret = small.there.consumer_secret
    monkeypatch.setenv("SMALL_SF_SECRET", "a-wrong-secret-1234567890")
    platform.until_due(small)
    assert platform.tick().skipped == "1 failed"
    link = platform.link(small)
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
    link = platform.link(small)
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
    platform.until_due(small)
    platform.tick()
    monkeypatch.setenv("SMALL_SF_SECRET", secret)
    small.sync()
    assert platform.link(small).stopped_version is None
    platform.until_due(small)
    assert platform.tick().skipped == "1 idle"


def _told(tenant: Tenant) -> list[str]:
    with tenant.installation.database.tenant(tenant.name) as tx:
        return [notice.kind for notice in list_notices(tx)]


def test_a_budget_that_is_spent_leaves_the_rest_due(
    platform: Platform, small: Tenant, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An evaluation that takes 60 s is ended by Dagster, and everything of it is lost."""
    others = [
        link(name, make_org(accounts=2, opportunities=0), small_settings(name))
        for name in ("a", "b")
    ]
    platform.add(*others)
    rename(small)
    platform.until_due(small)
    monkeypatch.setattr(schedules, "poll", partial(looking.poll, budget_s=0.0))
    ticked = platform.tick()
    assert (ticked.requests, ticked.skipped) == ([], "3 not reached, still due")
    monkeypatch.undo()
    for tenant in (small, *others):
        tenant.give_credentials()
    assert sorted(platform.tick().tenants) == ["a", "b", "small"]


def test_a_full_queue_is_not_filled_further(
    platform: Platform, small: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs that wait for hours are about a state that was hours ago."""
    rename(small)
    platform.until_due(small)
    monkeypatch.setattr(schedules, "QUEUE_MAX", 1)
    tags = {"dagster/partition": "other"}
    create_run_for_test(platform.instance, status=DagsterRunStatus.STARTED, tags=tags)
    assert platform.tick().skipped == "1 runs are in flight; 1 tenants wait"
