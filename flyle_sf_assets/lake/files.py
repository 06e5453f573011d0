"""Writes record frames to immutable files and reads the newest row of each record."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from flyle_sf_assets import private_files
from flyle_sf_assets.errors import StoreError, Text
from flyle_sf_assets.lake import marker, names
from flyle_sf_assets.lake.damage import checksum_of, damaged, read_damage, seen_damage
from flyle_sf_assets.lake.manifest import Manifest, RecordFile
from flyle_sf_assets.telemetry.unforeseen import storage_error

COMPACT_SEGMENTS = 20
COMPACT_SHARE = 0.1
"""A dataset is compacted into a new base at this many segments, or this share of its rows."""

SMALL_ROWS = 20_000
"""Datasets of at most this many rows stay in memory during a refresh."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the lake: its path inside the lake, and when it was last written (UTC)."""

    path: str
    size_bytes: int
    modified_at: datetime


class Lake:
    """Record files below one folder, ``<tenant>/<dataset>/<generation>-<unique>.parquet``.

    Files are written under a temporary name, synced to disk, and then renamed: a manifest's file
    is complete. Files that no manifest names come from a killed run. A file is compared with its
    checksum before it is first read, and again when its metadata changed.
    """

    def __init__(self, url: str) -> None:
        if "://" in url and not url.startswith("file://"):
            raise StoreError(
                "lake_url_unsupported",
                tried=Text(
                    "レコードファイルの保存先を開こうとしました",
                    "Tried to open the record files' place",
                ),
                came_back=Text(
                    f"このバージョンは {url.split('://', 1)[0]}:// に対応していません",
                    f"{url.split('://', 1)[0]}:// is not supported by this version",
                ),
                remedy=Text(
                    "FLYLE_LAKE_URL にローカルのパスを指定してください",
                    "Set FLYLE_LAKE_URL to a local path",
                ),
            )
        self.root = Path(url.removeprefix("file://")).absolute()
        self._memory: dict[tuple[str, ...], pl.DataFrame] | None = None
        self._compared: dict[str, tuple[int, int, int]] = {}

    def remembering(self) -> "Lake":
        """The same lake for one refresh: reads small datasets once, and verifies every file."""
        lake = Lake(str(self.root))
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
        target = names.place_of(self.root, path)
        unfinished = target.with_suffix(".writing")
        try:
            lake = marker.identity(self.root)
            private_files.make_folder(target.parent)
            private_files.make_file(unfinished)
            if isinstance(frame, pl.DataFrame):
                frame.write_parquet(unfinished, compression="zstd", compression_level=1)
            else:
                frame.sink_parquet(unfinished, compression="zstd", compression_level=1)
            with unfinished.open("rb+") as handle:
                os.fsync(handle.fileno())
            size, checksum = checksum_of(unfinished)
            unfinished.rename(target)
            rows = _height(frame, target)
        except (OSError, pl.exceptions.PolarsError) as error:
            # An incomplete file would keep a full disk full until the nightly cleanup.
            unfinished.unlink(missing_ok=True)
            tried = Text(f"{path} に書き込もうとしました", f"Tried to write {path}")
            known = storage_error(error, tried, Text("FLYLE_LAKE_URL", "FLYLE_LAKE_URL"))
            if known is None:
                raise
            raise known from error
        return RecordFile(path, rows, generation, size, checksum, lake)

    def scan(self, files: tuple[RecordFile, ...]) -> pl.LazyFrame:
        """The rows of these files, one per Id: the last file that has it wins.

        Raises RecordFileDamaged for a file that is not what was written, and StoreUnavailable when
        the lake is missing.
        """
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
        # Segments are small: their ids are removed from the base, without sorting everything.
        overlay = self.scan(manifest.segments)
        kept = self.scan((manifest.base,)).join(overlay.select("Id"), on="Id", how="anti")
        return pl.concat([kept, overlay.select(kept.collect_schema().names())], how="vertical")

    def sample(self, manifest: Manifest, rows: int) -> pl.DataFrame:
        """A few of the last written rows."""
        return self.scan(manifest.files[-1:]).head(rows).collect()

    def changed_since(self, manifest: Manifest, generation: int) -> pl.LazyFrame:
        """The newest rows of the records that were written after ``generation``."""
        added = manifest.added_since(generation)
        if added is None:
            return self.read(manifest)
        if not added:
            return self.scan((manifest.base,)).head(0)
        return self.scan(added)

    def damage(self, file: RecordFile, *, is_read: bool = False) -> Text | None:
        """What is wrong with a file; None when nothing is.

        By its metadata, or with ``is_read`` by comparing all of its content.
        Raises StoreUnavailable when the lake as a whole is missing.
        """
        place = names.place_of(self.root, file.path)
        found = seen_damage(place, file) or (read_damage(place, file) if is_read else None)
        if found is not None:
            marker.require_reachable(self.root, file)
        return found

    def distrust(self) -> None:
        """Every file is verified again before it is read, because one of them was damaged."""
        self._compared.clear()

    def tenants(self) -> list[str]:
        """The tenants that have files."""
        if not self.root.exists():
            return []
        folders = (path for path in self.root.iterdir() if names.is_tenant(path.name))
        return sorted(path.name for path in folders if path.is_dir() and not path.is_symlink())

    def files_of(self, tenant: str) -> list[StoredFile]:
        """Every file of a tenant, complete or not, named by a manifest or not. Follows no link."""
        found = []
        for parent, _, files in os.walk(names.folder_of(self.root, tenant)):
            for name in files:
                path = Path(parent, name)
                told = path.lstat()
                modified_at = datetime.fromtimestamp(told.st_mtime, UTC)
                inside = path.relative_to(self.root).as_posix()
                found.append(StoredFile(inside, told.st_size, modified_at))
        return sorted(found, key=lambda file: file.path)

    def delete(self, tenant: str, file: StoredFile) -> None:
        """Deletes a file of the tenant that no manifest names any more, by its exact name."""
        names.place_below(self.root, tenant, file.path).unlink()

    def close_to_others(self) -> None:
        """Removes all rights of other accounts to the lake and to all tenants' files."""
        if not self.root.is_dir():
            return
        tenants = [self.root / tenant for tenant in self.tenants()]
        if private_files.is_open_to_others(self.root):
            private_files.close_one(self.root)
        for folder in tenants:
            if private_files.is_open_to_others(folder):
                private_files.close_to_others(folder)

    def _sound(self, file: RecordFile) -> Path:
        """The file's path after it was verified: each time in a refresh, else when it changed."""
        place = names.place_of(self.root, file.path)
        reason = seen_damage(place, file)
        if reason is None and self._compared.get(file.path) != (looks := _looks(place)):
            reason = read_damage(place, file)
            self._compared[file.path] = looks
        if reason is not None:
            self._compared.pop(file.path, None)
            marker.require_reachable(self.root, file)
            raise damaged(file, reason)
        return place


def _looks(place: Path) -> tuple[int, int, int]:
    """What changes when a file is written again: inode, size, time of its last change."""
    told = place.lstat()
    return told.st_ino, told.st_size, told.st_mtime_ns


def _height(frame: pl.DataFrame | pl.LazyFrame, written: Path) -> int:
    if isinstance(frame, pl.DataFrame):
        return frame.height
    return int(pl.scan_parquet(written, glob=False).select(pl.len()).collect().item())


def wants_compaction(manifest: Manifest) -> bool:
    """Whether compacting the segments into a new base is worth its cost."""
    rows = sum(segment.rows for segment in manifest.segments)
    return len(manifest.segments) >= COMPACT_SEGMENTS or rows > COMPACT_SHARE * manifest.base.rows
