"""Values that describe lists several times, each valid for other controlling values."""

from base64 import b64decode
from dataclasses import replace

import pytest

from flyle_sf_assets.salesforce.schema.objects import FieldSchema, PicklistValue
from flyle_sf_assets.salesforce.schema.picklists import (
    labels_under,
    needs_controller,
    options_of,
)

COUNTRIES = FieldSchema(
    "BillingCountryCode",
    "国",
    "picklist",
    picklist_values=tuple(PicklistValue(c, c, active=True) for c in ("CN", "JP", "US")),
)
# validFor as bits: 100 is CN, 010 is JP, 011 is JP and US.
CN, JP, JP_US = "gAAA", "QAAA", "YAAA"


def states(
    *options: tuple[str, str, str | None], controller: str | None = "BillingCountryCode"
) -> FieldSchema:
    values = tuple(
        PicklistValue(value, label, active=True, valid_for=b64decode(bits) if bits else None)
        for value, label, bits in options
    )
    return FieldSchema(
        "BillingStateCode", "州", "picklist", controller_name=controller, picklist_values=values
    )


def test_a_label_follows_the_controlling_value() -> None:
    """13 is 東京都 in Japan and 河北省 in China: the last of describe's list was taken for both."""
    field = states(("13", "東京都", JP), ("CA", "California", JP_US), ("13", "河北省", CN))
    assert needs_controller(field)
    assert labels_under(field, COUNTRIES) == {"JP": {"13": "東京都"}, "CN": {"13": "河北省"}}


@pytest.mark.parametrize(
    ("bits", "place"),
    [("gAAA", 0), ("QAAA", 1), ("AQAA", 7), ("AIAA", 8), ("AAAI", 20), ("AAAB", 23)],
)
def test_the_highest_bit_is_the_first_option(bits: str, place: int) -> None:
    """AAAI is the 21st option (Salesforce Stack Exchange 201775, after the SOAP guide's code)."""
    names = [f"c{n}" for n in range(24)]
    controller = replace(
        COUNTRIES, picklist_values=tuple(PicklistValue(n, n, active=True) for n in names)
    )
    field = states(("1", "here", bits), ("1", "nowhere", None))
    assert labels_under(field, controller) == {f"c{place}": {"1": "here"}}


def test_a_checkbox_controls_by_false_and_true() -> None:
    """UI API, "Picklist Values": false is index 0, true is index 1."""
    field = states(("1", "no", "gAAA"), ("1", "yes", "QAAA"))
    controller = FieldSchema("Is_Abroad__c", "", "boolean")
    assert labels_under(field, controller) == {"false": {"1": "no"}, "true": {"1": "yes"}}


def test_of_two_labels_for_one_controlling_value_the_first_counts() -> None:
    field = states(("1", "first", JP), ("1", "second", JP_US))
    assert labels_under(field, COUNTRIES) == {"JP": {"1": "first"}, "US": {"1": "second"}}


def test_bits_beyond_the_controlling_list_are_of_no_option() -> None:
    """The bitset is filled up to whole bytes, and inactive options may be absent."""
    field = states(("1", "a", "//8="), ("1", "b", None))
    assert set(labels_under(field, COUNTRIES)) == {"CN", "JP", "US"}


@pytest.mark.parametrize(
    "field",
    [
        states(("1", "a", JP), ("2", "b", CN)),
        states(("1", "same", JP), ("1", "same", CN)),
        states(("1", "a", None), ("1", "b", None), controller=None),
    ],
)
def test_nothing_else_is_asked_of_the_controlling_field(field: FieldSchema) -> None:
    """A dependent picklist of plain values costs no column more."""
    assert not needs_controller(field)


def test_one_option_stands_for_each_value() -> None:
    """NUL characters do not reach PostgreSQL; an option without a label is its own."""
    field = states(("1", "a", JP), ("2\x00", "", None), ("1", "b\x00", CN))
    assert [(one.value, one.label) for one in options_of(field)] == [("1", "a / b"), ("2", "2")]
