"""A staged dataset: committed rows, downloaded rows, and the commit to be made."""

from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl

from flyle_sf_assets.lake.files import Lake, wants_compaction
from flyle_sf_assets.lake.manifest import Manifest
from flyle_sf_assets.raw.records import RecordStatus, content_changed, empty
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.syncs.generations import swap_generation


@dataclass
class StagedDataset:
    """A dataset's committed state, and the rows that this step is about to commit on top of it.

    ``new_base`` replaces all committed rows; ``changes`` are frames that replace older rows, in
    order. Nothing is visible to other processes until `commit`.
    """

    lake: Lake
    tenant: str
    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    scope: str
    held: Manifest | None
    generation: int
    new_base: pl.LazyFrame | None = None
    changes: list[pl.DataFrame] = field(default_factory=list)
    is_new: bool = False
    """Whether nothing is held of it and no row of it is staged, but its reading has begun."""
    asked_at: datetime | None = None
    """The moment, in Salesforce's time, at which a whole read saw the org; None without one."""
    pulled: int = 0
    changed: int = 0
    gone: int = 0
    added: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever read into it."""
        return self.held is None and self.new_base is None

    def records(self) -> pl.LazyFrame:
        """The newest rows, staged ones included."""
        newest = self._base()
        for change in self.changes:
            frame = change.lazy()
            newest = pl.concat([newest.join(frame.select("Id"), on="Id", how="anti"), frame])
        return newest

    def begin(self) -> None:
        """Nothing was ever held of it: its rows are still to come."""
        self.new_base = empty(self.columns).lazy()
        self.is_new = True

    def take_first(self, rows: pl.LazyFrame, count: int) -> None:
        """The first rows of a new dataset, ``count`` of them; they are not held in memory."""
        self.new_base = rows
        self.is_new = False
        self.added += count
        self.changed += count

    def rows_of(self, ids: pl.Series) -> pl.DataFrame:
        """The newest rows of some Ids."""
        return self.records().filter(pl.col("Id").is_in(ids.implode())).collect()

    def add(self, rows: pl.DataFrame, held: pl.DataFrame) -> None:
        """Rows to commit, which differ from ``held`` (the same records as committed)."""
        if rows.is_empty():
            return
        self.is_new = False
        self.changes.append(rows.select(self._base().collect_schema().names()))
        self.added += rows.join(held.select("Id"), on="Id", how="anti").height
        gone = _left_scope(rows, held)
        self.gone += gone
        self.changed += content_changed(rows, held) - gone

    def write(self, *, unconsumed_since: int | None) -> Manifest | None:
        """Writes the files of the next generation; None when nothing is to be committed.

        ``unconsumed_since`` is the oldest generation that a reader of this dataset has consumed:
        segments after it are not consumed yet, and never compacted.
        """
        following = self.generation + 1
        if self.held is None or self.new_base is not None:
            file = self.lake.write(self.tenant, self.name, following, self.records())
            return Manifest(
                self.name,
                following,
                self.columns,
                self.scope,
                file,
                types=self.types,
                is_judged=True,
            )
        if not self.changes:
            return None
        manifest = fold(self.lake, self.tenant, self.held, unconsumed_since)
        rows = pl.concat(self.changes).unique("Id", keep="last", maintain_order=True)
        segment = self.lake.write(self.tenant, self.name, following, rows)
        return replace(manifest.with_segment(segment, added=self.added), scope=self.scope)

    def _base(self) -> pl.LazyFrame:
        if self.new_base is not None:
            return self.new_base
        if self.held is None:
            raise ValueError(f"{self.name} is neither held nor read")
        return self.lake.read(self.held)


def fold(lake: Lake, tenant: str, manifest: Manifest, unconsumed_since: int | None) -> Manifest:
    """The manifest with its segments in a new base, if that pays and all of them are consumed.

    ``unconsumed_since`` is the oldest generation that a reader has consumed, None without readers.
    """
    unconsumed = unconsumed_since is not None and unconsumed_since < manifest.generation
    if unconsumed or not wants_compaction(manifest):
        return manifest
    base = lake.write(tenant, manifest.dataset, manifest.generation, lake.read(manifest))
    return replace(manifest, base=base, segments=(), added=0)


def commit(
    tx: TenantTransaction,
    staged: StagedDataset,
    manifest: Manifest | None,
    watermark: datetime | None,
    now: datetime,
) -> int:
    """Replaces the dataset's manifest and moves its watermark; returns the current generation.

    Without a new manifest only the watermark (and a changed scope) is stored. Raises
    GenerationConflict when another process committed this dataset in the meantime.
    """
    current = manifest or staged.held
    if current is None:
        raise ValueError(f"{staged.name} has nothing to commit")
    swap_generation(
        tx,
        staged.name,
        expected_generation=staged.generation,
        generation=current.generation,
        manifest=replace(current, scope=staged.scope, types=staged.types).encode(),
        watermark=watermark,
        now=now,
    )
    return current.generation


def _left_scope(rows: pl.DataFrame, held: pl.DataFrame) -> int:
    """How many rows were linked and are no longer."""
    linked = pl.col("_status") == RecordStatus.LINKED.value
    return rows.filter(~linked).join(held.filter(linked), on="Id", how="semi").height
