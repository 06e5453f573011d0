"""What the companies of a tenant must hold, worked out from the org itself in plain Python.

Independent on purpose: it reads the org's records as Python values, and the settings as YAML,
and walks lookups by hand. It imports nothing of the product but the sandbox. Types and JSON values
are those of the public contract ("PostgreSQL schema", `custom_fields` JSON).

What does not belong here: reading what the product wrote (``tenants.py``).
"""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

from flyle_sf_assets.sandbox.metadata import Field
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets_tests.flows.contract_words import DEFAULT_TYPES, REASONS
from flyle_sf_assets_tests.flows.option_labels import catalog_label, is_active, labels_of
from flyle_sf_assets_tests.flows.owners import shared

Record = Mapping[str, object]
Json = dict[str, object]

SEVERAL = object()
"""A one-to-one object that several records claim: the value is rejected, the last one stays."""


@dataclass(frozen=True)
class Company:
    """One company row as a reader of the contract sees it; numbers are exact decimals."""

    name: str
    status: str
    status_reason: str | None
    merged_into: str | None
    custom_fields: Json


@dataclass(frozen=True)
class Option:
    """One option of the catalog."""

    label: str
    active: bool


@functools.lru_cache(maxsize=8)
def _document(settings: str) -> dict[str, Any]:
    """The settings; nobody changes what was parsed."""
    return dict(YAML(typ="safe").load(settings))


