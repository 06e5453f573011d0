"""The metadata of an org's objects and fields: immutable, so that many orgs can share it.

An edit makes a new `Catalog`; the others keep theirs. What does not belong here: the standard
objects themselves (``standard/``) and the describe JSON (``describe.py``).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, Protocol

NUMERIC_TYPES = frozenset({"int", "long", "double", "currency", "percent"})
DECIMAL_TYPES = frozenset({"double", "currency", "percent"})
COMPOUND_TYPES = frozenset({"address", "location"})
PICKLIST_TYPES = frozenset({"picklist", "multipicklist"})
ID_TYPES = frozenset({"id", "reference"})


class RecordView(Protocol):
    """What a formula sees of its record: ``record["Account.Name"]``, and the org's date."""

    def __getitem__(self, path: str) -> object:
        """The Python value at a field path (see ``values.from_wire``); None when blank."""
        ...

    @property
    def today(self) -> object:
        """Today's date in the org user's time zone."""
        ...


Formula = Callable[[RecordView], object]


@dataclass(frozen=True, slots=True)
class RollUp:
    """A roll-up summary over the children that refer to it through ``lookup``."""

    child: str
    lookup: str
    function: Literal["COUNT", "SUM", "MIN", "MAX"]
    field: str | None = None


@dataclass(frozen=True, slots=True)
class PicklistEntry:
    """One option. ``valid_for`` are positions in the controlling field's list.

    A value may occur several times in a list, for different controlling values: state codes.
    """

    value: str
    label: str
    active: bool = True
    default: bool = False
    valid_for: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Field:
    """One field. ``type`` is describe's word. ``formula`` and ``roll_up`` are computed when read.

    A calculated field with neither has a stored value that only `Org.set_computed` changes:
    a value that changes without a new SystemModstamp. ``components`` are the fields that a
    compound field (address, location) consists of, by their key in its JSON.
    """

    name: str
    label: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    filterable: bool = True
    sortable: bool = True
    groupable: bool = True
    calculated: bool = False
    formula_text: str | None = None
    formula: Formula | None = None
    roll_up: RollUp | None = None
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    child_relationship_name: str | None = None
    cascade_delete: bool = False
    picklist: tuple[PicklistEntry, ...] = ()
    restricted: bool = False
    controller: str | None = None
    html: bool = False
    unique: bool = False
    external_id: bool = False
    case_sensitive: bool = False
    auto_number: str | None = None
    name_field: bool = False
    extra_type: str | None = None
    id_lookup: bool = False
    components: tuple[tuple[str, str], ...] = ()
    default: str | None = None
    help_text: str | None = None
    system: bool = False

    @property
    def custom(self) -> bool:
        """Whether an administrator made the field."""
        return self.name.endswith("__c")

    @property
    def stored(self) -> bool:
        """Whether the table keeps a column for it."""
        return self.formula is None and self.roll_up is None and self.type not in COMPOUND_TYPES

    @cached_property
    def picklist_position(self) -> dict[str, int]:
        """The first position of each value in the org's order, by lower-case value."""
        places = reversed(list(enumerate(self.picklist)))
        return {entry.value.lower(): i for i, entry in places}


@dataclass(frozen=True, eq=False)
class SObject:
    """One object with all its fields, hidden or not."""

    name: str
    label: str
    label_plural: str
    key_prefix: str
    fields: tuple[Field, ...]
    mergeable: bool = False
    queryable: bool = True
    undeletable: bool = True

    @property
    def custom(self) -> bool:
        """Whether an administrator made the object."""
        return self.name.endswith("__c")

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """Fields by lower-case API name."""
        return {field.name.lower(): field for field in self.fields}

    @cached_property
    def columns(self) -> frozenset[str]:
        """The names of all fields."""
        return frozenset(field.name for field in self.fields)

    @cached_property
    def stored(self) -> tuple[Field, ...]:
        """The fields whose values are kept; the others are computed when they are read."""
        return tuple(field for field in self.fields if field.stored)

    @cached_property
    def set_when_new(self) -> tuple[Field, ...]:
        """The fields that a new record has without being told: checkboxes and auto-numbers."""
        return tuple(
            field
            for field in self.fields
            if (field.stored and field.type == "boolean") or field.auto_number
        )

    @cached_property
    def by_relationship(self) -> dict[str, Field]:
        """Lookup fields by lower-case relationship name."""
        return {f.relationship_name.lower(): f for f in self.fields if f.relationship_name}

    @cached_property
    def lookups(self) -> tuple[Field, ...]:
        """The fields that hold ids of other records."""
        return tuple(field for field in self.fields if field.type == "reference")

    def field(self, name: str) -> Field:
        """The field of that API name, whatever the case; KeyError when there is none."""
        return self.by_name[name.lower()]

    def with_fields(self, fields: Iterable[Field]) -> "SObject":
        """The same object with other fields."""
        return replace(self, fields=tuple(fields))

    def with_field(self, field: Field) -> "SObject":
        """The same object with ``field`` added, or replacing the one of its name."""
        if field.name.lower() in self.by_name:
            return self.with_fields(
                field if f.name.lower() == field.name.lower() else f for f in self.fields
            )
        return self.with_fields((*self.fields, field))


@dataclass(frozen=True, eq=False)
class Catalog:
    """All objects of an org, by lower-case API name."""

    objects: Mapping[str, SObject]

    @staticmethod
    def of(objects: Iterable[SObject]) -> "Catalog":
        """A catalog of these objects."""
        return Catalog({sobject.name.lower(): sobject for sobject in objects})

    def get(self, name: str) -> SObject | None:
        """The object of that API name, whatever the case."""
        return self.objects.get(name.lower())

    def with_object(self, sobject: SObject) -> "Catalog":
        """A catalog with ``sobject`` added or replaced."""
        return Catalog({**self.objects, sobject.name.lower(): sobject})

    @cached_property
    def by_prefix(self) -> dict[str, SObject]:
        """Objects by key prefix."""
        return {sobject.key_prefix: sobject for sobject in self.objects.values()}

    @cached_property
    def children(self) -> dict[str, tuple[tuple[SObject, Field], ...]]:
        """For each object (lower case), the lookups of other objects that refer to it."""
        found: dict[str, list[tuple[SObject, Field]]] = {name: [] for name in self.objects}
        for sobject in self.objects.values():
            for field in sobject.lookups:
                for target in field.reference_to:
                    if target.lower() in found:
                        found[target.lower()].append((sobject, field))
        return {name: tuple(pairs) for name, pairs in found.items()}


@dataclass(frozen=True)
class Visibility:
    """What the connected user may not see (lower-case names): field and object security."""

    hidden_objects: frozenset[str] = frozenset()
    hidden_fields: frozenset[tuple[str, str]] = frozenset()

    def sees(self, sobject: SObject, field: Field | None = None) -> bool:
        """Whether the object, or the field on it, is visible."""
        if sobject.name.lower() in self.hidden_objects:
            return False
        return field is None or (
            (sobject.name.lower(), field.name.lower()) not in self.hidden_fields
        )
