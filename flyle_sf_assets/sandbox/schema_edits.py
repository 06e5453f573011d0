"""Changing an org's schema and who sees it: fields, picklists, field-level security, sharing.

An edit makes a new catalog, so that orgs that share the old one do not change. Every edit but a
permission moves the object's describe ``Last-Modified``; a hidden field is missing in describe
and is `No such column` in SOQL. Source: Salesforce Help, "Field-Level Security"; REST API
Developer Guide, "sObject Describe" and "Conditional Requests".
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from flyle_sf_assets.sandbox.metadata import Field, PicklistEntry, SObject, Visibility
from flyle_sf_assets.sandbox.records.lifecycle import RecordLifecycle
from flyle_sf_assets.sandbox.records.state import column_names
from flyle_sf_assets.sandbox.records.table import Table
from flyle_sf_assets.sandbox.records.values import from_wire, to_wire
from flyle_sf_assets.sandbox.refusals import Refusal


class SchemaEdits(RecordLifecycle):
    """The actions of an administrator in Setup."""

    permissions_move_last_modified = False
    """Whether hiding a field moves describe's Last-Modified (a real org may well not)."""

    # Objects and fields -----------------------------------------------------------------------

    def add_object(self, sobject: SObject) -> None:
        """Create an object with no records."""
        with self.lock:
            self.catalog = self.catalog.with_object(sobject)
            self._tables[sobject.name.lower()] = Table(column_names(sobject))
            self.schema_changed_at[sobject.name.lower()] = self.now().replace(microsecond=0)

    def add_field(self, object_name: str, field: Field) -> None:
        """Add a field; every record has it blank (false for a checkbox)."""
        with self.lock:
            sobject = self._object(object_name)
            if field.name.lower() in sobject.by_name:
                raise Refusal("DUPLICATE_DEVELOPER_NAME", f"{field.name} exists already")
            if field.stored:
                fill = "false" if field.type == "boolean" else None
                self._table(sobject).add_column(field.name, fill)
            self._replace(sobject.with_field(field))

    def remove_field(self, object_name: str, field_name: str) -> Field:
        """Delete a field and its values; returns it, so that it can be added again."""
        with self.lock:
            sobject = self._object(object_name)
            field = self._field(sobject, field_name)
            self._table(sobject).drop_column(field.name)
            self._replace(sobject.with_fields(f for f in sobject.fields if f is not field))
            return field

    def rename_field(self, object_name: str, old: str, new: str) -> None:
        """Give a field another API name; its values stay."""
        with self.lock:
            sobject = self._object(object_name)
            field = self._field(sobject, old)
            if field.stored:
                self._table(sobject).rename_column(field.name, new)
            renamed = replace(field, name=new)
            self._replace(sobject.with_fields(renamed if f is field else f for f in sobject.fields))

    def relabel_field(self, object_name: str, field_name: str, label: str) -> None:
        """Change a field's label."""
        with self.lock:
            sobject = self._object(object_name)
            field = self._field(sobject, field_name)
            self._replace(sobject.with_field(replace(field, label=label)))

    def change_field_type(self, object_name: str, field: Field) -> None:
        """Replace the field of the same name by ``field``; values that do not fit are lost."""
        with self.lock:
            sobject = self._object(object_name)
            old = self._field(sobject, field.name)
            if old.stored and field.stored:
                self._convert_column(sobject, old, field)
            elif field.stored:
                self._table(sobject).add_column(field.name)
            else:
                self._table(sobject).drop_column(field.name)
            self._replace(sobject.with_field(field))

    def _convert_column(self, sobject: SObject, old: Field, new: Field) -> None:
        table = self._table(sobject)
        for row in range(table.size):
            value = from_wire(old, table.value(row, old.name))
            try:
                text = to_wire(new, value)
            except (Refusal, TypeError):
                text = None
            table.write(row, old.name, text)

    # Picklists --------------------------------------------------------------------------------

    def add_option(
        self, object_name: str, field_name: str, value: str, label: str | None = None
    ) -> None:
        """Add an option at the end of a picklist."""
        with self.lock:
            sobject, field = self._picklist(object_name, field_name)
            if value.lower() in field.picklist_position:
                raise Refusal("DUPLICATE_VALUE", f"{value} exists already")
            self._set_options(
                sobject, field, (*field.picklist, PicklistEntry(value, label or value))
            )

    def relabel_option(self, object_name: str, field_name: str, value: str, label: str) -> None:
        """Change an option's label; its API value stays."""
        self._edit_option(object_name, field_name, value, label=label)

    def deactivate_option(self, object_name: str, field_name: str, value: str) -> None:
        """Make an option unavailable for new values; records keep it."""
        self._edit_option(object_name, field_name, value, active=False)

    def reactivate_option(self, object_name: str, field_name: str, value: str) -> None:
        """Make an inactive option available again."""
        self._edit_option(object_name, field_name, value, active=True)

    def remove_option(
        self,
        object_name: str,
        field_name: str,
        value: str,
        *,
        replace_with: str | None = None,
        keep_on_records: bool = True,
    ) -> None:
        """Delete an option. Records keep its value, or take ``replace_with``, or become blank."""
        with self.lock:
            sobject, field = self._picklist(object_name, field_name)
            entry = self._option(field, value)
            rest = tuple(e for e in field.picklist if e is not entry)
            self._set_options(sobject, field, rest)
            if keep_on_records and replace_with is None:
                return
            table = self._table(sobject)
            rows = [r for r in range(table.size) if table.value(r, field.name) == entry.value]
            stamp = self.stamp()
            self._overwrite(sobject, rows, {field.name: replace_with, "SystemModstamp": stamp})

    def _edit_option(self, object_name: str, field_name: str, value: str, **change: Any) -> None:
        with self.lock:
            sobject, field = self._picklist(object_name, field_name)
            entry = self._option(field, value)
            edited = replace(entry, **change)
            self._set_options(
                sobject, field, tuple(edited if e is entry else e for e in field.picklist)
            )

    def _picklist(self, object_name: str, field_name: str) -> tuple[SObject, Field]:
        sobject = self._object(object_name)
        field = self._field(sobject, field_name)
        if not field.picklist and field.type not in ("picklist", "multipicklist"):
            raise ValueError(f"{field.name} is not a picklist")
        return sobject, field

    def _option(self, field: Field, value: str) -> PicklistEntry:
        for entry in field.picklist:
            if entry.value == value:
                return entry
        raise KeyError(f"{field.name} has no option {value}")

    def _set_options(
        self, sobject: SObject, field: Field, entries: tuple[PicklistEntry, ...]
    ) -> None:
        self._replace(sobject.with_field(replace(field, picklist=entries)))

    # Who sees what ----------------------------------------------------------------------------

    def hide_field(self, object_name: str, field_name: str) -> None:
        """Hide the field from the connected user (field-level security)."""
        self._see_field(object_name, field_name, visible=False)

    def show_field(self, object_name: str, field_name: str) -> None:
        """Show the field to the connected user again."""
        self._see_field(object_name, field_name, visible=True)

    def hide_object(self, object_name: str) -> None:
        """Hide the object from the connected user."""
        self._see_object(object_name, visible=False)

    def show_object(self, object_name: str) -> None:
        """Show the object to the connected user again."""
        self._see_object(object_name, visible=True)

    def hide_record(self, object_name: str, *records: str) -> None:
        """Stop sharing records with the connected user: it looks like a permanent deletion."""
        self._see_records(object_name, records, visible=False)

    def show_record(self, object_name: str, *records: str) -> None:
        """Share records with the connected user again; no stamp moves."""
        self._see_records(object_name, records, visible=True)

    def _see_field(self, object_name: str, field_name: str, *, visible: bool) -> None:
        with self.lock:
            sobject = self._object(object_name)
            key = (sobject.name.lower(), self._field(sobject, field_name).name.lower())
            hidden = (
                self.visibility.hidden_fields - {key}
                if visible
                else (self.visibility.hidden_fields | {key})
            )
            self.visibility = Visibility(self.visibility.hidden_objects, hidden)
            if self.permissions_move_last_modified:
                self._mark_changed(sobject)

    def _see_object(self, object_name: str, *, visible: bool) -> None:
        with self.lock:
            key = self._object(object_name).name.lower()
            hidden = (
                self.visibility.hidden_objects - {key}
                if visible
                else (self.visibility.hidden_objects | {key})
            )
            self.visibility = Visibility(hidden, self.visibility.hidden_fields)

    def _see_records(self, object_name: str, records: tuple[str, ...], *, visible: bool) -> None:
        with self.lock:
            sobject = self._object(object_name)
            self._commit_before(records)
            for record in records:
                self._table(sobject).mark("hidden", self._row(sobject, record), on=not visible)

    # ------------------------------------------------------------------------------------------

    def _replace(self, sobject: SObject) -> None:
        self.catalog = self.catalog.with_object(sobject)
        self._mark_changed(sobject)

    def _mark_changed(self, sobject: SObject) -> None:
        # HTTP dates have whole seconds: two edits within one must still differ.
        key = sobject.name.lower()
        now = self.now().replace(microsecond=0)
        self.schema_changed_at[key] = max(now, self.schema_changed_at[key] + timedelta(seconds=1))
