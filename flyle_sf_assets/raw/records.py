"""The columns of a record frame, and the difference between stored and new rows.

A record frame has ``Id`` (18 characters), ``SystemModstamp`` (UTC), ``_status``,
``_merged_into`` and then one text column per field of the dataset, sorted by name. A deleted
or missing record keeps its row and its last values; only ``_status`` changes.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

import polars as pl

from flyle_sf_assets.raw.canonical import STAMP_TYPE
from flyle_sf_assets.salesforce.schema.objects import FieldSchema


class RecordStatus(StrEnum):
    """The record status: why a record is stored, or how it ended.

    ``REFERENCED*`` records are stored only because others refer to them, also when they are not
    visible (any more); the others are, or were, in the scope of the tenant's conditions.
    """

    LINKED = "linked"
    REFERENCED = "referenced"
    REFERENCED_DELETED = "referenced_deleted"
    REFERENCED_MISSING = "referenced_missing"
    OUT_OF_SCOPE = "out_of_scope"
    DELETED = "deleted"
    MERGED = "merged"
    MISSING = "missing"


READABLE = (RecordStatus.LINKED, RecordStatus.REFERENCED, RecordStatus.OUT_OF_SCOPE)
"""Records that exist in the org and that the connected user can see: parents with values."""

ONLY_REFERENCED = (
    RecordStatus.REFERENCED,
    RecordStatus.REFERENCED_DELETED,
    RecordStatus.REFERENCED_MISSING,
)
"""Records that never were in scope: they become no company."""

BESIDE_FIELDS: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "Id": pl.String,
    "SystemModstamp": STAMP_TYPE,
    "_status": pl.String,
    "_merged_into": pl.String,
}


def record_schema(columns: Iterable[FieldSchema | str]) -> pl.Schema:
    """The polars schema of a record frame with these field columns, sorted by name."""
    names = sorted(column if isinstance(column, str) else column.name for column in columns)
    return pl.Schema({**BESIDE_FIELDS, **dict.fromkeys(names, pl.String)})


def empty(columns: Iterable[FieldSchema | str]) -> pl.DataFrame:
    """A record frame without rows."""
    return pl.DataFrame(schema=record_schema(columns))


def as_records(frame: pl.DataFrame, status: RecordStatus) -> pl.DataFrame:
    """Canonical rows as a record frame, all of one status."""
    fields = [name for name in frame.columns if name not in BESIDE_FIELDS]
    return frame.with_columns(
        pl.lit(status.value).alias("_status"), pl.lit(None, pl.String).alias("_merged_into")
    ).select(record_schema(fields).names())


def is_any(statuses: Iterable[RecordStatus]) -> pl.Expr:
    """Whether a record has one of these statuses."""
    return pl.col("_status").is_in([status.value for status in statuses])


def changed_rows(came: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``came`` that are new or differ from ``held`` in any column.

    Both are record frames with the same columns; ``held`` may lack rows but not columns.
    """
    if came.is_empty():
        return came
    compared = [name for name in came.columns if name != "Id"]
    held_rows = held.lazy().select(*came.columns, pl.lit(value=True).alias("_is_held"))
    differs = pl.any_horizontal([pl.col(n).ne_missing(pl.col(f"{n}_held")) for n in compared])
    return (
        came.lazy()
        .join(held_rows, on="Id", how="left", suffix="_held")
        .filter(pl.col("_is_held").is_null() | differs)
        .select(came.columns)
        .collect()
    )


def content_changed(changed: pl.DataFrame, held: pl.DataFrame) -> int:
    """How many of the changed rows differ in more than their stamp."""
    return changed_rows(changed.drop("SystemModstamp"), held.drop("SystemModstamp")).height
