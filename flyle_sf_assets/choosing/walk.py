"""A walk over the relationships of an org, from the base object along a path of settings.

What does not belong here: what a level shows (``tree.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flyle_sf_assets.raw.lookup_tree import followed_by
from flyle_sf_assets.raw.plan import EXTERNAL_LOOKUPS, TARGETS_MAX
from flyle_sf_assets.salesforce.schema.name_object import is_of_several, seen_through
from flyle_sf_assets.salesforce.schema.objects import FieldSchema, ObjectSchema
from flyle_sf_assets.settings.models import OneToOne, Source
from flyle_sf_assets.settings.patterns import RELATIONSHIP_LEVELS_MAX

Schemas = Mapping[str, ObjectSchema | None]
"""Object schemas by API name; None for an object that the org does not show."""

SYSTEM_RELATIONSHIPS = frozenset({"CreatedBy", "LastModifiedBy", "MasterRecord"})
"""Lookups that say who made or changed a record, and not what it is about."""


@dataclass(frozen=True, slots=True)
class SchemaNeeded:
    """The level is not known before these objects are described."""

    objects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """The position of a walk: an object, and the names and labels of its path."""

    schema: ObjectSchema
    names: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


def lowered(schemas: Schemas) -> Schemas:
    """The schemas by lower-case name, as the functions below take them: Salesforce ignores case."""
    return {name.lower(): schema for name, schema in schemas.items()}


def field_at(
    source: Source, known: Schemas, path: str
) -> tuple[Place, FieldSchema] | SchemaNeeded | None:
    """The field at a path of settings, and the object that has it; None when there is none."""
    *names, name = path.split(".")
    place = walked(source, known, tuple(names))
    if not isinstance(place, Place):
        return place
    field = place.schema.field(name)
    return None if field is None else (place, field)


def walked(source: Source, known: Schemas, path: tuple[str, ...]) -> Place | SchemaNeeded | None:
    """The place at the end of ``path``, relationship names; None when it cannot be followed."""
    if len(path) > RELATIONSHIP_LEVELS_MAX:
        return None
    schema = shown_schema(known, source.object)
    if not isinstance(schema, ObjectSchema):
        return schema
    place = Place(schema)
    for name in path:
        following = step(source, known, place, name)
        if not isinstance(following, Place):
            return following
        place = following
    return place


def step(source: Source, known: Schemas, place: Place, name: str) -> Place | SchemaNeeded | None:
    """The place behind one relationship of a place; None when it cannot be followed."""
    extra = declared_here(source, place.schema, name)
    lookup = None if extra else place.schema.lookup(name)
    if extra is not None:
        schema = shown_schema(known, extra.object)
    elif lookup is None or not lookup.reference_to:
        return None
    else:
        schema = _behind(known, lookup)
    if not isinstance(schema, ObjectSchema):
        return schema
    if extra is not None:
        joins = schema.field(extra.lookup)
        if joins is None or place.schema.name not in joins.reference_to:
            return None
        return Place(schema, (*place.names, extra.as_), (*place.labels, schema.label))
    if lookup is None:
        return None
    names = (*place.names, lookup.relationship_name or name)
    return Place(schema, names, (*place.labels, relationship_label(lookup)))


def _behind(known: Schemas, lookup: FieldSchema) -> ObjectSchema | SchemaNeeded | None:
    """The object behind a lookup; for a lookup to several objects the pseudo-object Name."""
    if len(lookup.reference_to) > TARGETS_MAX or lookup.extra_type_info in EXTERNAL_LOOKUPS:
        return None
    found = [shown_schema(known, target) for target in lookup.reference_to]
    needed = [name for one in found if isinstance(one, SchemaNeeded) for name in one.objects]
    if needed:
        return SchemaNeeded(tuple(needed))
    schemas = [one for one in found if isinstance(one, ObjectSchema)]
    if len(schemas) < len(found) or any(followed_by(one) == "never" for one in schemas):
        return None
    return seen_through(schemas) if is_of_several(lookup) else schemas[0]


def shown_schema(known: Schemas, name: str) -> ObjectSchema | SchemaNeeded | None:
    """An object that can be queried; None for one that the org does not show."""
    if name.lower() not in known:
        return SchemaNeeded((name,))
    schema = known[name.lower()]
    return schema if schema is not None and schema.queryable else None


def declared_here(source: Source, schema: ObjectSchema, name: str) -> OneToOne | None:
    """The one-to-one object that paths name so below this object, if the settings declare one."""
    of_here = (e for e in source.one_to_one if e.of.lower() == schema.name.lower())
    return next((e for e in of_here if e.as_.lower() == name.lower()), None)


def relationship_label(lookup: FieldSchema) -> str:
    """The label of the record behind a lookup: ``所有者 ID`` becomes ``所有者``."""
    return lookup.label.removesuffix(" ID").removesuffix("ID").rstrip() or lookup.label
