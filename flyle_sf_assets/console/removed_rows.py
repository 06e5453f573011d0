"""Rows that were removed while settings are edited, so that they can be taken back.

They are hidden fields of the form: ``x0.from`` and so on beside the rows ``m0``, ``y0.field``
beside ``c0``. When a page is opened they are those of the saved settings that the draft lacks.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from flyle_sf_assets.console.request import Form
from flyle_sf_assets.console.setup_forms import (
    ConditionRow,
    MappingRow,
    conditions_of,
    conditions_typed,
    mappings_of,
    mappings_typed,
    regrouped,
    rows_of,
)
from flyle_sf_assets.settings.drafts import Draft, draft_of
from flyle_sf_assets.settings.models import TenantSettings

T = TypeVar("T")

OF_MAPPING, OF_CONDITIONS = "x", "y"

Placed = tuple[int, MappingRow]
"""A mapping with the place that it had."""

Mappings = tuple[MappingRow, ...]
Conditions = tuple[ConditionRow, ...]


def removed_mappings(form: Form) -> tuple[Placed, ...]:
    """The removed mappings that the form holds, in the order of their removal."""
    numbers = [form.number(f"{row}.place") or 0 for row in rows_of(form, OF_MAPPING)]
    return tuple(zip(numbers, mappings_typed(form, OF_MAPPING), strict=True))


def edited_mappings(
    form: Form, rows: Mappings, removed: tuple[Placed, ...]
) -> tuple[Mappings, tuple[Placed, ...]]:
    """The rows after ``remove``, ``undo``, ``up`` or ``down`` of the form, and those removed."""
    place = _pressed(form, "remove", rows)
    if place is not None:
        kept = (*rows[:place], *rows[place + 1 :])
        return kept, (*removed, (place, rows[place]))
    place = _pressed(form, "undo", removed)
    if place is not None:
        before, row = removed[place]
        kept = (*rows[:before], row, *rows[before:])
        return kept, (*removed[:place], *removed[place + 1 :])
    for name, step in (("up", -1), ("down", 1)):
        place = _pressed(form, name, rows)
        if place is not None and 0 <= place + step < len(rows):
            moved = list(rows)
            moved[place], moved[place + step] = moved[place + step], moved[place]
            return tuple(moved), removed
    return rows, removed


def mappings_missing(saved: TenantSettings | None, rows: Mappings) -> tuple[Placed, ...]:
    """The saved mappings that are not among the rows; one with another key is no missing one."""
    if saved is None:
        return ()
    there = mappings_of(draft_of(saved, None))
    keys = {row.to for row in rows}
    lacking = [(place, row) for place, row in enumerate(there) if row.to not in keys]
    # Only a row with a key that was not saved can be one of these, with another key.
    saved_keys = {row.to for row in there}
    left = Counter(row.source for row in rows if row.to not in saved_keys)
    return tuple((place, row) for place, row in lacking if not _taken(left, row.source))


def removed_conditions(form: Form) -> Conditions:
    """The removed conditions that the form holds, in the order of their removal."""
    return conditions_typed(form, OF_CONDITIONS)


def edited_conditions(
    form: Form, rows: Conditions, removed: Conditions
) -> tuple[Conditions, Conditions]:
    """The rows after ``remove`` or ``undo`` of the form, and those removed; grouped again.

    Alternatives come back as alternatives: rows of a group that is gone share a negative number.
    """
    place = _pressed(form, "remove", rows)
    if place is not None:
        removed = (*removed, rows[place])
        rows = (*rows[:place], *rows[place + 1 :])
    place = _pressed(form, "undo", removed)
    if place is not None:
        back = removed[place]
        group = back.group if back.group >= 0 else 1 + max((r.group for r in rows), default=-1)
        rest = (*removed[:place], *removed[place + 1 :])
        removed = tuple(replace(r, group=group) if r.group == back.group else r for r in rest)
        rows = (*rows, replace(back, group=group))
    return _grouped(rows, removed)


def conditions_missing(saved: TenantSettings | None, draft: Draft) -> Conditions:
    """The saved conditions of whose fields the draft has fewer; each group a number of its own."""
    if saved is None:
        return ()
    same = Counter(replace(row, group=0) for row in conditions_of(draft))
    lacking = [
        row
        for row in conditions_of(draft_of(saved, None))
        if not _taken(same, replace(row, group=0))
    ]
    # What is left was edited: it stands for a saved condition of its field.
    left = Counter(row.field for row in same.elements())
    return tuple(
        replace(row, group=-1 - row.group) for row in lacking if not _taken(left, row.field)
    )


def _taken(left: Counter[T], item: T) -> bool:
    """Whether there was one more of it, which is used up then."""
    is_there = left[item] > 0
    left[item] -= is_there
    return is_there


def _grouped(rows: Conditions, removed: Conditions) -> tuple[Conditions, Conditions]:
    numbers: dict[int, int] = {}
    for row in rows:
        numbers.setdefault(row.group, len(numbers))
    gone = dict.fromkeys(r.group for r in removed if r.group >= 0 and r.group not in numbers)
    lowest = min((r.group for r in removed), default=0)
    numbers |= {group: min(lowest, 0) - 1 - place for place, group in enumerate(gone)}
    return regrouped(rows), tuple(replace(r, group=numbers.get(r.group, r.group)) for r in removed)


def _pressed(form: Form, name: str, rows: Sequence[object]) -> int | None:
    """The row whose button of that name was pressed; None for another button or no such row."""
    place = form.number(name)
    return place if place is not None and place < len(rows) else None
