"""Rows of the setup's forms into parts of a draft, and back: as typed, checked elsewhere.

A row's fields are named ``<row>.<field>``: ``c0.field``, ``c0.op``, ``c0.value``; rows with the
same ``group`` are alternatives.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import get_args

from flyle_sf_assets.console.request import Form, whole_number
from flyle_sf_assets.settings.condition_rules import LIST_OPERATORS, VALUELESS_OPERATORS
from flyle_sf_assets.settings.date_literals import COUNTED_DATE_LITERALS
from flyle_sf_assets.settings.drafts import Draft
from flyle_sf_assets.settings.models import BaseObject, Operator
from flyle_sf_assets.settings.versions import Json

ROWS_MAX = 300

SHOWN = "shown"
"""A field next to the rows: without it they were not loaded yet, and nothing was typed."""


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """One condition as typed. ``values`` are texts; ``literal`` a relative date instead of them."""

    field: str
    op: str
    values: tuple[str, ...]
    literal: str
    count: str
    group: int

    @property
    def operator(self) -> Operator | None:
        """The operator, None when the text is not an operator."""
        return next((one for one in Operator if one.value == self.op), None)

    @property
    def is_counted(self) -> bool:
        """Whether the relative date needs a number."""
        return self.literal in COUNTED_DATE_LITERALS


def conditions_typed(form: Form, letter: str = "c") -> tuple[ConditionRow, ...]:
    """The rows of the form, in order; a negative group is one that has no row any more."""
    return tuple(
        ConditionRow(
            field=form.one(f"{row}.field"),
            op=form.one(f"{row}.op"),
            values=_values(form, row),
            literal=form.one(f"{row}.literal"),
            count=form.one(f"{row}.count").strip(),
            group=_group(form.one(f"{row}.group")),
        )
        for row in rows_of(form, letter)
    )


def condition_items(rows: tuple[ConditionRow, ...]) -> list[Mapping[str, Json]]:
    """The draft's conditions; alternatives are grouped."""
    groups: dict[int, list[Json]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(_condition(row))
    return [
        {"any": group} if len(group) > 1 else dict(_mapping(group[0])) for group in groups.values()
    ]


def conditions_of(draft: Draft) -> tuple[ConditionRow, ...]:
    """The rows that show the draft's conditions."""
    return tuple(_condition_rows(draft))


def regrouped(rows: tuple[ConditionRow, ...]) -> tuple[ConditionRow, ...]:
    """Groups numbered again from 0, with alternatives in sequence."""
    numbers: dict[int, int] = {}
    for row in rows:
        numbers.setdefault(row.group, len(numbers))
    moved = [replace(row, group=numbers[row.group]) for row in rows]
    return tuple(sorted(moved, key=lambda row: row.group))


@dataclass(frozen=True, slots=True)
class MappingRow:
    """One mapping as typed."""

    source: str
    to: str
    label: str
    type: str
    when_blank: str


def mappings_typed(form: Form, letter: str = "m") -> tuple[MappingRow, ...]:
    """The rows of the form, in order."""
    return tuple(
        MappingRow(
            source=form.one(f"{row}.from"),
            to=form.one(f"{row}.to").strip(),
            label=form.one(f"{row}.label").strip(),
            type=form.one(f"{row}.type"),
            when_blank=form.one(f"{row}.when_blank"),
        )
        for row in rows_of(form, letter)
    )


def mapping_items(rows: tuple[MappingRow, ...]) -> list[Mapping[str, Json]]:
    """The draft's mapping, without what was not filled in."""
    items: list[Mapping[str, Json]] = []
    for row in rows:
        item: dict[str, Json] = {"from": row.source, "to": row.to, "label": row.label}
        if row.type:
            item["type"] = row.type
        if row.when_blank == "keep":
            item["when_blank"] = "keep"
        items.append(item)
    return items


def mappings_of(draft: Draft) -> tuple[MappingRow, ...]:
    """The rows that show the draft's mapping."""
    return tuple(
        MappingRow(
            source=_text(item, "from"),
            to=_text(item, "to"),
            label=_text(item, "label"),
            type=_text(item, "type"),
            when_blank=_text(item, "when_blank") or "blank",
        )
        for item in _items(draft.document.get("mapping"))
    )


def base_object_of(draft: Draft) -> str:
    """The draft's base object; Account instead of an object that cannot be a base object.

    Drafts are stored as they were sent, valid or not.
    """
    written = _text(_mapping(draft.document.get("source")), "object")
    return written if written in get_args(BaseObject) else "Account"


def _condition(row: ConditionRow) -> dict[str, Json]:
    item: dict[str, Json] = {"field": row.field, "op": row.op}
    operator = row.operator
    if operator in VALUELESS_OPERATORS:
        return item
    if row.literal:
        item["value"] = {"date": f"{row.literal}:{row.count}" if row.is_counted else row.literal}
    elif operator in LIST_OPERATORS:
        item["value"] = list(row.values)
    else:
        item["value"] = _scalar(next(iter(row.values), ""))
    return item


def _scalar(text: str) -> Json:
    return {"true": True, "false": False}.get(text, text)


def _condition_rows(draft: Draft) -> Iterator[ConditionRow]:
    source = _mapping(draft.document.get("source"))
    for group, item in enumerate(_items(source.get("conditions"))):
        for one in _items(item["any"]) if "any" in item else [item]:
            yield _condition_row(one, group)


def _condition_row(item: Mapping[str, Json], group: int) -> ConditionRow:
    value = item.get("value")
    literal, count = "", ""
    values: tuple[str, ...] = ()
    if isinstance(value, dict):
        literal, _, count = _text(value, "date").partition(":")
    elif isinstance(value, list):
        values = tuple(_plain(one) for one in value)
    elif value is not None:
        values = (_plain(value),)
    return ConditionRow(_text(item, "field"), _text(item, "op"), values, literal, count, group)


def _plain(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return _text(value, "date")
    return str(value)


def _values(form: Form, row: str) -> tuple[str, ...]:
    """One per checked option; for a text field one per line."""
    typed = [line.strip() for value in form.all(f"{row}.value") for line in value.splitlines()]
    return tuple(dict.fromkeys(one for one in typed if one))


def rows_of(form: Form, letter: str) -> list[str]:
    """``c0``, ``c1``, … as far as the form has them, in their order."""
    heads = {name.partition(".")[0] for name in form.names()}
    numbers = [head[1:] for head in heads if head[:1] == letter]
    numbers = [number for number in numbers if whole_number(number) is not None]
    return [f"{letter}{number}" for number in sorted(numbers, key=int)[:ROWS_MAX]]


def _group(text: str) -> int:
    return int(text) if whole_number(text.removeprefix("-")) is not None else 0


def _items(value: Json) -> list[Mapping[str, Json]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _text(item: Mapping[str, Json], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""
