"""One object's records in columns, and consistent views of them without a copy.

Every column is a plain list of wire texts. A view shares the lists; a change copies a shared list
first, so a query, a locator or a Bulk job still sees the moment it began at,
and orgs that were cloned from one another share what they have not changed.

What does not belong here: what a change means (``writes.py``) and who may see a row
beyond the sets kept here. The org's lock guards every mutation.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

Column = list[str | None]

_INDEX_FROM_ROWS = 300
"""Below this a scan is as fast as an index."""


class StampIndex:
    """Rows by SystemModstamp as of one moment; rows touched since are in ``dirty``.

    Candidates are a superset of the rows in a window: the caller checks the values too.
    """

    def __init__(self, stamps: Column) -> None:
        order = sorted(range(len(stamps)), key=lambda row: stamps[row] or "")
        self._rows = order
        self._stamps = [stamps[row] or "" for row in order]
        self.dirty: set[int] = set()

    def candidates(self, low: str, high: str, size: int) -> list[int]:
        """Rows (in insertion order) that may have a stamp between the texts, both included."""
        start = bisect_left(self._stamps, low)
        end = bisect_right(self._stamps, high)
        found = set(self._rows[start:end])
        found |= self.dirty.copy()
        return sorted(row for row in found if row < size)


class ValueIndex:
    """Rows by the value of one column as of one moment; ``dirty`` as in `StampIndex`."""

    def __init__(self, values: Column) -> None:
        self._rows: dict[str, list[int]] = {}
        for row, value in enumerate(values):
            if value is not None:
                self._rows.setdefault(value, []).append(row)
        self.dirty: set[int] = set()

    def candidates(self, values: Iterable[str], size: int) -> list[int]:
        """Rows (in insertion order) that may hold one of the values."""
        found = self.dirty.copy()
        for value in values:
            found.update(self._rows.get(value, ()))
        return sorted(row for row in found if row < size)


class TableView:
    """A table at one moment. Rows are numbers in insertion order."""

    def __init__(self, table: "Table") -> None:
        self.columns: Mapping[str, Column] = dict(table.columns)
        self.size = table.size
        self.version = table.version
        self._rows_by_id = table.rows_by_id
        self._deleted = table.deleted
        self._gone = table.gone
        self._hidden = table.hidden
        self.stamp_index = table.stamp_index
        self.value_indexes = dict(table.value_indexes)

    def row_of(self, record_id: str | None, *, include_deleted: bool) -> int | None:
        """The row of an id if the connected user can see it there, else None."""
        if record_id is None:
            return None
        row = self._rows_by_id.get(record_id)
        if row is None or row >= self.size or not self.sees(row, include_deleted=include_deleted):
            return None
        return row

    def sees(self, row: int, *, include_deleted: bool) -> bool:
        """Whether the row is there for the connected user."""
        if row in self._gone or row in self._hidden:
            return False
        return include_deleted or row not in self._deleted

    def visible_rows(self, *, include_deleted: bool) -> Sequence[int]:
        """All rows that the connected user can see; a range when that is all of them."""
        return self._all_rows if include_deleted else self._live_rows

    def parents_of(
        self, ids: Column, *, include_deleted: bool, in_system_mode: bool = False
    ) -> list[int | None]:
        """The row of each id, None where there is none to see; formulas see what is not shared."""
        find = self._rows_by_id.get
        size = self.size
        excluded = self._gone if in_system_mode else self._gone | self._hidden
        if not include_deleted:
            excluded = excluded | self._deleted
        rows = [None if i is None else find(i) for i in ids]
        if excluded or len(self._rows_by_id) > size:
            return [None if r is None or r >= size or r in excluded else r for r in rows]
        return rows

    def undeleted_rows(self) -> Sequence[int]:
        """All rows that are not deleted, also those that the connected user cannot see."""
        return self._without(self._gone | self._deleted)

    @cached_property
    def _all_rows(self) -> Sequence[int]:
        return self._without(self._gone | self._hidden)

    @cached_property
    def _live_rows(self) -> Sequence[int]:
        return self._without(self._gone | self._hidden | self._deleted)

    def _without(self, excluded: set[int]) -> Sequence[int]:
        if not excluded:
            return range(self.size)
        return [row for row in range(self.size) if row not in excluded]


class Table:
    """The records of one object in one org."""

    def __init__(self, column_names: Iterable[str]) -> None:
        self.columns: dict[str, Column] = {name: [] for name in column_names}
        self.size = 0
        self.version = 0
        self.rows_by_id: dict[str, int] = {}
        self.deleted: set[int] = set()
        self.gone: set[int] = set()
        self.hidden: set[int] = set()
        self.stamp_index: StampIndex | None = None
        self.value_indexes: dict[str, ValueIndex] = {}
        self._lent: set[str] = set()
        self._sets_lent = False
        self._ids_shared = False

    @staticmethod
    def filled(columns: dict[str, Column]) -> "Table":
        """A table of whole columns, all of one length, among them ``Id``."""
        table = Table(())
        table.columns = columns
        table.size = len(columns["Id"])
        table.rows_by_id = {str(record): row for row, record in enumerate(columns["Id"])}
        return table

    def view(self) -> TableView:
        """The table's current state."""
        self._lent = set(self.columns)
        self._sets_lent = True
        return TableView(self)

    def clone(self) -> "Table":
        """A table with the same records that changes independently from here on."""
        twin = Table(())
        twin.columns = dict(self.columns)
        twin.size, twin.version = self.size, self.version
        twin.rows_by_id = self.rows_by_id
        twin.deleted, twin.gone, twin.hidden = self.deleted, self.gone, self.hidden
        for table in (self, twin):
            table.share()
        return twin

    def share(self) -> None:
        """Copy before every change from here on: another table has the same lists."""
        self._lent = set(self.columns)
        self._sets_lent = True
        self._ids_shared = True

    def append(self, record_id: str, values: Mapping[str, str | None]) -> int:
        """Add a record; columns not named are None. Returns its row."""
        row = self.size
        if self._ids_shared:
            # A clone appends rows of its own, so shared lists must not grow.
            self.rows_by_id = dict(self.rows_by_id)
            self.columns = {name: column.copy() for name, column in self.columns.items()}
            self._lent.clear()
            self._ids_shared = False
        for name, column in self.columns.items():
            column.append(values.get(name))
        self.rows_by_id[record_id] = row
        self.size += 1
        self.version += 1
        self._touched(row)
        return row

    def write(self, row: int, name: str, value: str | None) -> None:
        """Overwrite one value."""
        column = self.columns[name]
        if name in self._lent:
            column = self.columns[name] = column.copy()
            self._lent.discard(name)
        column[row] = value
        self.version += 1
        if name == "SystemModstamp":
            self._touched(row)
        elif name in self.value_indexes:
            self.value_indexes[name].dirty.add(row)

    def value(self, row: int, name: str) -> str | None:
        """One stored value."""
        return self.columns[name][row]

    def add_column(self, name: str, fill: str | None = None) -> None:
        """A new column with the same value everywhere."""
        self.columns[name] = [fill] * self.size

    def drop_column(self, name: str) -> None:
        """Remove a column."""
        self.columns.pop(name, None)
        self.value_indexes.pop(name, None)

    def rename_column(self, old: str, new: str) -> None:
        """The same column under another name."""
        self.columns[new] = self.columns.pop(old)
        self.value_indexes.pop(old, None)
        self._lent.add(new)

    def mark(self, which: str, row: int, *, on: bool) -> None:
        """Add a row to ``deleted``, ``gone`` or ``hidden``, or remove it."""
        if self._sets_lent:
            self.deleted, self.gone, self.hidden = (
                set(self.deleted),
                set(self.gone),
                set(self.hidden),
            )
            self._sets_lent = False
        self.version += 1
        marked: set[int] = getattr(self, which)
        if on:
            marked.add(row)
        else:
            marked.discard(row)

    def prepare_indexes(self, *, stamps: bool, values: Iterable[str]) -> None:
        """Make the indexes that a query will use, where they pay."""
        if self.size < _INDEX_FROM_ROWS:
            return
        if stamps and (self.stamp_index is None or self._stale(self.stamp_index.dirty)):
            self.stamp_index = StampIndex(self.columns["SystemModstamp"])
        for name in values:
            index = self.value_indexes.get(name)
            if index is None or self._stale(index.dirty):
                self.value_indexes[name] = ValueIndex(self.columns[name])

    def _stale(self, dirty: set[int]) -> bool:
        return len(dirty) > 1000 + self.size // 50

    def _touched(self, row: int) -> None:
        if self.stamp_index is not None:
            self.stamp_index.dirty.add(row)
        if row == self.size - 1:
            for index in self.value_indexes.values():
                index.dirty.add(row)
