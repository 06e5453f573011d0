"""Whether a condition's operator and value are compatible, before any org is asked.

What does not belong here: whether the field, its type and the value exist in the org
(``check/conditions.py``).
"""

import re
from collections.abc import Iterator, Mapping

from flyle_sf_assets.errors import Problem, Text
from flyle_sf_assets.settings.date_literals import (
    COUNTED_DATE_LITERALS,
    DATE_LITERAL_PATTERN,
    DATE_LITERALS,
)
from flyle_sf_assets.settings.models import Operator
from flyle_sf_assets.settings.pattern_texts import too_long
from flyle_sf_assets.settings.wording import (
    child_path,
    item_path,
    listed,
    nearest,
    quoted,
    shown_value,
)

VALUE_CHARACTERS_MAX = 4_000
"""SOQL accepts no longer text in a condition; no field that can be filtered contains one."""

SELECTION_OPERATORS = frozenset({Operator.INCLUDES, Operator.EXCLUDES})
LIST_OPERATORS = frozenset({Operator.IN, Operator.NOT_IN, *SELECTION_OPERATORS})
VALUELESS_OPERATORS = frozenset({Operator.IS_NULL, Operator.NOT_NULL})
PATTERN_OPERATORS = frozenset({Operator.CONTAINS, Operator.STARTS_WITH})
ORDER_OPERATORS = frozenset({Operator.LT, Operator.LE, Operator.GT, Operator.GE})


def condition_problems(source: Mapping[str, object]) -> Iterator[Problem]:
    """All problems of the conditions' operators and values."""
    for path, condition in _conditions(source, "source", "conditions"):
        if "any" in condition:
            for alternative_path, alternative in _conditions(condition, path, "any"):
                yield from _value(alternative_path, alternative)
        else:
            yield from _value(path, condition)


def _conditions(
    parent: Mapping[str, object], path: str, key: str
) -> Iterator[tuple[str, dict[str, object]]]:
    items = parent.get(key)
    if isinstance(items, list | tuple):
        for index, item in enumerate(items):
            if isinstance(item, dict):
                yield item_path(child_path(path, key), index), item


def _value(path: str, condition: Mapping[str, object]) -> Iterator[Problem]:
    place, value = f"{path}.value", condition.get("value")
    if "value" in condition and value is None:
        yield _blank(place)
        return
    operator = next((o for o in Operator if o.value == condition.get("op")), None)
    is_list = isinstance(value, list | tuple)
    if operator in VALUELESS_OPERATORS:
        if "value" in condition:
            yield _takes_none(place, operator)
    elif "value" not in condition:
        if operator is not None:
            yield _missing(place, operator)
    elif is_list and operator is not None and operator not in LIST_OPERATORS:
        yield _takes_one(place, operator)
    elif not is_list and operator in LIST_OPERATORS:
        yield _takes_list(place, operator, value)
    elif is_list and not value:
        yield _blank(place)
    items = list(value) if isinstance(value, list | tuple) else [value]
    for index, item in enumerate(items if "value" in condition else ()):
        item_place = item_path(place, index) if is_list else place
        yield from _scalar(item_place, item, operator)


def _scalar(place: str, value: object, operator: Operator | None) -> Iterator[Problem]:
    if value is None or (isinstance(value, str) and not value.strip()):
        yield _blank(place)
    elif isinstance(value, list | tuple):
        yield _not_a_value(place)
    elif isinstance(value, dict):
        yield from _date_literal(place, value)
        if operator in PATTERN_OPERATORS | SELECTION_OPERATORS:
            yield _no_date_literal(place, operator)
    elif isinstance(value, str) and len(value) > VALUE_CHARACTERS_MAX:
        yield too_long(place, value, VALUE_CHARACTERS_MAX)
    elif isinstance(value, bool) and operator in ORDER_OPERATORS | PATTERN_OPERATORS:
        yield _no_boolean(place, operator)


