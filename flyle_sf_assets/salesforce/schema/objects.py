"""Describe's objects and fields as values for the other packages.

Source: REST API Developer Guide, "sObject Describe".
"""

from dataclasses import dataclass

from flyle_sf_assets.computed import cached_property

SCHEMA_FORMAT = 1
"""Raise it when a member from describe is added here: stored schemas lack it.

A schema of an older format is redescribed without If-Modified-Since.
"""


@dataclass(frozen=True, slots=True)
class PicklistValue:
    """One option of a picklist: ``value`` is the API name, ``label`` what people read.

    ``valid_for`` is the bitset of a dependent picklist, one bit per option of the controlling
    field (``picklists.py`` reads it); None where the field depends on no other.
    """

    value: str
    label: str
    active: bool
    valid_for: bytes | None = None


@dataclass(frozen=True, slots=True)
class FormerOption:
    """An option that describe no longer lists; records may still have its value.

    ``under`` are the controlling field's values for which it was valid and no option of this value
    is now; empty where the field depended on none. ``after`` is the API value that was before
    it in the list, None for the first.
    """

    value: str
    label: str
    under: tuple[str, ...] = ()
    after: str | None = None


@dataclass(frozen=True, slots=True)
class FieldSchema:
    """One field. ``type`` is Salesforce's type name (``currency``, ``reference``, …).

    ``relationship_name`` is the name by which SOQL follows a lookup (``Owner`` for ``OwnerId``),
    ``reference_to`` the objects that it may point at. ``precision`` and ``scale`` are digits.
    ``extra_type_info`` marks a lookup with another system's id (``externallookup``).
    ``help_text`` is what an administrator wrote about the field, "" without. Nothing that is read
    depends on it: it is in no digest, and stored schemas may lack it.
    ``former_options`` are not in the answer: earlier answers had them (``former_options.py``).
    """

    name: str
    label: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    nillable: bool = True
    filterable: bool = True
    calculated: bool = False
    html_formatted: bool = False
    restricted_picklist: bool = False
    controller_name: str | None = None
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    picklist_values: tuple[PicklistValue, ...] = ()
    extra_type_info: str | None = None
    help_text: str = ""
    former_options: tuple[FormerOption, ...] = ()


@dataclass(frozen=True, slots=True)
class ChildRelationship:
    """A one-to-many relationship as seen from the parent: ``child_object.field`` points here."""

    child_object: str
    field: str
    relationship_name: str | None


@dataclass(frozen=True)
class ObjectSchema:
    """One object with the fields that the connected user may see.

    A field hidden by field-level security is not in ``fields``: Salesforce omits it.
    ``former_fields`` are picklists of earlier answers, with nothing but their former options.
    ``format`` is the `SCHEMA_FORMAT` of the version that described it.
    """

    name: str
    label: str
    queryable: bool
    fields: tuple[FieldSchema, ...]
    child_relationships: tuple[ChildRelationship, ...] = ()
    key_prefix: str | None = None
    former_fields: tuple[FieldSchema, ...] = ()
    format: int = 0

    @cached_property
    def _by_name(self) -> dict[str, FieldSchema]:
        return {field.name.lower(): field for field in self.fields}

    @cached_property
    def _by_relationship(self) -> dict[str, FieldSchema]:
        return {
            field.relationship_name.lower(): field
            for field in self.fields
            if field.relationship_name
        }

    def field(self, name: str) -> FieldSchema | None:
        """The field of that API name (Salesforce ignores case), or None."""
        return self._by_name.get(name.lower())

    def lookup(self, relationship_name: str) -> FieldSchema | None:
        """The lookup field that SOQL follows by that relationship name, or None."""
        return self._by_relationship.get(relationship_name.lower())

    def former_field(self, name: str) -> FieldSchema | None:
        """The picklist of that name that only an earlier answer had, or None."""
        return next((f for f in self.former_fields if f.name.lower() == name.lower()), None)
