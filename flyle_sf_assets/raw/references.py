"""Which records are referred to, hop by hop, from the records in scope.

What does not belong here: fetching those that are not held (``refresh/reading.py``).
"""

from collections.abc import Mapping

import polars as pl

from flyle_sf_assets.raw.plan import Node, ReadPlan
from flyle_sf_assets.raw.records import READABLE, RecordStatus, is_any

Records = Mapping[str, pl.LazyFrame]
"""Record frames by dataset name, each Id once."""


def ids_at(plan: ReadPlan, node: Node, records: Records) -> pl.LazyFrame:
    """The Ids (column ``Id``, each once) of the records that rows in scope reach at ``node``.

    Only rows that are linked count: a company that is frozen needs no parents.
    """
    frame = records[node.dataset]
    if not node.path:
        return frame.filter(pl.col("_status") == RecordStatus.LINKED.value).select("Id")
    parent = next(other for other in plan.nodes if other.path == node.path[:-1])
    above = ids_at(plan, parent, records)
    lookup = node.lookup_field or ""
    if node.one_to_one:
        return frame.join(above, left_on=lookup, right_on="Id", how="semi").select("Id")
    referring = records[parent.dataset].filter(is_any(READABLE)).join(above, on="Id", how="semi")
    return referring.select(pl.col(lookup).alias("Id")).drop_nulls().unique()
