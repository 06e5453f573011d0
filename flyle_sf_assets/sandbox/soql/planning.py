"""Which index a condition can use: ids, a window of SystemModstamp, a lookup's or key's value.

Only conditions at the top level, joined by AND, narrow; the whole condition is tested on
every candidate afterwards. What does not belong here: the test (``filters.py``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flyle_sf_assets.sandbox.clock import wire_datetime
from flyle_sf_assets.sandbox.metadata import SObject
from flyle_sf_assets.sandbox.records.identifiers import canonical
from flyle_sf_assets.sandbox.records.table import TableView
from flyle_sf_assets.sandbox.soql import syntax as s

_LAST = "~"


@dataclass(frozen=True, slots=True)
class Access:
    """How to find candidates: by ids, by a stamp window, or by values of one column."""

    ids: tuple[str, ...] | None = None
    window: tuple[str, str] | None = None
    column: str | None = None
    values: tuple[str, ...] = ()


def plan(where: s.Condition | None, sobject: SObject) -> Access:
    """The narrowest access that the condition allows."""
    low, high = "", _LAST
    by_value: Access | None = None
    for name, op, values in _conjuncts(where, sobject):
        if name == "Id" and op in ("=", "IN"):
            ids = tuple(i for i in (canonical(v.text) for v in values) if i)
            return Access(ids=ids)
        if name == "SystemModstamp" and values[0].kind == "datetime":
            stamp = _stamp(values[0].text)
            low = max(low, stamp) if op in (">", ">=", "=") else low
            high = min(high, stamp) if op in ("<", "<=", "=") else high
        field = sobject.by_name.get(name.lower())
        if field and op in ("=", "IN") and field.stored and (field.type == "reference"):
            found = tuple(i for i in (canonical(v.text) for v in values) if i)
            by_value = Access(column=field.name, values=found)
    if low or high != _LAST:
        return Access(window=(low, high))
    return by_value or Access()


def candidates(access: Access, table: TableView, *, include_deleted: bool) -> Sequence[int]:
    """Rows that the connected user can see and that may match; all of them without an index."""
    rows: Sequence[int]
    if access.ids is not None:
        found = (table.row_of(i, include_deleted=include_deleted) for i in access.ids)
        return sorted({row for row in found if row is not None})
    if access.window is not None and table.stamp_index is not None:
        rows = table.stamp_index.candidates(*access.window, table.size)
    elif access.column is not None and access.column in table.value_indexes:
        rows = table.value_indexes[access.column].candidates(access.values, table.size)
    else:
        return table.visible_rows(include_deleted=include_deleted)
    return [row for row in rows if table.sees(row, include_deleted=include_deleted)]


def _conjuncts(
    where: s.Condition | None, sobject: SObject
) -> Iterator[tuple[str, str, tuple[s.Value, ...]]]:
    parts = where.parts if isinstance(where, s.Junction) and where.op == "AND" else (where,)
    for part in parts:
        if isinstance(part, s.Comparison):
            values: object = (part.value,)
        elif isinstance(part, s.Membership):
            values = part.values
        elif isinstance(part, s.Junction) and part.op == "AND":
            yield from _conjuncts(part, sobject)
            continue
        else:
            continue
        if (
            isinstance(part.left, s.FieldRef)
            and len(part.left.path) == 1
            and isinstance(values, tuple)
        ):
            field = sobject.by_name.get(part.left.path[0].lower())
            if field is not None and not any(v.kind == "null" for v in values):
                yield field.name, part.op, values


def _stamp(text: str) -> str:
    return wire_datetime(datetime.fromisoformat(text.upper().replace(" ", "+")).astimezone(UTC))
