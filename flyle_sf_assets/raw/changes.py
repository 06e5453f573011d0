"""What the answers of Salesforce change in a held record frame.

Pure: canonical answers and the held frame go in, the rows to append come out. Every function
returns a record frame with the same columns as ``held``, and only rows that differ from it.

What does not belong here: asking (``questions.py``, ``salesforce``) and files (``lake``).
"""

import polars as pl

from flyle_sf_assets.raw.canonical import stamp
from flyle_sf_assets.raw.records import READABLE, RecordStatus, as_records, changed_rows

LINKED, REFERENCED = RecordStatus.LINKED.value, RecordStatus.REFERENCED.value


def fates(answer: pl.DataFrame, *, else_status: RecordStatus) -> pl.DataFrame:
    """What became of records, from an answer that includes deleted ones.

    ``answer`` has the texts ``Id``, ``SystemModstamp``, ``IsDeleted`` and, where the object can
    be merged, ``MasterRecordId``. Returns ``Id``, ``SystemModstamp``, ``_status``,
    ``_merged_into``; records that are not deleted get ``else_status``.
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
    return answer.select(
        pl.col("Id"),
        stamp(),
        pl.when(merged)
        .then(pl.lit(RecordStatus.MERGED.value))
        .when(deleted)
        .then(pl.lit(RecordStatus.DELETED.value))
        .otherwise(pl.lit(else_status.value))
        .alias("_status"),
        pl.when(merged).then(winner).alias("_merged_into"),
    ).unique("Id", keep="last")


def scope_changes(
    held: pl.DataFrame, matching: pl.DataFrame, touched: pl.DataFrame
) -> pl.DataFrame:
    """A window's change of the base object's records.

    ``matching`` are the canonical rows that match the conditions now; ``touched`` the fates of
    everything that changed, matching or not. What was in scope, changed and does not match any
    more is out of scope, deleted or merged, and keeps its last values.
    """
    came = as_records(matching, RecordStatus.LINKED)
    were_in_scope = held.filter(pl.col("_status") != REFERENCED)
    left = touched.join(came.select("Id"), on="Id", how="anti")
    gone = _with_fate(were_in_scope, left)
    return pl.concat([changed_rows(came, held), changed_rows(gone, held)])


def full_scope_changes(
    held: pl.DataFrame, matching: pl.DataFrame, fates_of_absent: pl.DataFrame
) -> pl.DataFrame:
    """A full read's change: like `scope_changes`, and what nobody answers for is missing.

    ``fates_of_absent`` are the fates of the ids that `absent_ids` named; an id that is not in
    it either is purged, or no longer visible to the connected user.
    """
    absent = held.filter(pl.col("Id").is_in(absent_ids(held, matching).implode()))
    known = pl.col("Id").is_in(fates_of_absent["Id"].implode())
    missing = absent.filter(~known).with_columns(
        pl.lit(RecordStatus.MISSING.value).alias("_status")
    )
    came = as_records(matching, RecordStatus.LINKED)
    gone = _with_fate(absent, fates_of_absent)
    return pl.concat([changed_rows(rows, held) for rows in (came, gone, missing)])


def absent_ids(held: pl.DataFrame, matching: pl.DataFrame) -> pl.Series:
    """The Ids held as in scope, or as having been so, that a full read did not bring."""
    were_in_scope = held.filter(pl.col("_status") != REFERENCED)
    return were_in_scope.join(matching.select("Id"), on="Id", how="anti")["Id"]


def parent_changes(
    held: pl.DataFrame, answer: pl.DataFrame, answer_fates: pl.DataFrame
) -> pl.DataFrame:
    """A window's change of records that others look up: of the held ones only.

    ``answer`` are canonical rows, deleted ones among them; a deleted one keeps its last values.
    Records that are in the tenant's scope keep the status that the conditions gave them.
    """
    alive = answer.join(answer_fates.filter(pl.col("_status") == REFERENCED), on="Id", how="semi")
    came = as_records(alive, RecordStatus.REFERENCED).join(
        held.select("Id", pl.col("_status").alias("_held_status")), on="Id", how="inner"
    )
    stays = pl.col("_held_status").is_in([LINKED, RecordStatus.OUT_OF_SCOPE.value])
    came = came.with_columns(
        pl.when(stays).then("_held_status").otherwise("_status").alias("_status")
    ).drop("_held_status")
    gone = _with_fate(held, answer_fates.filter(pl.col("_status") != REFERENCED))
    return pl.concat([changed_rows(came, held), changed_rows(gone, held)])


def fetched_parents(
    asked: pl.Series, answer: pl.DataFrame, answer_fates: pl.DataFrame, columns: list[str]
) -> pl.DataFrame:
    """Parents that were asked for by Id because they were not held.

    What Salesforce does not show is kept as missing, so that it is not asked for again and again.
    """
    found = as_records(answer, RecordStatus.REFERENCED).select(columns)
    with_fates = found.update(answer_fates.select("Id", "_status", "_merged_into"), on="Id")
    unseen = asked.filter(~asked.is_in(found["Id"].implode()))
    missing = pl.DataFrame({"Id": unseen}, schema={"Id": pl.String}).with_columns(
        pl.lit(RecordStatus.MISSING.value).alias("_status")
    )
    return pl.concat([with_fates, missing], how="diagonal").select(columns)


def readable_ids(records: pl.LazyFrame) -> pl.LazyFrame:
    """The Ids of records that exist and are visible."""
    return records.filter(pl.col("_status").is_in([s.value for s in READABLE])).select("Id")


def _with_fate(held: pl.DataFrame, fate: pl.DataFrame) -> pl.DataFrame:
    """The held rows that ``fate`` speaks of, with its stamp, status and winner."""
    told = fate.select(
        "Id",
        pl.col("SystemModstamp").alias("_new_stamp"),
        pl.col("_status").alias("_new_status"),
        pl.col("_merged_into").alias("_new_merged_into"),
    )
    return (
        held.join(told, on="Id", how="inner")
        .with_columns(
            pl.coalesce("_new_stamp", "SystemModstamp").alias("SystemModstamp"),
            pl.col("_new_status").alias("_status"),
            pl.col("_new_merged_into").alias("_merged_into"),
        )
        .select(held.columns)
    )
