"""From settings and object schemas to the read plan: which objects, columns and lookups are needed.

A field path (``Account.Owner.Name``) is walked from the base object through many-to-one
lookups and declared one-to-one objects; each step of a walk is a `Node`. Nodes with the same
object in the same asset share one `Dataset`, the unit that is read and stored.
"""

from collections.abc import Mapping
from dataclasses import replace

from flyle_sf_assets.raw.lookup_tree import (
    Dataset,
    Fault,
    Followed,
    Leaf,
    Node,
    PathFault,
    ReadPlan,
    Target,
    followed_by,
)
from flyle_sf_assets.raw.ownership import RAW_ASSETS, owner_of
from flyle_sf_assets.salesforce.schema import name_object
from flyle_sf_assets.salesforce.schema.objects import FieldSchema, ObjectSchema
from flyle_sf_assets.salesforce.schema.picklists import needs_controller
from flyle_sf_assets.settings.models import AnyOf, FlyleType, OneToOne, TenantSettings
from flyle_sf_assets.settings.patterns import RELATIONSHIP_LEVELS_MAX

__all__ = [
    "EXTERNAL_LOOKUPS",
    "NAME_FIELD",
    "SYSTEM_FIELDS",
    "TARGETS_MAX",
    "Dataset",
    "Fault",
    "Leaf",
    "Node",
    "PathFault",
    "ReadPlan",
    "Schemas",
    "condition_fields",
    "objects_missing",
    "objects_reached",
    "plan",
]

Schemas = Mapping[str, ObjectSchema | None]
"""Object schemas by API name; None for an object that the org does not know or hides."""

NAME_FIELD = "Name"
"""Read for every base object: it becomes the company's name."""

SYSTEM_FIELDS = ("Id", "SystemModstamp", "IsDeleted")
"""Read for every object to follow its changes; not in a dataset's ``columns``.

Only Id may be mapped: the stamp also moves when Salesforce itself updates a record
(LastModifiedDate is the field for people), and a company's record is never a deleted one.
"""
TARGETS_MAX = 5
"""A lookup to more objects is not followed: each of them would cost a separate query."""

EXTERNAL_LOOKUPS = frozenset({"externallookup", "indirectlookup"})
"""Lookups to or from external objects that have another system's id, not a record's Id."""


def condition_fields(settings: TenantSettings) -> tuple[str, ...]:
    """The field paths that conditions name, in order, each once."""
    paths: list[str] = []
    for condition in settings.source.conditions:
        alternatives = condition.any if isinstance(condition, AnyOf) else (condition,)
        paths += [alternative.field for alternative in alternatives]
    return tuple(dict.fromkeys(paths))


def objects_missing(settings: TenantSettings, schemas: Schemas) -> tuple[str, ...]:
    """The objects whose schema is needed next; describe them and repeat until none is missing."""
    return tuple(_Walker(settings, schemas).walk_all().missing)


def objects_reached(settings: TenantSettings, schemas: Schemas) -> tuple[str, ...]:
    """The base and every object on a mapped or filtered path, as far as the schemas lead."""
    reached = _Walker(settings, schemas).walk_all().reached
    return tuple(dict.fromkeys((settings.source.object, *sorted(reached))))


