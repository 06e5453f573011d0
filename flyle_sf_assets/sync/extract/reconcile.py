"""Sweep and census: compare all records with what is held, and read differences again.

A sweep compares the columns whose values change without a stamp; a census compares Id,
SystemModstamp, lookups and what is expected to follow the stamp (`sweep.census_columns`), of
everything in scope and of every parent in use. Both read only what they compare, and whole rows
only where it differs.
"""

from collections.abc import Iterable

import polars as pl

from flyle_sf_assets.raw.canonical import canonical
from flyle_sf_assets.raw.changes import tombstones
from flyle_sf_assets.raw.records import READABLE, RecordStatus, as_records, changed_rows, is_any
from flyle_sf_assets.salesforce.schema.objects import FieldSchema
from flyle_sf_assets.sync.extract.dataset_reader import DatasetReading, Reading
from flyle_sf_assets.sync.step_report import Comparison


def reconcile(reading: Reading, datasets: Iterable[DatasetReading]) -> Comparison:
    """Compares the datasets that are due; what differs is staged afterwards."""
    total = Comparison()
    for one in datasets:
        if one.compared is None:
            continue
        if one.is_asked_by_conditions:
            total += _scope(reading, one, one.compared)
        if one.serves_lookups and not one.is_one_to_one:
            total += _parents(reading, one, one.compared)
    return total


def _scope(reading: Reading, one: DatasetReading, compared: tuple[FieldSchema, ...]) -> Comparison:
    """Compares all records that match the conditions with those held as matching."""
    held = one.staged.records().collect()
    came = reading.matching(one, compared).collect()
    current = held.filter(pl.col("_status") == one.status.value)
    different = changed_rows(came, current.select(came.columns))["Id"]
    gone = current.join(came, on="Id", how="anti").height
    _read_again(reading, one, different)
    reading.stage_absent(one, held, came)
    missing = _now_missing(one, held)
    return Comparison(
        checked=came.height + gone,
        matched=came.height - different.len(),
        healed=different.len() + gone,
        missing=missing,
    )


def _parents(
    reading: Reading, one: DatasetReading, compared: tuple[FieldSchema, ...]
) -> Comparison:
    """Compares every parent in use by its Id; those in scope were compared with the scope."""
    held = one.staged.records().collect()
    looked_up = (
        RecordStatus.REFERENCED,
        RecordStatus.REFERENCED_DELETED,
        RecordStatus.REFERENCED_MISSING,
        RecordStatus.OUT_OF_SCOPE,
    )
    current = held.filter(is_any(looked_up))
    answer = reading.answers_by_id(one, current["Id"], compared)
    told = tombstones(answer, else_status=RecordStatus.REFERENCED)
    alive = told.filter(pl.col("_status") == RecordStatus.REFERENCED.value)
    came = canonical(answer.lazy(), compared).collect().join(alive, on="Id", how="semi")
    readable = current.filter(is_any(READABLE))
    different = changed_rows(came, readable.select(came.columns))["Id"]
    gone = readable.join(came, on="Id", how="anti")["Id"]
    reading.fetch(one, pl.concat([different, gone]))
    return Comparison(
        checked=came.height + gone.len(),
        matched=came.height - different.len(),
        healed=different.len() + gone.len(),
        missing=_now_missing(one, held),
    )


def _read_again(reading: Reading, one: DatasetReading, ids: pl.Series) -> None:
    """Whole rows of records that differ, with the status that the conditions give them."""
    columns = one.questions.dataset.columns
    answer = reading.answers_by_id(one, ids, columns)
    told = tombstones(answer, else_status=one.status)
    alive = told.filter(pl.col("_status") == one.status.value)
    values = canonical(answer.lazy(), columns).collect().join(alive, on="Id", how="semi")
    held = one.staged.rows_of(ids)
    one.staged.add(changed_rows(as_records(values, one.status), held), held)


def _now_missing(one: DatasetReading, before: pl.DataFrame) -> int:
    """How many records became missing."""
    lost = is_any((RecordStatus.MISSING, RecordStatus.REFERENCED_MISSING))
    now = one.staged.records().filter(lost).select("Id").collect()
    return now.join(before.filter(lost), on="Id", how="anti").height
