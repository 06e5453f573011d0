"""The oracle of whole syncs, widened to what faults and the connected user's rights add.

What is hidden, frozen, unlinked or rejected, and conditions that move with the day. Like the
oracle it reads only the org and the settings. What does not belong here: comparing (``world.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from flyle_sf_assets.sandbox.metadata import Field, PicklistEntry
from flyle_sf_assets_tests.faults.seen_org import SeenOrg
from flyle_sf_assets_tests.faults.told_options import At, Told, ToldOptions, listed
from flyle_sf_assets_tests.faults.values import BAD_URLS
from flyle_sf_assets_tests.flows.contract_words import REASONS
from flyle_sf_assets_tests.flows.option_labels import is_active
from flyle_sf_assets_tests.flows.oracle import SEVERAL, Company, Json, Option, Oracle, Record
from flyle_sf_assets_tests.flows.owners import SHARED

Rejections = dict[tuple[str, str | None], str]
Raw = dict[str, dict[str, object]]

_TEXTS = ("string", "textarea", "email", "phone", "combobox", "id", "reference", "time")
_NUMBERS = ("int", "long", "double", "currency", "percent")
FITTING: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_TEXTS, ("text",)),
    **dict.fromkeys(_NUMBERS, ("number", "text")),
    "url": ("url", "text"),
    "picklist": ("single_select", "text"),
    "multipicklist": ("multi_select", "text"),
    "boolean": ("checkbox", "text"),
    "date": ("date", "text"),
    "datetime": ("datetime", "date", "text"),
}
"""The public type table."""


UNKNOWN = object()
"""A value that depends on what was held inside: any value will do."""


@dataclass(frozen=True)
class End:
    """How a record ended, or left what a refresh reads."""

    status: str
    merged_into: str | None

    def of(self, row: Company) -> Company:
        """The row of that record."""
        reason = REASONS[self.status]
        return replace(row, status=self.status, status_reason=reason, merged_into=self.merged_into)


class Expectation(Oracle):
    """What one refresh must leave behind, given the rows that stood before it."""

    org: SeenOrg  # type: ignore[assignment]  # reads as an Org does, and shows what was seen

    def __init__(self, org: SeenOrg, settings: str, told: ToldOptions) -> None:
        super().__init__(org, settings)  # type: ignore[arg-type]  # as above
        self._told = told
        self.rejected: Rejections = {}
        self.raw: Raw = {}
        self._current = ""
        self._retyped: frozenset[str] = frozenset()
        self.unreadable = [one for one in self.mapping if not self._is_readable(one)]
        self.mapping = [one for one in self.mapping if one not in self.unreadable]

    def rows(
        self,
        before: Mapping[str, tuple[str, Company]],
        retyped: frozenset[str] = frozenset(),
        raw: Raw | None = None,
    ) -> dict[str, Company]:
        """Every company row by id; ``before`` has each row with its base object.

        ``retyped`` are the keys whose mapping has another type than before; frozen rows are
        converted from ``raw``, the values last read, where it is known.
        """
        self.rejected, self.raw, self._retyped = {}, {}, retyped
        every = {str(r["Id"]): r for r in self.org.records(self.base, include_deleted=True)}
        found = {}
        for key, (base, row) in before.items():
            if base == self.base:
                frozen = _gone(row, every.get(key))
                found[key] = self._converted_again(frozen, (raw or {}).get(key, {}))
            else:
                found[key] = _of_other_base(row, retyped)
        for key, record in every.items():
            if not record["IsDeleted"] and self._in_scope(record):
                last = before[key][1].custom_fields if key in before else {}
                self._current = key
                fields = self._custom_fields(record, last)
                found[key] = Company(str(record["Name"]), "linked", None, None, fields)
        return found

    def ends(self) -> dict[str, End]:
        """How those records of the base object ended that lie in the Recycle Bin now."""
        every = self.org.records(self.base, include_deleted=True)
        return {str(one["Id"]): _end(one) for one in every if one["IsDeleted"]}

    def described(self) -> set[tuple[str, str]]:
        """The options that describe lists now, of fields that are read."""
        return {
            (mapping["to"], entry.value)
            for mapping in self.mapping
            if self.type_of(mapping).endswith("_select")
            for entry in listed(self.org, self._field_at(mapping["from"]))
        }

    def listed_options(self, path: str) -> dict[str, Option]:
        """Those that are listed now, each with every label that was told of it."""
        field, told = self._field_at(path), self._told_at(path)
        return {
            entry.value: Option(
                " / ".join(dict.fromkeys(told.labels[entry.value].values())),
                is_active(field, entry.value),
            )
            for entry in listed(self.org, field)
        }

    def _custom_fields(self, record: Record, last: Json) -> Json:
        fields = dict(last)
        for mapping in self.mapping:
            key, path = mapping["to"], mapping["from"]
            value = self.value(record, path)
            self.raw.setdefault(self._current, {})[path] = value
            is_retyped = key in self._retyped
            if is_retyped:
                fields[key] = None
            if value is SEVERAL:
                self.rejected[self._current, key] = "several_records"
                continue
            flyle_type = self.type_of(mapping)
            shown = self._shown(value, path, flyle_type, self._country(record, path))
            if shown is None and mapping.get("when_blank") == "keep" and not is_retyped:
                continue
            if flyle_type == "url" and shown in BAD_URLS:
                self.rejected[self._current, key] = "url"
                continue
            fields[key] = shown
        return fields

    def _converted_again(self, row: Company, raw: dict[str, object]) -> Company:
        """A frozen row after a change of types: `UNKNOWN` where nobody can tell from outside."""
        fields = dict(row.custom_fields)
        for mapping in self.mapping:
            key, path = mapping["to"], mapping["from"]
            if key not in self._retyped:
                continue
            fields[key] = UNKNOWN
            if self._needs_another(path):
                # Whether its controlling field was read before the row froze, nobody can tell.
                continue
            if path in raw and "." not in path and raw[path] is not SEVERAL:
                shown = self._shown(raw[path], path, self.type_of(mapping), None)
                fields[key] = None if shown in BAD_URLS else shown
        return replace(row, custom_fields=fields)

    def _shown(self, value: object, path: str, flyle_type: str, country: object) -> object:
        """The value as a company has it; by what was told of its options, be they listed or not."""
        field = self._field_at(path)
        if field.type not in ("picklist", "multipicklist"):
            return self._json(value, field, flyle_type, {})
        told = self._told_at(path)
        order = [PicklistEntry(one, one) for one in told.order]
        labels = {one: told.label(one, country) for one in told.order}
        shown = self._json(value, replace(field, picklist=tuple(order)), flyle_type, labels)
        is_unsure = self._at(path) in self._told.unsure and flyle_type != "single_select"
        return UNKNOWN if is_unsure and shown is not None else shown

    def _country(self, record: Record, path: str) -> object:
        """The value of the field that controls the one at the path."""
        above = self._field_at(path).controller
        return above and self.value(record, ".".join([*path.split(".")[:-1], above]))

    def _at(self, path: str) -> At:
        *relationships, name = path.split(".")
        at = self.base
        for relationship in relationships:
            at, _ = self._step(at, None, relationship)
        return at.lower(), name.lower()

    def _told_at(self, path: str) -> Told:
        return self._told.of(self._at(path))

    def _needs_another(self, path: str) -> bool:
        """Whether a value has several labels, so that the controlling field must tell its own."""
        return bool(self._field_at(path).controller) and self._told_at(path).is_ambiguous

    def _is_readable(self, mapping: Mapping[str, str]) -> bool:
        """Whether the connected user sees every field on the path, and its type still fits."""
        *relationships, name = mapping["from"].split(".")
        at = self.base
        for relationship in relationships:
            extra = next((one for one in self._one_to_one if one["as"] == relationship), None)
            if extra is not None:
                if not self._sees(extra["object"], extra["lookup"]):
                    return False
                at = extra["object"]
                continue
            lookup = self.org.catalog.objects[at.lower()].by_relationship.get(relationship.lower())
            if lookup is None or not self._sees(at, lookup.name):
                return False
            if len(lookup.reference_to) > 1:
                return self._is_shared(lookup.reference_to, name)
            at = lookup.reference_to[0]
        if not self._sees(at, name):
            return False
        field = self.org.catalog.objects[at.lower()].field(name)
        if mapping["type"] == "text" and self._needs_another(mapping["from"]):
            return self._sees(at, field.controller or "")
        return mapping["type"] in FITTING[field.type]

    def _is_shared(self, owners: tuple[str, ...], name: str) -> bool:
        """Whether the user sees a field of every kind of owner that has it."""
        having = [one for one in owners if name in SHARED[one]]
        return all(self._sees(one, name) for one in having)

    def _sees(self, object_name: str, field_name: str) -> bool:
        at = object_name.lower()
        return (
            at not in self.org.hidden_objects
            and field_name.lower() in self.org.catalog.objects[at].by_name
            and (at, field_name.lower()) not in self.org.hidden_fields
        )

    def _computed(self, object_name: str, record: Record, field: Field) -> object:
        """The org computes from all that there is, also from what the connected user cannot see."""
        kept, self._records = self._records, {}
        try:
            for name in ("Account", "Opportunity"):
                every = self.org.records(name, shared_only=False)
                self._records[name] = {one["Id"]: one for one in every}
            return super()._computed(object_name, record, field)
        finally:
            self._records = kept

    def _holds(self, condition: Mapping[str, object], record: Record) -> bool:
        wanted = condition.get("value")
        if not isinstance(wanted, dict):
            return super()._holds(condition, record)
        value = self.value(record, str(condition["field"]))
        if value is None or value is SEVERAL:
            return False
        day = value.date() if isinstance(value, datetime) else value
        assert isinstance(day, date)
        name, _, number = str(wanted["date"]).partition(":")
        assert (name, condition["op"]) == ("LAST_N_DAYS", "ge")
        return day >= self.org.today - timedelta(days=int(number))


def _gone(row: Company, record: Record | None) -> Company:
    """A row whose record does not match (any more): its values stay, its status says why."""
    if record is None:
        if row.status in ("deleted", "merged"):
            return row
        return End("missing", None).of(row)
    return (_end(record) if record["IsDeleted"] else End("out_of_scope", None)).of(row)


def _end(record: Record) -> End:
    winner = record.get("MasterRecordId")
    return End("merged", str(winner)) if winner else End("deleted", None)


def _of_other_base(row: Company, retyped: frozenset[str]) -> Company:
    """No record is held of it: a value that has no type any more cannot be converted."""
    fields = {k: None if k in retyped else value for k, value in row.custom_fields.items()}
    if row.status != "linked":
        return replace(row, custom_fields=fields)
    return Company(row.name, "unlinked", "base_object_changed", None, fields)
