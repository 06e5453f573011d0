"""Writes record frames to immutable files and reads the newest row of each record."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from flyle_sf_assets.errors import Text
from flyle_sf_assets.lake import marker, names
from flyle_sf_assets.lake.damage import LOST, checksum_of, damaged, size_damage
from flyle_sf_assets.lake.local import LocalStorage
from flyle_sf_assets.lake.manifest import Manifest, RecordFile
from flyle_sf_assets.lake.places import storage_at
from flyle_sf_assets.lake.storage import Storage, StoredFile
from flyle_sf_assets.telemetry.unforeseen import storage_error

COMPACT_SEGMENTS = 20
COMPACT_SHARE = 0.1
"""A dataset is compacted into a new base at this many segments, or this share of its rows."""

SMALL_ROWS = 20_000
"""Datasets of at most this many rows stay in memory during a refresh."""


class Lake:
    """Record files in a folder or a bucket, ``<tenant>/<dataset>/<generation>-<unique>.parquet``.

    A file is compared with its checksum before it is first read.
    """

    def __init__(self, place: str | Storage, scratch: Path | None = None) -> None:
        """``place`` is a path or URL; ``scratch`` a local folder for what a bucket's files need.

        Raises UsageError and StoreError as `places.storage_at`.
        """
        self._storage = storage_at(place, scratch) if isinstance(place, str) else place
        self._memory: dict[tuple[str, ...], pl.DataFrame] | None = None

    @property
    def root(self) -> Path:
        """The folder of a local lake. TypeError for one in a bucket."""
        if not isinstance(self._storage, LocalStorage):
            raise TypeError(f"{self._storage.place} is no folder")
        return self._storage.root

    def for_polls(self) -> "Lake":
        """The same lake for the many short looks of a tick: silence ends them within seconds."""
        return Lake(self._storage.for_polls())

    def remembering(self) -> "Lake":
        """The same lake for one refresh: reads small datasets once, and verifies every file."""
        lake = Lake(self._storage.for_one_refresh())
        lake._memory = {}
        return lake

    def write(
        self, tenant: str, dataset: str, generation: int, frame: pl.DataFrame | pl.LazyFrame
    ) -> RecordFile:
        """Writes one immutable file (zstd-1; a LazyFrame is streamed) and takes its checksum.

        ``frame`` is a record frame or an enriched frame. The file counts only once a manifest that
        is committed in PostgreSQL names it. Raises StoreError (DiskFull, StorageReadOnly,
        StoreUnavailable).

        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> lake = Lake(folder.name)
        >>> frame = pl.DataFrame({"Id": ["001"], "Name": ["Acme"]})
        >>> file = lake.write("acme", "accounts", 1, frame)
        >>> file.rows, file.generation
        (1, 1)
        >>> lake.scan((file,)).collect().rows()
        [('001', 'Acme')]
        >>> folder.cleanup()
        """
        path = names.new_path(tenant, dataset, generation)
        unfinished: Path | None = None
        try:
            lake = self._storage.identity()
            unfinished = self._storage.begin(path)
            if isinstance(frame, pl.DataFrame):
                frame.write_parquet(unfinished, compression="zstd", compression_level=1)
            else:
                frame.sink_parquet(unfinished, compression="zstd", compression_level=1)
            size, checksum = checksum_of(unfinished)
            target = self._storage.finish(path, unfinished)
            rows = _height(frame, target)
        except BaseException as error:
            # An incomplete file would keep a full disk full until the nightly cleanup.
            if unfinished is not None:
                unfinished.unlink(missing_ok=True)
            if not isinstance(error, OSError | pl.exceptions.PolarsError):
                raise
            tried = Text(f"{path} に書き込もうとしました", f"Tried to write {path}")
            known = storage_error(error, tried, self._storage.disk)
            if known is None:
                raise
            raise known from error
        return RecordFile(path, rows, generation, size, checksum, lake)

    def scan(self, files: tuple[RecordFile, ...]) -> pl.LazyFrame:
        """The rows of these files, one per Id: the last file that has it wins.

        Raises RecordFileDamaged for a file that is not what was written, and
        RecordFilesUnavailable when the lake is missing.
        """
        self._storage.prepare(files)
        scans = [
            # The literal path: polars would expand patterns in it.
            pl.scan_parquet(self._sound(file), glob=False).with_columns(
                pl.lit(position, pl.UInt32).alias("_file")
            )
            for position, file in enumerate(files)
        ]
        if len(scans) == 1:
            return scans[0].drop("_file")
        newest = pl.col("_file") == pl.col("_file").max().over("Id")
        return pl.concat(scans, how="vertical").filter(newest).drop("_file")

    def read(self, manifest: Manifest) -> pl.LazyFrame:
        """Every record of a dataset, once, as of the manifest's generation. Raises as `scan`.

        Columns are those of the frame that was written (`raw.records.record_schema`,
        `enriched.join.enriched_columns`).

        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> lake = Lake(folder.name)
        >>> frame = pl.DataFrame({"Id": ["001"], "Name": ["Acme"]})
        >>> old = lake.write("acme", "accounts", 1, frame)
        >>> new = lake.write("acme", "accounts", 2, frame.with_columns(Name=pl.lit("Acme K.K.")))
        >>> lake.read(Manifest("accounts", 2, ("Name",), "", old, (new,))).collect().rows()
        [('001', 'Acme K.K.')]
        >>> folder.cleanup()
        """
        if self._memory is None or manifest.rows > SMALL_ROWS:
            return self._read(manifest)
        key = tuple(file.path for file in manifest.files)
        if key not in self._memory:
            self._memory[key] = self._read(manifest).collect()
        return self._memory[key].lazy()

    def _read(self, manifest: Manifest) -> pl.LazyFrame:
        if not manifest.segments:
            return self.scan((manifest.base,))
        self._storage.prepare(manifest.files)
        # Segments are small: their ids are removed from the base, without sorting everything.
        overlay = self.scan(manifest.segments)
        kept = self.scan((manifest.base,)).join(overlay.select("Id"), on="Id", how="anti")
        return pl.concat([kept, overlay.select(kept.collect_schema().names())], how="vertical")

    def reads(self, manifests: Mapping[str, Manifest]) -> Mapping[str, pl.LazyFrame]:
        """Every dataset as `read` gives it; one that is not used is not opened."""
        return _Reads(self, manifests)

    def sample(self, manifest: Manifest, rows: int) -> pl.DataFrame:
        """A few of the last written rows."""
        return self.scan(manifest.files[-1:]).head(rows).collect()

    def changed_since(self, manifest: Manifest, generation: int) -> pl.LazyFrame | None:
        """The newest rows of the records that were written after ``generation``; None: none was.

        No file is opened when there is none.
        """
        added = manifest.added_since(generation)
        if added is None:
            return self.read(manifest)
        return self.scan(added) if added else None

    def damage(
        self, file: RecordFile, *, is_read: bool = False, sizes: Mapping[str, int] | None = None
    ) -> Text | None:
        """What is wrong with a file; None when nothing is.

        By its size, or with ``is_read`` by comparing all of its content. In a bucket that is a
        request per file, and none for the size when ``sizes`` are those of `sizes_of`.
        Raises RecordFilesUnavailable when the lake as a whole is missing.
        """
        if sizes is None or is_read:
            found = self._storage.damage(file, is_read=is_read)
        else:
            size = sizes.get(file.path)
            found = LOST if size is None else size_damage(size, file)
        if found is not None:
            marker.require_reachable(self._storage, file)
        return found

    def seen_damage(self, file: RecordFile) -> Text | None:
        """What is wrong with a file as far as that is seen for nothing: never by a request.

        So nothing is found in a bucket. Raises as `damage`.
        """
        found = self._storage.seen_damage(file)
        if found is not None:
            marker.require_reachable(self._storage, file)
        return found

    def sizes_of(self, tenant: str) -> Mapping[str, int] | None:
        """The sizes of a tenant's files by path, for `damage` of many; None in a folder."""
        return self._storage.sizes_of(tenant)

    def distrust(self) -> None:
        """Every file is verified again before it is read, because one of them was damaged."""
        self._storage.distrust()

    def tenants(self) -> list[str]:
        """The tenants that have files."""
        return self._storage.tenants()

    def files_of(self, tenant: str) -> list[StoredFile]:
        """Every file of a tenant, complete or not, named by a manifest or not. Follows no link."""
        return self._storage.files_of(tenant)

    def delete(self, tenant: str, *files: StoredFile) -> None:
        """Deletes files of the tenant that no manifest names any more, by their exact names."""
        self._storage.delete(tenant, files)

    def downloads_of(self, tenant: str) -> Path:
        """The folder of this machine for the tenant's large reads in progress; may be missing."""
        return self._storage.downloads_of(tenant)

    def release(self) -> None:
        """Deletes what was kept on this machine for reading: no frame of this lake is used again.

        A refresh ends with it. What a process that was killed kept is deleted by the next one.
        """
        self._storage.release()

    def _sound(self, file: RecordFile) -> Path:
        """A local path of the file after it was verified."""
        found = self._storage.verified(file)
        if isinstance(found, Path):
            return found
        marker.require_reachable(self._storage, file)
        raise damaged(file, found)


class _Reads(Mapping[str, pl.LazyFrame]):
    """Datasets that are read when they are asked for, once."""

    def __init__(self, lake: Lake, manifests: Mapping[str, Manifest]) -> None:
        self._lake = lake
        self._manifests = manifests
        self._read: dict[str, pl.LazyFrame] = {}

    def __getitem__(self, dataset: str) -> pl.LazyFrame:
        if dataset not in self._read:
            self._read[dataset] = self._lake.read(self._manifests[dataset])
        return self._read[dataset]

    def __iter__(self) -> Iterator[str]:
        return iter(self._manifests)

    def __len__(self) -> int:
        return len(self._manifests)


def _height(frame: pl.DataFrame | pl.LazyFrame, written: Path) -> int:
    if isinstance(frame, pl.DataFrame):
        return frame.height
    return int(pl.scan_parquet(written, glob=False).select(pl.len()).collect().item())


def wants_compaction(manifest: Manifest) -> bool:
    """Whether compacting the segments into a new base is worth its cost."""
    rows = sum(segment.rows for segment in manifest.segments)
    return len(manifest.segments) >= COMPACT_SEGMENTS or rows > COMPACT_SHARE * manifest.base.rows
