"""Alerts of the whole fleet: each is told when it begins and when it is over."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from flyle_sf_assets.fleet.alerts import fleet_alerts, store_alerts
from flyle_sf_assets.fleet.health import FleetHealth, health_of
from flyle_sf_assets.fleet.webhook_delivery import KEPT, deliver, discard_events
from flyle_sf_assets.fleet.webhook_target import WebhookTarget
from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets.store.syncs.api_usage import OrgUsage
from flyle_sf_assets.store.tenants.tenant_health import TenantRow
from flyle_sf_assets_tests.fleet.receiver import SECRET, Receiver

NOW = datetime(2026, 4, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _same(moment: datetime) -> datetime:
    return moment


def health(
    failing: int, *, of: int = 100, lag_hours: float = 1, used: int = 0, at: datetime = NOW
) -> FleetHealth:
    """A fleet in which ``failing`` tenants fail."""
    rows = [
        TenantRow(f"t{n}", "failing" if n < failing else "linked", "1h", at - lag_hours * HOUR)
        for n in range(of)
    ]
    return health_of(rows, [OrgUsage("t0", "00D1", 100, used, 0)], at)


@pytest.mark.parametrize(
    ("of_fleet", "codes"),
    [
        (health(0, of=0), []),
        (health(5), []),
        (health(6), ["many_failing"]),
        (health(1, of=2), ["many_failing"]),
        (health(0, lag_hours=2), []),
        (health(0, lag_hours=2.1), ["sync_lag"]),
        (health(0, used=90), []),
        (health(0, used=91), ["api_limit_near"]),
    ],
)
def test_an_alert_is_about_many_tenants(of_fleet: FleetHealth, codes: list[str]) -> None:
    """One failing tenant of a hundred has its own notice."""
    assert [alert.code for alert in fleet_alerts(of_fleet)] == codes


def test_many_overdue_tenants_are_an_alert() -> None:
    """The daemon does not run, say."""
    late = TenantRow("a", "linked", "24h", NOW - HOUR, next_due_at=NOW - 2 * HOUR)
    assert [one.code for one in fleet_alerts(health_of([late], (), NOW))] == ["many_overdue"]


def test_an_alert_is_posted_when_it_begins_and_when_it_is_over(
    database: Database, receiver: Receiver
) -> None:
    """Not every ten minutes; and again when it comes back, also after old events were deleted."""
    target = WebhookTarget(receiver.url, SECRET)
    now = NOW
    steps = [(50, (1, 0)), (60, (0, 0)), (0, (0, 1)), (0, (0, 0)), (70, (1, 0))]
    for failing, expected in steps:
        assert store_alerts(database, health(failing, at=now)) == expected
        deliver(database, target, partial(_same, now))
        now += timedelta(minutes=10)
    now += 2 * KEPT
    assert discard_events(database, now - KEPT) == 2
    assert store_alerts(database, health(70, at=now)) == (0, 0)
    assert store_alerts(database, health(0, at=now)) == (0, 1)
    deliver(database, target, partial(_same, now))
    documents = [post.document for post in receiver.posts]
    assert [document["kind"] for document in documents] == [
        "fleet_alert",
        "fleet_recovered",
        "fleet_alert",
        "fleet_recovered",
    ]
    assert documents[0]["data"] == {"alert": "many_failing", "tenants": 50, "of": 100}
    assert documents[0]["tenant"] is None
    assert "Many tenants fail (50/100)" in documents[0]["text"]
    assert "Over: Many tenants fail" in documents[1]["text"]
    assert all(post.is_signed_by(SECRET) for post in receiver.posts)
