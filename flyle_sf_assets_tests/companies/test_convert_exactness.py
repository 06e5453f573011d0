"""Numbers, dates, texts and selections against oracles of Python's own, on generated values."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

FEW = settings(max_examples=30, deadline=None)

ZONES = [
    "Asia/Tokyo",
    "UTC",
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
]


def plain_decimals(whole_digits: int, fraction_digits: int) -> st.SearchStrategy[str]:
    """Decimal text without exponent, as record files hold it."""
    whole = st.integers(0, 10**whole_digits - 1).map(str)
    digits = st.text("0123456789", min_size=1, max_size=fraction_digits)
    fraction = st.one_of(st.just(""), digits.map(lambda text: f".{text}"))
    return st.builds(
        lambda sign, a, b: f"{sign}{a}{b}", st.sampled_from(["", "-"]), whole, fraction
    )


@given(texts=st.lists(plain_decimals(18, 20), min_size=1, max_size=30))
@FEW
def test_a_decimal_of_up_to_38_digits_arrives_exactly(
    run: Any, company_field: Any, texts: list[str]
) -> None:
    """18 digits before the point and 20 behind it, whatever scale describe tells."""
    for source, scale in (("currency", 2), ("double", 0), ("percent", 18)):
        field = company_field(source, "number", precision=18, scale=scale)
        outcome = run([{"Field__c": text} for text in texts], [field])
        assert outcome.rejected == []
        assert [row["field"] for row in outcome.custom_fields] == [Decimal(text) for text in texts]


@given(number=st.integers(-(10**38) + 1, 10**38 - 1))
@FEW
def test_a_whole_number_of_38_digits_arrives_exactly(
    run: Any, company_field: Any, number: int
) -> None:
    """No float on the way: 2**53 + 1 and beyond."""
    outcome = run([{"Field__c": str(number)}], [company_field("long", "number")])
    assert outcome.custom_fields == [{"field": Decimal(number)}]


@given(text=plain_decimals(40, 40))
@FEW
def test_a_number_arrives_exactly_or_is_rejected_never_rounded(
    run: Any, company_field: Any, text: str
) -> None:
    """A currency of 1.005 with scale 2 once became 1.00 without a word."""
    outcome = run(
        [{"Field__c": text}], [company_field("currency", "number", precision=18, scale=2)]
    )
    if outcome.rejected:
        assert outcome.custom_fields == [{}]
        assert outcome.rejected[0][3] == "too_many_digits"
    else:
        assert outcome.custom_fields == [{"field": Decimal(text)}]


def test_whether_a_number_fits_does_not_depend_on_the_rows_beside_it(
    run: Any, company_field: Any
) -> None:
    """A scale taken from the data would reject a value in one batch and take it in the next."""
    field = company_field("double", "number")
    wide, deep = "9" * 18, "0." + "9" * 20
    together = run([{"Field__c": wide}, {"Field__c": deep}], [field])
    alone = [run([{"Field__c": text}], [field]).custom_fields[0] for text in (wide, deep)]
    assert together.custom_fields == alone == [{"field": Decimal(wide)}, {"field": Decimal(deep)}]


@pytest.mark.parametrize(
    ("text", "json_text"),
    [
        ("-0", "0"),
        ("-0.00", "0"),
        ("12.50", "12.5"),
        ("100", "100"),
        ("100.00", "100"),
        ("007", "7"),
        ("0.00000000000000000001", "0.00000000000000000001"),
        ("1.50000000000000000000000000", "1.5"),
    ],
)
def test_equal_numbers_have_one_text(
    run: Any, company_field: Any, text: str, json_text: str
) -> None:
    """Else the content hash of an unchanged row would move with the way a number is written."""
    outcome = run([{"Field__c": text}], [company_field("double", "number")])
    assert outcome.documents["custom_fields"].to_list() == [f'{{"field":{json_text}}}']


@given(day=st.dates())
@FEW
def test_every_day_of_the_calendar_arrives(run: Any, company_field: Any, day: date) -> None:
    """Years 1 to 9999, leap days, before 1970."""
    outcome = run([{"Field__c": day.isoformat()}], [company_field("date", "date")])
    assert outcome.custom_fields == [{"field": day.isoformat()}]


@pytest.mark.parametrize(
    "day", ["0001-01-01", "0004-02-29", "1582-10-10", "1969-12-31", "2000-02-29", "9999-12-31"]
)
def test_hostile_days_arrive(run: Any, company_field: Any, day: str) -> None:
    """The ends of the calendar, leap days, the Gregorian gap."""
    outcome = run([{"Field__c": day}], [company_field("date", "date")])
    assert outcome.custom_fields == [{"field": day}]


@given(
    instants=st.lists(
        st.datetimes(max_value=datetime(9999, 12, 31, 23, 59, 59)),  # noqa: DTZ001 - wants naive
        min_size=1,
        max_size=20,
    )
)
@FEW
def test_an_instant_arrives_to_the_millisecond(
    run: Any, company_field: Any, instants: list[datetime]
) -> None:
    """Salesforce sends milliseconds; the text stays RFC 3339 in UTC and of one length."""
    texts = [instant.isoformat(timespec="milliseconds") + "Z" for instant in instants]
    fields = [
        company_field("datetime", "datetime", key="at", path="At__c"),
        company_field("datetime", "text", key="words", path="At__c"),
    ]
    outcome = run([{"At__c": text} for text in texts], fields)
    assert outcome.custom_fields == [{"at": text, "words": text} for text in texts]


@given(
    instants=st.lists(
        st.datetimes(datetime(1900, 1, 1), datetime(2037, 12, 31)),  # noqa: DTZ001 - wants naive
        min_size=1,
        max_size=20,
    ),
    zone=st.sampled_from(ZONES),
)
@settings(max_examples=50, deadline=None)
def test_an_instant_becomes_the_day_that_the_tenant_lives(
    run: Any, company_field: Any, instants: list[datetime], zone: str
) -> None:
    """Against zoneinfo, in zones with half hours, DST and a day that never was (Apia)."""
    texts = [instant.isoformat(timespec="milliseconds") + "Z" for instant in instants]
    outcome = run(
        [{"Field__c": text} for text in texts],
        [company_field("datetime", "date")],
        time_zone=zone,
    )
    days = [
        instant.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date().isoformat()
        for instant in instants
    ]
    assert outcome.custom_fields == [{"field": day} for day in days]


@pytest.mark.parametrize(
    ("text", "zone", "day"),
    [
        ("2024-03-10T06:59:59.999Z", "America/New_York", "2024-03-10"),
        ("2024-03-10T04:59:59.999Z", "America/New_York", "2024-03-09"),
        ("2024-03-11T03:59:59.999Z", "America/New_York", "2024-03-10"),
        ("2024-03-11T04:00:00.000Z", "America/New_York", "2024-03-11"),
        ("2024-11-04T04:59:59.000Z", "America/New_York", "2024-11-03"),
        ("2018-11-04T02:59:59.000Z", "America/Sao_Paulo", "2018-11-03"),
        ("2018-11-04T03:00:00.000Z", "America/Sao_Paulo", "2018-11-04"),
        ("2011-12-30T09:59:59.000Z", "Pacific/Apia", "2011-12-29"),
        ("2011-12-30T10:00:00.000Z", "Pacific/Apia", "2011-12-31"),
        ("1969-12-31T15:00:00.000Z", "Asia/Tokyo", "1970-01-01"),
        ("2024-12-31T14:59:59.999Z", "Asia/Tokyo", "2024-12-31"),
    ],
)
def test_the_day_is_right_around_dst_gaps_and_midnight(
    run: Any, company_field: Any, text: str, zone: str, day: str
) -> None:
    """São Paulo has no midnight on that day, Apia no 30 December 2011."""
    outcome = run([{"Field__c": text}], [company_field("datetime", "date")], time_zone=zone)
    assert outcome.custom_fields == [{"field": day}]


def test_the_first_instant_has_no_day_west_of_greenwich(run: Any, company_field: Any) -> None:
    """It would be in the year 0, which neither Flyle nor PostgreSQL's ISO date has."""
    outcome = run(
        [{"Field__c": "0001-01-01T00:00:00.000Z"}],
        [company_field("datetime", "date")],
        time_zone="America/New_York",
    )
    assert outcome.custom_fields == [{}]
    assert [row[3] for row in outcome.rejected] == ["date_out_of_range"]


