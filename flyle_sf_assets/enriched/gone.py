"""Why values of an enriched row are blank: a parent on their path is deleted or not visible."""

from collections.abc import Mapping

import polars as pl

from flyle_sf_assets.enriched.join import (
    Records,
    gone_column,
    gone_word,
    node_id,
    parent_of,
)
from flyle_sf_assets.raw.plan import Node, ReadPlan
from flyle_sf_assets.raw.records import READABLE, is_any

BLANKED_SCHEMA = pl.Schema({"Id": pl.String, "key": pl.String, "reason": pl.String})


def with_former_parents(
    plan: ReadPlan, records: Records, rows: pl.DataFrame, before: pl.DataFrame
) -> pl.DataFrame:
    """``rows`` (enriched), also marked for parents that a row had in ``before`` and that ended.

    Salesforce clears the lookups to a deleted record: a child that is read again has no lookup
    any more, and without its former parent the reason would be unknown. The mark stays until there
    is a parent again.
    """
    nodes = [node for node in plan.nodes if node.path]
    found = pl.collect_all(_gone_before(node, records, before) for node in nodes)
    for node, former in zip(nodes, found, strict=True):
        if former.is_empty():
            continue
        # A lookup to several objects may now point at another one.
        beside = [one for one in plan.nodes if one.relationships == node.relationships]
        has_none = pl.all_horizontal(
            pl.col(node_id(one)).is_null() for one in (*beside, parent_of(plan, node)) if one.path
        )
        told = pl.coalesce(gone_column(node), pl.when(has_none).then("_told"))
        rows = (
            rows.join(former, on="Id", how="left", maintain_order="left")
            .with_columns(told.alias(gone_column(node)))
            .drop("_told")
        )
    return rows


def _gone_before(node: Node, records: Records, before: pl.DataFrame) -> pl.LazyFrame:
    """``Id`` and ``_told``: of rows whose parent at this node ended now or earlier."""
    gone = records[node.dataset].filter(~is_any(READABLE))
    words = gone.select(pl.col("Id").alias("_former"), gone_word().alias("_now"))
    return (
        before.lazy()
        .select("Id", pl.col(node_id(node)).alias("_former"), gone_column(node))
        .join(words, on="_former", how="left")
        .select("Id", pl.coalesce(gone_column(node), "_now").alias("_told"))
        .filter(pl.col("_told").is_not_null())
    )


def what_blanked(plan: ReadPlan, rows: pl.DataFrame, paths: Mapping[str, str]) -> pl.DataFrame:
    """Which values have no parent: `BLANKED_SCHEMA`, at most one row per Id and key.

    ``paths`` are mapped paths by key. ``reason`` names the topmost parent that is missing:
    ``parent_deleted:Account``, ``parent_missing:Account.Owner``.
    """
    parts = [BLANKED_SCHEMA.to_frame().lazy()]
    for key, path in paths.items():
        leaf = plan.leaves.get(path)
        way = () if leaf is None else leaf.node.relationships
        above = [way[: length + 1] for length in range(len(way))]
        told = [
            pl.concat_str(
                pl.lit("parent_"),
                pl.col(gone_column(node)),
                pl.lit(":" + ".".join(node.relationships)),
            )
            for node in plan.nodes
            if node.relationships in above
        ]
        if told:
            parts.append(
                rows.lazy()
                .select("Id", pl.lit(key).alias("key"), pl.coalesce(told).alias("reason"))
                .filter(pl.col("reason").is_not_null())
            )
    return pl.concat(parts).collect()
