"""Values as the org stores them: exact, in Salesforce's own texts."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest
from flyle_sf_assets.sandbox.metadata import Field
from flyle_sf_assets.sandbox.records.values import from_wire, to_wire
from flyle_sf_assets.sandbox.refusals import Refusal
from flyle_sf_assets.sandbox.standard import kinds as k
from hypothesis import given
from hypothesis import strategies as st

MOMENT = k.datetime_field("At__c", "at")
MONEY = k.currency("Exact__c", "exact", 18, 2)
PLANS = k.options("Free", "Paid", "Old", inactive=("Old",))
TOKYO = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1234567890123456.78", "1234567890123456.78"),
        (5, "5.0"),
        ("5.10", "5.1"),
        ("-0.001", "0.0"),
        ("0.005", "0.01"),
        (Decimal("9999999999999999.99"), "9999999999999999.99"),
    ],
)
def test_money_is_exact_and_rounded_half_up(value: object, text: str) -> None:
    """A float would make 1234567890123456.8 of the first one."""
    assert to_wire(MONEY, value) == text


@given(st.decimals(-(10**15), 10**15, places=2))
def test_every_amount_comes_back_as_it_went_in(amount: Decimal) -> None:
    """No amount of 17 digits may change on its way through the org."""
    assert from_wire(MONEY, to_wire(MONEY, amount)) == amount


def test_a_number_with_too_many_digits_is_refused() -> None:
    """precision and scale of describe hold for writes as well."""
    with pytest.raises(Refusal, match="NUMBER_OUTSIDE_VALID_RANGE"):
        to_wire(MONEY, "12345678901234567.00")


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        (k.integer("N", "n"), 500, "500"),
        (k.date_field("D", "d"), date(1700, 1, 1), "1700-01-01"),
        (MOMENT, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), "1969-12-31T23:59:59.000Z"),
        (MOMENT, datetime(2024, 1, 1, 9, tzinfo=TOKYO), "2024-01-01T00:00:00.000Z"),
        (k.time_field("T", "t"), time(10, 30), "10:30:00.000Z"),
        (k.boolean("B", "b"), None, "false"),
        (k.boolean("B", "b"), True, "true"),
        (k.text("S", "s"), "", None),
        (k.text("S", "s"), '😀\n"', '😀\n"'),
        (k.multipicklist("M", "m", PLANS, restricted=False), ["Paid", "Free"], "Free;Paid"),
        (k.multipicklist("M", "m", PLANS, restricted=False), [], None),
        (k.picklist("P", "p", PLANS), "elsewhere", "elsewhere"),
    ],
)  # fmt: skip
def test_wire_texts(field: Field, value: object, text: str | None) -> None:
    """The texts are those of the guides; blank text is null, as in every org."""
    assert to_wire(field, value) == text


@pytest.mark.parametrize("value", ["elsewhere", "Old"])
def test_a_restricted_picklist_takes_active_values_only(value: str) -> None:
    """Inactive values stay on records but cannot be given again."""
    with pytest.raises(Refusal, match="RESTRICTED_PICKLIST"):
        to_wire(k.picklist("P", "p", PLANS, restricted=True), value)