@given(moment=st.times(), precision=st.sampled_from(["milliseconds", "seconds"]))
@FEW
def test_a_time_of_day_loses_only_its_milliseconds(
    run: Any, company_field: Any, moment: Any, precision: str
) -> None:
    """HH:MM:SS, nothing rounded up to the next second."""
    text = moment.isoformat(timespec=precision) + "Z"
    outcome = run([{"Field__c": text}], [company_field("time", "text")])
    assert outcome.custom_fields == [{"field": moment.strftime("%H:%M:%S")}]


ANY_TEXT = st.text(st.characters(codec="utf-8"))


@given(texts=st.lists(ANY_TEXT, min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_any_text_arrives_as_it_is_but_for_nul(
    run: Any, company_field: Any, texts: list[str]
) -> None:
    """Quotes, backslashes, control characters, emoji: json.loads gives back the very text."""
    outcome = run([{"Field__c": text} for text in texts], [company_field("string", "text")])
    plain = [text.replace("\x00", "") for text in texts]
    assert outcome.custom_fields == [{"field": text or None} for text in plain]


VALUES = ["A", "B", "C d", "日本", 'q"q', "b\\s", "unlisted", "other😀"]
LISTED = [("日本", "にほん", True), ("B", "", True), ('q"q', "Q; Q", False), ("A", "A", True)]


@given(rows=st.lists(st.lists(st.sampled_from(["", *VALUES]), max_size=9), min_size=1, max_size=20))
@settings(max_examples=50, deadline=None)
def test_selections_arrive_once_each_in_the_orgs_order(
    run: Any, company_field: Any, rows: list[list[str]]
) -> None:
    """Listed values first in describe's order, unknown ones behind as they came, none empty."""
    order = ["日本", "B", 'q"q', "A"]
    expected = []
    for row in rows:
        once = [value for value in dict.fromkeys(row) if value]
        listed = sorted((v for v in once if v in order), key=order.index)
        expected.append(listed + [v for v in once if v not in order])
    labels = {"日本": "にほん", 'q"q': "Q; Q"}
    fields = [
        company_field("multipicklist", "multi_select", key="tags", path="T__c", picklist=LISTED),
        company_field("multipicklist", "text", key="words", path="T__c", picklist=LISTED),
    ]
    outcome = run([{"T__c": ";".join(row)} for row in rows], fields)
    assert outcome.rejected == []
    assert [row["tags"] for row in outcome.custom_fields] == [row or None for row in expected]
    assert [row["words"] for row in outcome.custom_fields] == [
        "; ".join(labels.get(value, value) for value in row) or None for row in expected
    ]


def test_python_text_with_a_lone_surrogate_cannot_reach_a_frame(enriched_frame: Any) -> None:
    """Frames are UTF-8: anyone who decodes Salesforce's answer meets it first, not this package."""
    with pytest.raises(UnicodeEncodeError):
        enriched_frame([{"Name": "\ud83d"}], [])


def test_far_future_summer_time_is_followed(run: Any, company_field: Any) -> None:
    """Renewal dates lie decades ahead; zone tables end in 2037 and are continued by rule."""
    instants = [datetime(2060, 7, 2, 3, 30, tzinfo=UTC), datetime(2060, 1, 2, 4, 30, tzinfo=UTC)]
    instants += [instant + timedelta(minutes=60) for instant in instants]
    texts = [f"{instant:%Y-%m-%dT%H:%M:%S}.000Z" for instant in instants]
    outcome = run(
        [{"Field__c": text} for text in texts],
        [company_field("datetime", "date")],
        time_zone="America/New_York",
    )
    days = [
        instant.astimezone(ZoneInfo("America/New_York")).date().isoformat() for instant in instants
    ]
    assert [row["field"] for row in outcome.custom_fields] == days
