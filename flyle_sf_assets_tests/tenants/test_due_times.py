"""Who is due: a pure decision, so every case is one line."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from flyle_sf_assets.store.syncs.schedule_inputs import Agenda
from flyle_sf_assets.tenants.due_times import (
    NightlyKind,
    comparisons_due,
    next_slot,
    night_slot,
    refreshes_due,
)

NOW = datetime(2026, 3, 2, 3, 4, 5, tzinfo=UTC)
PAST, FUTURE = NOW - timedelta(minutes=1), NOW + timedelta(minutes=1)
LINKED = Agenda(
    "acme",
    settings_version=3,
    every="3h",
    time_zone="Asia/Tokyo",
    flow="client_credentials",
    state="linked",
    first_synced_at=NOW - timedelta(days=30),
    next_due_at=PAST,
    census_at=PAST,
    sweep_at=PAST,
)
NEW = Agenda("acme", 1, "3h", "Asia/Tokyo", "client_credentials")


def _is_due(
    agenda: Agenda, *, partitions: tuple[str, ...] = ("acme",), in_flight: tuple[str, ...] = ()
) -> bool:
    return bool(refreshes_due([agenda], NOW, partitions=partitions, in_flight=in_flight))


@pytest.mark.parametrize(
    ("agenda", "expected"),
    [
        (LINKED, True),
        (replace(LINKED, next_due_at=NOW), True),
        (replace(LINKED, next_due_at=FUTURE), False),
        (NEW, True),
        (replace(NEW, flow="web_server"), False),
        (replace(NEW, flow="web_server", state="connected"), True),
        (replace(LINKED, state="disconnected"), False),
        (replace(LINKED, state="held"), True),
        (replace(LINKED, failures=1, retry_at=FUTURE), False),
        (replace(LINKED, failures=1, retry_at=PAST), True),
        (replace(LINKED, failures=1, retry_at=PAST, next_due_at=FUTURE), True),
        (replace(LINKED, failures=1, stopped_version=3), False),
        (replace(LINKED, failures=1, stopped_version=2), True),
        (replace(LINKED, failures=1, stopped_version=2, next_due_at=FUTURE), True),
        (replace(LINKED, retry_at=FUTURE), False),
    ],
)
def test_a_tenant_is_due_by_its_interval_its_back_off_and_its_state(
    agenda: Agenda, *, expected: bool
) -> None:
    """A permanent error is not repeated; new settings are what may have mended it."""
    assert _is_due(agenda) is expected


def test_a_removed_tenant_and_one_with_a_run_in_flight_are_left_alone() -> None:
    """A run of a removed partition fails to launch; a second run of a tenant only waits."""
    assert not _is_due(LINKED, partitions=())
    assert not _is_due(LINKED, in_flight=("acme",))
    assert _is_due(LINKED, partitions=("acme", "other"), in_flight=("other",))


def test_those_that_waited_longest_come_first() -> None:
    """A budget that is spent every time must not leave out the same tenants every time."""
    moments = {"a": PAST, "b": PAST - timedelta(hours=2), "c": PAST - timedelta(hours=1)}
    agendas = [replace(LINKED, tenant_id=name, next_due_at=at) for name, at in moments.items()]
    due = refreshes_due(agendas, NOW, partitions=moments, in_flight=())
    assert [agenda.tenant_id for agenda in due] == ["b", "c", "a"]


def test_slots_are_one_interval_apart_and_stay_the_tenants() -> None:
    """A sync that ends late must not push every later one back."""
    every_s = 3 * 3600
    first = next_slot("acme", every_s, NOW)
    assert NOW < first <= NOW + timedelta(seconds=every_s)
    for late_s in (0, 1, 600, every_s - 1):
        following = next_slot("acme", every_s, first + timedelta(seconds=late_s))
        assert following == first + timedelta(seconds=every_s)


def test_tenants_with_the_same_interval_are_spread_over_it() -> None:
    """All at once is what stops the database and locks the users out."""
    every_s = 3 * 3600
    slots = [next_slot(f"tenant{n:04d}", every_s, NOW) for n in range(1_000)]
    by_minute = Counter(slot.replace(second=0) for slot in slots)
    assert len(by_minute) > 150
    assert max(by_minute.values()) <= 20


@pytest.mark.parametrize("kind", ["census", "sweep"])
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York", "UTC"])
def test_comparisons_are_spread_over_the_night_of_the_tenant(kind: NightlyKind, zone: str) -> None:
    """Reading everything belongs into the hours in which nobody works in the org."""
    hours: Counter[int] = Counter()
    for number in range(500):
        slot = night_slot(kind, f"tenant{number}", zone, NOW)
        assert NOW - timedelta(days=1, hours=1) <= slot <= NOW
        hours[slot.astimezone(ZoneInfo(zone)).hour] += 1
    assert set(hours) == {22, 23, 0, 1, 2, 3, 4, 5}


def test_a_night_in_which_the_clocks_change_has_one_moment_too() -> None:
    """In New York the clocks went from 2:00 to 3:00 on March 8, 2026."""
    zone = "America/New_York"
    for number in range(50):
        slots = {
            night_slot("census", f"t{number}", zone, datetime(2026, 3, 8, tzinfo=UTC) + i)
            for i in (timedelta(minutes=30 * n) for n in range(48))
        }
        inside = {s for s in slots if s >= datetime(2026, 3, 8, tzinfo=UTC)}
        assert len(inside) == 1


def _compared(agenda: Agenda, now: datetime) -> bool:
    found = comparisons_due("census", [agenda], now, partitions=["acme"], in_flight=[])
    return bool(found)


def test_a_census_is_due_once_a_night_and_after_a_night_that_was_left_out() -> None:
    """The platform was down over a weekend; nobody should wait for the next night."""
    slot = night_slot("census", "acme", "Asia/Tokyo", NOW)
    before, after = slot - timedelta(seconds=1), slot + timedelta(seconds=1)
    assert _compared(replace(LINKED, census_at=before), after)
    assert not _compared(replace(LINKED, census_at=after), after + timedelta(hours=20))
    assert _compared(replace(LINKED, census_at=after), slot + timedelta(days=1))
    assert _compared(replace(LINKED, census_at=slot - timedelta(days=3)), after)


def test_a_census_waits_for_the_first_sync_and_for_the_back_off() -> None:
    """What was just read as a whole needs no comparison the same night."""
    assert not _compared(NEW, NOW)
    assert not _compared(replace(LINKED, census_at=None, first_synced_at=NOW), NOW)
    assert _compared(replace(LINKED, census_at=None), NOW)
    assert not _compared(replace(LINKED, census_at=None, failures=2, retry_at=FUTURE), NOW)
    assert not _compared(replace(LINKED, census_at=None, state="disconnected"), NOW)
