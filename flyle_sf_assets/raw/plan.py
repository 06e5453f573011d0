"""From settings and object schemas to the read plan: which objects, columns and lookups are needed.

A field path (``Account.Owner.Name``) is walked from the base object through many-to-one
lookups and declared one-to-one objects; each place that a walk passes is a `Node`. Nodes that
hold the same object in the same asset share one `Dataset`, the unit that is read and kept.

What does not belong here: judging the settings with texts for people (``check``) and SOQL.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from flyle_sf_assets.raw.ownership import RAW_ASSETS, RawAsset, owner_of
from flyle_sf_assets.salesforce.picklists import needs_controller
from flyle_sf_assets.salesforce.schema import FieldSchema, ObjectSchema
from flyle_sf_assets.settings.models import (
    RELATIONSHIP_LEVELS_MAX,
    AnyOf,
    FlyleType,
    OneToOne,
    TenantSettings,
)

Schemas = Mapping[str, ObjectSchema | None]
"""Object schemas by API name; None for an object that the org does not know or hides."""

NAME_FIELD = "Name"
"""Read of every base object: it becomes the company's name."""

SYSTEM_FIELDS = ("Id", "SystemModstamp", "IsDeleted")
"""Read of every object to follow its changes; not in a dataset's ``columns``.

Only Id may be mapped: the stamp also moves when Salesforce itself touches a record
(LastModifiedDate is the field for people), and a company's record is never a deleted one.
"""

Fault = Literal[
    "object_unknown",
    "field_unknown",
    "lookup_unknown",
    "one_to_many",
    "several_targets",
    "lookup_of_other_object",
    "too_deep",
    "system_field",
    "controller_unknown",
]


@dataclass(frozen=True, slots=True)
class PathFault:
    """Why a path cannot be walked: ``segment`` of ``path``, seen from ``object``.

    ``one_to_many`` carries the child object in ``detail``; ``several_targets`` the objects;
    ``controller_unknown`` the field whose labels need the controlling field ``segment``.
    """

    path: str
    segment: str
    object: str
    fault: Fault
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """One place in the lookup tree. ``path`` is empty at the root (the base object).

    ``lookup_field`` is the field that joins it to its parent node: on the parent node's object
    for a many-to-one lookup (it holds this node's Id), on this node's own object for a
    one-to-one object (it holds the parent node's Id; then ``one_to_one`` is true).
    """

    path: tuple[str, ...]
    object: str
    asset: RawAsset
    dataset: str
    lookup_field: str | None = None
    one_to_one: bool = False


@dataclass(frozen=True, slots=True)
class Leaf:
    """A field at the end of a path: the node that has it, and what describe says of it.

    ``controller`` is the controlling field of the same node, which is read too where only its
    value tells which label of a picklist is meant (`needs_controller`).
    """

    path: str
    node: Node
    field: FieldSchema
    controller: FieldSchema | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """One object's records as one asset keeps them. ``columns`` are sorted by name."""

    name: str
    asset: RawAsset
    object: str
    columns: tuple[FieldSchema, ...]
    is_base: bool


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


def condition_fields(settings: TenantSettings) -> tuple[str, ...]:
    """The field paths that conditions name, in order, each once."""
    paths: list[str] = []
    for condition in settings.source.conditions:
        alternatives = condition.any if isinstance(condition, AnyOf) else (condition,)
        paths += [alternative.field for alternative in alternatives]
    return tuple(dict.fromkeys(paths))


def objects_missing(settings: TenantSettings, schemas: Schemas) -> tuple[str, ...]:
    """The objects whose schema is needed next; describe them and ask again until none is left."""
    return _Walker(settings, schemas).walk_all().missing


def plan(settings: TenantSettings, schemas: Schemas) -> ReadPlan:
    """The read plan of these settings in this org.

    ``schemas`` holds every object that `objects_missing` named; None stands for an object that
    the org does not know (or hides). What cannot be walked is in ``faults``, the rest goes on.
    """
    return _Walker(settings, schemas).walk_all().read_plan()


