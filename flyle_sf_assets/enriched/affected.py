"""Which base records must be joined again, given which records changed in any dataset.

A record's own change affects its row; a parent's change affects every row that reaches it by
any number of lookups. Parents before and after the change count: a one-to-one object that moved
from one account to another affects both. When several records are in the place of a one-to-one
object, the row reaches only the oldest, so the others count by the record that they name.
"""

from collections.abc import Mapping

import polars as pl

from flyle_sf_assets.enriched.join import Records, node_id, parent_of, skeleton
from flyle_sf_assets.raw.plan import ReadPlan


def affected_ids(
    plan: ReadPlan, records: Records, held: pl.LazyFrame | None, changed: Mapping[str, pl.Series]
) -> pl.Series:
    """The Ids of base records whose enriched row may differ.

    ``changed`` has the Ids of changed records by dataset; ``held`` is the committed enriched
    frame, None before the first.

    Returns one column of Ids, each once, in no order.

    >>> from flyle_sf_assets.raw.plan import Node
    >>> plan = ReadPlan("Account", (Node((), "Account", "accounts", "accounts"),), (), {}, {})
    >>> affected_ids(plan, {}, None, {"accounts": pl.Series(["001", "001"])}).to_list()
    ['001']
    """
    if not any(node.path and len(changed.get(node.dataset, ())) for node in plan.nodes):
        # Only the base's own records: no need to check all parents.
        return changed.get(plan.nodes[0].dataset, pl.Series(dtype=pl.String)).unique()
    claimed = _claimed(plan, records, changed)
    frames = [_reaching(plan, skeleton(plan, records), changed, claimed)]
    if held is not None:
        frames.append(_reaching(plan, held, changed, claimed))
        if claimed:
            # One of several may now name another record; the one it named before is not stored.
            frames.append(held.filter(pl.col("_ambiguous").list.len() > 0).select("Id"))
    return pl.concat(frames).unique().collect().to_series()


def _claimed(
    plan: ReadPlan, records: Records, changed: Mapping[str, pl.Series]
) -> dict[str, pl.Series]:
    """The Ids that changed one-to-one records name, by the column of the node that they belong to.

    Deleted records keep their last lookup.
    """
    claimed: dict[str, pl.Series] = {}
    for node in plan.nodes:
        ids = changed.get(node.dataset)
        if not node.one_to_one or ids is None or ids.is_empty():
            continue
        claims = records[node.dataset].filter(pl.col("Id").is_in(ids.implode()))
        named = claims.select(pl.col(node.lookup_field or "").drop_nulls()).collect().to_series()
        column = node_id(parent_of(plan, node))
        claimed[column] = pl.concat([claimed[column], named]) if column in claimed else named
    return claimed


def _reaching(
    plan: ReadPlan,
    frame: pl.LazyFrame,
    changed: Mapping[str, pl.Series],
    claimed: Mapping[str, pl.Series],
) -> pl.LazyFrame:
    present = set(frame.collect_schema().names())
    touched = [
        pl.col(node_id(node)).is_in(changed[node.dataset].implode())
        for node in plan.nodes
        if node_id(node) in present and len(changed.get(node.dataset, ())) > 0
    ]
    touched += [
        pl.col(column).is_in(ids.implode()) for column, ids in claimed.items() if column in present
    ]
    return frame.filter(pl.any_horizontal(touched) if touched else pl.lit(value=False)).select("Id")
