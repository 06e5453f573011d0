"""Operators and values as they are entered: every choice offered is one that settings accept."""

import re

import pytest

from flyle_sf_assets.check.conditions import PlacedCondition, condition_problems
from flyle_sf_assets.choosing.widgets import (
    date_literal_choices,
    operator_choices,
    value_widget,
)
from flyle_sf_assets.raw.plan import Leaf, Node
from flyle_sf_assets.salesforce.schema.objects import FieldSchema
from flyle_sf_assets.settings.date_literals import DATE_LITERAL_PATTERN
from flyle_sf_assets.settings.models import Condition, DateLiteral, Operator
from flyle_sf_assets_tests.check.small_org import ACCOUNT

FIELDS = {field.name: field for field in ACCOUNT.fields}
LISTS = {Operator.IN, Operator.NOT_IN, Operator.INCLUDES, Operator.EXCLUDES}
WITHOUT_VALUE = {Operator.IS_NULL, Operator.NOT_NULL}

NODE = Node((), "Account", "accounts", "accounts")


def problems(field: FieldSchema, op: Operator, value: object) -> list[str]:
    condition = Condition.model_validate({"field": field.name, "op": op, "value": value})
    placed = PlacedCondition("x", condition, in_any=False)
    return [p.code for p in condition_problems(placed, Leaf(field.name, NODE, field))]


@pytest.mark.parametrize("name", FIELDS)
def test_what_a_widget_yields_is_a_sound_condition(name: str) -> None:
    """An offered operator that the next page refuses is worse than none."""
    field = FIELDS[name]
    for choice in operator_choices(field):
        widget = value_widget(field, choice.op)
        assert widget.is_many == (choice.op in LISTS)
        assert (widget.kind == "none") == (choice.op in WITHOUT_VALUE)
        value: object = widget.options[0].value if widget.options else widget.example
        if choice.op in WITHOUT_VALUE:
            value = None
        elif widget.is_many:
            value = (value,)
        assert problems(field, choice.op, value) == []
        if widget.takes_date_literals and not widget.is_many:
            assert problems(field, choice.op, DateLiteral(date="LAST_N_DAYS:365")) == []


def test_a_field_that_cannot_be_filtered_has_no_operators() -> None:
    assert operator_choices(FIELDS["Description"]) == ()


def test_operators_are_named_for_days_as_people_say_it() -> None:
    words = {choice.op: choice.label.ja for choice in operator_choices(FIELDS["Founded__c"])}
    assert words[Operator.GE] == "以降"
    numbers = {c.op: c.label.ja for c in operator_choices(FIELDS["NumberOfEmployees"])}
    assert numbers[Operator.GE] == "以上"


def test_picklists_offer_inactive_values_too_and_text_search_types_them() -> None:
    """Records still hold values that nobody can choose any more."""
    industry = FIELDS["Industry"]
    assert [o.value for o in value_widget(industry, Operator.IN).options if not o.active] == ["Old"]
    assert value_widget(industry, Operator.CONTAINS).kind == "text"


def test_every_date_literal_has_words_of_its_own() -> None:
    choices = date_literal_choices()
    for choice in choices:
        written = f"{choice.literal}:7" if choice.is_counted else choice.literal
        assert re.fullmatch(DATE_LITERAL_PATTERN, written)
    assert len({choice.label.ja for choice in choices}) == len(choices)
    assert len({choice.label.en for choice in choices}) == len(choices)
    by_name = {choice.literal: choice.label for choice in choices}
    assert by_name["LAST_N_DAYS"].ja == "過去 n 日"
    assert by_name["N_FISCAL_YEARS_AGO"].en == "n fiscal years ago"
    assert by_name["THIS_QUARTER"].en == "This quarter"
