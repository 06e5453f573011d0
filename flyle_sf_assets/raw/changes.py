"""What the answers of Salesforce change in a stored record frame.

Pure: from canonical answers and the stored frame (``held``) to the rows to append. Every function
returns a record frame with the same columns as ``held``, and only rows that differ from it.
"""

from collections.abc import Iterable

import polars as pl

from flyle_sf_assets.raw.canonical import canonical, stamp_of
from flyle_sf_assets.raw.records import (
    ONLY_REFERENCED,
    READABLE,
    RecordStatus,
    as_records,
    changed_rows,
    empty,
    is_any,
    record_schema,
)
from flyle_sf_assets.salesforce.schema.objects import FieldSchema

REFERENCED = RecordStatus.REFERENCED.value


def tombstones(answer: pl.DataFrame, *, else_status: RecordStatus) -> pl.DataFrame:
    """The statuses of records, from an answer that includes deleted ones.

    ``answer`` has the texts ``Id`` and, where the object has them, ``SystemModstamp``,
    ``IsDeleted`` and (if it can be merged) ``MasterRecordId``. Returns ``Id``,
    ``SystemModstamp``, ``_status``, ``_merged_into``; records that are not deleted get
    ``else_status``.
    """
    winner = (
        pl.col("MasterRecordId")
        if "MasterRecordId" in answer.columns
        else pl.lit(None, dtype=pl.String)
    )
    deleted = (
        pl.col("IsDeleted") == "true" if "IsDeleted" in answer.columns else pl.lit(value=False)
    )
    merged = deleted & (winner.fill_null("") != "")
    return (
        answer.lazy()
        .select(
            pl.col("Id"),
            stamp_of(answer.columns),
            pl.when(merged)
            .then(pl.lit(RecordStatus.MERGED.value))
            .when(deleted)
            .then(pl.lit(RecordStatus.DELETED.value))
            .otherwise(pl.lit(else_status.value))
            .alias("_status"),
            pl.when(merged).then(winner).alias("_merged_into"),
        )
        .unique("Id", keep="last")
        .collect()
    )


def scope_changes(
    held: pl.DataFrame, matching: pl.DataFrame, touched: pl.DataFrame
) -> pl.DataFrame:
    """A window's change of the base object's records.

    ``matching`` are the canonical rows that match the conditions now; ``touched`` the statuses of
    all changed records, matching or not. A changed record that was in scope and no longer matches
    is out of scope, deleted or merged, and keeps its last values.
    """
    came = as_records(matching, RecordStatus.LINKED)
    were_in_scope = held.filter(~is_any(ONLY_REFERENCED))
    left = touched.join(came.select("Id"), on="Id", how="anti")
    gone = _with_tombstone(were_in_scope, left)
    return pl.concat([changed_rows(came, held), changed_rows(gone, held)])


