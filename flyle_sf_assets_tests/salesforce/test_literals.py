"""Values in SOQL: none can leave its quotes, none changes on the way."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simple_salesforce.format import format_soql

from flyle_sf_assets.salesforce import literals
from flyle_sf_assets_tests.salesforce.soql_reading import ANY, read_pattern, read_string

HOSTILE = ["'", "\\", "\\'", "' OR Name != '", "\\' OR 1=1 --", "\n", '"', "%_%", "\\%", "🏢", ""]
_TEXTS = st.text() | st.sampled_from(HOSTILE) | st.text("'\\%_\"\n ")


@given(_TEXTS)
def test_no_text_can_leave_its_quotes(text: str) -> None:
    """A condition's value comes from a form: it must never become SOQL."""
    literal = literals.quoted(text)
    assert read_string(literal) == (text, len(literal))
    assert literal == format_soql("{}", text)


@given(_TEXTS)
def test_no_pattern_can_leave_its_quotes_or_widen_itself(text: str) -> None:
    """To look for 100% must not find everything that starts with 100."""
    contains, starts = literals.like_contains(text), literals.like_starts_with(text)
    assert read_pattern(contains) == ([ANY, *text, ANY], len(contains))
    assert read_pattern(starts) == ([*text, ANY], len(starts))


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**18), max_value=10**18))
def test_numbers_keep_their_digits(number: Decimal) -> None:
    """A float on the way would round 18 digits; an exponent is no number in SOQL everywhere."""
    if abs(number.adjusted()) > literals.DIGITS_MAX:
        return
    text = literals.number(str(number))
    assert Decimal(text) == number
    assert set(text) <= set("-.0123456789")


@pytest.mark.parametrize(
    "text", ["", "1; DROP", "NaN", "Infinity", "1e999999999", "0x10", "1 OR 1=1"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    """Numbers stand without quotes: anything else there would be SOQL."""
    with pytest.raises(ValueError, match="number"):
        literals.number(text)


@pytest.mark.parametrize(
    "text", ["LAST_N_DAYS:365", "TODAY", "this_fiscal_quarter", "N_MONTHS_AGO:2", " NEXT_WEEK "]
)
def test_documented_moving_dates_are_written(text: str) -> None:
    """The words of the SOQL reference, with or without a number."""
    assert literals.moving_date(text) == text.strip().upper()


@pytest.mark.parametrize(
    "text", ["", "SOON", "LAST_N_DAYS", "LAST_N_DAYS:", "LAST_N_DAYS:-1", "TODAY OR Id != null",
             "LAST_N_DAYS:1 OR Id != null", "LAST_N_DAYS:1\n", "TODAY:1"],
)  # fmt: skip
def test_other_words_are_refused(text: str) -> None:
    """Date literals stand without quotes: only the known words may."""
    if text == "LAST_N_DAYS:1\n":
        assert literals.moving_date(text) == "LAST_N_DAYS:1"
        return
    with pytest.raises(ValueError, match="date literal"):
        literals.moving_date(text)


@given(
    st.datetimes(
        min_value=datetime(1700, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
        timezones=st.sampled_from([UTC, ZoneInfo("Asia/Tokyo"), timezone(timedelta(hours=-11))]),
    )
)
def test_moments_are_written_in_utc_to_the_second(moment: datetime) -> None:
    """Salesforce keeps seconds: fractions are cut, never rounded up."""
    text = literals.moment(moment)
    assert datetime.fromisoformat(text) == moment.astimezone(UTC).replace(microsecond=0)
    assert text.endswith("Z")
    assert len(text) == len("2024-01-01T00:00:00Z")


def test_a_moment_without_zone_is_refused() -> None:
    """The machine's own zone must never decide."""
    with pytest.raises(ValueError, match="zone"):
        literals.moment(datetime(2024, 1, 1))  # noqa: DTZ001 - that is the point


def test_days_before_1000_keep_four_digits() -> None:
    """strftime writes the year 987 with three digits."""
    assert literals.day(date(987, 6, 5)) == "0987-06-05"


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("09:30", "09:30:00.000Z"),
        ("23:59:59.5", "23:59:59.500Z"),
        ("07:00:00Z", "07:00:00.000Z"),
    ],
)
def test_times_of_day_carry_milliseconds_and_z(text: str, literal: str) -> None:
    """The form that SOQL wants for time fields."""
    assert literals.time_of_day(text) == literal


def test_booleans_are_two_words() -> None:
    """YAML's true, the text "true", and nothing else."""
    assert literals.boolean(value=True) == literals.boolean("True") == "TRUE"
    assert literals.boolean("false") == "FALSE"
    with pytest.raises(ValueError, match="neither"):
        literals.boolean("yes")
