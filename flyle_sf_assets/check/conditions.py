"""Conditions compared with the org: is the field filterable, by this operator and value?

The SOQL writer (``salesforce/conditions.py``) decides: what it would refuse is a problem here.
What does not belong here: what needs no org (``settings/condition_rules.py``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC

from flyle_sf_assets.check.names import named_field
from flyle_sf_assets.errors import Problem, Text, UsageError
from flyle_sf_assets.raw.plan import Leaf
from flyle_sf_assets.salesforce import literals
from flyle_sf_assets.salesforce.conditions import operators_of, predicate
from flyle_sf_assets.salesforce.schema.objects import FieldSchema
from flyle_sf_assets.salesforce.soql import FieldPath
from flyle_sf_assets.settings.condition_rules import LIST_OPERATORS
from flyle_sf_assets.settings.models import (
    AnyOf,
    Condition,
    DateLiteral,
    Operator,
    Scalar,
    Source,
)
from flyle_sf_assets.settings.wording import item_path, listed, nearest, quoted

_PICKLIST_OPERATORS = LIST_OPERATORS | {Operator.EQ, Operator.NE}


@dataclass(frozen=True, slots=True)
class PlacedCondition:
    """A condition and its path in the settings; ``in_any`` when it is one of alternatives."""

    place: str
    condition: Condition
    in_any: bool


def placed_conditions(source: Source) -> Iterator[PlacedCondition]:
    """Every condition in the order of the settings."""
    for index, item in enumerate(source.conditions):
        place = item_path("source.conditions", index)
        if isinstance(item, AnyOf):
            for number, alternative in enumerate(item.any):
                yield PlacedCondition(item_path(f"{place}.any", number), alternative, in_any=True)
        else:
            yield PlacedCondition(place, item, in_any=False)


def condition_problems(placed: PlacedCondition, leaf: Leaf) -> Iterator[Problem]:
    """Every problem of one condition whose field was found."""
    condition, field = placed.condition, leaf.field
    possible = operators_of(field)
    if not possible:
        yield _not_filterable(placed, field)
        return
    if condition.op not in possible:
        yield _operator_not_possible(placed, field, possible)
        return
    found = list(_value_problems(placed, field))
    yield from found
    if not any(problem.severity == "error" for problem in found):
        yield from _unwritable(placed, field)


def one_to_one_in_any(placed: PlacedCondition, names: frozenset[str]) -> Iterator[Problem]:
    """SOQL has no semi-join inside OR: alternatives cannot use a one-to-one object."""
    walked = {step.lower() for step in placed.condition.field.split(".")[:-1]}
    if placed.in_any and walked & names:
        yield Problem(
            "one_to_one_in_any",
            f"{placed.place}.field",
            Text(
                f"1:1オブジェクトの項目「{placed.condition.field}」は any の中では使えません。",
                f"{placed.condition.field} belongs to a one-to-one object and cannot stand in any.",
            ),
            Text(
                "any の外の条件にするか、Salesforceに数式項目を作成してください。",
                "Move it out of any, or make a formula field in Salesforce.",
            ),
        )


def _not_filterable(placed: PlacedCondition, field: FieldSchema) -> Problem:
    name = named_field(field)
    return Problem(
        "field_not_filterable",
        f"{placed.place}.field",
        Text(
            f"「{name.ja}」(型: {field.type})は条件に使えません。"
            "ロングテキストや暗号化された項目などは、Salesforceが絞り込みを許可していません。",
            f"{name.en}, of type {field.type}, cannot be used in a condition: Salesforce does not "
            "filter by it (long text, encrypted and compound fields are such).",
        ),
        Text(
            "絞り込みのできる項目を選ぶか、Salesforceにチェックボックスなどの項目を用意してください。",
            "Choose a field that can be filtered, or add one (a checkbox, say) in Salesforce.",
        ),
    )


def _operator_not_possible(
    placed: PlacedCondition, field: FieldSchema, possible: frozenset[Operator]
) -> Problem:
    name, operators = named_field(field), listed(o for o in Operator if o in possible)
    return Problem(
        "operator_not_possible",
        f"{placed.place}.op",
        Text(
            f"「{name.ja}」(型: {field.type})に op: {placed.condition.op} は使えません。",
            f"op: {placed.condition.op} cannot be asked of {name.en}, of type {field.type}.",
        ),
        Text(f"使える演算子: {operators}", f"Possible: {operators}."),
    )


def _value_problems(placed: PlacedCondition, field: FieldSchema) -> Iterator[Problem]:
    value = placed.condition.value
    if value is None:
        return
    is_list = isinstance(value, tuple)
    for index, scalar in enumerate(value if isinstance(value, tuple) else (value,)):
        place = f"{placed.place}.value"
        place = item_path(place, index) if is_list else place
        expected = _misfit(field, scalar)
        if expected is not None:
            yield _wrong_value(place, field, scalar, expected)
        elif field.picklist_values and placed.condition.op in _PICKLIST_OPERATORS:
            yield from _unknown_options(place, field, str(scalar))


def _misfit(field: FieldSchema, scalar: Scalar) -> Text | None:
    """The kind of value that the field needs, when this one is of another kind."""
    expected = _EXPECTED.get(field.type, _TEXT)
    if isinstance(scalar, DateLiteral):
        return None if field.type in ("date", "datetime") else expected
    if isinstance(scalar, bool):
        return None if field.type == "boolean" else expected
    try:
        _read(field.type, scalar)
    except ValueError:
        return expected
    return None


def _read(kind: str, scalar: str) -> None:
    """Parses the value as the SOQL writer will. ValueError when it cannot."""
    if kind == "boolean":
        literals.boolean(scalar)
    elif kind in literals.NUMBER_TYPES:
        literals.number(scalar)
    elif kind in literals.ID_TYPES:
        literals.record_id(scalar)
    elif kind == "date":
        literals.parsed_day(scalar)
    elif kind == "datetime":
        literals.parsed_moment(scalar, UTC)
    elif kind == "time":
        literals.time_of_day(scalar)


_TEXT = Text("文字列(true / false も引用符で囲みます)", "text (put true and false in quotes)")
_NUMBER = Text(
    "桁区切りや単位のない数値(例: 1000000)",
    "a number without separators or units, such as 1000000",
)
_ID = Text("15桁か18桁のSalesforce ID", "a Salesforce id of 15 or 18 characters")
_EXPECTED = {
    **dict.fromkeys(literals.NUMBER_TYPES, _NUMBER),
    **dict.fromkeys(literals.ID_TYPES, _ID),
    "boolean": Text("true か false", "true or false"),
    "date": Text(
        "日付(例: 2024-01-31、{date: LAST_N_DAYS:365})",
        "a date, such as 2024-01-31 or {date: LAST_N_DAYS:365}",
    ),
    "datetime": Text(
        "日時か日付(例: 2024-01-31T09:00:00+09:00、{date: TODAY})",
        "a date and time or a date, such as 2024-01-31T09:00:00+09:00 or {date: TODAY}",
    ),
    "time": Text("時刻(例: 09:30:00)", "a time of day, such as 09:30:00"),
}


def _wrong_value(place: str, field: FieldSchema, scalar: Scalar, expected: Text) -> Problem:
    name = named_field(field)
    if isinstance(scalar, DateLiteral):
        shown = quoted(f"{{date: {scalar.date}}}")
    elif isinstance(scalar, bool):
        shown = quoted("true" if scalar else "false")
    else:
        shown = quoted(scalar)
    return Problem(
        "condition_value_wrong_type",
        place,
        Text(
            f"{shown.ja}は「{name.ja}」(型: {field.type})の値として読めません。",
            f"{shown.en} is not a value for {name.en}, of type {field.type}.",
        ),
        Text(f"書ける値: {expected.ja}", f"Write {expected.en}."),
    )


def _unknown_options(place: str, field: FieldSchema, written: str) -> Iterator[Problem]:
    values = {option.value.casefold() for option in field.picklist_values}
    parts = written.split(";") if field.type == "multipicklist" else [written]
    for part in (part.strip() for part in parts):
        if part.casefold() in values:
            continue
        labels = {option.label: option.value for option in field.picklist_values}
        near = [labels[label] for label in nearest(part, labels)]
        near = list(
            dict.fromkeys((*near, *nearest(part, (o.value for o in field.picklist_values))))
        )
        name, shown = named_field(field), quoted(part)
        options = (
            listed(near)
            if near
            else listed(option.value for option in field.picklist_values if option.active)
        )
        yield Problem(
            "picklist_value_unknown",
            place,
            Text(
                f"{shown.ja}は「{name.ja}」の選択肢にありません。",
                f"{shown.en} is not an option of {name.en}.",
            ),
            Text(
                f"もしかして: {options}" if near else f"選択肢(API参照名): {quoted(options).ja}",
                f"Did you mean: {options}?"
                if near
                else f"Options (API names): {quoted(options).en}",
            ),
            severity="warning",
        )


def _unwritable(placed: PlacedCondition, field: FieldSchema) -> Iterator[Problem]:
    """What the SOQL writer refuses although no check above found a reason."""
    try:
        predicate(placed.condition, FieldPath(field), UTC)
    except UsageError as error:
        yield Problem(
            "condition_not_possible",
            placed.place,
            Text(
                f"この条件はSalesforceへの問い合わせ(SOQL)にできません({error.came_back.ja})。",
                f"This condition cannot be written in SOQL ({error.came_back.en}).",
            ),
            error.remedy,
        )
