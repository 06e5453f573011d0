"""A multi-select picklist's text (``A;B``) as a list of its API values."""

from collections.abc import Sequence

import polars as pl

SEPARATOR = ";"
"""Salesforce joins the values of a multi-select picklist with it; no value can contain it."""


def selected_values(text: pl.Expr, described: Sequence[str]) -> pl.Expr:
    """List(String) of the selected API values: each once, none empty, in the org's order.

    The order is that of ``described``; other values follow in their own order. Text that selects
    nothing (``;``) gives null.
    """
    positions = pl.DataFrame(
        {"value": described, "position": range(len(described))},
        schema={"value": pl.String, "position": pl.UInt32},
    ).unique(subset="value", keep="first")

    def lists(column: pl.Series) -> pl.Series:
        return _lists(column, positions)

    return text.map_batches(lists, return_dtype=pl.List(pl.String), is_elementwise=True)


def _lists(column: pl.Series, positions: pl.DataFrame) -> pl.Series:
    """Sort each distinct text once: a million records share a few hundred selections."""
    text = column.rename("text").to_frame()
    sorted_lists = (
        text.unique()
        .filter(pl.col("text").is_not_null())
        .with_columns(value=pl.col("text").str.split(SEPARATOR))
        .explode("value")
        .filter(pl.col("value") != "")
        .with_row_index("met")
        .unique(subset=["text", "value"], keep="first")
        .join(positions, on="value", how="left")
        .sort("text", "position", "met", nulls_last=True)
        .group_by("text", maintain_order=True)
        .agg("value")
    )
    return text.join(sorted_lists, on="text", how="left", maintain_order="left")["value"]
