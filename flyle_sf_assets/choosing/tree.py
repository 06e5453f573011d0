"""The tree of fields that settings may name, one level at a time: an object's fields and parents.

Levels are opened lazily: a level needs only the schemas of the objects on its own path.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from flyle_sf_assets.check.names import Org
from flyle_sf_assets.choosing.fields import FieldChoice, field_choice, is_system
from flyle_sf_assets.choosing.walk import (
    SYSTEM_RELATIONSHIPS,
    Place,
    SchemaNeeded,
    Schemas,
    declared_here,
    field_at,
    lowered,
    relationship_label,
    walked,
)
from flyle_sf_assets.errors import Text
from flyle_sf_assets.raw.lookup_tree import followed_by
from flyle_sf_assets.raw.plan import EXTERNAL_LOOKUPS, TARGETS_MAX
from flyle_sf_assets.salesforce.schema.objects import (
    ChildRelationship,
    FieldSchema,
    ObjectSchema,
)
from flyle_sf_assets.settings.models import Source
from flyle_sf_assets.settings.patterns import RELATIONSHIP_LEVELS_MAX


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of a level: a many-to-one lookup or a declared one-to-one object.

    ``path`` opens it (``("Account", "Owner")``). ``objects`` are those that it may point at,
    mostly one. ``why_closed`` is None when it can be opened.
    """

    path: tuple[str, ...]
    name: str
    label: str
    objects: tuple[str, ...]
    is_one_to_one: bool
    why_closed: Text | None

    @property
    def object(self) -> str:
        """The object's name, or several."""
        return ", ".join(self.objects)


@dataclass(frozen=True, slots=True)
class ManyBelow:
    """A one-to-many relationship, which cannot be mapped, and the base object that allows it."""

    name: str
    object: str
    why_closed: Text


@dataclass(frozen=True, slots=True)
class Level:
    """One object's fields as seen from the base object; fields and branches sorted by label.

    ``depth`` is the number of relationships walked, at most five.
    """

    path: tuple[str, ...]
    object: str
    label: str
    depth: int
    fields: tuple[FieldChoice, ...]
    branches: tuple[Branch, ...]
    many_below: tuple[ManyBelow, ...]


@dataclass(frozen=True, slots=True)
class Sections:
    """A level in the order in which people look for a field.

    ``useful`` are the object's own fields that can be chosen, ``branches`` its parents, ``closed``
    its other own fields (they say why), ``system`` ids and stamps.
    """

    useful: tuple[FieldChoice, ...]
    branches: tuple[Branch, ...]
    closed: tuple[FieldChoice, ...]
    system: tuple[FieldChoice, ...]


def sections(level: Level, *, is_filter: bool) -> Sections:
    """The level's parts; ``is_filter``: what conditions may use, else what may be mapped."""
    own = [one for one in level.fields if not is_system(one.field)]
    open_ones = [
        one for one in own if (one.why_not_filterable if is_filter else one.why_not) is None
    ]
    return Sections(
        useful=tuple(open_ones),
        branches=tuple(
            sorted(level.branches, key=lambda branch: branch.name in SYSTEM_RELATIONSHIPS)
        ),
        closed=tuple(one for one in own if one not in open_ones),
        system=tuple(one for one in level.fields if is_system(one.field)),
    )


def level(
    source: Source, schemas: Schemas, path: tuple[str, ...] = ()
) -> Level | SchemaNeeded | None:
    """The level at the end of ``path`` (relationship names from the base object).

    None when the path cannot be walked in this org. Only objects on the path must be described;
    a one-to-one object is open only when its lookup really points here.
    """
    known = lowered(schemas)
    place = walked(source, known, path)
    if not isinstance(place, Place):
        return place
    schema = place.schema
    fields = [
        field_choice(field, object_name=schema.name, names=place.names, labels=place.labels)
        for field in schema.fields
    ]
    return Level(
        path=place.names,
        object=schema.name,
        label=schema.label,
        depth=len(place.names),
        fields=tuple(sorted(fields, key=lambda one: (one.field.label, one.field.name))),
        branches=tuple(sorted(_branches(source, known, place), key=lambda b: (b.label, b.name))),
        many_below=tuple(_many_below(source, known, schema)),
    )


def choice_at(source: Source, schemas: Schemas, path: str) -> FieldChoice | SchemaNeeded | None:
    """The field at a path of settings; None when there is none."""
    found = field_at(source, lowered(schemas), path)
    if found is None or isinstance(found, SchemaNeeded):
        return found
    place, field = found
    return field_choice(
        field, object_name=place.schema.name, names=place.names, labels=place.labels
    )


