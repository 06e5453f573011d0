"""Deleting, undeleting, purging and merging records.

Source: SOAP API Developer Guide, "delete()", "undelete()", "emptyRecycleBin()", "merge()": a
deleted record is in the Recycle Bin (queryAll shows it with IsDeleted) until it is undeleted or
purged; a merge deletes the losers, stores the winner's id in MasterRecordId, and moves their
children. What does not belong here: sharing, which only looks like deletion
(``sandbox/schema_edits.py``).
"""

from collections.abc import Sequence
from typing import Any

from flyle_sf_assets.sandbox.metadata import Field, SObject
from flyle_sf_assets.sandbox.records.identifiers import canonical
from flyle_sf_assets.sandbox.records.writes import RecordWrites, Values
from flyle_sf_assets.sandbox.refusals import Refusal

Row = tuple[SObject, int]


class RecordLifecycle(RecordWrites):
    """Ending a record, and restoring it."""

    def __init__(self, name: str, **parts: Any) -> None:
        super().__init__(name, **parts)
        self._cascaded: dict[str, list[Row]] = {}
        self._blanked: dict[str, list[tuple[SObject, int, str]]] = {}

    def delete(self, object_name: str, *records: str) -> list[str]:
        """Put records into the Recycle Bin; children that cascade go with them.

        Returns the ids of all that were deleted. Lookups that do not cascade become blank
        without their record's stamp moving, and come back with an undelete.
        """
        with self.lock:
            sobject = self._object(object_name)
            self._commit_all()
            deleted: list[str] = []
            for record in records:
                self._delete_row((sobject, self._live_row(sobject, record)), deleted)
            return deleted

    def undelete(self, object_name: str, *records: str) -> list[str]:
        """Restore records from the Recycle Bin with the same ids, and what went with them."""
        with self.lock:
            sobject = self._object(object_name)
            if not sobject.undeletable:
                raise Refusal("UNDELETE_FAILED", f"{sobject.name} cannot be undeleted")
            self._commit_all()
            restored: list[str] = []
            for record in records:
                row = self._row(sobject, record)
                if row not in self._table(sobject).deleted:
                    raise Refusal("UNDELETE_FAILED", "Entity is not in the recycle bin")
                self._undelete_row((sobject, row), restored)
            return restored

    def hard_delete(self, object_name: str, *records: str) -> None:
        """Remove records permanently: neither queryAll nor getDeleted shows them any more."""
        with self.lock:
            sobject = self._object(object_name)
            self._commit_all()
            for record in records:
                row = self._row(sobject, record)
                if row not in self._table(sobject).deleted:
                    self._delete_row((sobject, row), [])
                self._purge(sobject, row)

    def empty_recycle_bin(self, object_name: str | None = None) -> int:
        """Purge everything deleted, of one object or of all; returns how many records."""
        with self.lock:
            self._commit_all()
            names = self.catalog.objects if object_name is None else [object_name]
            purged = 0
            for name in names:
                sobject = self._object(name)
                for row in sorted(self._table(sobject).deleted):
                    self._purge(sobject, row)
                    purged += 1
            return purged

    def merge(
        self, object_name: str, winner: str, losers: Sequence[str], values: Values | None = None
    ) -> None:
        """Merge ``losers`` into ``winner``: they are deleted and name it, their children move.

        ``values`` are set on the winner. Winner, losers and children move their stamps.
        """
        with self.lock:
            sobject = self._object(object_name)
            if not sobject.mergeable:
                raise Refusal("INVALID_TYPE", f"{sobject.name} cannot be merged")
            self._commit_all()
            self._live_row(sobject, winner)
            winner_id = canonical(winner) or winner
            for loser in losers:
                row = self._live_row(sobject, loser)
                self._reparent(sobject, str(self._table(sobject).value(row, "Id")), winner_id)
                self._delete_row((sobject, row), [])
                self._overwrite(sobject, [row], {"MasterRecordId": winner_id})
            self.update(object_name, winner_id, values or {})

    # ------------------------------------------------------------------------------------------

    def _delete_row(self, at: Row, deleted: list[str]) -> None:
        sobject, row = at
        table = self._table(sobject)
        record = str(table.value(row, "Id"))
        table.mark("deleted", row, on=True)
        stamp = self.stamp()
        self._overwrite(sobject, [row], {"IsDeleted": "true", **self._modified(sobject, stamp)})
        deleted.append(record)
        for child, field in self.catalog.children[sobject.name.lower()]:
            for child_row in self._child_rows(child, field, record):
                if field.cascade_delete:
                    self._cascaded.setdefault(record, []).append((child, child_row))
                    self._delete_row((child, child_row), deleted)
                elif field.nillable and not field.system:
                    self._blanked.setdefault(record, []).append((child, child_row, field.name))
                    self._overwrite(child, [child_row], {field.name: None})

    def _undelete_row(self, at: Row, restored: list[str]) -> None:
        sobject, row = at
        table = self._table(sobject)
        record = str(table.value(row, "Id"))
        table.mark("deleted", row, on=False)
        back: dict[str, str | None] = {"IsDeleted": "false", "MasterRecordId": None}
        self._overwrite(sobject, [row], back | self._modified(sobject, self.stamp()))
        restored.append(record)
        for child, child_row in self._cascaded.pop(record, ()):
            if child_row in self._table(child).deleted:
                self._undelete_row((child, child_row), restored)
        for child, child_row, field_name in self._blanked.pop(record, ()):
            child_table = self._table(child)
            if (
                field_name in child_table.columns
                and child_table.value(child_row, field_name) is None
            ):
                self._overwrite(child, [child_row], {field_name: record})

    def _purge(self, sobject: SObject, row: int) -> None:
        table = self._table(sobject)
        record = str(table.value(row, "Id"))
        table.mark("deleted", row, on=False)
        table.mark("gone", row, on=True)
        self._blanked.pop(record, None)
        for child, child_row in self._cascaded.pop(record, ()):
            if child_row in self._table(child).deleted:
                self._purge(child, child_row)

    def _reparent(self, sobject: SObject, loser: str, winner: str) -> None:
        for child, field in self.catalog.children[sobject.name.lower()]:
            if field.system:
                continue
            rows = self._child_rows(child, field, loser)
            self._overwrite(child, rows, {field.name: winner, "SystemModstamp": self.stamp()})

    def _child_rows(self, child: SObject, field: Field, parent: str) -> list[int]:
        table = self._table(child)
        table.prepare_indexes(stamps=False, values=(field.name,))
        index = table.value_indexes.get(field.name)
        column = table.columns[field.name]
        candidates = range(table.size) if index is None else index.candidates([parent], table.size)
        return [
            row
            for row in candidates
            if column[row] == parent and row not in table.deleted and row not in table.gone
        ]
