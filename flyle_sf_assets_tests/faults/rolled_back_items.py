"""Rollbacks as the model knows them: what each sync changed, and what a rollback must restore.

It is worked out from the company rows before and after each sync, as the contract shows them; no
history and nothing of the product's rollbacks is read. What does not belong here: keeping what was
restored (``rolled_back_world.py``).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from flyle_sf_assets_tests.faults.store_reading import MappedField, Row
from flyle_sf_assets_tests.flows.oracle import Company, Option

Place = tuple[str, bool]
"""A custom field's key, or ``name`` or ``status`` of the row itself, which is the second part."""

Item = tuple[str, str, bool]
"""One value of one company: its id and the `Place`."""

NAME: Place = ("name", True)
STATUS: Place = ("status", True)
LINKED = ("linked", None, None)
"""The value of `STATUS`: status, reason and the winner of a merge."""

FORMS = {
    "date": re.compile(r"\d{4}-\d\d-\d\d$"),
    "datetime": re.compile(r"\d{4}-\d\d-\d\dT"),
    "url": re.compile("https?://", re.IGNORECASE),
}
"""How the texts of a type begin."""


@dataclass(frozen=True)
class Written:
    """One operation that may have written companies; ``sync_id`` is None when it is no sync.

    ``fields`` are the custom fields after it, ``fields_before`` those before it.
    """

    sync_id: int | None
    before: Mapping[str, Row]
    after: Mapping[str, Row]
    fields_before: Mapping[str, MappedField]
    fields: Mapping[str, MappedField]

    def changed(self) -> dict[Item, tuple[object, object]]:
        """The value before and after, of each item that was changed."""
        found: dict[Item, tuple[object, object]] = {}
        for key, was in self.before.items():
            now = self.after[key]
            if was.updated_at != now.updated_at:
                old, new = values_of(was.company), values_of(now.company)
                for place in old.keys() | new.keys():
                    if old.get(place) != new.get(place):
                        found[key, *place] = old.get(place), new.get(place)
        return found


@dataclass(frozen=True)
class Moment:
    """What a rollback finds: the rows, custom fields and options, and whether there is a link."""

    rows: Mapping[str, Row]
    fields: Mapping[str, MappedField]
    options: Mapping[tuple[str, str], Option]
    base: str
    is_connected: bool


@dataclass(frozen=True)
class Planned:
    """What a rollback must do: the values to restore, and why it leaves other items alone.

    A company that the sync created has the field None.
    """

    restored: dict[Item, object] = field(default_factory=dict)
    left_alone: dict[tuple[str, str | None, bool], str] = field(default_factory=dict)


def values_of(row: Company) -> dict[Place, object]:
    """The row's values; a custom field without one is not there."""
    found: dict[Place, object] = {
        (key, False): value for key, value in row.custom_fields.items() if value is not None
    }
    return found | {NAME: row.name, STATUS: (row.status, row.status_reason, row.merged_into)}


def value_at(row: Company, place: Place) -> object:
    """One value of the row."""
    return values_of(row).get(place)


def with_values(row: Company, values: Mapping[Place, object]) -> Company:
    """The row with other values."""
    made = row
    for (name, of_row), value in values.items():
        if (name, of_row) == STATUS:
            assert isinstance(value, tuple)
            status, reason, winner = value
            made = replace(made, status=status, status_reason=reason, merged_into=winner)
        elif of_row:
            made = replace(made, name=str(value))
        else:
            made = replace(made, custom_fields={**made.custom_fields, name: value})
    return made


def planned(log: list[Written], place: int, undone: Collection[int], now: Moment) -> Planned:
    """What a rollback of that operation of the log does; ``undone`` are syncs that do not count."""
    sync, later = log[place], log[place + 1 :]
    changed_later = {item for one in later if one.sync_id not in undone for item in one.changed()}
    made = Planned()
    for item, (old, new) in sync.changed().items():
        key, name, of_row = item
        present = value_at(now.rows[key].company, (name, of_row))
        if present == old:
            why: str | None = "already_restored"
        elif present != new or item in changed_later:
            why = "changed_later"
        elif (name, of_row) == STATUS:
            why = _why_of_status(now, now.rows[key], present, old)
        else:
            why = None if of_row else _why_of_field(sync, later, now, name, old)
        if why is None:
            made.restored[item] = old
        else:
            made.left_alone[item] = why
    for key in sync.after.keys() - sync.before.keys():
        made.left_alone[key, None, True] = "created"
    return made


def _why_of_status(now: Moment, row: Row, present: object, old: object) -> str | None:
    assert isinstance(present, tuple)
    assert isinstance(old, tuple)
    if "unlinked" in (present[0], old[0]):
        return "link_changed"
    would_link = old[0] == "linked"
    is_ours = row.source_object == now.base and now.is_connected
    return "link_changed" if would_link and not is_ours else None


def _why_of_field(
    sync: Written, later: list[Written], now: Moment, key: str, old: object
) -> str | None:
    mapped = now.fields[key]
    if not mapped.active:
        return "not_mapped"
    if any(one.fields_before.get(key) != one.fields.get(key) for one in later):
        return "mapping_changed"
    before, after = sync.fields_before.get(key), sync.fields.get(key)
    is_retyped = before is not None and after is not None and before.type != after.type
    if is_retyped or (old is not None and not _fits(old, mapped.type, key, now)):
        return "type_changed"
    return None


def _fits(value: object, flyle_type: str, key: str, now: Moment) -> bool:
    if flyle_type == "number":
        return isinstance(value, Decimal)
    if flyle_type == "checkbox":
        return isinstance(value, bool)
    if flyle_type == "multi_select":
        return isinstance(value, list) and all((key, one) in now.options for one in value)
    return isinstance(value, str) and (
        (key, value) in now.options
        if flyle_type == "single_select"
        else FORMS.get(flyle_type, re.compile("")).match(value) is not None
    )
