"""Dates and datetimes in conditions: literals that move with the day, and exact moments."""

from datetime import date, datetime, timedelta

import pytest

from flyle_sf_assets_tests.conformance import asking
from flyle_sf_assets_tests.conformance.cast import CLOSE_DAYS, Cast


def closing(first: date, last: date, today: date) -> set[str]:
    """The opportunities that close between two days, both included."""
    days = {short: today + timedelta(days=n) for short, n in CLOSE_DAYS.items()}
    return {short for short, day in days.items() if first <= day <= last}


@pytest.mark.parametrize(
    ("literal", "found"),
    [
        ("= YESTERDAY", {"yesterday"}),
        ("= TODAY", {"today"}),
        ("= TOMORROW", {"tomorrow"}),
        ("< TODAY", {"old", "recent", "yesterday"}),
        ("> TODAY", {"tomorrow", "later"}),
        (">= TODAY", {"today", "tomorrow", "later"}),
        ("!= TODAY", {"old", "recent", "yesterday", "tomorrow", "later"}),
        ("= NEXT_N_DAYS:40", {"tomorrow", "later"}),
        ("= NEXT_N_DAYS:39", {"tomorrow"}),
        (">= LAST_N_DAYS:365", {"recent", "yesterday", "today", "tomorrow", "later"}),
        ("< LAST_N_DAYS:365", {"old"}),
        ("= N_DAYS_AGO:20", {"recent"}),
    ],
)
def test_day_literals_follow_the_users_day(cast: Cast, literal: str, found: set[str]) -> None:
    """Day literals are ranges around the connected user's today; ``=`` within, ``<`` before.

    Page: SOQL and SOSL Reference, "Date Formats and Date Literals in WHERE"
    """
    assert cast.opportunities_where(f"CloseDate {literal}") == found


def test_last_n_days_includes_today(cast: Cast) -> None:
    """``= LAST_N_DAYS:n`` begins n days before today and goes on through today.

    Page: SOQL and SOSL Reference, "Date Formats and Date Literals in WHERE"
    Unverified: that today itself is in the range; pages of several releases differ in wording.
    """
    assert cast.opportunities_where("CloseDate = LAST_N_DAYS:20") == {
        "recent",
        "yesterday",
        "today",
    }


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_month_literals_are_calendar_months(cast: Cast, step: int) -> None:
    """LAST_MONTH, THIS_MONTH and NEXT_MONTH are whole calendar months.

    Page: SOQL and SOSL Reference, "Date Formats and Date Literals in WHERE"
    """
    literal = {-1: "LAST_MONTH", 0: "THIS_MONTH", 1: "NEXT_MONTH"}[step]
    first = month_start(cast.today, step)
    last = month_start(cast.today, step + 1) - timedelta(days=1)
    assert cast.opportunities_where(f"CloseDate = {literal}") == closing(first, last, cast.today)


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_year_literals_are_calendar_years(cast: Cast, step: int) -> None:
    """LAST_YEAR, THIS_YEAR and NEXT_YEAR are whole calendar years.

    Page: SOQL and SOSL Reference, "Date Formats and Date Literals in WHERE"
    """
    literal = {-1: "LAST_YEAR", 0: "THIS_YEAR", 1: "NEXT_YEAR"}[step]
    year = cast.today.year + step
    expected = closing(date(year, 1, 1), date(year, 12, 31), cast.today)
    assert cast.opportunities_where(f"CloseDate = {literal}") == expected


