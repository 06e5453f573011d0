"""Which records the records in scope refer to, one lookup at a time."""

from collections.abc import Mapping

import polars as pl

from flyle_sf_assets.raw.plan import Node, ReadPlan
from flyle_sf_assets.raw.records import READABLE, RecordStatus, is_any

Records = Mapping[str, pl.LazyFrame]
"""Record frames by dataset name, each Id once."""


def ids_at(plan: ReadPlan, node: Node, records: Records) -> pl.LazyFrame:
    """The Ids (column ``Id``, each once) of the records that rows in scope reach at ``node``.

    Only linked rows count: a frozen company needs no parents.
    """
    frame = records[node.dataset]
    if not node.path:
        return frame.filter(pl.col("_status") == RecordStatus.LINKED.value).select("Id")
    parent = next(other for other in plan.nodes if other.path == node.path[:-1])
    above = ids_at(plan, parent, records)
    if node.one_to_one:
        lookup = node.lookup_field or ""
        return frame.join(above, left_on=lookup, right_on="Id", how="semi").select("Id")
    referring = records[parent.dataset].filter(is_any(READABLE)).join(above, on="Id", how="semi")
    return _looked_up(referring, node)


def newly_reached(
    plan: ReadPlan, node: Node, records: Records, changed: Mapping[str, pl.Series]
) -> pl.LazyFrame:
    """The Ids at ``node`` that may be reached for the first time since rows changed.

    ``changed`` has the Ids of changed rows by dataset. An unchanged row that is newly reached
    counts too: the records it refers to were never read on this path.
    """
    own = changed.get(node.dataset, pl.Series(dtype=pl.String)).to_frame("Id").lazy()
    if not node.path:
        linked = records[node.dataset].filter(pl.col("_status") == RecordStatus.LINKED.value)
        return linked.select("Id").join(own, on="Id", how="semi")
    parent = next(other for other in plan.nodes if other.path == node.path[:-1])
    changed_above = changed.get(parent.dataset, pl.Series(dtype=pl.String)).to_frame("Id").lazy()
    above = pl.concat([newly_reached(plan, parent, records, changed), changed_above])
    if node.one_to_one:
        lookup = node.lookup_field or ""
        found = records[node.dataset].join(above, left_on=lookup, right_on="Id", how="semi")
        return pl.concat([found.select("Id"), own])
    referring = records[parent.dataset].filter(is_any(READABLE)).join(above, on="Id", how="semi")
    return _looked_up(referring, node)


def _looked_up(referring: pl.LazyFrame, node: Node) -> pl.LazyFrame:
    """The Ids that these rows refer to at a node; only its own of a lookup to several objects."""
    ids = referring.select(pl.col(node.lookup_field or "").alias("Id")).drop_nulls().unique()
    return ids.filter(pl.col("Id").str.starts_with(node.key_prefix)) if node.key_prefix else ids
