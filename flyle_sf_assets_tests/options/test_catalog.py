"""S11: options follow Salesforce, and nothing that was once held disappears."""

from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from flyle_sf_assets.options.catalog import (
    OPTION_SCHEMA,
    catalog,
    described_options,
    followed_fields,
    met_values,
)

NOTHING = OPTION_SCHEMA.to_frame()
HELD_SCHEMA = {
    "field_key": pl.String,
    "value": pl.String,
    "label": pl.String,
    "position": pl.Int32,
    "active": pl.Boolean,
}


def held(*rows: tuple[str, str, str, int, bool]) -> pl.DataFrame:
    """Options as the store holds them."""
    return pl.DataFrame(rows, schema=HELD_SCHEMA, orient="row")


def shown(options: pl.DataFrame) -> list[tuple[str, str, int, bool]]:
    """What people see, after a look at the column types."""
    assert options.schema == OPTION_SCHEMA
    return options.select("value", "label", "position", "active").rows()


def test_described_options_come_in_the_orgs_order_with_inactive_ones(select_field: Any) -> None:
    """Inactive values stay on records, so they are options too."""
    phase = select_field("phase", options=[("b", "ビー", True), ("a", "エー", False)])
    assert shown(described_options([phase])) == [("b", "ビー", 0, True), ("a", "エー", 1, False)]


def test_only_select_fields_that_can_be_read_have_options(select_field: Any) -> None:
    """A picklist taken as text has labels but no options; a hidden field tells nothing."""
    fields = [
        select_field("words", "text", [("a", "A", True)]),
        select_field("hidden", options=[("a", "A", True)], readable=False),
        select_field("tags", "multi_select", [("a", "A", True)]),
    ]
    assert [field.key for field in followed_fields(fields)] == ["tags"]
    assert described_options(fields)["field_key"].to_list() == ["tags"]


def test_an_option_without_a_label_is_labelled_by_its_value(select_field: Any) -> None:
    """Never an empty line in a drop-down; nor a value twice, nor an empty one."""
    phase = select_field("phase", options=[("a", "", True), ("", "empty", True), ("a", "a", False)])
    assert shown(described_options([phase])) == [("a", "a", 0, True)]


def test_a_value_listed_twice_is_one_option_with_all_its_labels(select_field: Any) -> None:
    """State codes are unique within a country only; the catalog's key is (field, value)."""
    options = [("13", "東京都", False), ("CA", "California", True), ("13", "河北省", True)]
    state = select_field("state", options=[*options, ("13", "東京都", False)])
    assert shown(described_options([state])) == [
        ("13", "東京都 / 河北省", 0, True),
        ("CA", "California", 1, True),
    ]


def test_values_met_outside_the_list_become_inactive_options(select_field: Any) -> None:
    """Unrestricted picklists, integrations and deleted options leave such values."""
    fields = [
        select_field("phase", options=[("a", "A", True)]),
        select_field("tags", "multi_select", [("x", "X", True), ("y", "Y", False)]),
    ]
    enriched = pl.DataFrame(
        {
            "PHASE": ["a", "zeta", None, "beta\x00", "", "zeta"],
            "TAGS": ["x;new", ";", None, "old;;y", "new", ""],
        }
    )
    met = met_values(enriched, fields)
    assert met.schema == OPTION_SCHEMA
    assert met.select("field_key", "value", "label", "position", "active", "described").rows() == [
        ("phase", "beta", "beta", 1, False, False),
        ("phase", "zeta", "zeta", 2, False, False),
        ("tags", "new", "new", 2, False, False),
        ("tags", "old", "old", 3, False, False),
    ]


def test_a_list_without_any_option_still_meets_values(select_field: Any) -> None:
    """The list was emptied, the records were not."""
    met = met_values(pl.DataFrame({"PHASE": ["a", None]}), [select_field("phase")])
    assert shown(met) == [("a", "a", 0, False)]


def test_a_new_label_and_a_new_order_are_taken(select_field: Any) -> None:
    """Labels follow."""
    phase = select_field("phase", options=[("b", "新", True), ("a", "A", True)])
    before = held(("phase", "a", "A", 0, True), ("phase", "b", "旧", 1, True))
    assert shown(catalog(described_options([phase]), NOTHING, before)) == [
        ("b", "新", 0, True),
        ("a", "A", 1, True),
    ]


def test_an_option_that_is_gone_stays_inactive_with_its_label(select_field: Any) -> None:
    """Gone in Salesforce, never deleted in Flyle; records may even still hold the value."""
    phase = select_field("phase", options=[("a", "A", True)])
    before = held(("phase", "gone", "去った", 0, True), ("phase", "a", "A", 1, True))
    met = met_values(pl.DataFrame({"PHASE": ["gone", "zzz", "aaa"]}), [phase])
    assert shown(catalog(described_options([phase]), met, before)) == [
        ("a", "A", 0, True),
        ("gone", "去った", 1, False),
        ("aaa", "aaa", 2, False),
        ("zzz", "zzz", 3, False),
    ]


def test_an_option_that_comes_back_is_active_again(select_field: Any) -> None:
    """With the label that it has now."""
    phase = select_field("phase", options=[("a", "新しい", True)])
    before = held(("phase", "a", "古い", 3, False))
    assert shown(catalog(described_options([phase]), NOTHING, before)) == [("a", "新しい", 0, True)]


def test_options_of_a_field_that_cannot_be_read_stay_as_they_are(select_field: Any) -> None:
    """A failed read is not an empty read: hiding a field must not deactivate its options."""
    hidden = select_field("hidden", readable=False)
    other = select_field("phase", options=[("a", "A", True)])
    before = held(("hidden", "x", "X", 0, True), ("hidden", "y", "Y", 1, False))
    options = catalog(
        described_options([hidden, other]),
        NOTHING,
        before,
        followed=[field.key for field in followed_fields([hidden, other])],
    )
    assert shown(options.filter(pl.col("field_key") == "hidden")) == [
        ("x", "X", 0, True),
        ("y", "Y", 1, False),
    ]


def test_a_list_that_was_emptied_deactivates_its_options(select_field: Any) -> None:
    """The field was read, and it has no options now."""
    phase = select_field("phase")
    before = held(("phase", "x", "X", 0, True))
    options = catalog(described_options([phase]), NOTHING, before, followed=["phase"])
    assert shown(options) == [("x", "X", 0, False)]


def test_nothing_anywhere_is_an_empty_catalog() -> None:
    """A tenant without select fields."""
    assert shown(catalog(NOTHING, NOTHING, held())) == []


VALUES = st.lists(st.sampled_from("abcdefg"), unique=True)


@given(first=VALUES, then=st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=5))
@settings(max_examples=50, deadline=None)
def test_whatever_happens_nothing_disappears_and_positions_stay_a_count(
    select_field: Any, first: list[str], then: list[tuple[list[str], list[str]]]
) -> None:
    """Lists are edited and records hold anything, refresh after refresh."""
    options = held(*[("phase", value, value, i, True) for i, value in enumerate(first)])
    seen = set(first)
    for listed, on_records in then:
        phase = select_field("phase", options=[(value, value, True) for value in listed])
        met = met_values(pl.DataFrame({"PHASE": on_records}, schema={"PHASE": pl.String}), [phase])
        options = catalog(described_options([phase]), met, options, followed=["phase"])
        seen |= {*listed, *on_records}
        assert set(options["value"].to_list()) == seen
        assert options["position"].to_list() == list(range(len(seen)))
        assert options["value"].to_list()[: len(listed)] == listed
        assert options.filter("active")["value"].to_list() == listed
