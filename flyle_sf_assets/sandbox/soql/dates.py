"""Date literals: which days ``LAST_N_DAYS:30`` or ``THIS_QUARTER`` cover today.

Source: SOQL and SOSL Reference, "Date Formats and Date Literals in WHERE". Weeks begin on Sunday;
"last n days" include today, "next n days" begin tomorrow, the last and next n weeks, months,
quarters and years exclude the present one. What does not belong here: fiscal calendars other
than the civil year.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from flyle_sf_assets.sandbox.clock import wire_datetime

Days = tuple[date, date]
"""First day, and the day after the last one."""


def _day(start: date, move: int) -> date:
    return start + timedelta(days=move)


def _month(today: date, move: int) -> date:
    months = today.year * 12 + today.month - 1 + move
    return date(months // 12, months % 12 + 1, 1)


def _week(today: date, move: int) -> date:
    return today - timedelta(days=today.isoweekday() % 7) + timedelta(weeks=move)


def _quarter(today: date, move: int) -> date:
    return _month(today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1), 3 * move)


def _year(today: date, move: int) -> date:
    return date(today.year + move, 1, 1)


_UNITS: dict[str, Callable[[date, int], date]] = {
    "DAY": _day,
    "WEEK": _week,
    "MONTH": _month,
    "QUARTER": _quarter,
    "YEAR": _year,
    "FISCAL_QUARTER": _quarter,
    "FISCAL_YEAR": _year,
}
_FIXED = {
    "TODAY": ("DAY", 0),
    "YESTERDAY": ("DAY", -1),
    "TOMORROW": ("DAY", 1),
    **{
        f"{word}_{unit}": (unit, move)
        for word, move in (("LAST", -1), ("THIS", 0), ("NEXT", 1))
        for unit in _UNITS
        if unit != "DAY"
    },
}


def days_of(literal: str, today: date) -> Days | None:
    """The days that a date literal covers; None when there is no such literal."""
    name, _, number = literal.upper().partition(":")
    if not number:
        if name == "LAST_90_DAYS":
            return today - timedelta(days=90), today + timedelta(days=1)
        if name == "NEXT_90_DAYS":
            return today + timedelta(days=1), today + timedelta(days=91)
        if name not in _FIXED:
            return None
        unit, move = _FIXED[name]
        begin = _UNITS[unit]
        return begin(today, move), begin(today, move + 1)
    return _counted(name, int(number), today)


def _counted(name: str, n: int, today: date) -> Days | None:
    head, _, unit = name.partition("_N_")
    unit = unit.removesuffix("S")
    if head in ("LAST", "NEXT") and unit in _UNITS:
        begin = _UNITS[unit]
        if head == "LAST":
            # The last n days end with today; longer units end before the current one.
            return begin(today, -n), begin(today, 1 if unit == "DAY" else 0)
        return begin(today, 1), begin(today, n + 1)
    if name.startswith("N_") and name.endswith("S_AGO") and name[2:-5] in _UNITS:
        begin = _UNITS[name[2:-5]]
        return begin(today, -n), begin(today, 1 - n)
    return None


def midnight(day: date, zone: ZoneInfo) -> str:
    """The moment at which a day begins in the user's time zone, as a stamp."""
    return wire_datetime(datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC))
