"""Twenty-four hours of the platform left alone, with five tenants of which two are broken."""

from collections import Counter
from datetime import datetime, timedelta

import pytest

from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets_tests.flows.platform import Platform, rename, small_settings
from flyle_sf_assets_tests.flows.tenants import OUR_TIME, Tenant, make_org
from flyle_sf_assets_tests.tenant_fixtures import Link

STEP = timedelta(minutes=20)
DAY = timedelta(days=1)
CHANGES_EVERY_H = {"busy": 3, "calm": 12, "still": 48, "down": 3, "revoked": 3}


@pytest.fixture
def tenants(platform: Platform, link: Link) -> dict[str, Tenant]:
    """Five synced tenants; then one org goes down, and one takes its consent back."""
    found = {}
    for name in CHANGES_EVERY_H:
        found[name] = link(name, make_org(accounts=3, opportunities=0), small_settings(name))
        platform.add(found[name])
        found[name].sync()
    found["down"].there.faults.add(Fault(FaultKind.STATUS, "/", times=10_000, status=503))
    found["revoked"].there.consumer_secret = "another-secret-since-this-morning"
    return found


@pytest.mark.timeout(300)
def test_healthy_tenants_are_in_step_at_every_due_time_and_broken_ones_say_why(
    platform: Platform, tenants: dict[str, Tenant]
) -> None:
    """One customer's revoked token, or maintenance, is nobody else's late data."""
    healthy = [tenants[name] for name in ("busy", "calm", "still")]
    runs: Counter[tuple[str, str]] = Counter()
    in_step: Counter[str] = Counter()
    while platform.clock.now() < OUR_TIME + DAY:
        due = {t.name: platform.link(t).next_due_at for t in healthy}
        _pass_time(platform, tenants)
        runs.update(platform.tick_and_run())
        for tenant in healthy:
            if _was_due(due[tenant.name], platform.clock.now()):
                tenant.assert_follows_org()
                in_step[tenant.name] += 1
                assert platform.link(tenant).last_synced_at == platform.clock.now()
    assert in_step == {"busy": 8, "calm": 8, "still": 8}
    assert runs["busy", "refresh"] in (7, 8)
    assert runs["still", "refresh"] == 0
    for tenant in healthy:
        assert runs[tenant.name, "census"] == 1
        assert (platform.link(tenant).state, platform.link(tenant).failures) == ("linked", 0)
    _assert_broken_ones_say_why(platform, tenants, runs)


def _pass_time(platform: Platform, tenants: dict[str, Tenant]) -> None:
    """The next step; records change where an hour has come, a little before the tick."""
    before = platform.clock.now()
    platform.at(before + STEP)
    hour = int((platform.clock.now() - OUR_TIME) / timedelta(hours=1))
    for name, tenant in tenants.items():
        tenant.org_clock.advance(STEP.total_seconds() - 60)
        is_new_hour = hour > int((before - OUR_TIME) / timedelta(hours=1))
        if is_new_hour and hour % CHANGES_EVERY_H[name] == 0:
            rename(tenant, f"{hour}時の名前")
        tenant.org_clock.advance(60)


def _was_due(due: datetime | None, now: datetime) -> bool:
    return due is not None and due <= now


def _assert_broken_ones_say_why(
    platform: Platform, tenants: dict[str, Tenant], runs: Counter[tuple[str, str]]
) -> None:
    down, revoked = platform.link(tenants["down"]), platform.link(tenants["revoked"])
    broken = {one: n for one, n in runs.items() if one[0] in ("down", "revoked")}
    # The night tries both: what was mended in the org is found without a person.
    assert {kind for _, kind in broken} == {"census"}
    assert broken["revoked", "census"] == 1
    assert broken["down", "census"] <= 3  # each after the wait of the failure before it
    assert down.failures >= 7
    assert down.retry_at is not None
    assert down.retry_at <= OUR_TIME + DAY + timedelta(hours=6)
    assert down.last_synced_at == OUR_TIME
    assert (revoked.state, revoked.retry_at) == ("failing", None)
    assert revoked.failures == 2  # the first look's, and the night's
    (attention,) = revoked.attention
    assert "Consumer Secret" in attention.remedy.en
    told = tenants["revoked"].query(
        "SELECT kind FROM flyle.notifications WHERE tenant_id = %s ORDER BY notification_id"
    )
    assert told == [("first_sync_done",), ("attention",)]
