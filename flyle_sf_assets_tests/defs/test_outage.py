"""An org that does not answer, and metadata that were repaired, as the schedules meet them."""

from datetime import datetime, timedelta

import pytest

from flyle_sf_assets.defs.schedules import nightly_census, refresh_due_tenants
from flyle_sf_assets.errors import FieldRefused, Postponed
from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.store.syncs.fleet_health import failing_tenants
from flyle_sf_assets.store.tenants.notices import Notice, list_notices
from flyle_sf_assets.sync.state.tenant_status import tenant_statuses
from flyle_sf_assets.tenants.sync_requests import ask_for_sync
from flyle_sf_assets_tests.flows.platform import Platform, rename
from flyle_sf_assets_tests.flows.tenants import Tenant

HOUR = timedelta(hours=1)


def _down(tenant: Tenant, kind: FaultKind = FaultKind.STATUS) -> None:
    tenant.there.faults.add(Fault(kind, "/", times=100_000, status=503))


def _notices(tenant: Tenant) -> list[Notice]:
    with tenant.installation.database.tenant(tenant.name) as tx:
        return [one for one in list_notices(tx) if one.kind != "first_sync_done"]


def _ticks_until(platform: Platform, tenant: Tenant, end: datetime) -> None:
    """The schedule as often as somebody is due; no tick starts a run."""
    while platform.clock.now() < end:
        assert platform.tick().requests == []
        link = platform.link(tenant)
        due = link.retry_at or link.next_due_at
        assert due is not None
        platform.at(min(max(due, platform.clock.now() + timedelta(minutes=1)), end), tenant)


@pytest.mark.parametrize("kind", [FaultKind.STATUS, FaultKind.RESET])
def test_an_org_that_is_down_for_two_intervals_makes_the_link_failing_and_ends_by_itself(
    platform: Platform, small: Tenant, kind: FaultKind
) -> None:
    """It said 連携中 for days, while every attempt ended in 503."""
    last = platform.link(small).last_synced_at
    assert last is not None
    _down(small, kind)
    _ticks_until(platform, small, last + 6 * HOUR)
    assert (platform.link(small).state, platform.link(small).attention) == ("linked", ())
    platform.tick()
    link = platform.link(small)
    assert link.state == "failing"
    (item,) = link.attention
    assert (item.code, item.since) == ("org_not_answering", last)
    with platform.installation.database.fleet() as tx:
        assert failing_tenants(tx) == ("small",)
    (status,) = tenant_statuses(platform.installation, "small")
    assert (status.link.state, status.is_stopped) == ("failing", False)
    _ticks_until(platform, small, last + 24 * HOUR)
    assert _notices(small) == []
    _ticks_until(platform, small, last + 72 * HOUR)
    (told,) = _notices(small)
    assert told.kind == "attention"
    assert last + 24 * HOUR <= told.created_at < last + 25 * HOUR
    assert "2026-03-02 12:07 (Asia/Tokyo)" in told.body.ja
    small.there.faults.clear()
    platform.at(platform.clock.now() + 6 * HOUR, small)
    before = small.there.usage.total
    assert platform.tick().skipped == "1 idle"
    assert small.there.usage.total <= before + 2, "metadata are due as well after days"
    link = platform.link(small)
    assert (link.state, link.attention, link.unanswered_since) == ("linked", (), None)
    assert [one.kind for one in _notices(small)] == ["recovered", "attention"]


def test_an_outage_of_less_than_a_day_is_shown_and_nobody_is_written_to(
    platform: Platform, small: Tenant
) -> None:
    """A maintenance window needs no notice, and none that it is over."""
    last = platform.link(small).last_synced_at
    assert last is not None
    _down(small)
    _ticks_until(platform, small, last + 7 * HOUR)
    assert platform.link(small).state == "failing"
    small.there.faults.clear()
    rename(small)
    platform.at(platform.clock.now() + 6 * HOUR, small)
    assert platform.refresh() == [("small", "refresh")]
    small.assert_follows_org()
    assert (platform.link(small).state, platform.link(small).attention) == ("linked", ())
    assert _notices(small) == []