class Oracle:
    """The expected state of one tenant: its org as it stands now, and its settings as YAML text.

    Records are read once: make a new oracle when the org has changed.
    """

    def __init__(self, org: Org, settings: str) -> None:
        self.org = org
        document = _document(settings)
        self._zone = ZoneInfo(document.get("time_zone", "Asia/Tokyo"))
        self.base: str = document["source"]["object"]
        self._one_to_one = document["source"].get("one_to_one", [])
        self._conditions = document["source"].get("conditions", [])
        self.mapping: list[dict[str, str]] = document["mapping"]
        self._records: dict[str, dict[object, Record]] = {}

    def companies(self, before: Mapping[str, Company] | None = None) -> dict[str, Company]:
        """Every company row by id; ``before`` are the rows as they stood after the last sync."""
        held = dict(before or {})
        every = {str(r["Id"]): r for r in self.org.records(self.base, include_deleted=True)}
        rows = {key: _frozen(row, every.get(key)) for key, row in held.items()}
        for key, record in every.items():
            if not record["IsDeleted"] and self._in_scope(record):
                last = held[key].custom_fields if key in held else {}
                fields = self._custom_fields(record, last)
                rows[key] = Company(str(record["Name"]), "linked", None, None, fields)
        return rows

    def options(self, before: Mapping[str, Company]) -> dict[tuple[str, str], Option]:
        """The catalog: what describe lists, and what the companies hold outside of it."""
        found: dict[tuple[str, str], Option] = {}
        for mapping in self.mapping:
            key = mapping["to"]
            if self.type_of(mapping) not in ("single_select", "multi_select"):
                continue
            for listed, option in self.listed_options(mapping["from"]).items():
                found[key, listed] = option
            for company in before.values():
                value = company.custom_fields.get(key)
                for met in value if isinstance(value, list) else [value]:
                    if met is not None:
                        found.setdefault((key, str(met)), Option(str(met), active=False))
        return found

    def listed_options(self, path: str) -> dict[str, Option]:
        """The options that describe lists of a field, by value."""
        field = self._field_at(path)
        return {
            entry.value: Option(catalog_label(field, entry.value), is_active(field, entry.value))
            for entry in field.picklist
        }

    def type_of(self, mapping: Mapping[str, str]) -> str:
        """The Flyle type of a mapping, given or by default."""
        source = self._field_at(mapping["from"]).type
        return mapping.get("type") or DEFAULT_TYPES.get(source, "text")

    def value(self, record: Record, path: str) -> object:
        """The Python value at a field path from a record of the base object."""
        *relationships, name = path.split(".")
        at: tuple[str, Record | None] = (self.base, record)
        is_shared = False
        for relationship in relationships:
            object_name, here = at
            is_shared = self._is_of_several(object_name, relationship)
            target, there = self._step(object_name, here, relationship)
            if there is SEVERAL:
                return SEVERAL
            at = (target, there)  # type: ignore[assignment]  # what is not SEVERAL is a record
        object_name, here = at
        if here is None or is_shared:
            return here and shared(object_name, here, name)
        field = self.org.catalog.objects[object_name.lower()].field(name)
        return here[field.name] if field.stored else self._computed(object_name, here, field)

    def live(self, object_name: str) -> dict[object, Record]:
        """An object's records that are not deleted, by id."""
        if object_name not in self._records:
            every = self.org.records(object_name)
            self._records[object_name] = {record["Id"]: record for record in every}
        return self._records[object_name]

    # ------------------------------------------------------------------------------------------

    def _custom_fields(self, record: Record, last: Json) -> Json:
        fields = dict(last)
        for mapping in self.mapping:
            key, value = mapping["to"], self.value(record, mapping["from"])
            if value is SEVERAL:
                continue
            field = self._field_at(mapping["from"])
            labels = self._labels(record, mapping["from"])
            shown = self._json(value, field, self.type_of(mapping), labels)
            if shown is None and mapping.get("when_blank") == "keep":
                continue
            fields[key] = shown
        return fields

    def _labels(self, record: Record, path: str) -> dict[str, str]:
        field = self._field_at(path)
        if field.controller is None:
            return labels_of(field, None, None)
        above = ".".join([*path.split(".")[:-1], field.controller])
        return labels_of(field, self._field_at(above), self.value(record, above))

    def _json(
        self, value: object, field: Field, flyle_type: str, labels: Mapping[str, str]
    ) -> object:
        if value is None or value in ("", []):
            return None
        if flyle_type in ("text", "url"):
            return self._text(value, field, labels)
        if flyle_type == "multi_select":
            return _in_order(str(value), field)
        if flyle_type == "date" and isinstance(value, datetime):
            return value.astimezone(self._zone).date().isoformat()
        if isinstance(value, datetime):
            return _rfc_3339(value)
        return value.isoformat() if isinstance(value, date) else value

    def _text(self, value: object, field: Field, labels: Mapping[str, str]) -> str:
        if field.type == "picklist":
            return labels.get(str(value), str(value))
        if field.type == "multipicklist":
            return "; ".join(labels.get(one, one) for one in _in_order(str(value), field))
        return _as_text(value)

    def _step(self, object_name: str, here: Record | None, name: str) -> tuple[str, object]:
        """The record that a relationship leads to: a lookup upwards, or a one-to-one object."""
        for extra in self._one_to_one:
            if extra["as"] == name and extra["of"] == object_name:
                if here is None:
                    return extra["object"], None
                found = [
                    other
                    for other in self.live(extra["object"]).values()
                    if other[extra["lookup"]] == here["Id"]
                ]
                if len(found) > 1:
                    return extra["object"], SEVERAL
                return extra["object"], found[0] if found else None
        lookup = self.org.catalog.objects[object_name.lower()].by_relationship[name.lower()]
        record = None if here is None else here[lookup.name]
        for target in lookup.reference_to:
            if record in self.live(target):
                return target, self.live(target)[record]
        return lookup.reference_to[-1], None

    def _is_of_several(self, object_name: str, name: str) -> bool:
        """Whether what a lookup leads to may be of several objects, of which little is shared."""
        lookup = self.org.catalog.objects[object_name.lower()].by_relationship.get(name.lower())
        return lookup is not None and len(lookup.reference_to) > 1

    def _field_at(self, path: str) -> Field:
        *relationships, name = path.split(".")
        object_name = self.base
        for relationship in relationships:
            if name == "Type" and self._is_of_several(object_name, relationship):
                return Field("Type", "種別", "string")
            object_name, _ = self._step(object_name, None, relationship)
        return self.org.catalog.objects[object_name.lower()].field(name)

    def _computed(self, object_name: str, record: Record, field: Field) -> object:
        """A formula or roll-up of the sample orgs, as its text in describe says."""
        if field.roll_up is not None:
            return self._rolled_up(record, field)
        return _FORMULAS[object_name, field.name](record, self)

    def _rolled_up(self, record: Record, field: Field) -> object:
        if field.roll_up is None or field.roll_up.function not in ("SUM", "COUNT"):
            # The standard org has no other; one that is added must not be summed in silence.
            raise NotImplementedError(field.name)
        children = [
            child
            for child in self.live(field.roll_up.child).values()
            if child[field.roll_up.lookup] == record["Id"]
        ]
        if field.roll_up.function == "COUNT":
            return Decimal(len(children))
        amounts = [child[field.roll_up.field or ""] for child in children]
        return sum((a for a in amounts if isinstance(a, Decimal)), Decimal(0))

    def _in_scope(self, record: Record) -> bool:
        return all(self._holds(condition, record) for condition in self._conditions)

    def _holds(self, condition: Mapping[str, object], record: Record) -> bool:
        if "any" in condition:
            alternatives = condition["any"]
            assert isinstance(alternatives, list)
            return any(self._holds(one, record) for one in alternatives)
        value = self.value(record, str(condition["field"]))
        return _OPERATORS[str(condition["op"])](value, condition.get("value"))


