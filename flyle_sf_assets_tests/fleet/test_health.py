"""X16: the figures of the whole fleet, from rows of tenants; expected values counted by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flyle_sf_assets.fleet.health import FleetHealth, Spread, health_of
from flyle_sf_assets.store.syncs.api_usage import OrgUsage
from flyle_sf_assets.store.tenants.links import LinkState
from flyle_sf_assets.store.tenants.tenant_health import TenantRow

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def row(
    name: str, *, hours: float = 1, state: LinkState = "linked", every: str = "2h", **more: Any
) -> TenantRow:
    """A tenant that was synced that many hours ago, and is due in an hour."""
    synced = NOW - hours * HOUR
    given: dict[str, Any] = {"last_synced_at": synced, "next_due_at": NOW + HOUR, **more}
    return TenantRow(name, state, every, synced, **given)


def health(*rows: TenantRow, usage: tuple[OrgUsage, ...] = ()) -> FleetHealth:
    return health_of(rows, usage, NOW)


def reasons(found: FleetHealth) -> dict[str, list[str]]:
    """The codes of each named tenant's reasons, the worst tenant first."""
    return {one.tenant_id: [reason.code for reason in one.reasons] for one in found.worst}


def test_an_installation_without_tenants_is_healthy() -> None:
    """Nothing to divide by."""
    found = health()
    assert (found.tenants, found.live, found.troubled) == (0, 0, 0)
    assert found.lag_s == Spread(0, 0, 0)


def test_states_count_every_tenant_and_only_live_ones_can_lag() -> None:
    """A tenant that was disconnected a year ago is not late."""
    found = health(
        row("a"),
        row("b", state="failing"),
        row("c", state="disconnected", hours=9_000, next_due_at=None),
        row("d", state="not_connected", hours=9_000),
    )
    assert {state: count for state, count in found.states.items() if count} == {
        "linked": 1,
        "failing": 1,
        "disconnected": 1,
        "not_connected": 1,
    }
    assert (found.tenants, found.live) == (4, 2)
    assert found.lag_s.max == 3_600


def test_lag_is_measured_in_each_tenants_own_interval() -> None:
    """Six hours are nothing for a daily tenant, and three missed refreshes for another."""
    found = health(row("daily", hours=6, every="24h"), row("often", hours=6, every="2h"))
    assert found.lag_s == Spread(6 * 3_600, 6 * 3_600, 6 * 3_600)
    assert found.lag_intervals == Spread(0.25, 3.0, 3.0)
    assert reasons(found) == {"often": ["lagging"]}


def test_an_interval_of_the_installation_replaces_the_tenants_own() -> None:
    """FLYLE_REFRESH_EVERY of a demo."""
    found = health_of([row("a", hours=1, every="24h")], (), NOW, every_s=600)
    assert found.lag_intervals.max == 6.0


@pytest.mark.parametrize(
    ("count", "p50", "p95"), [(1, 1, 1), (2, 1, 2), (20, 10, 19), (21, 11, 20), (100, 50, 95)]
)
def test_percentiles_are_values_that_occur(count: int, p50: int, p95: int) -> None:
    """Nearest rank, as percentile_disc of PostgreSQL: no value between two tenants."""
    assert Spread.of(range(count, 0, -1)) == Spread(p50, p95, count)


def test_the_worst_tenants_are_named_with_all_reasons_the_worst_first() -> None:
    """A failing tenant comes before one that is late, however late."""
    found = health(
        row("fine"),
        row("rejects", rejected=12),
        row("late", hours=50, next_due_at=NOW - 2 * HOUR),
        row("held", state="held", held_since=NOW - 3 * HOUR),
        row("poor", codes=("api_budget_spent",)),
        row("unfit", codes=("settings_not_applied",)),
        row(
            "fails",
            state="failing",
            failure="field_refused",
            failing_since=NOW - 5 * HOUR,
            rejected=1,
        ),
    )
    assert list(reasons(found).items()) == [
        ("fails", ["failing", "rejected"]),
        ("late", ["overdue", "lagging"]),
        ("held", ["held"]),
        ("unfit", ["settings_not_applied"]),
        ("poor", ["api_budget_spent"]),
        ("rejects", ["rejected"]),
    ]
    counts = (found.overdue, found.held, found.postponed, found.with_rejected, found.rejected)
    assert counts == (1, 1, 1, 2, 13)
    assert "field_refused, for 5.0 h" in found.worst[0].reasons[0].text.en
    assert "2.0 h" in found.worst[1].reasons[0].text.en
    assert "12" in found.worst[-1].reasons[0].text.ja


def test_overdue_begins_after_an_hour() -> None:
    """A queue and a slow org may take that long."""
    found = health(
        row("in time", next_due_at=NOW - timedelta(minutes=59)),
        row("late", next_due_at=NOW - timedelta(minutes=61)),
        row("not yet planned", next_due_at=None),
    )
    assert reasons(found) == {"late": ["overdue"]}


def test_of_many_troubled_tenants_twenty_are_named_and_all_are_counted() -> None:
    """The table has to be read at night."""
    found = health(*(row(f"t{n:03}", hours=100 + n, state="failing") for n in range(50)))
    assert found.troubled == 50
    assert [one.tenant_id for one in found.worst] == [f"t{n:03}" for n in range(49, 29, -1)]


def test_a_tenant_never_synced_lags_since_it_waits() -> None:
    """Registered three intervals ago, and nothing has come yet."""
    found = health(row("new", state="connected", hours=6, last_synced_at=None, next_due_at=None))
    assert found.never_synced == 1
    assert found.lag_intervals.max == 3.0


def test_tenants_of_one_org_use_its_api_together() -> None:
    """Their ledger was counted twice otherwise; an org that reported no limit has no share."""
    shared: dict[str, Any] = {
        "org_id": "00D1",
        "daily_max": 1_000,
        "used_by_org": 500,
        "used_by_us": 100,
    }
    found = health(
        usage=(
            OrgUsage("a", **shared),
            OrgUsage("b", **shared),
            OrgUsage("c", "00D2", None, None, 7),
            OrgUsage("d", "00D3", 100, None, 20),
            OrgUsage("e"),
        )
    ).api
    assert (found.calls_24h, found.orgs) == (127, 3)
    assert (found.ours_max, found.all_max) == (0.2, 0.5)


def test_companies_of_disconnected_tenants_do_not_disappear_from_the_sum() -> None:
    """They are unlinked by then, so the figure of such a tenant is 0: it is just added."""
    assert health(row("a", companies=10), row("b", companies=5)).companies == 15
