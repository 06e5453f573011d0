"""A query run over a snapshot of an org: its columns, its rows, or its groups.

What does not belong here: pages and locators (``sandbox/api/query.py``), jobs
(``sandbox/api/bulk.py``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from flyle_sf_assets.sandbox.metadata import COMPOUND_TYPES, SObject
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.records.state import Snapshot
from flyle_sf_assets.sandbox.records.table import Column, Table
from flyle_sf_assets.sandbox.refusals import Refusal
from flyle_sf_assets.sandbox.soql import syntax as s
from flyle_sf_assets.sandbox.soql.aggregates import AggregateResult, aggregate, is_aggregate
from flyle_sf_assets.sandbox.soql.binding import Binder, BoundField, find_object
from flyle_sf_assets.sandbox.soql.chunks import Chunk, Rows
from flyle_sf_assets.sandbox.soql.filters import build
from flyle_sf_assets.sandbox.soql.grammar import parse
from flyle_sf_assets.sandbox.soql.ordering import ordered, sort_key
from flyle_sf_assets.sandbox.soql.planning import candidates, plan

OFFSET_MAX = 2000
FIELDS_LIMIT_MAX = 200
PERMISSIONS = "userpermissionaccess"
NO_RECORD = "000000000000000AAA"
"""The Id of rows that are made for the query."""


@dataclass(frozen=True, eq=False)
class Selected:
    """One selected field; ``label`` when toLabel() asked for a picklist's label."""

    bound: BoundField
    label: bool = False


@dataclass(frozen=True, eq=False)
class Result:
    """The answer to a query: exactly one of ``rows`` and ``groups``; COUNT() has neither.

    ``rows`` number records of ``sobject`` in ``snapshot``; ``columns`` are what to show of them.
    """

    snapshot: Snapshot
    sobject: SObject
    include_deleted: bool
    total: int
    columns: tuple[Selected, ...] = ()
    rows: Rows = ()
    groups: AggregateResult | None = None

    def chunk(self, start: int, end: int) -> Chunk:
        """Some of the rows, for rendering."""
        return Chunk(
            self.snapshot, self.sobject, self.rows[start:end], include_deleted=self.include_deleted
        )


def execute(
    org: Org, text: str, *, include_deleted: bool = False, user: str | None = None
) -> Result:
    """Run a query; Refusal in Salesforce's words when that is impossible.

    ``user`` is who asks (the connected user by default); only UserPermissionAccess depends on it.
    """
    org.usage.statements.append(text)
    query = parse(text)
    snapshot = _snapshot_for(org, query)
    if query.object_name.lower() == PERMISSIONS:
        snapshot = _with_permissions(org, snapshot, user or org.connected_user_id)
    return _run(snapshot, query, text, include_deleted=include_deleted)


def _with_permissions(org: Org, snapshot: Snapshot, user: str) -> Snapshot:
    """The snapshot with the one row of UserPermissionAccess: what the running user may do."""
    names = [f.name for f in snapshot.catalog.objects[PERMISSIONS].fields if f.stored]
    permitted = {name: str(org.may(user, name)).lower() for name in names if name != "Id"}
    row: dict[str, Column] = {"Id": [NO_RECORD], **{n: [v] for n, v in permitted.items()}}
    view = Table.filled(row).view()
    return replace(snapshot, tables={**snapshot.tables, PERMISSIONS: view})


def _snapshot_for(org: Org, query: s.Query) -> Snapshot:
    sobject = org.catalog.get(query.object_name)
    if sobject is None:
        return org.snapshot()
    access = plan(query.where, sobject)
    return org.snapshot(
        stamps_of=sobject.name if access.window else None,
        values_of=[f"{sobject.name}.{access.column}"] if access.column else (),
    )


def _run(snapshot: Snapshot, query: s.Query, text: str, *, include_deleted: bool) -> Result:
    sobject = find_object(snapshot, query.object_name, text, query.object_at)
    binder = Binder(snapshot, sobject, text, query.alias)
    if query.offset is not None and query.offset > OFFSET_MAX:
        raise Refusal(
            "NUMBER_OUTSIDE_VALID_RANGE",
            f"Maximum SOQL offset allowed is {OFFSET_MAX}",
        )
    counting = _is_bare_count(query)
    if counting and query.order_by:
        raise binder.refuse("MALFORMED_QUERY", 0, "COUNT() cannot be used with ORDER BY")
    grouping = not counting and is_aggregate(query)
    columns = () if counting or grouping else _select(query, binder)
    rows = _matching(snapshot, query, binder, text, include_deleted=include_deleted)
    chunk = Chunk(snapshot, sobject, rows, include_deleted=include_deleted)
    if grouping:
        groups = aggregate(query, binder, chunk)
        return Result(snapshot, sobject, include_deleted, groups.size, groups=groups)
    rows = _ordered(query, binder, chunk)
    start = query.offset or 0
    if start or query.limit is not None:
        rows = rows[start : start + query.limit if query.limit is not None else None]
    if counting:
        return Result(snapshot, sobject, include_deleted, len(rows))
    return Result(snapshot, sobject, include_deleted, len(rows), columns, rows)


