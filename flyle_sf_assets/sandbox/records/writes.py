"""Inserting and updating records: what moves a stamp, and what changes without moving one.

Source: Object Reference, "System Fields". What does not belong here: deletion and
merging (``lifecycle.py``).
"""

from collections.abc import Iterable, Mapping, Sequence

from flyle_sf_assets.sandbox.metadata import Field, SObject
from flyle_sf_assets.sandbox.records.identifiers import canonical
from flyle_sf_assets.sandbox.records.state import OrgState
from flyle_sf_assets.sandbox.records.values import from_wire, to_wire
from flyle_sf_assets.sandbox.refusals import Refusal

Values = Mapping[str, object]


class RecordWrites(OrgState):
    """Writes to records. Values are Python values or Salesforce's own texts."""

    acting_user_id: str | None = None
    """The user shown as creator and last modifier; the connected user until it is set."""

    def insert(self, object_name: str, values: Values, *, late_s: float = 0) -> str:
        """Create a record and return its 18-character id.

        With ``late_s`` its stamps are of now, but it becomes visible only that much later.
        """
        with self.lock:
            sobject = self._object(object_name)
            texts = self._texts(sobject, values, creating=True)
            record = texts.get("Id") or self._next_id(sobject)
            texts["Id"] = record
            self._stamp_new(sobject, texts)
            table = self._table(sobject)
            self._commit([record], lambda: table.append(record, texts), late_s)
            return record

    def insert_many(self, object_name: str, rows: Iterable[Values]) -> list[str]:
        """Create records that all share one stamp; returns their ids in order."""
        with self.lock:
            return [self.insert(object_name, values) for values in rows]

    def update(self, object_name: str, record: str, values: Values, *, late_s: float = 0) -> None:
        """Change fields of a record: SystemModstamp and LastModifiedDate move, even if equal."""
        self.mass_update(object_name, [record], values, late_s=late_s)

    def mass_update(
        self, object_name: str, records: Sequence[str], values: Values, *, late_s: float = 0
    ) -> str:
        """Change many records in one transaction; returns the stamp that they now share."""
        with self.lock:
            sobject = self._object(object_name)
            records = [canonical(record) or record for record in records]
            self._commit_before(records)
            rows = [self._live_row(sobject, record) for record in records]
            texts = self._texts(sobject, values, creating=False)
            stamp = self.stamp()
            texts |= self._modified(sobject, stamp)
            self._commit(records, lambda: self._overwrite(sobject, rows, texts), late_s)
            return stamp

    def upsert(self, object_name: str, key_field: str, values: Values) -> str:
        """Update the record with that value in ``key_field`` (an external id), or create it."""
        with self.lock:
            sobject = self._object(object_name)
            field = self._field(sobject, key_field)
            wanted = to_wire(field, {k.lower(): v for k, v in values.items()}[field.name.lower()])
            table = self._table(sobject)
            column = table.columns[field.name]
            for row in range(table.size):
                if column[row] == wanted and row not in table.deleted and row not in table.gone:
                    record = str(table.value(row, "Id"))
                    self.update(object_name, record, values)
                    return record
            return self.insert(object_name, values)

    def set_computed(self, object_name: str, record: str, field_name: str, value: object) -> None:
        """Change a stored value without moving any stamp, as formulas and roll-ups do.

        A field that is computed when read cannot be set; give it no formula, or change
        what it is computed from.
        """
        with self.lock:
            sobject = self._object(object_name)
            field = self._field(sobject, field_name)
            if not field.stored:
                raise ValueError(f"{field.name} is computed when it is read")
            self._commit_before([canonical(record) or record])
            self._overwrite(
                sobject, [self._row(sobject, record)], {field.name: to_wire(field, value)}
            )

    def touch(self, object_name: str, records: Sequence[str] | None = None) -> str:
        """Move SystemModstamp alone (a system update), of all live records if none are named."""
        with self.lock:
            sobject = self._object(object_name)
            self._commit_all()
            table = self._table(sobject)
            rows = (
                [r for r in range(table.size) if r not in table.deleted and r not in table.gone]
                if records is None
                else [self._row(sobject, record) for record in records]
            )
            stamp = self.stamp()
            self._overwrite(sobject, rows, {"SystemModstamp": stamp})
            return stamp

    # Reading back, without visibility rules: for oracles ---------------------------------------

    def record(self, object_name: str, record: str) -> dict[str, object]:
        """All stored fields of a record as Python values, regardless of visibility."""
        with self.lock:
            self._commit_due()
            sobject = self._object(object_name)
            return self._python_values(sobject, self._row(sobject, record))

    def records(
        self, object_name: str, *, include_deleted: bool = False
    ) -> list[dict[str, object]]:
        """All records with their stored fields as Python values, in insertion order."""
        with self.lock:
            self._commit_due()
            sobject = self._object(object_name)
            table = self._table(sobject)
            return [
                self._python_values(sobject, row)
                for row in range(table.size)
                if row not in table.gone and (include_deleted or row not in table.deleted)
            ]

    def ids(self, object_name: str, *, include_deleted: bool = False) -> list[str]:
        """The ids of all records, in insertion order."""
        with self.lock:
            self._commit_due()
            table = self._table(self._object(object_name))
            return [
                str(table.value(row, "Id"))
                for row in range(table.size)
                if row not in table.gone and (include_deleted or row not in table.deleted)
            ]

    # ------------------------------------------------------------------------------------------

    def _python_values(self, sobject: SObject, row: int) -> dict[str, object]:
        columns = self._table(sobject).columns
        return {field.name: from_wire(field, columns[field.name][row]) for field in sobject.stored}

    def _texts(self, sobject: SObject, values: Values, *, creating: bool) -> dict[str, str | None]:
        texts: dict[str, str | None] = {}
        if creating:
            for field in sobject.set_when_new:
                if field.auto_number:
                    texts[field.name] = self._auto_number(sobject, field)
                else:
                    texts[field.name] = field.default or "false"
        for name, value in values.items():
            field = self._field(sobject, name)
            if not field.stored or (field.calculated and not creating):
                raise Refusal(
                    "INVALID_FIELD_FOR_INSERT_UPDATE",
                    f"Unable to create/update fields: {field.name}.",
                    fields=(field.name,),
                )
            texts[field.name] = to_wire(field, value)
        _compose_name(sobject, texts)
        if creating and "OwnerId" in sobject.columns and not texts.get("OwnerId"):
            texts["OwnerId"] = self.acting_user_id
        return texts

    def _auto_number(self, sobject: SObject, field: Field) -> str:
        pattern = field.auto_number or "{0}"
        number = self._table(sobject).size + 1
        head, digits = pattern.split("{")
        return f"{head}{number:0{len(digits) - 1}d}"

    def _stamp_new(self, sobject: SObject, texts: dict[str, str | None]) -> None:
        stamp = self.stamp()
        for name, text in (
            ("CreatedDate", stamp),
            ("CreatedById", self.acting_user_id),
            ("IsDeleted", "false"),
            *self._modified(sobject, stamp).items(),
        ):
            if name in sobject.columns and texts.get(name) in (None, "false"):
                texts[name] = text

    def _modified(self, sobject: SObject, stamp: str) -> dict[str, str | None]:
        moved = {
            "SystemModstamp": stamp,
            "LastModifiedDate": stamp,
            "LastModifiedById": self.acting_user_id,
        }
        return {k: v for k, v in moved.items() if k in sobject.columns}

    def _overwrite(
        self, sobject: SObject, rows: Iterable[int], texts: Mapping[str, str | None]
    ) -> None:
        table = self._table(sobject)
        for row in rows:
            for name, text in texts.items():
                if name in table.columns:
                    table.write(row, name, text)

    def _live_row(self, sobject: SObject, record: str) -> int:
        row = self._row(sobject, record)
        if row in self._table(sobject).deleted:
            raise Refusal("ENTITY_IS_DELETED", "entity is deleted", status=404)
        return row


def _compose_name(sobject: SObject, texts: dict[str, str | None]) -> None:
    """User.Name and Contact.Name consist of last and first name (Japanese order)."""
    if "LastName" in texts and "Name" in sobject.columns and not texts.get("Name"):
        texts["Name"] = " ".join(
            part for part in (texts["LastName"], texts.get("FirstName")) if part
        )