def _frozen(row: Company, record: Record | None) -> Company:
    """A row whose record is not in scope any more: its values stay, its status says why."""
    if record is None:
        status, winner = "missing", None
    elif record["IsDeleted"]:
        winner = record.get("MasterRecordId")
        status = "merged" if winner else "deleted"
    else:
        status, winner = "out_of_scope", None
    return Company(
        row.name, status, REASONS[status], str(winner) if winner else None, row.custom_fields
    )


def _as_text(value: object) -> str:
    text = str(value).replace("\x00", "")
    if isinstance(value, bool):
        text = text.lower()
    elif isinstance(value, Decimal):
        text = _plain(value)
    elif isinstance(value, datetime):
        text = _rfc_3339(value)
    return text


def _in_order(text: str, field: Field) -> list[str]:
    """The values of a multi-select in the org's order; what the org does not list comes last."""
    order = list(dict.fromkeys(entry.value for entry in field.picklist))
    values = [value for value in text.split(";") if value]
    return sorted(values, key=lambda v: order.index(v) if v in order else len(order))


def _rfc_3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z").rjust(24, "0")


def _plain(number: Decimal) -> str:
    """All digits, no exponent, no zeros that say nothing."""
    text = format(number, "f")
    text = re.sub(r"\.?0+$", "", text) if "." in text else text
    return "0" if text == "-0" else text


def _rank(record: Record, _oracle: Oracle) -> object:
    employees = record["NumberOfEmployees"]
    if employees is None:
        return None
    assert isinstance(employees, Decimal)
    return "C" if employees < 100 else "B" if employees < 1000 else "A"


def _doubled(record: Record, _oracle: Oracle) -> object:
    employees = record["NumberOfEmployees"]
    return employees + employees if isinstance(employees, Decimal) else None


def _is_large(record: Record, _oracle: Oracle) -> object:
    employees = record["NumberOfEmployees"]
    return isinstance(employees, Decimal) and employees > 999


def _renewal_month(record: Record, _oracle: Oracle) -> object:
    founded = record["Founded_On__c"]
    return date(founded.year, founded.month, 1) if isinstance(founded, date) else None


def _account_rank(record: Record, oracle: Oracle) -> object:
    account = oracle.live("Account").get(record["AccountId"])
    return None if account is None else _rank(account, oracle)


_FORMULAS: dict[tuple[str, str], Callable[[Record, Oracle], object]] = {
    ("Account", "Customer_Rank__c"): _rank,
    ("Account", "Employees_Doubled__c"): _doubled,
    ("Account", "Is_Large__c"): _is_large,
    ("Account", "Renewal_Month__c"): _renewal_month,
    ("Opportunity", "Account_Rank__c"): _account_rank,
}


def _equal(value: object, wanted: object) -> bool:
    """As SOQL compares: text without regard to case."""
    return str(value).casefold() == str(wanted).casefold() and value is not None


_OPERATORS: dict[str, Callable[[object, object], bool]] = {
    "eq": _equal,
    "ne": lambda value, wanted: not _equal(value, wanted),
    "in": lambda value, wanted: any(_equal(value, one) for one in _list(wanted)),
    "is_null": lambda value, _: value is None,
    "not_null": lambda value, _: value is not None,
    "ge": lambda value, wanted: value is not None and Decimal(str(value)) >= Decimal(str(wanted)),
}


def _list(value: object) -> list[object]:
    assert isinstance(value, list)
    return value
