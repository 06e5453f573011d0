"""Values of some rows, a column at a time: stored ones, parents' ones and computed ones.

What does not belong here: which rows (``filters.py``, ``execution.py``).
"""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import cast

from flyle_sf_assets.sandbox.metadata import Field, RollUp, SObject
from flyle_sf_assets.sandbox.records.state import Snapshot
from flyle_sf_assets.sandbox.records.table import Column, TableView
from flyle_sf_assets.sandbox.records.values import from_wire, to_wire
from flyle_sf_assets.sandbox.soql.binding import Binder, BoundField
from flyle_sf_assets.sandbox.soql.syntax import FieldRef
from flyle_sf_assets.sandbox.standard.name_object import constant, is_of

Rows = Sequence[int]


class Chunk:
    """Some rows of one object in a snapshot. ``include_deleted`` as in queryAll.

    ``in_system_mode`` also sees parents that are not shared with the connected user.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        sobject: SObject,
        rows: Rows,
        *,
        include_deleted: bool,
        in_system_mode: bool = False,
    ) -> None:
        self.snapshot = snapshot
        self.sobject = sobject
        self.rows = rows
        self.include_deleted = include_deleted
        self._in_system_mode = in_system_mode
        self._parents: dict[tuple[str, ...], Sequence[int | None]] = {}

    def values(self, bound: BoundField) -> Column:
        """The wire text of a field for each row; None where a parent on the path is missing."""
        if not bound.hops:
            return self._own(self.sobject, bound.field, self.rows)
        if bound.several_targets:
            return self._of_several_targets(bound)
        parents = self.parents(bound)
        if not any(parent is None for parent in parents):
            return self._own(bound.owner, bound.field, cast("Sequence[int]", parents))
        there = [parent for parent in parents if parent is not None]
        found = iter(self._own(bound.owner, bound.field, there))
        return [None if parent is None else next(found) for parent in parents]

    def parents(self, bound: BoundField) -> Sequence[int | None]:
        """For each row, the row of the record at the end of the path's lookups."""
        rows: Sequence[int | None] = self.rows
        holder = self.sobject
        walked: tuple[str, ...] = ()
        for hop, target in zip(bound.hops, bound.targets, strict=True):
            walked = (*walked, hop.name)
            known = self._parents.get(walked)
            if known is None:
                column = self.snapshot.table(holder).columns[hop.name]
                ids = _take(column, rows)
                known = self.snapshot.table(target).parents_of(
                    ids,
                    include_deleted=self.include_deleted,
                    in_system_mode=self._in_system_mode,
                )
                self._parents[walked] = known
            rows, holder = known, target
        return rows

    def _own(self, sobject: SObject, field: Field, rows: Rows) -> Column:
        table = self.snapshot.table(sobject)
        if field.stored:
            return _take_there(table.columns[field.name], rows)
        if field.roll_up is not None:
            summary = _roll_up(self.snapshot, sobject, field, field.roll_up)
            blank = "0.0" if field.roll_up.function in ("COUNT", "SUM") else None
            ids = _take_there(table.columns["Id"], rows)
            return [summary.get(str(record), blank) for record in ids]
        if field.formula is not None:
            view = RowView(self.snapshot, sobject)
            compute = field.formula
            return [to_wire(field, compute(view.at(row))) for row in rows]
        raise TypeError(f"{field.name} is a compound field: its components have the values")

    def _of_several_targets(self, bound: BoundField) -> Column:
        *walked, last = bound.hops
        holder = bound.targets[-2] if walked else self.sobject
        before = BoundField(tuple(walked), bound.targets[:-1], holder, last, bound.at)
        name = bound.field.name
        views: list[tuple[TableView, str, str | None]] = []
        for target in filter(None, map(self.snapshot.catalog.get, last.reference_to)):
            own = name if is_of(target, name) else ""
            views.append((self.snapshot.table(target), own, constant(target, name)))
        deleted = self.include_deleted
        return [
            _first_value(views, record, include_deleted=deleted) for record in self.values(before)
        ]


class RowView:
    """What a formula sees of one record: the same in query and queryAll.

    That a deleted parent is blank to it is an assumption: no page of Salesforce says so.
    """

    def __init__(self, snapshot: Snapshot, sobject: SObject) -> None:
        self._snapshot = snapshot
        self._sobject = sobject
        self._row = 0
        self._bound: dict[str, BoundField] = {}

    def at(self, row: int) -> "RowView":
        """The same view, moved to another row."""
        self._row = row
        return self

    @property
    def today(self) -> date:
        """Today's date in the connected user's time zone."""
        return self._snapshot.today

    def __getitem__(self, path: str) -> object:
        bound = self._bound.get(path)
        if bound is None:
            # Formulas run in system mode: hidden fields and parents that are not shared count.
            system = Snapshot(
                self._snapshot.catalog,
                type(self._snapshot.visibility)(),
                self._snapshot.tables,
                self._snapshot.now,
                self._snapshot.time_zone,
                self._snapshot.roll_ups,
            )
            bound = Binder(system, self._sobject, path, None).bind(
                FieldRef(tuple(path.split(".")), 0)
            )
            self._bound[path] = bound
        row = self._row
        chunk = Chunk(
            self._snapshot,
            self._sobject,
            [row],
            include_deleted=False,
            in_system_mode=True,
        )
        return from_wire(bound.field, chunk.values(bound)[0])


def _take_there(column: Column, rows: Rows) -> Column:
    if isinstance(rows, range) and rows.step == 1:
        return column[rows.start : rows.stop]
    return [column[row] for row in rows]


def _take(column: Column, rows: Sequence[int | None]) -> Column:
    if isinstance(rows, range):
        return _take_there(column, rows)
    return [None if row is None else column[row] for row in rows]


def _first_value(
    views: list[tuple[TableView, str, str | None]],
    record: str | None,
    *,
    include_deleted: bool,
) -> str | None:
    for view, name, constant_ in views:
        row = view.row_of(record, include_deleted=include_deleted)
        if row is not None:
            return view.columns[name][row] if name else constant_
    return None


_COMBINE: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "SUM": lambda a, b: a + b,
    "MIN": min,
    "MAX": max,
}


def _roll_up(snapshot: Snapshot, sobject: SObject, field: Field, roll_up: RollUp) -> dict[str, str]:
    """The summary of each parent's live children, cached as long as the children do not change."""
    child = snapshot.catalog.get(roll_up.child)
    if child is None:
        return {}
    table = snapshot.table(child)
    key = (sobject.name, field.name)
    kept = snapshot.roll_ups.get(key)
    if kept is not None and kept[0] is field and kept[1] == table.version:
        return kept[2]
    rows = table.undeleted_rows()
    parents = _take_there(table.columns[roll_up.lookup], rows)
    totals: dict[str, Decimal] = {}
    if roll_up.field is None:
        for parent in parents:
            if parent is not None:
                totals[parent] = totals.get(parent, Decimal(0)) + 1
    else:
        combine = _COMBINE[roll_up.function]
        for parent, text in zip(
            parents, _take_there(table.columns[roll_up.field], rows), strict=True
        ):
            if parent is not None and text is not None:
                value = Decimal(text)
                totals[parent] = combine(totals[parent], value) if parent in totals else value
    summary = {parent: str(to_wire(field, total)) for parent, total in totals.items()}
    snapshot.roll_ups[key] = (field, table.version, summary)
    return summary
