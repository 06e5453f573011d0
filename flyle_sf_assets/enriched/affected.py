"""Which base records must be joined again, given which records changed in any dataset.

A record's own change touches its row; a parent's change touches every row that reaches it, on
any hop. What a row reached before counts as well as what it reaches now: a one-to-one object
that moved from one account to another touches both.

What does not belong here: the join (``join.py``).
"""

from collections.abc import Mapping

import polars as pl

from flyle_sf_assets.enriched.join import Records, node_id, skeleton
from flyle_sf_assets.raw.plan import ReadPlan


def affected_ids(
    plan: ReadPlan, records: Records, held: pl.LazyFrame | None, changed: Mapping[str, pl.Series]
) -> pl.Series:
    """The Ids of base records whose enriched row may differ.

    ``changed`` has the Ids of changed records by dataset; ``held`` is the enriched frame as it
    stands, None before the first.
    """
    frames = [_reaching(plan, skeleton(plan, records), changed)]
    if held is not None:
        frames.append(_reaching(plan, held, changed))
    return pl.concat(frames).unique().collect().to_series()


def _reaching(
    plan: ReadPlan, frame: pl.LazyFrame, changed: Mapping[str, pl.Series]
) -> pl.LazyFrame:
    present = set(frame.collect_schema().names())
    touched = [
        pl.col(node_id(node)).is_in(changed[node.dataset].implode())
        for node in plan.nodes
        if node_id(node) in present and len(changed.get(node.dataset, ())) > 0
    ]
    return frame.filter(pl.any_horizontal(touched) if touched else pl.lit(value=False)).select("Id")
