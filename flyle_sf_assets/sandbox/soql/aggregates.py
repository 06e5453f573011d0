"""COUNT, COUNT_DISTINCT, SUM, AVG, MIN and MAX, over all rows or by GROUP BY.

Source: SOQL and SOSL Reference, "Aggregate Functions", "GROUP BY". What does not belong here:
``COUNT()``, which has no records (``execution.py``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from flyle_sf_assets.sandbox.metadata import NUMERIC_TYPES, Field
from flyle_sf_assets.sandbox.records.table import Column
from flyle_sf_assets.sandbox.records.values import number_text
from flyle_sf_assets.sandbox.refusals import Refusal
from flyle_sf_assets.sandbox.soql import syntax as s
from flyle_sf_assets.sandbox.soql.binding import Binder, BoundField
from flyle_sf_assets.sandbox.soql.chunks import Chunk
from flyle_sf_assets.sandbox.soql.ordering import ordered, sort_key

FUNCTIONS = frozenset({"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"})

_INT = Field("count", "", "int")
_DOUBLE = Field("sum", "", "double", scale=18)


@dataclass(frozen=True, slots=True)
class AggregateColumn:
    """One column of the answer: its name, the field with its values' type, its values."""

    name: str
    field: Field
    values: Column


@dataclass(frozen=True, slots=True)
class AggregateResult:
    """The groups, a column at a time; ``size`` groups."""

    columns: tuple[AggregateColumn, ...]
    size: int


@dataclass(frozen=True, slots=True)
class _Wanted:
    function: str | None
    bound: BoundField | None
    name: str


def is_aggregate(query: s.Query) -> bool:
    """Whether the query groups or aggregates."""
    calls = (item.what for item in query.select if isinstance(item.what, s.Call))
    return bool(query.group_by) or any(call.name.upper() in FUNCTIONS for call in calls)


def aggregate(query: s.Query, binder: Binder, chunk: Chunk) -> AggregateResult:
    """The groups of a chunk's rows, ordered and cut as the query says."""
    _check(query, binder)
    keys = [_groupable(binder, ref) for ref in query.group_by]
    wanted = _wanted(query, binder, keys)
    groups = _groups(chunk, keys)
    columns = [_column(w, chunk, groups) for w in wanted]
    places: Sequence[int] = range(len(groups))
    for item in reversed(query.order_by):
        by = _order_column(item, binder, chunk, groups)
        places = ordered(
            places,
            by.values,
            sort_key(by.field),
            descending=item.descending,
            nulls_first=item.nulls_first,
        )
    start = query.offset or 0
    places = places[start : start + query.limit if query.limit is not None else None]
    taken = tuple(
        AggregateColumn(c.name, c.field, [c.values[place] for place in places]) for c in columns
    )
    return AggregateResult(taken, len(places))


def _check(query: s.Query, binder: Binder) -> None:
    if query.having is not None:
        raise binder.refuse("MALFORMED_QUERY", 0, "HAVING is not known to this sandbox")
    if query.limit is not None and not query.group_by:
        raise Refusal(
            "MALFORMED_QUERY",
            "Non-grouped query that uses overall aggregate functions cannot also use LIMIT",
        )


def _groupable(binder: Binder, ref: s.FieldRef | s.Call) -> BoundField:
    if isinstance(ref, s.Call):
        raise binder.refuse("MALFORMED_QUERY", ref.at, f"unknown function: {ref.name}")
    bound = binder.bind(ref)
    if not bound.field.groupable:
        raise binder.refuse(
            "MALFORMED_QUERY",
            ref.at,
            f"field '{bound.field.name}' can not be grouped in a query call",
        )
    return bound


def _wanted(query: s.Query, binder: Binder, keys: Sequence[BoundField]) -> list[_Wanted]:
    grouped = {key.path for key in keys}
    found, unnamed = [], 0
    for item in query.select:
        what = item.what
        if isinstance(what, s.FieldRef):
            bound = binder.bind(what)
            if bound.path not in grouped:
                raise binder.refuse(
                    "MALFORMED_QUERY",
                    what.at,
                    f"Field must be grouped or aggregated: {'.'.join(what.path)}",
                )
            found.append(_Wanted(None, bound, item.alias or bound.field.name))
        elif isinstance(what, s.Call):
            found.append(_call(what, binder, item.alias or f"expr{unnamed}"))
            unnamed += item.alias is None
        else:
            raise binder.refuse("MALFORMED_QUERY", 0, "unexpected element in an aggregate query")
    return found


def _call(call: s.Call, binder: Binder, name: str) -> _Wanted:
    function = call.name.upper()
    if function not in FUNCTIONS or (call.argument is None and function != "COUNT"):
        raise binder.refuse("MALFORMED_QUERY", call.at, f"unknown function: {call.name}")
    if call.argument is None:
        return _Wanted(function, None, name)
    bound = binder.bind(call.argument)
    unfit = (
        bound.field.type not in NUMERIC_TYPES
        if function in ("SUM", "AVG")
        else (
            bound.field.type in ("boolean", "textarea", "multipicklist", "base64", "address")
            and function in ("MIN", "MAX")
        )
    )
    if unfit:
        raise binder.refuse(
            "MALFORMED_QUERY",
            call.at,
            f"field {bound.field.name} does not support aggregate operator {function}",
        )
    return _Wanted(function, bound, name)


def _groups(chunk: Chunk, keys: Sequence[BoundField]) -> list[list[int]]:
    """Positions in the chunk, by group, in order of first appearance."""
    if not keys:
        return [list(range(len(chunk.rows)))]
    groups: dict[tuple[str | None, ...], list[int]] = {}
    for place, key in enumerate(zip(*(chunk.values(k) for k in keys), strict=True)):
        groups.setdefault(key, []).append(place)
    return list(groups.values())


def _column(wanted: _Wanted, chunk: Chunk, groups: list[list[int]]) -> AggregateColumn:
    if wanted.bound is None:
        return AggregateColumn(wanted.name, _INT, [str(len(group)) for group in groups])
    values = chunk.values(wanted.bound)
    field = wanted.bound.field
    if wanted.function is None:
        return AggregateColumn(wanted.name, field, [values[group[0]] for group in groups])
    shown = {"COUNT": _INT, "COUNT_DISTINCT": _INT, "SUM": _DOUBLE, "AVG": _DOUBLE}
    results = [
        _reduce(wanted.function, field, [v for v in (values[p] for p in group) if v is not None])
        for group in groups
    ]
    return AggregateColumn(wanted.name, shown.get(wanted.function, field), results)


def _reduce(function: str, field: Field, values: list[str]) -> str | None:
    if function == "COUNT":
        return str(len(values))
    if function == "COUNT_DISTINCT":
        return str(len({sort_key(field)(value) for value in values}))
    if not values:
        return None
    if function in ("MIN", "MAX"):
        return (min if function == "MIN" else max)(values, key=sort_key(field))
    with localcontext() as context:
        context.prec = 50
        total = sum(map(Decimal, values), Decimal(0))
        return number_text(_DOUBLE, total if function == "SUM" else total / len(values))


def _order_column(
    item: s.OrderItem, binder: Binder, chunk: Chunk, groups: list[list[int]]
) -> AggregateColumn:
    if isinstance(item.what, s.Call):
        return _column(_call(item.what, binder, ""), chunk, groups)
    return _column(_Wanted(None, binder.bind(item.what), ""), chunk, groups)
