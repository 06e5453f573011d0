"""What happens to an object's stored records when it becomes, or stops being, the base object."""

import polars as pl

from flyle_sf_assets.raw.records import ONLY_REFERENCED, RecordStatus, is_any


def only_referenced(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Records of the former base object: others refer to them, they become no company."""
    return rows.with_columns(
        pl.when(is_any((RecordStatus.LINKED, RecordStatus.OUT_OF_SCOPE)))
        .then(pl.lit(RecordStatus.REFERENCED.value))
        .when(pl.col("_status") == RecordStatus.MISSING.value)
        .then(pl.lit(RecordStatus.REFERENCED_MISSING.value))
        .when(~is_any(ONLY_REFERENCED))
        .then(pl.lit(RecordStatus.REFERENCED_DELETED.value))
        .otherwise("_status")
        .alias("_status")
    )


def in_scope_again(rows: pl.LazyFrame, former: pl.LazyFrame) -> pl.LazyFrame:
    """Records of an object that is the base object again, if they were companies before.

    ``former`` are the enriched rows of that time (``Id``, ``_status``, ``_merged_into``). A record
    that ended then keeps its status; any other counts as out of scope until the next read returns
    it or its status. A record purged in between is never returned: without this its company would
    not change.
    """
    was = former.select(
        "Id", pl.col("_status").alias("_was"), pl.col("_merged_into").alias("_was_merged_into")
    )
    returns = pl.col("_was").is_not_null() & is_any(ONLY_REFERENCED)
    is_gone = is_any((RecordStatus.REFERENCED_DELETED, RecordStatus.REFERENCED_MISSING))
    has_ended = is_gone & pl.col("_was").is_in(
        [RecordStatus.DELETED.value, RecordStatus.MERGED.value]
    )
    status = (
        pl.when(~returns)
        .then("_status")
        .when(has_ended)
        .then("_was")
        .otherwise(pl.lit(RecordStatus.OUT_OF_SCOPE.value))
    )
    # Only a merged record has a winner; records that others refer to keep it with another status.
    merged_into = pl.when(~returns).then("_merged_into").when(has_ended).then("_was_merged_into")
    return (
        rows.join(was, on="Id", how="left")
        .with_columns(status.alias("_status"), merged_into.alias("_merged_into"))
        .drop("_was", "_was_merged_into")
    )
