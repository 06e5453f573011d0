"""One-to-one objects to choose from: the child relationships of the base object and its account.

Describe does not say whether a record can have several children: the administrator knows.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from flyle_sf_assets.choosing.search import folded
from flyle_sf_assets.choosing.walk import SchemaNeeded, Schemas, lowered, shown_schema
from flyle_sf_assets.raw.lookup_tree import followed_by
from flyle_sf_assets.salesforce.schema.objects import ChildRelationship, ObjectSchema
from flyle_sf_assets.settings.models import BaseObject, OneToOne, Source

OBJECTS_MAX = 75
"""Child objects of one parent that are described: three calls. Custom objects come first."""

_BESIDE_RECORDS = re.compile(r"(History|Share|Feed|ChangeEvent|Tag|__Tag)$")
"""Objects that Salesforce keeps for each object: many for each record, and no data of people."""


@dataclass(frozen=True, slots=True)
class OneToOneChoice:
    """A child object that may be declared; ``item`` has a free name for paths.

    ``label`` is the object's, ``lookup_label`` that of its field which points at ``item.of``.
    """

    item: OneToOne
    label: str
    lookup_label: str

    @property
    def key(self) -> str:
        """What a form sends of it."""
        return f"{self.item.object}.{self.item.lookup}.{self.item.of}"

    def has(self, wanted: str) -> bool:
        """Whether the folded text is in the label or the API name."""
        return wanted in folded(self.label) or wanted in folded(self.item.object)


@dataclass(frozen=True, slots=True)
class OneToOneChoices:
    """The objects that match; ``is_cut``: there are more child objects than are described."""

    choices: tuple[OneToOneChoice, ...]
    is_cut: bool


def one_to_one_choices(
    source: Source, schemas: Schemas, word: str = ""
) -> OneToOneChoices | SchemaNeeded:
    """What is not declared yet, custom objects first; only objects that can be followed.

    With ``word`` those whose label or API name contains it, ignoring case and width. Objects whose
    API name does are described before others: an object is found by it however many there are.
    """
    known, wanted, is_cut = lowered(schemas), folded(word.strip()), False
    parents = dict.fromkeys((source.object, "Account"))
    needed: list[str] = [name for name in parents if name.lower() not in known]
    if needed:
        return SchemaNeeded(tuple(needed))
    found = []
    for parent in parents:
        schema = shown_schema(known, parent)
        if isinstance(schema, ObjectSchema):
            children = sorted(_children(schema), key=lambda child: _order(child, wanted))
            objects = list(dict.fromkeys(child.child_object for child in children))
            described, is_cut = objects[:OBJECTS_MAX], is_cut or len(objects) > OBJECTS_MAX
            needed += [name for name in described if name.lower() not in known]
            shown = [child for child in children if child.child_object in described]
            found += [choice for c in shown if (choice := _choice(source, known, schema, c))]
    if needed:
        return SchemaNeeded(tuple(dict.fromkeys(needed)))
    return OneToOneChoices(tuple(one for one in found if one.has(wanted)), is_cut)


def _children(schema: ObjectSchema) -> Iterator[ChildRelationship]:
    for child in schema.child_relationships:
        is_base = child.child_object in get_args(BaseObject)
        if child.relationship_name and not (is_base or _BESIDE_RECORDS.search(child.child_object)):
            yield child


def _order(child: ChildRelationship, wanted: str) -> tuple[bool, bool, str, str]:
    is_other = wanted not in folded(child.child_object)
    return is_other, not child.child_object.endswith("__c"), child.child_object, child.field


def _choice(
    source: Source, known: Schemas, parent: ObjectSchema, child: ChildRelationship
) -> OneToOneChoice | None:
    schema = shown_schema(known, child.child_object)
    lookup = schema.field(child.field) if isinstance(schema, ObjectSchema) else None
    if not isinstance(schema, ObjectSchema) or lookup is None or followed_by(schema) == "never":
        return None
    declared = {(e.object.lower(), e.lookup.lower(), e.of.lower()) for e in source.one_to_one}
    if (schema.name.lower(), lookup.name.lower(), parent.name.lower()) in declared:
        return None
    as_ = _free_name(source, parent, schema.name)
    item = OneToOne(object=schema.name, lookup=lookup.name, of=parent.name, as_=as_)
    return OneToOneChoice(item, schema.label, lookup.label)


def _free_name(source: Source, parent: ObjectSchema, name: str) -> str:
    """``Contract_Info__c`` as ``ContractInfo``, or with a number where that is taken."""
    plain = re.sub(r"__[A-Za-z]+$", "", name)
    joined = "".join(part[:1].upper() + part[1:] for part in re.split(r"_+", plain))
    taken = {e.as_.lower() for e in source.one_to_one}
    taken |= {field.name.lower() for field in parent.fields}
    taken |= {(field.relationship_name or "").lower() for field in parent.fields}
    numbered = (f"{joined}{number}" for number in range(2, len(taken) + 3))
    return next(one for one in (joined, *numbered) if one.lower() not in taken)
