"""The join along the read plan's lookup tree, for all base records or for a few."""

from collections.abc import Iterable, Mapping

import polars as pl

from flyle_sf_assets.raw.lookup_tree import Target
from flyle_sf_assets.raw.plan import NAME_FIELD, Node, ReadPlan
from flyle_sf_assets.raw.records import ONLY_REFERENCED, READABLE, RecordStatus, is_any

Records = Mapping[str, pl.LazyFrame]
"""Record frames by dataset name, each Id once."""

STATUS_REASONS = {
    RecordStatus.OUT_OF_SCOPE: "conditions_not_met",
    RecordStatus.DELETED: "deleted_in_salesforce",
    RecordStatus.MERGED: "merged_in_salesforce",
    RecordStatus.MISSING: "not_found",
}


GONE_WORDS = {
    RecordStatus.DELETED: "deleted",
    RecordStatus.MERGED: "deleted",
    RecordStatus.MISSING: "missing",
    RecordStatus.REFERENCED_DELETED: "deleted",
    RecordStatus.REFERENCED_MISSING: "missing",
}


_TYPES = {"SystemModstamp": pl.Datetime("us", "UTC"), "_ambiguous": pl.List(pl.String)}
"""The columns of an enriched frame that are no text."""

PARENT_ID = "_id:"
"""The prefix of a column with the ids of parents; the parent's path follows."""


def node_id(node: Node) -> str:
    """The column that names which record a node's values came from: ``_id:Account.Owner``."""
    return PARENT_ID + ".".join(node.path) if node.path else "Id"


def gone_column(node: Node) -> str:
    """The column with the reason why a node has no values: ``_gone:Account.Owner``."""
    return "_gone:" + ".".join(node.path)


def controller_column(path: str) -> str:
    """The column with the value of a mapped picklist's controlling field."""
    return "_controller:" + path


def enriched_columns(plan: ReadPlan) -> tuple[str, ...]:
    """The columns of an enriched frame, in order.

    ``Id``, ``Name``, ``SystemModstamp`` (of the base record), ``_status``, ``_status_reason``,
    ``_merged_into``, ``_ambiguous`` (paths under a one-to-one object that has several records),
    ``_id:<node>`` and ``_gone:<node>`` per parent (``deleted`` or ``missing`` when it, or one
    above it, is referred to and cannot be read), ``_controller:<path>`` per mapped picklist whose
    labels need the controlling field's value, then one text column per mapped path as written.
    """
    parents = [name(node) for name in (node_id, gone_column) for node in plan.nodes if node.path]
    controllers = [controller_column(p) for p, leaf in plan.leaves.items() if leaf.controller]
    beside = ("Id", NAME_FIELD, "SystemModstamp", "_status", "_status_reason", "_merged_into")
    return tuple(dict.fromkeys((*beside, "_ambiguous", *parents, *controllers, *plan.leaves)))


def enriched_schema(columns: Iterable[str]) -> pl.Schema:
    """The polars schema of an enriched frame with these columns (`enriched_columns`)."""
    # A record frame has one column that is no text; it may be mapped, also of a parent.
    last = {name: name.rpartition(".")[2] for name in columns}
    return pl.Schema({name: _TYPES.get(last[name], pl.String()) for name in last})


def enrich(plan: ReadPlan, records: Records, ids: pl.Series | None = None) -> pl.LazyFrame:
    """Base records (those of ``ids``, or all that are or were in scope) with their parents' values.

    A parent that is deleted or not visible gives null, as in Salesforce, and its reason. Columns
    as in `enriched_columns`.

    ``records`` has a record frame (`raw.records.record_schema`) for every dataset of the plan, each
    Id once. Nothing is computed before the result is collected.

    >>> from flyle_sf_assets.raw.lookup_tree import Leaf
    >>> from flyle_sf_assets.raw.records import record_schema
    >>> from flyle_sf_assets.salesforce.schema.objects import FieldSchema
    >>> name = FieldSchema("Name", "Name", "string")
    >>> root = Node((), "Account", "accounts", "accounts")
    >>> owner = Node(("Owner",), "User", "related_records", "related/User", "OwnerId")
    >>> plan = ReadPlan(
    ...     "Account", (root, owner), (), {"Owner.Name": Leaf("Owner.Name", owner, name)}, {}
    ... )
    >>> account = {"Id": "001", "_status": "linked", "Name": "Acme", "OwnerId": "005"}
    >>> user = {"Id": "005", "_status": "referenced", "Name": "Sato"}
    >>> frames = {
    ...     "accounts": pl.LazyFrame([account], record_schema(["Name", "OwnerId"])),
    ...     "related/User": pl.LazyFrame([user], record_schema(["Name"])),
    ... }
    >>> enrich(plan, frames).select("Id", "_id:Owner", "Owner.Name").collect().rows()
    [('001', '005', 'Sato')]
    """
    frame = skeleton(plan, records, ids, with_values=True)
    reasons = {status.value: reason for status, reason in STATUS_REASONS.items()}
    status = pl.col("_status")
    return frame.with_columns(
        _ambiguous(plan),
        status.replace_strict(reasons, default=None, return_dtype=pl.String).alias(
            "_status_reason"
        ),
        *[
            pl.coalesce([_from(target) for target in leaf.sources]).alias(path)
            for path, leaf in plan.leaves.items()
        ],
        *[
            pl.col(_value(leaf.node, leaf.controller.name)).alias(controller_column(path))
            for path, leaf in plan.leaves.items()
            if leaf.controller
        ],
    ).select(enriched_columns(plan))