def absent_changes(absent: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """The new statuses of stored rows that a full read did not return.

    ``told`` are their statuses. A record without one is missing (purged, or no longer visible to
    the connected user), unless it is known to be deleted or merged: the Recycle Bin was emptied.
    """
    unseen = absent.join(told.select("Id"), on="Id", how="anti")
    lost = unseen.filter(is_any(READABLE)).with_columns(
        pl.lit(RecordStatus.MISSING.value).alias("_status")
    )
    return pl.concat([changed_rows(_with_tombstone(absent, told), absent), lost])


def absent_rows(held: pl.DataFrame, came: pl.DataFrame) -> pl.DataFrame:
    """The stored rows, in scope now or before, that a read of the whole scope lacks."""
    were_in_scope = held.filter(~is_any(ONLY_REFERENCED))
    return were_in_scope.join(came.select("Id"), on="Id", how="anti")


def parent_changes(held: pl.DataFrame, answer: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """What an answer changes in stored records that other records refer to.

    ``answer`` are canonical rows, including deleted ones; ``told`` their statuses. Records in the
    tenant's scope keep the status that the conditions gave them; deleted or missing records keep
    their last values.
    """
    if told.is_empty():
        return held.clear()
    told_alive = told.lazy().filter(pl.col("_status") == REFERENCED)
    statuses = (
        held.lazy()
        .filter(is_any((*ONLY_REFERENCED, RecordStatus.LINKED, RecordStatus.OUT_OF_SCOPE)))
        .select(
            "Id",
            pl.when(is_any(ONLY_REFERENCED))
            .then(pl.lit(REFERENCED))
            .otherwise("_status")
            .alias("_status"),
        )
    )
    came = (
        answer.lazy()
        .join(told_alive, on="Id", how="semi")
        .join(statuses, on="Id", how="inner")
        .with_columns(pl.lit(None, pl.String).alias("_merged_into"))
        .select(held.columns)
        .collect()
    )
    dead = told.filter(pl.col("_status") != REFERENCED).with_columns(
        pl.lit(RecordStatus.REFERENCED_DELETED.value).alias("_status")
    )
    gone = _with_tombstone(held.filter(is_any(ONLY_REFERENCED)), dead)
    return pl.concat([changed_rows(came, held), changed_rows(gone, held)])


def fetched_parents(
    asked: pl.Series, answer: pl.DataFrame, told: pl.DataFrame, held: pl.DataFrame
) -> pl.DataFrame:
    """Records read by Id because others refer to them: new ones and stored ones.

    A record that Salesforce does not show is stored as missing, so that it is not read repeatedly.
    """
    new = answer.join(held, on="Id", how="anti")
    found = as_records(new, RecordStatus.REFERENCED).select(held.columns)
    dead = told.filter(pl.col("_status") != REFERENCED)["Id"]
    found = found.with_columns(
        pl.when(pl.col("Id").is_in(dead.implode()))
        .then(pl.lit(RecordStatus.REFERENCED_DELETED.value))
        .otherwise("_status")
        .alias("_status")
    )
    unseen = asked.filter(~asked.is_in(answer["Id"].implode()))
    lost = held.filter(is_any(ONLY_REFERENCED) & pl.col("Id").is_in(unseen.implode()))
    never = unseen.filter(~unseen.is_in(held["Id"].implode())).to_frame("Id")
    missing = pl.concat([lost, never], how="diagonal").with_columns(
        pl.lit(RecordStatus.REFERENCED_MISSING.value).alias("_status")
    )
    changed = parent_changes(held, answer, told)
    return pl.concat([changed, found, changed_rows(missing.select(held.columns), held)])


def first_parents(
    answer: pl.LazyFrame, missing: pl.Series, columns: Iterable[FieldSchema]
) -> pl.LazyFrame:
    """Records read by Id into a dataset that has none yet, as `fetched_parents` makes them.

    ``answer`` are the rows as Salesforce wrote them, whose Ids were asked for; ``missing`` the Ids
    without an answer. Lazy: a million rows pass from the pages into a file without being held.
    """
    fields = tuple(columns)
    deleted = "IsDeleted" in answer.collect_schema().names()
    status = (
        pl.when(pl.col("IsDeleted") == "true")
        .then(pl.lit(RecordStatus.REFERENCED_DELETED.value))
        .otherwise(pl.lit(REFERENCED))
        if deleted
        else pl.lit(REFERENCED)
    )
    beside = ("_status", "_merged_into")
    found = canonical(
        answer.with_columns(status.alias("_status"), pl.lit(None, pl.String).alias("_merged_into")),
        fields,
        beside,
    ).select(record_schema(fields).names())
    unseen = pl.concat([empty(fields), missing.to_frame("Id")], how="diagonal").with_columns(
        pl.lit(RecordStatus.REFERENCED_MISSING.value).alias("_status")
    )
    return pl.concat([found, unseen.lazy()])


def _with_tombstone(held: pl.DataFrame, statuses: pl.DataFrame) -> pl.DataFrame:
    """The stored rows in ``statuses``, with its stamp, status and winner."""
    told = statuses.lazy().select(
        "Id",
        pl.col("SystemModstamp").alias("_new_stamp"),
        pl.col("_status").alias("_new_status"),
        pl.col("_merged_into").alias("_new_merged_into"),
    )
    return (
        held.lazy()
        .join(told, on="Id", how="inner")
        .with_columns(
            pl.coalesce("_new_stamp", "SystemModstamp").alias("SystemModstamp"),
            pl.col("_new_status").alias("_status"),
            pl.col("_new_merged_into").alias("_merged_into"),
        )
        .select(held.columns)
        .collect()
    )