def _branches(source: Source, known: Schemas, place: Place) -> Iterator[Branch]:
    for extra in source.one_to_one:
        if extra.of.lower() == place.schema.name.lower():
            schema = known.get(extra.object.lower())
            path = (*place.names, extra.as_)
            closed = _why_closed(known, place, extra.object)
            if closed is None and walked(source, known, path) is None:
                closed = _LOOKUP_ELSEWHERE
            yield Branch(
                path=path,
                name=extra.as_,
                label=schema.label if schema else extra.as_,
                objects=(extra.object,),
                is_one_to_one=True,
                why_closed=closed,
            )
    for lookup in place.schema.fields:
        name = lookup.relationship_name
        if not name or not lookup.reference_to or declared_here(source, place.schema, name):
            continue
        yield Branch(
            path=(*place.names, name),
            name=name,
            label=relationship_label(lookup),
            objects=lookup.reference_to,
            is_one_to_one=False,
            why_closed=_why_lookup_closed(known, place, lookup),
        )


def _why_lookup_closed(known: Schemas, place: Place, lookup: FieldSchema) -> Text | None:
    if len(lookup.reference_to) > TARGETS_MAX:
        return _SEVERAL
    if lookup.extra_type_info in EXTERNAL_LOOKUPS:
        return _EXTERNAL
    reasons = (_why_closed(known, place, target) for target in lookup.reference_to)
    return next((reason for reason in reasons if reason is not None), None)


def _why_closed(known: Schemas, place: Place, target: str) -> Text | None:
    if len(place.names) >= RELATIONSHIP_LEVELS_MAX:
        return _TOO_DEEP
    schema = known.get(target.lower())
    if target.lower() in known and (schema is None or not schema.queryable):
        return Text(
            f"連携ユーザーから「{target}」が見えません(参照権限をご確認ください)",
            f"The connected user cannot see {target}: check its Read permission",
        )
    if schema is not None and followed_by(schema) == "never":
        return _NEVER
    return None


def _many_below(source: Source, known: Schemas, schema: ObjectSchema) -> Iterator[ManyBelow]:
    declared = {(e.object.lower(), e.lookup.lower()) for e in source.one_to_one}
    org = Org(known)
    for child in schema.child_relationships:
        key = (child.child_object.lower(), child.field.lower())
        if child.relationship_name and key not in declared:
            reason = _why_many(source, org.named(schema.name), org.named(child.child_object), child)
            yield ManyBelow(child.relationship_name, child.child_object, reason)


def _why_many(source: Source, parent: Text, child: Text, below: ChildRelationship) -> Text:
    many = Text(
        f"{parent.ja}1件に{child.ja}が複数あるため連携できません。",
        f"One {parent.en} has many {child.en} records, so they cannot be linked.",
    )
    if below.child_object == source.object:
        return Text(
            f"{many.ja}{child.ja}が起点ですので、その項目はそのまま選べます。",
            f"{many.en} {child.en} is the base object: choose its fields directly.",
        )
    if below.child_object == "Opportunity":
        return Text(
            f"{many.ja}商談を起点にすると、商談と取引先の両方の項目を連携できます。",
            f"{many.en} With Opportunity as the base object, fields of both can be linked.",
        )
    return Text(
        f"{many.ja}必ず1件以下であれば、1:1のオブジェクトとして追加できます。",
        f"{many.en} If there is never more than one, add it as a one-to-one object.",
    )


_SEVERAL = Text(
    f"{TARGETS_MAX}種類を超えるオブジェクトを参照するため、その先の項目はたどれません",
    f"It may point at more than {TARGETS_MAX} objects, so nothing can be followed from it",
)
_EXTERNAL = Text(
    "外部システムのIDで結び付く外部オブジェクトのため、その先の項目はたどれません",
    "It is joined by another system's id (an external object), so nothing can be followed from it",
)
_NEVER = Text(
    "SystemModstampでもIDでも絞り込めないオブジェクトのため、変更を追えません",
    "Its records cannot be filtered by SystemModstamp or by Id, so changes cannot be followed",
)
_TOO_DEEP = Text("参照をたどれるのは5段までです", "At most five relationships can be followed")
_LOOKUP_ELSEWHERE = Text(
    "1:1の参照項目がこのオブジェクトを指していません",
    "The one-to-one object's lookup does not point at this object",
)