def month_start(day: date, step: int) -> date:
    """The first day of the month that lies ``step`` months from the day's own."""
    months = day.year * 12 + day.month - 1 + step
    return date(months // 12, months % 12 + 1, 1)


UNITS = ("WEEK", "MONTH", "QUARTER", "YEAR", "FISCAL_QUARTER", "FISCAL_YEAR")
LITERALS = (
    *("YESTERDAY", "TODAY", "TOMORROW", "LAST_90_DAYS", "NEXT_90_DAYS"),
    *(f"{when}_{unit}" for unit in UNITS for when in ("LAST", "THIS", "NEXT")),
    *(f"{when}_N_{unit}S:2" for unit in ("DAY", *UNITS) for when in ("LAST", "NEXT")),
    *(f"N_{unit}S_AGO:2" for unit in ("DAY", *UNITS)),
)


@pytest.mark.parametrize("literal", LITERALS)
def test_all_date_literals_are_understood(org: asking.Org, literal: str) -> None:
    """Days, weeks, months, quarters, years and fiscal ones have literals, for both types.

    Page: SOQL and SOSL Reference, "Date Formats and Date Literals in WHERE"
    Unverified: the rows after the months were beyond what we could read of the page.
    """
    where = f"LastModifiedDate = {literal} AND CreatedDate <= {literal}"
    assert org.ask(f"SELECT COUNT() FROM User WHERE {where}").status_code == 200
    where = f"CloseDate != {literal} OR CloseDate >= {literal}"
    assert org.ask(f"SELECT COUNT() FROM Opportunity WHERE {where}").status_code == 200


def test_longer_ranges_hold_the_shorter_ones(org: asking.Org) -> None:
    """Whatever closes this month closes this quarter, and this year.

    Page: SOQL and SOSL Reference, "Date Formats and Date Literals in WHERE"
    """
    units = ("MONTH", "QUARTER", "YEAR")
    counts = [org.count("Opportunity", f"CloseDate = THIS_{unit}") for unit in units]
    assert counts == sorted(counts)


def test_an_unknown_literal_is_refused(org: asking.Org) -> None:
    """A word that is no literal is an error, not an empty answer.

    Page: SOQL and SOSL Reference, "Date Formats and Date Literals in WHERE"
    """
    assert org.refused("SELECT Id FROM Opportunity WHERE CloseDate = SOMEDAY").status == 400


def test_plain_dates_compare_as_days(cast: Cast) -> None:
    """A date is written ``YYYY-MM-DD`` without quotes.

    Page: SOQL and SOSL Reference, "Date Formats and Date Literals in WHERE"
    """
    today = cast.today.isoformat()
    assert cast.opportunities_where(f"CloseDate = {today}") == {"today"}
    assert cast.opportunities_where(f"CloseDate > {today}") == {"tomorrow", "later"}
    assert cast.opportunities_where("CloseDate < 1969-12-31") == set()


def test_datetime_windows_are_exact_to_the_second(cast: Cast) -> None:
    """``>=`` and ``<`` on SystemModstamp bound a window: its start is in, its end is not.

    Page: SOQL and SOSL Reference, "Date Formats and Date Literals in WHERE"
    """
    record = cast.org.records(
        f"SELECT SystemModstamp FROM Account WHERE Id = '{cast.accounts['apple']}'"
    )[0]
    stamp = datetime.strptime(record["SystemModstamp"], "%Y-%m-%dT%H:%M:%S.%f%z")
    at, after = (f"{t:%Y-%m-%dT%H:%M:%SZ}" for t in (stamp, stamp + timedelta(seconds=1)))
    assert "apple" in cast.accounts_where(f"SystemModstamp >= {at} AND SystemModstamp < {after}")
    assert "apple" not in cast.accounts_where(f"SystemModstamp >= {after}")
    assert "apple" not in cast.accounts_where(f"SystemModstamp < {at}")


def test_datetimes_with_an_offset_are_the_same_moment(cast: Cast) -> None:
    """A datetime may carry an offset from UTC instead of Z (a plus sign encoded in the URL).

    Page: SOQL and SOSL Reference, "Date Formats and Date Literals in WHERE"
    """
    record = cast.org.records(
        f"SELECT CreatedDate FROM Account WHERE Id = '{cast.accounts['apple']}'"
    )[0]
    stamp = datetime.strptime(record["CreatedDate"], "%Y-%m-%dT%H:%M:%S.%f%z")
    tokyo = f"{stamp + timedelta(hours=9):%Y-%m-%dT%H:%M:%S}+09:00"
    assert "apple" in cast.accounts_where(f"CreatedDate = {tokyo}")


def test_day_literals_apply_to_datetimes_too(cast: Cast) -> None:
    """On a datetime field a day literal is the 24 hours of the user's day.

    Page: SOQL and SOSL Reference, "Date Formats and Date Literals in WHERE"
    """
    assert "apple" in cast.accounts_where("CreatedDate >= YESTERDAY")
    assert "apple" in cast.accounts_where("CreatedDate = LAST_N_DAYS:2")
    assert "apple" not in cast.accounts_where("CreatedDate < YESTERDAY")


@pytest.mark.parametrize(
    ("soql", "why"),
    [
        ("SELECT Id FROM Opportunity WHERE CloseDate > 2024-01-01T00:00:00Z", "a datetime"),
        ("SELECT Id FROM Account WHERE CreatedDate > 2024-01-01", "a date"),
        ("SELECT Id FROM Opportunity WHERE CloseDate = '2024-01-01'", "a text"),
        ("SELECT Id FROM Account WHERE NumberOfEmployees = '5'", "a text"),
        ("SELECT Id FROM Account WHERE Name = 5", "a number"),
    ],
)
def test_a_value_must_have_the_fields_type(org: asking.Org, soql: str, why: str) -> None:
    """Dates filter date fields only, datetimes datetime fields only, texts text fields only.

    Page: SOQL and SOSL Reference, "Date Formats and Date Literals in WHERE"
    Page: SOQL and SOSL Reference, "fieldExpression Syntax"
    Unverified: the code (INVALID_FIELD).
    """
    error = org.refused(soql)
    assert (error.status, error.code) == (400, "INVALID_FIELD"), why