def plan(settings: TenantSettings, schemas: Schemas) -> ReadPlan:
    """The read plan of these settings in this org.

    ``schemas`` has every object that `objects_missing` named; None for an object that the org
    does not know (or hides). Paths that cannot be walked are in ``faults``; the others are planned.

    The plan's ``nodes`` are the steps of the paths (the base object first), ``datasets`` what is
    read (each with its ``columns``), ``leaves`` the mapped fields by path. It raises nothing.

    Example: ``raw/test_plan.py``
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
        self.missing: dict[str, None] = {}
        self.reached: dict[str, None] = {}
        self._leaves: dict[str, Leaf] = {}
        self._condition_leaves: dict[str, Leaf] = {}

    def walk_all(self) -> "_Walker":
        root = self._nodes.setdefault((), self._made((), self._base))
        self._keep(root, self._field(root, NAME_FIELD, NAME_FIELD))
        for mapping in self._settings.mapping:
            leaf = self._walk(mapping.from_, keep=True)
            if leaf is not None and mapping.type is FlyleType.TEXT:
                leaf = self._with_controller(leaf)
            if leaf is not None and (leaf.controller or mapping.from_ not in self._leaves):
                self._leaves[mapping.from_] = leaf
        for path in condition_fields(self._settings):
            # Salesforce evaluates conditions: their parents need not be stored.
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
                followed=node.followed,
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
        followed: Followed = "stamp"
        for place, relationship in enumerate(relationships):
            lookup = self._of_several(node, relationship)
            if lookup is not None:
                rest = (*relationships[place + 1 :], name)
                return self._through_name(path, node, lookup, rest, keep=keep)
            next_node = self._step(path, node, relationship, keep=keep)
            if next_node is None:
                return None
            node = next_node
            followed = followed if node.followed == "stamp" else node.followed
        field = self._field(node, name, path)
        if field is None:
            return None
        if keep and field.name in SYSTEM_FIELDS and field.name != "Id":
            self._faults.append(PathFault(path, name, node.object, "system_field"))
            return None
        if keep:
            self._keep(node, field)
        return Leaf(path, node, field, followed=followed)

    def _with_controller(self, leaf: Leaf) -> Leaf:
        """The leaf with its controlling field, when the field's labels need it."""
        name, at = leaf.field.controller_name, leaf.node.object
        schema = self._schemas.get(at.lower())
        if name is None or schema is None or not needs_controller(leaf.field):
            return leaf
        controller = schema.field(name)
        if controller is None:
            fault = PathFault(leaf.path, name, at, "controller_unknown", leaf.field.name)
            self._faults.append(fault)
            return leaf
        self._keep(leaf.node, controller)
        return replace(leaf, controller=controller)

    def _of_several(self, node: Node, name: str) -> FieldSchema | None:
        """The lookup to several objects of that relationship name, unless one-to-one hides it."""
        if self._declared(node, name) is not None:
            return None
        schema = self._schemas.get(node.object.lower())
        lookup = schema.lookup(name) if schema else None
        return lookup if lookup is not None and name_object.is_of_several(lookup) else None

    def _through_name(
        self, path: str, node: Node, lookup: FieldSchema, rest: tuple[str, ...], *, keep: bool
    ) -> Leaf | None:
        """A field of the pseudo-object Name, with one source per object of the lookup."""
        detail = ", ".join(lookup.reference_to)
        segment = str(lookup.relationship_name)
        field = name_object.NAME.field(rest[0]) if len(rest) == 1 else None
        given = field and any(name_object.gives(field.name, one) for one in lookup.reference_to)
        if field is None or not given:
            self._faults.append(PathFault(path, rest[0], node.object, "beyond_name", detail))
            return None
        here = self._made((*node.path, segment), name_object.NAME.name, lookup_field=lookup.name)
        if not keep:
            return Leaf(path, here, field, followed="reread")
        if len(lookup.reference_to) > TARGETS_MAX:
            self._faults.append(PathFault(path, segment, node.object, "several_targets", detail))
            return None
        found = [self._target(path, here, field, target) for target in lookup.reference_to]
        targets = tuple(target for target in found if target is not None)
        if len(targets) < len(found):
            return None
        self._keep(node, lookup)
        for target in targets:
            self._nodes.setdefault(target.node.path, target.node)
            self._keep(target.node, target.field)
        is_stamped = all(target.node.followed == "stamp" for target in targets)
        return Leaf(path, here, field, targets, followed="stamp" if is_stamped else "reread")

    def _target(self, path: str, here: Node, field: FieldSchema, target: str) -> Target | None:
        schema = self._schema(target, path, here.path[-1])
        if schema is None:
            return None
        node = replace(
            self._made((*here.path[:-1], f"{here.path[-1]}:{target}"), target),
            lookup_field=here.lookup_field,
            key_prefix=schema.key_prefix or "",
        )
        if node.followed == "never" or not node.key_prefix:
            self._faults.append(PathFault(path, here.path[-1], schema.name, "not_followed"))
            return None
        if not name_object.has_value(field.name, target):
            return Target(node, None, name_object.literal(field.name, target))
        own = self._field(node, field.name, path)
        return None if own is None else Target(node, own)

    def _declared(self, node: Node, name: str) -> OneToOne | None:
        for extra in self._settings.source.one_to_one:
            if extra.as_.lower() == name.lower() and extra.of.lower() == node.object.lower():
                return extra
        return None

    def _step(self, path: str, node: Node, name: str, *, keep: bool) -> Node | None:
        extra = self._declared(node, name)
        if extra is not None:
            return self._one_to_one(path, node, extra, keep=keep)
        schema = self._schema(node.object, path, name)
        if schema is None:
            return None
        lookup = schema.lookup(name)
        # A lookup to an object that the user cannot see has no target in describe.
        if lookup is None or not lookup.reference_to:
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
        target = lookup.reference_to[0]
        above = self._made(
            (*node.path, lookup.relationship_name or name), target, lookup_field=lookup.name
        )
        if not keep:
            return above
        if lookup.extra_type_info in EXTERNAL_LOOKUPS:
            self._faults.append(PathFault(path, name, schema.name, "external_lookup", target))
            return None
        return self._kept(path, above, node, lookup)

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
        child = self._made(
            (*node.path, extra.as_), schema.name, lookup_field=lookup.name, one_to_one=True
        )
        return self._kept(path, child, child, lookup) if keep else child

    def _kept(self, path: str, child: Node, holder: Node, lookup: FieldSchema) -> Node | None:
        """Adds the node to those that are read, with the lookup that joins it, or a fault.

        ``holder`` is the node whose records have the lookup.
        """
        if child.followed == "never":
            self._faults.append(PathFault(path, child.path[-1], child.object, "not_followed"))
            return None
        self._keep(holder, lookup)
        return self._nodes.setdefault(child.path, child)

    def _schema(self, object_name: str, path: str, segment: str) -> ObjectSchema | None:
        self.reached[object_name] = None
        if object_name.lower() not in self._schemas:
            self.missing[object_name] = None
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
        schema = self._schemas.get(object_name.lower())
        followed = followed_by(schema) if path and schema is not None else "stamp"
        return Node(path, object_name, asset, dataset, lookup_field, one_to_one, followed)

    def _keep(self, node: Node, field: FieldSchema | None) -> None:
        if field is not None and field.name not in SYSTEM_FIELDS:
            self._columns.setdefault(node.dataset, {})[field.name] = field
