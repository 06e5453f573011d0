"""The lookup tree of a read plan: its nodes, what is stored of each, how changes are followed."""

from dataclasses import dataclass
from typing import Literal

from flyle_sf_assets.raw.ownership import RawAsset
from flyle_sf_assets.salesforce.schema.objects import FieldSchema, ObjectSchema

Fault = Literal[
    "object_unknown",
    "field_unknown",
    "lookup_unknown",
    "one_to_many",
    "several_targets",
    "beyond_name",
    "lookup_of_other_object",
    "external_lookup",
    "not_followed",
    "too_deep",
    "system_field",
    "controller_unknown",
]

Followed = Literal["stamp", "reread", "never"]
"""How changes of an object's records are found.

``stamp``: every refresh reads what changed by SystemModstamp. ``reread``: there is no such
stamp, or none that can be filtered; every sweep (once a day), census and full read reads the
records in use again by Id, and compares their values. ``never``: not even that is possible.
"""


def followed_by(schema: ObjectSchema) -> Followed:
    """How changes of an object's records can be found, by its describe."""
    stamp, own_id = schema.field("SystemModstamp"), schema.field("Id")
    if stamp is not None and stamp.filterable:
        return "stamp"
    return "reread" if own_id is None or own_id.filterable else "never"


@dataclass(frozen=True, slots=True)
class PathFault:
    """Why a path cannot be walked: ``segment`` of ``path``, seen from ``object``.

    ``one_to_many`` has the child object in ``detail``; ``several_targets`` and ``beyond_name``
    the objects; ``controller_unknown`` the field whose labels need the controlling field
    ``segment``.
    """

    path: str
    segment: str
    object: str
    fault: Fault
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the lookup tree. ``path`` is empty at the root (the base object).

    ``lookup_field`` is the field that joins it to its parent node: on the parent node's object
    for a many-to-one lookup (it has this node's Id), on this node's own object for a
    one-to-one object (it has the parent node's Id; then ``one_to_one`` is true). A lookup to
    several objects has one node for each (``Owner:Group``, ``Owner:User``), whose records are
    recognised by ``key_prefix``, the first three characters of an Id; it is empty elsewhere.
    """

    path: tuple[str, ...]
    object: str
    asset: RawAsset
    dataset: str
    lookup_field: str | None = None
    one_to_one: bool = False
    followed: Followed = "stamp"
    key_prefix: str = ""

    @property
    def relationships(self) -> tuple[str, ...]:
        """The path in settings and SOQL: without the object name of a lookup to several objects."""
        return tuple(step.partition(":")[0] for step in self.path)


@dataclass(frozen=True, slots=True)
class Target:
    """One of the objects that a lookup may point at, and its source for a field of Name.

    The value is that of ``field``, or ``literal`` for every record; blank when both are None.
    """

    node: Node
    field: FieldSchema | None
    literal: str | None = None


@dataclass(frozen=True, slots=True)
class Leaf:
    """A field at the end of a path: its node, and its describe.

    Behind a lookup to several objects ``node`` is the pseudo-object Name, which is not in the
    plan, and ``targets`` are the sources of the values. ``followed`` of a condition's leaf
    is how changes on the whole path from the base object are found: by stamp only when every
    node on it has one in SOQL; Name has none. ``controller`` is the controlling field of the same
    node, which is read too when a picklist's label depends on its value (`needs_controller`).
    """

    path: str
    node: Node
    field: FieldSchema
    targets: tuple[Target, ...] = ()
    followed: Followed = "stamp"
    controller: FieldSchema | None = None

    @property
    def sources(self) -> tuple[Target, ...]:
        """The sources of its values: one node, or one per object that the lookup may point at."""
        return self.targets or (Target(self.node, self.field),)


@dataclass(frozen=True, slots=True)
class Dataset:
    """One object's records as one asset stores them. ``columns`` are sorted by name."""

    name: str
    asset: RawAsset
    object: str
    columns: tuple[FieldSchema, ...]
    is_base: bool
    followed: Followed = "stamp"


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """What one tenant's settings need of its org.

    ``leaves`` are the mapped fields that can be read, by path as written; ``faults`` the paths
    that cannot; ``condition_leaves`` the fields that conditions name.
    """

    base_object: str
    nodes: tuple[Node, ...]
    datasets: tuple[Dataset, ...]
    leaves: dict[str, Leaf]
    condition_leaves: dict[str, Leaf]
    faults: tuple[PathFault, ...] = ()

    def dataset(self, name: str) -> Dataset:
        """The dataset of that name; KeyError when the plan has none."""
        return next(d for d in self.datasets if d.name == name)

    def of_asset(self, asset: RawAsset) -> tuple[Dataset, ...]:
        """The datasets that one raw asset owns, the base object's first."""
        return tuple(d for d in self.datasets if d.asset == asset)