class _Walker:
    """Walks every path of the settings once and collects nodes, columns, faults."""

    def __init__(self, settings: TenantSettings, schemas: Schemas) -> None:
        self._settings = settings
        self._base = settings.source.object
        self._schemas = {name.lower(): schema for name, schema in schemas.items()}
        self._nodes: dict[tuple[str, ...], Node] = {}
        self._columns: dict[str, dict[str, FieldSchema]] = {}
        self._faults: list[PathFault] = []
        self._missing: dict[str, None] = {}
        self._leaves: dict[str, Leaf] = {}
        self._condition_leaves: dict[str, Leaf] = {}

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(self._missing)

    def walk_all(self) -> "_Walker":
        root = self._node((), self._base)
        self._keep(root, self._field(root, NAME_FIELD, NAME_FIELD))
        for mapping in self._settings.mapping:
            leaf = self._walk(mapping.from_, keep=True)
            if leaf is not None and mapping.type is FlyleType.TEXT:
                leaf = self._with_controller(leaf)
            if leaf is not None and (leaf.controller or mapping.from_ not in self._leaves):
                self._leaves[mapping.from_] = leaf
        for path in condition_fields(self._settings):
            # Salesforce judges conditions: their parents need not be held.
            leaf = self._walk(path, keep=False)
            if leaf is not None:
                self._condition_leaves[path] = leaf
        return self

    def read_plan(self) -> ReadPlan:
        order = {asset: index for index, asset in enumerate(RAW_ASSETS)}
        by_dataset = {node.dataset: node for node in reversed(self._nodes.values())}
        datasets = [
            Dataset(
                name=name,
                asset=node.asset,
                object=node.object,
                columns=tuple(sorted(self._columns.get(name, {}).values(), key=lambda f: f.name)),
                is_base=name == self._nodes[()].dataset,
            )
            for name, node in by_dataset.items()
        ]
        return ReadPlan(
            base_object=self._base,
            nodes=tuple(sorted(self._nodes.values(), key=lambda n: (len(n.path), n.path))),
            datasets=tuple(sorted(datasets, key=lambda d: (order[d.asset], not d.is_base, d.name))),
            leaves=self._leaves,
            condition_leaves=self._condition_leaves,
            faults=tuple(self._faults),
        )

    def _walk(self, path: str, *, keep: bool) -> Leaf | None:
        *relationships, name = path.split(".")
        node = self._nodes[()]
        if len(relationships) > RELATIONSHIP_LEVELS_MAX:
            self._faults.append(PathFault(path, relationships[-1], self._base, "too_deep"))
            return None
        for relationship in relationships:
            next_node = self._step(path, node, relationship, keep=keep)
            if next_node is None:
                return None
            node = next_node
        field = self._field(node, name, path)
        if field is None:
            return None
        if keep and field.name in SYSTEM_FIELDS and field.name != "Id":
            self._faults.append(PathFault(path, name, node.object, "system_field"))
            return None
        if keep:
            self._keep(node, field)
        return Leaf(path, node, field)

    def _with_controller(self, leaf: Leaf) -> Leaf:
        """The leaf with its controlling field, where the field's labels need that."""
        name, at = leaf.field.controller_name, leaf.node.object
        schema = self._schemas[at.lower()]
        if name is None or schema is None or not needs_controller(leaf.field):
            return leaf
        controller = schema.field(name)
        if controller is None:
            fault = PathFault(leaf.path, name, at, "controller_unknown", leaf.field.name)
            self._faults.append(fault)
            return leaf
        self._keep(leaf.node, controller)
        return replace(leaf, controller=controller)

    def _step(self, path: str, node: Node, name: str, *, keep: bool) -> Node | None:
        for extra in self._settings.source.one_to_one:
            if extra.as_.lower() == name.lower() and extra.of.lower() == node.object.lower():
                return self._one_to_one(path, node, extra, keep=keep)
        schema = self._schema(node.object, path, name)
        if schema is None:
            return None
        lookup = schema.lookup(name)
        if lookup is None:
            child = next(
                (
                    child.child_object
                    for child in schema.child_relationships
                    if (child.relationship_name or "").lower() == name.lower()
                ),
                None,
            )
            fault: Fault = "one_to_many" if child else "lookup_unknown"
            self._faults.append(PathFault(path, name, schema.name, fault, child or ""))
            return None
        target = lookup_target(lookup)
        if target is None:
            detail = ", ".join(lookup.reference_to)
            self._faults.append(PathFault(path, name, schema.name, "several_targets", detail))
            return None
        child_path = (*node.path, lookup.relationship_name or name)
        if not keep:
            return self._made(child_path, target, lookup_field=lookup.name)
        self._keep(node, lookup)
        return self._node(child_path, target, lookup_field=lookup.name)

    def _one_to_one(self, path: str, node: Node, extra: OneToOne, *, keep: bool) -> Node | None:
        schema = self._schema(extra.object, path, extra.as_)
        if schema is None:
            return None
        lookup = schema.field(extra.lookup)
        if lookup is None:
            self._faults.append(PathFault(path, extra.lookup, schema.name, "field_unknown"))
            return None
        if node.object not in lookup.reference_to:
            fault = PathFault(path, lookup.name, schema.name, "lookup_of_other_object", node.object)
            self._faults.append(fault)
            return None
        child_path = (*node.path, extra.as_)
        if not keep:
            return self._made(child_path, schema.name, lookup_field=lookup.name, one_to_one=True)
        child = self._node(child_path, schema.name, lookup_field=lookup.name, one_to_one=True)
        self._keep(child, lookup)
        return child

    def _schema(self, object_name: str, path: str, segment: str) -> ObjectSchema | None:
        if object_name.lower() not in self._schemas:
            self._missing[object_name] = None
            return None
        schema = self._schemas[object_name.lower()]
        if schema is None or not schema.queryable:
            self._faults.append(PathFault(path, segment, object_name, "object_unknown"))
            return None
        return schema

    def _field(self, node: Node, name: str, path: str) -> FieldSchema | None:
        schema = self._schema(node.object, path, name)
        if schema is None:
            return None
        field = schema.field(name)
        if field is None:
            self._faults.append(PathFault(path, name, schema.name, "field_unknown"))
        return field

    def _made(
        self,
        path: tuple[str, ...],
        object_name: str,
        *,
        lookup_field: str | None = None,
        one_to_one: bool = False,
    ) -> Node:
        asset = owner_of(self._base, path)
        dataset = f"related/{object_name}" if asset == "related_records" else asset
        return Node(path, object_name, asset, dataset, lookup_field, one_to_one)

    def _node(
        self,
        path: tuple[str, ...],
        object_name: str,
        *,
        lookup_field: str | None = None,
        one_to_one: bool = False,
    ) -> Node:
        if path not in self._nodes:
            self._nodes[path] = self._made(
                path, object_name, lookup_field=lookup_field, one_to_one=one_to_one
            )
        return self._nodes[path]

    def _keep(self, node: Node, field: FieldSchema | None) -> None:
        if field is not None and field.name not in SYSTEM_FIELDS:
            self._columns.setdefault(node.dataset, {})[field.name] = field


def lookup_target(lookup: FieldSchema) -> str | None:
    """The object that a lookup leads to; of several only User can be told apart by all orgs."""
    if len(lookup.reference_to) == 1:
        return lookup.reference_to[0]
    return "User" if "User" in lookup.reference_to else None