def skeleton(
    plan: ReadPlan, records: Records, ids: pl.Series | None = None, *, with_values: bool = False
) -> pl.LazyFrame:
    """Base records with the Id of the record at every node, optionally with every node's values.

    Columns: those of the base's record frame, ``_id:<node>`` and ``_gone:<node>`` per parent,
    values as ``<node>/<field>``, and ``_several:<node>`` for one-to-one objects.
    """
    root = plan.nodes[0]
    base = records[root.dataset].filter(~is_any(ONLY_REFERENCED))
    if ids is not None:
        base = base.filter(pl.col("Id").is_in(ids.implode()))
    frame = base.with_columns(
        [pl.col(name).alias(_value(root, name)) for name in _needed(plan, root, all_of_them=True)]
    )
    for node in plan.nodes[1:]:
        wanted = _needed(plan, node, all_of_them=with_values)
        frame = _joined(frame, node, parent_of(plan, node), records[node.dataset], wanted)
    return frame


def _joined(
    frame: pl.LazyFrame, node: Node, parent: Node, records: pl.LazyFrame, wanted: list[str]
) -> pl.LazyFrame:
    # Records that cannot be read are joined without values: that differs from no lookup.
    shown = pl.when(is_any(READABLE))
    values = [
        shown.then(pl.col("Id")).alias(node_id(node)),
        *[shown.then(pl.col(name)).alias(_value(node, name)) for name in wanted],
        gone_word().alias(gone_column(node)),
    ]
    key = f"_key:{node_id(node)}"
    if node.one_to_one:
        lookup, right = node_id(parent), _claimants(node, records, key, values)
    else:
        lookup, right = _value(parent, node.lookup_field or ""), _by_id(records, key, values)
    joined = frame.join(right, left_on=lookup, right_on=key, how="left")
    if not parent.path:
        return joined
    return joined.with_columns(
        pl.coalesce(gone_column(parent), gone_column(node)).alias(gone_column(node))
    )


def _by_id(records: pl.LazyFrame, key: str, values: list[pl.Expr]) -> pl.LazyFrame:
    return records.select(pl.col("Id").alias(key), *values)


def _claimants(node: Node, records: pl.LazyFrame, key: str, values: list[pl.Expr]) -> pl.LazyFrame:
    """One record of a one-to-one object for each record that it belongs to.

    The org does not enforce the declared one-to-one: of several records the oldest Id is used, and
    by ``_several`` the values are rejected, so that none is chosen silently. A record that cannot
    be read is used only when there is no other.
    """
    owner = node.lookup_field or ""
    readable = is_any(READABLE)
    return (
        records.filter(pl.col(owner).is_not_null())
        .select(
            pl.col(owner).alias(key),
            *values,
            (readable.sum().over(owner) > 1).alias(_several(node)),
        )
        .sort(gone_column(node), node_id(node), nulls_last=[False, True])
        .unique(key, keep="first", maintain_order=True)
    )


def gone_word() -> pl.Expr:
    """Why a record has no values: ``deleted`` or ``missing``; null when it can be read."""
    words = {status.value: word for status, word in GONE_WORDS.items()}
    return pl.col("_status").replace_strict(words, default=None, return_dtype=pl.String)


def _from(target: Target) -> pl.Expr:
    """The value of one of the objects behind a lookup: null when the lookup points at another."""
    if target.field is not None:
        return pl.col(_value(target.node, target.field.name))
    return pl.when(pl.col(node_id(target.node)).is_not_null()).then(
        pl.lit(target.literal, pl.String)
    )


def _needed(plan: ReadPlan, node: Node, *, all_of_them: bool) -> list[str]:
    """The fields of a node that the join needs: its lookups and, optionally, mapped values."""
    onwards = [
        child.lookup_field or ""
        for child in plan.nodes
        if child.path and child.path[:-1] == node.path and not child.one_to_one
    ]
    mapped = [
        target.field.name
        for leaf in plan.leaves.values()
        for target in leaf.sources
        if target.field is not None and target.node.path == node.path
    ]
    mapped += [
        leaf.controller.name
        for leaf in plan.leaves.values()
        if leaf.controller is not None and leaf.node.path == node.path
    ]
    return list(dict.fromkeys([*onwards, *(mapped if all_of_them else [])]))


def parent_of(plan: ReadPlan, node: Node) -> Node:
    """The parent node of this one in the lookup tree."""
    return next(other for other in plan.nodes if other.path == node.path[:-1])


def _value(node: Node, field_name: str) -> str:
    return f"{'.'.join(node.path)}/{field_name}"


def _several(node: Node) -> str:
    return f"_several:{'.'.join(node.path)}"


def _ambiguous(plan: ReadPlan) -> pl.Expr:
    """The mapped paths under a one-to-one object with several records."""
    doubtful = []
    for node in plan.nodes:
        if not node.one_to_one:
            continue
        below = [
            path
            for path, leaf in plan.leaves.items()
            if leaf.node.path[: len(node.path)] == node.path
        ]
        several = pl.col(_several(node)).fill_null(value=False)
        doubtful.append(
            pl.when(several)
            .then(pl.lit(below, pl.List(pl.String)))
            .otherwise(pl.lit([], pl.List(pl.String)))
        )
    if not doubtful:
        return pl.lit([], pl.List(pl.String)).alias("_ambiguous")
    return pl.concat_list(doubtful).list.unique(maintain_order=True).alias("_ambiguous")