def test_an_outage_is_seen_by_hand_too_and_not_by_the_first_attempt(small: Tenant) -> None:
    """After a weekend without the platform one failed request proves nothing."""
    _down(small)
    small.later(60 * 3600)
    for state in ("linked", "failing"):
        with pytest.raises(Postponed):
            small.sync()
        (status,) = tenant_statuses(small.installation, "small")
        assert status.link.state == state
        small.later(300)
    small.there.faults.clear()
    small.sync()
    (status,) = tenant_statuses(small.installation, "small")
    assert (status.link.state, status.link.attention) == ("linked", ())


def test_a_limit_that_is_spent_is_no_outage(platform: Platform, small: Tenant) -> None:
    """The org answers: that its requests are used up is another matter, and ends an outage."""
    last = platform.link(small).last_synced_at
    assert last is not None
    small.there.faults.add(Fault(FaultKind.LIMIT_EXCEEDED, "/services/data", times=100_000))
    _ticks_until(platform, small, last + 72 * HOUR)
    assert (platform.link(small).state, platform.link(small).attention) == ("linked", ())
    small.there.faults.clear()
    _down(small)
    _ticks_until(platform, small, platform.clock.now() + 12 * HOUR)
    assert platform.link(small).state == "failing"
    small.there.faults.clear()
    small.there.faults.add(Fault(FaultKind.LIMIT_EXCEEDED, "/services/data", times=100_000))
    _ticks_until(platform, small, platform.clock.now() + 6 * HOUR)
    assert (platform.link(small).state, platform.link(small).attention) == ("linked", ())


def test_a_sync_that_is_asked_for_in_the_console_sees_an_option_of_a_minute_ago(
    platform: Platform, small: Tenant
) -> None:
    """The look found no record and launched nothing; the button did nothing for six hours."""
    small.later(60)
    small.there.add_option("Account", "Industry", "Space", "宇宙")
    small.later(60)
    assert platform.tick().skipped == "nobody is due"
    ask_for_sync(platform.installation, "small", clock=platform.clock.now)
    assert platform.tick_and_run(refresh_due_tenants) == [("small", "refresh")]
    assert ("industry", "Space") in small.options()
    ask_for_sync(platform.installation, "small", clock=platform.clock.now)
    calls = small.there.usage.total
    small.later(60)
    assert platform.tick().skipped == "1 idle"
    assert small.there.usage.total == calls + 2
    platform.until_due(small)
    calls = small.there.usage.total
    assert platform.tick().skipped == "1 idle"
    assert small.there.usage.total == calls + 1, "asked for once"


def test_a_census_tries_a_tenant_that_metadata_stopped_once_a_night(
    platform: Platform, small: Tenant
) -> None:
    """A repair in Salesforce tells nobody: the tenant stood still until a person ran it."""
    small.assert_follows_org()
    condition = "{object: Account, conditions: [{field: Type, op: not_null}]}"
    small.apply(small.settings.replace("{object: Account}", condition))
    small.sync()
    small.there.hide_field("Account", "Type")
    small.later(60)
    with pytest.raises(FieldRefused):
        small.sync()
    platform.until_due(small)
    assert platform.tick().skipped == "nobody is due"
    for _ in range(2):
        platform.at(platform.clock.now() + timedelta(days=1), small)
        assert platform.tick_and_run(nightly_census) == [("small", "census")]
        assert platform.link(small).stopped_version == 2
        assert platform.tick_and_run(nightly_census) == []
    assert [one.kind for one in _notices(small)] == ["attention"]
    small.there.show_field("Account", "Type")
    platform.at(platform.clock.now() + timedelta(days=1), small)
    assert platform.tick_and_run(nightly_census) == [("small", "census")]
    link = platform.link(small)
    assert (link.state, link.stopped_version, link.attention) == ("linked", None, ())
    small.assert_follows_org()
