"""The rejected values and rows of a run as a frame.

What does not belong here: the reasons and remedies (``reject_reasons.py``).
"""

from collections.abc import Iterable

import polars as pl

from flyle_sf_assets.companies.fields import CompanyField
from flyle_sf_assets.companies.reject_reasons import RejectReason, remedy

REJECTED_SCHEMA = pl.Schema(
    {
        "external_id": pl.String(),
        "field": pl.String(),
        "value": pl.String(),
        "reason": pl.String(),
        "remedy": pl.String(),
    }
)
"""One row per rejected value; ``field`` is its key, null when the whole row is rejected."""


VALUE_LENGTH_MAX = 1_000
"""Characters that are stored of a rejected value: an org may send a megabyte."""


def _beginning(value: pl.Expr) -> pl.Expr:
    """The value as text; a very long one is cut."""
    text = value.cast(pl.String)
    cut = pl.concat_str(text.str.slice(0, VALUE_LENGTH_MAX - 1), pl.lit("…"))
    return pl.when(text.str.len_chars() > VALUE_LENGTH_MAX).then(cut).otherwise(text)


def rejected_values(
    failing: pl.DataFrame, field: CompanyField, value: pl.Expr, reason: RejectReason
) -> pl.DataFrame:
    """`REJECTED_SCHEMA` rows for the ``failing`` rows (with ``external_id``) of one field."""
    return failing.select(
        pl.col("external_id"),
        pl.lit(field.key, dtype=pl.String).alias("field"),
        _beginning(value).alias("value"),
        pl.lit(str(reason), dtype=pl.String).alias("reason"),
        pl.lit(remedy(reason, field), dtype=pl.String).alias("remedy"),
    )


def rejected_rows(failing: pl.DataFrame, value: pl.Expr, reason: RejectReason) -> pl.DataFrame:
    """`REJECTED_SCHEMA` rows for whole ``failing`` rows; a missing id becomes empty text."""
    return failing.select(
        pl.col("external_id").fill_null(""),
        pl.lit(None, dtype=pl.String).alias("field"),
        _beginning(value).alias("value"),
        pl.lit(str(reason), dtype=pl.String).alias("reason"),
        pl.lit(remedy(reason), dtype=pl.String).alias("remedy"),
    )


def all_rejected(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """The parts as one frame, at most one row per record and field: the first reason is kept."""
    frame = pl.concat([REJECTED_SCHEMA.to_frame(), *parts])
    return frame.unique(subset=["external_id", "field"], keep="first", maintain_order=True)