def _matching(
    snapshot: Snapshot, query: s.Query, binder: Binder, text: str, *, include_deleted: bool
) -> Rows:
    sobject = binder.sobject
    condition = None
    if query.where is not None:

        def semi_join(inner: s.Query) -> Iterable[str | None]:
            return _semi_join(snapshot, inner, text, include_deleted=include_deleted)

        condition = build(query.where, binder, semi_join)
    rows = candidates(
        plan(query.where, sobject), snapshot.table(sobject), include_deleted=include_deleted
    )
    if condition is None:
        return rows
    return condition.keep(Chunk(snapshot, sobject, rows, include_deleted=include_deleted))


def _semi_join(
    snapshot: Snapshot, inner: s.Query, text: str, *, include_deleted: bool
) -> Iterable[str | None]:
    if len(inner.select) != 1 or not isinstance(inner.select[0].what, s.FieldRef):
        raise Refusal("MALFORMED_QUERY", "a semi-join selects exactly one field")
    result = _run(snapshot, inner, text, include_deleted=include_deleted)
    chunk = result.chunk(0, result.total)
    return chunk.values(result.columns[0].bound)


def _ordered(query: s.Query, binder: Binder, chunk: Chunk) -> Rows:
    rows: Sequence[int] = chunk.rows
    if not query.order_by:
        return rows
    places: Sequence[int] = range(len(rows))
    for item in reversed(query.order_by):
        if isinstance(item.what, s.Call):
            raise binder.refuse("MALFORMED_QUERY", item.what.at, "unexpected function in ORDER BY")
        bound = binder.bind(item.what)
        if not bound.field.sortable or bound.field.type in COMPOUND_TYPES:
            raise binder.refuse(
                "INVALID_FIELD",
                item.what.at,
                f"field '{bound.field.name}' can not be sorted in a query call",
            )
        places = ordered(
            places,
            chunk.values(bound),
            sort_key(bound.field),
            descending=item.descending,
            nulls_first=item.nulls_first,
        )
    return [rows[place] for place in places]


def _is_bare_count(query: s.Query) -> bool:
    what = query.select[0].what
    return (
        len(query.select) == 1
        and not query.group_by
        and isinstance(what, s.Call)
        and what.name.upper() == "COUNT"
        and what.argument is None
    )


def _select(query: s.Query, binder: Binder) -> tuple[Selected, ...]:
    selected: list[Selected] = []
    seen: set[tuple[str, ...]] = set()
    for item in query.select:
        for column in _columns_of(item, query, binder):
            if column.bound.path in seen and not column.label:
                raise binder.refuse(
                    "MALFORMED_QUERY",
                    column.bound.at,
                    f"duplicate field selected: {'.'.join(column.bound.path)}",
                )
            seen.add(column.bound.path)
            selected.append(column)
    return tuple(selected)


def _columns_of(item: s.SelectItem, query: s.Query, binder: Binder) -> list[Selected]:
    what = item.what
    if isinstance(what, s.FieldRef):
        if item.alias is not None:
            raise binder.refuse(
                "MALFORMED_QUERY", what.at, "only aggregate expressions use field aliasing"
            )
        return [Selected(binder.bind(what))]
    if isinstance(what, s.Call) and what.argument is not None:
        if what.name.lower() == "tolabel":
            return [Selected(binder.bind(what.argument), label=True)]
        if what.name.upper() == "FIELDS":
            return _all_fields(what, query, binder)
    at = 0 if isinstance(what, s.Query) else what.at
    raise binder.refuse("MALFORMED_QUERY", at, "not known to this sandbox")


def _all_fields(call: s.Call, query: s.Query, binder: Binder) -> list[Selected]:
    which = call.argument.path[0].upper() if call.argument else ""
    if which in ("ALL", "CUSTOM") and (query.limit is None or query.limit > FIELDS_LIMIT_MAX):
        raise binder.refuse(
            "MALFORMED_QUERY",
            call.at,
            "The SOQL FIELDS function must have a LIMIT of at most 200",
        )
    fields = [
        field
        for field in binder.sobject.fields
        if binder.snapshot.visibility.sees(binder.sobject, field)
        and (which == "ALL" or field.custom == (which == "CUSTOM"))
    ]
    return [Selected(binder.bind(s.FieldRef((field.name,), call.at))) for field in fields]
