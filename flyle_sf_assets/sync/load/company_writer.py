"""Company rows converted and written in batches, in the transaction of the step that asks."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import polars as pl

from flyle_sf_assets.companies.convert import convert
from flyle_sf_assets.companies.document import HASH_VERSION, documents
from flyle_sf_assets.companies.fields import CompanyField
from flyle_sf_assets.computed import cached_property
from flyle_sf_assets.enriched.gone import what_blanked
from flyle_sf_assets.raw.plan import ReadPlan
from flyle_sf_assets.raw.records import RecordStatus
from flyle_sf_assets.store.companies.counts import count_rejected
from flyle_sf_assets.store.companies.picklist_options import list_options
from flyle_sf_assets.store.companies.rejected_values import merge_rejected
from flyle_sf_assets.store.companies.type_changes import blank_unconverted
from flyle_sf_assets.store.companies.upsert import (
    Conversion,
    UpsertCounts,
    has_companies,
    insert_first_companies,
    unlink_companies,
    upsert_companies,
)
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.syncs.syncs import SyncCounts
from flyle_sf_assets.sync.bulk_downloads import Tell
from flyle_sf_assets.sync.load.one_ahead import one_ahead
from flyle_sf_assets.sync.state.asset_names import COMPANIES

SAMPLE_ROWS = 5
BATCH_ROWS = 25_000
"""Rows converted at once: limits memory, whatever the tenant's size. Three batches exist: one is
written, one waits for it, one is being converted."""


READ_ROWS = 200_000
"""Rows of one file that are read at once: more of them are never in memory together."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Enriched rows, in memory or read part by part; ``ids`` are those of all."""

    ids: pl.Series
    rows: pl.DataFrame | pl.LazyFrame

    @staticmethod
    def of(rows: pl.DataFrame) -> "Rows":
        """Rows in memory."""
        return Rows(rows["Id"], rows)

    @staticmethod
    def of_file(rows: pl.LazyFrame) -> "Rows":
        """The rows of one file, which keeps their order."""
        return Rows(rows.select("Id").collect().to_series(), rows)

    def slices(self, height: int) -> Iterator[pl.DataFrame]:
        """All rows, in frames of at most that height."""
        if isinstance(self.rows, pl.DataFrame):
            yield from self.rows.iter_slices(height)
            return
        for start in range(0, self.ids.len(), READ_ROWS):
            yield from self.rows.slice(start, READ_ROWS).collect().iter_slices(height)


@dataclass(frozen=True, slots=True)
class EnrichedRows:
    """Enriched rows to write: those ``unconsumed``, and those ``rest`` that are only compared."""

    unconsumed: Rows
    rest: pl.DataFrame

    @staticmethod
    def split(rows: pl.DataFrame, unconsumed: pl.Series | None) -> "EnrichedRows":
        """``unconsumed`` are the Ids of the rows not consumed yet; None: all of them."""
        if unconsumed is None:
            return EnrichedRows(Rows.of(rows), rows.clear())
        is_unconsumed = pl.col("Id").is_in(unconsumed.implode())
        return EnrichedRows(Rows.of(rows.filter(is_unconsumed)), rows.filter(~is_unconsumed))

    @staticmethod
    def all_of_file(rows: pl.LazyFrame) -> "EnrichedRows":
        """All rows of one file, none of which were consumed."""
        return EnrichedRows(Rows.of_file(rows), pl.DataFrame(schema=rows.collect_schema()))