def _date_literal(place: str, value: Mapping[object, object]) -> Iterator[Problem]:
    literal = value.get("date")
    if len(value) != 1 or not isinstance(literal, str):
        yield _not_a_value(place)
    elif not re.fullmatch(DATE_LITERAL_PATTERN, literal):
        shown = quoted(literal)
        word, _, number = literal.partition(":")
        near = nearest(word, (*DATE_LITERALS, *COUNTED_DATE_LITERALS))
        examples = [f"{n}:{number or '30'}" if n in COUNTED_DATE_LITERALS else n for n in near]
        yield Problem(
            "date_literal_unknown",
            child_path(place, "date"),
            Text(
                f"{shown.ja}はSalesforceの日付リテラルではありません。",
                f"{shown.en} is not a date literal of Salesforce.",
            ),
            Text(
                f"もしかして {listed(examples)} ですか。"
                if near
                else "TODAY、THIS_MONTH、LAST_N_DAYS:365 などを書いてください。"
                "決まった日付は {date: …} を使わず 2024-01-31 のように書きます。",
                f"Did you mean {listed(examples)}?"
                if near
                else "Write TODAY, THIS_MONTH, LAST_N_DAYS:365 and the like. "
                "A fixed date is written as 2024-01-31, without {date: …}.",
            ),
        )


def _blank(place: str) -> Problem:
    return Problem(
        "condition_value_empty",
        place,
        Text("条件の値が空です。", "The condition's value is empty."),
        Text(
            "空かどうかで絞り込む場合は op: is_null または op: not_null を使ってください。",
            "To ask whether a field is blank, use op: is_null or op: not_null.",
        ),
    )


def _missing(place: str, operator: Operator) -> Problem:
    example = "value: [A, B]" if operator in LIST_OPERATORS else "value: …"
    return Problem(
        "condition_value_missing",
        place,
        Text(f"op: {operator} には value が必要です。", f"op: {operator} needs a value."),
        Text(f"「{example}」を書いてください。", f"Add {example}."),
    )


def _takes_none(place: str, operator: Operator | None) -> Problem:
    return Problem(
        "condition_value_not_taken",
        place,
        Text(f"op: {operator} に value は書けません。", f"op: {operator} takes no value."),
        Text("value を消してください。", "Remove value."),
    )


def _takes_one(place: str, operator: Operator) -> Problem:
    lists = listed(sorted(LIST_OPERATORS))
    return Problem(
        "condition_value_is_list",
        place,
        Text(
            f"op: {operator} に書ける値は一つです。", f"op: {operator} takes one value, not a list."
        ),
        Text(
            f"複数の値と比べるには {lists} を使ってください。",
            f"To compare with several values use one of {lists}.",
        ),
    )


def _takes_list(place: str, operator: Operator | None, value: object) -> Problem:
    shown = shown_value(place, value)
    example = shown.en.strip('"') if shown else "A"
    return Problem(
        "condition_value_not_list",
        place,
        Text(f"op: {operator} の値はリストで書きます。", f"op: {operator} takes a list."),
        Text(f"「value: [{example}]」のように書いてください。", f"Write value: [{example}]."),
    )


def _not_a_value(place: str) -> Problem:
    return Problem(
        "condition_value_invalid",
        place,
        Text("条件の値として読めません。", "This cannot be a condition's value."),
        Text(
            "文字列・数値・日付・true/false、または {date: LAST_N_DAYS:365} を書いてください。",
            "Write a text, a number, a date, true/false, or {date: LAST_N_DAYS:365}.",
        ),
    )


def _no_date_literal(place: str, operator: Operator | None) -> Problem:
    return Problem(
        "condition_value_invalid",
        place,
        Text(
            f"日付リテラル {{date: …}} は op: {operator} では使えません。",
            f"A date literal {{date: …}} cannot be used with op: {operator}.",
        ),
        Text(
            "日付・日時の項目に eq / ne / lt / le / gt / ge / in / not_in とともに使ってください。",
            "Use it for date and datetime fields, with eq, ne, lt, le, gt, ge, in or not_in.",
        ),
    )


def _no_boolean(place: str, operator: Operator | None) -> Problem:
    return Problem(
        "condition_value_invalid",
        place,
        Text(
            f"真偽値は op: {operator} では使えません。",
            f"A boolean cannot be used with op: {operator}.",
        ),
        Text(
            "チェックボックスには eq か ne を使ってください。"
            "文字列であれば引用符で囲んでください。",
            "For a checkbox use eq or ne; if it is meant as text, put it in quotes.",
        ),
    )