@dataclass(frozen=True, slots=True)
class Written:
    """What was written; ``rejected`` counts the values that are now rejected.

    ``ids`` are the external ids of the companies that were converted, changed or not.

    Of the companies whose records had not changed, ``compared_linked`` and ``compared_frozen``
    were compared, and ``healed_linked`` and ``healed_frozen`` differed anyway.
    """

    counts: UpsertCounts
    rejected: int
    sample: pl.DataFrame
    ids: pl.Series
    compared_linked: int = 0
    compared_frozen: int = 0
    healed_linked: int = 0
    healed_frozen: int = 0

    def sync_counts(self) -> SyncCounts:
        """The figures of the sync's row."""
        counts = self.counts
        return SyncCounts(
            created=counts.created,
            changed=counts.changed,
            gone=counts.gone,
            rejected=self.rejected,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """Converted rows, ready to be written."""

    rows: pl.DataFrame
    conversion: Conversion
    ids: pl.Series
    rejected: pl.DataFrame
    sample: pl.DataFrame


@dataclass
class Writing:
    """Writes the company rows of one refresh: readers see all of it or nothing.

    ``is_base_new`` says that the last companies written, if any, were of another base object;
    ``retyped`` are the keys whose type changed; ``is_census`` compares rows of the same hash
    too.
    """

    tx: TenantTransaction
    plan: ReadPlan
    fields: tuple[CompanyField, ...]
    retyped: frozenset[str]
    sync_id: int
    time_zone: str
    now: datetime
    tell: Tell
    is_census: bool
    is_base_new: bool
    _ids: list[pl.Series] = field(default_factory=list, init=False)
    _rejected: list[pl.DataFrame] = field(default_factory=list, init=False)
    _sample: pl.DataFrame = field(default_factory=pl.DataFrame, init=False)
    _total: int = field(default=0, init=False)

    @cached_property
    def _catalog(self) -> pl.DataFrame:
        return pl.DataFrame(
            [(option.field_key, option.value) for option in list_options(self.tx)],
            schema={"field_key": pl.String, "value": pl.String},
            orient="row",
        )

    @cached_property
    def _is_first_load(self) -> bool:
        """Whether the tenant had no company before this transaction."""
        return not has_companies(self.tx)

    def write(self, rows: EnrichedRows) -> Written:
        """Writes the unconsumed rows, compares the rest, and stores what was rejected."""
        is_linked = pl.col("_status") == RecordStatus.LINKED.value
        unlinked = self._unlinked() if self.is_base_new else 0
        rest = (rows.rest.filter(is_linked), rows.rest.filter(~is_linked))
        parts = (rows.unconsumed, *map(Rows.of, rest))
        self._total = sum(part.ids.len() for part in parts)
        unconsumed, linked, frozen = (self._upserted(part) for part in parts)
        blanked = self._blanked()
        self._merge_rejected([rows.unconsumed.ids, rows.rest["Id"]])
        return Written(
            counts=_sum([UpsertCounts(changed=blanked, gone=unlinked), unconsumed, linked, frozen]),
            rejected=count_rejected(self.tx),
            sample=self._sample,
            ids=pl.concat([pl.Series(dtype=pl.String), *self._ids]),
            compared_linked=rest[0].height,
            compared_frozen=rest[1].height,
            healed_linked=_moved(linked),
            healed_frozen=_moved(frozen),
        )

    def _unlinked(self) -> int:
        return unlink_companies(
            self.tx,
            reason="base_object_changed",
            sync_id=self.sync_id,
            now=self.now,
            other_than_object=self.plan.base_object,
        )

    def _upserted(self, rows: Rows) -> UpsertCounts:
        done: list[UpsertCounts] = []
        # The thread has no transaction: what it needs of the database is read before.
        made = one_ahead(partial(self._batch, self._catalog), rows.slices(BATCH_ROWS))
        with closing(made) as batches:
            for batch in batches:
                done.append(self._stored(batch))
                self._ids.append(batch.ids)
                self._rejected.append(batch.rejected)
                self._sample = batch.sample
                self.tell(COMPANIES, sum(ids.len() for ids in self._ids), self._total)
        return _sum(done)

    def _batch(self, catalog: pl.DataFrame, rows: pl.DataFrame) -> _Batch:
        converted = convert(
            rows,
            self.fields,
            time_zone=self.time_zone,
            catalog=catalog,
            retyped=self.retyped,
        )
        paths = {one.key: one.source_path for one in self.fields if one.readable}
        reasons = what_blanked(self.plan, rows, paths)
        reasons = reasons.rename({"Id": "external_id", "key": "field"})
        return _Batch(
            rows=documents(converted.rows, self.fields),
            conversion=Conversion(HASH_VERSION, self.retyped, frozenset(paths), reasons),
            ids=converted.rows["external_id"],
            rejected=converted.rejected,
            sample=converted.rows.head(SAMPLE_ROWS),
        )

    def _stored(self, batch: _Batch) -> UpsertCounts:
        if self._is_first_load:
            return insert_first_companies(
                self.tx,
                batch.rows,
                source_object=self.plan.base_object,
                sync_id=self.sync_id,
                now=self.now,
                hash_version=batch.conversion.hash_version,
            )
        return upsert_companies(
            self.tx,
            batch.rows,
            source_object=self.plan.base_object,
            sync_id=self.sync_id,
            now=self.now,
            conversion=batch.conversion,
            compare_all=self.is_census,
        )

    def _blanked(self) -> int:
        """Companies without a stored record lose their values of a type that changed."""
        if not self.retyped:
            return 0
        converted = pl.concat(self._ids) if self._ids else pl.Series(dtype=pl.String)
        return blank_unconverted(
            self.tx,
            self.retyped,
            converted=converted,
            sync_id=self.sync_id,
            now=self.now,
        )

    def _merge_rejected(self, checked: Sequence[pl.Series]) -> None:
        if self._rejected:
            rejected = pl.concat(self._rejected)
            merge_rejected(self.tx, rejected, self.now, scope=pl.concat(checked))


def _moved(counts: UpsertCounts) -> int:
    return counts.created + counts.changed + counts.gone


def _sum(all_of_them: Sequence[UpsertCounts]) -> UpsertCounts:
    return UpsertCounts(
        created=sum(one.created for one in all_of_them),
        changed=sum(one.changed for one in all_of_them),
        unchanged=sum(one.unchanged for one in all_of_them),
        gone=sum(one.gone for one in all_of_them),
        returned=sum(one.returned for one in all_of_them),
    )
