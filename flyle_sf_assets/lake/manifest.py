"""A manifest names the files of one dataset at one generation.

A base file and segments after it; of several rows with one Id the last is used. A reader with a
manifest has a snapshot: files are never changed, only added and, much later, pruned.
"""

from dataclasses import dataclass, replace

import msgspec


@dataclass(frozen=True, slots=True)
class RecordFile:
    """One Parquet file: its path inside the lake, its rows, the generation that added it.

    ``size`` in bytes and ``checksum`` (SHA-256) are those of the written file, ``lake`` is the name
    of its lake; files of earlier versions have none.
    """

    path: str
    rows: int
    generation: int
    size: int = 0
    checksum: str = ""
    lake: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of one dataset at one generation; ``scope`` is the digest of what was queried.

    ``columns`` are the field columns that every row has; ``types`` are, in the same order, the
    Salesforce types by which they were read (empty for enriched records and older manifests).
    """

    dataset: str
    generation: int
    columns: tuple[str, ...]
    scope: str
    base: RecordFile
    segments: tuple[RecordFile, ...] = ()
    added: int = 0
    """Records that only segments have."""
    types: tuple[str, ...] = ()
    is_judged: bool = False
    """Whether its rows are known to be plausible: read by a version that checks answers."""

    @property
    def rows(self) -> int:
        """The number of records."""
        return self.base.rows + self.added

    @property
    def files(self) -> tuple[RecordFile, ...]:
        """Base first, then the segments; the last has priority."""
        return (self.base, *self.segments)

    def has_column(self, name: str, of_type: str) -> bool:
        """Whether the column was read, and as a field of this type."""
        if name not in self.columns:
            return False
        return not self.types or self.types[self.columns.index(name)] == of_type

    def with_segment(self, segment: RecordFile, *, added: int) -> "Manifest":
        """The next generation: this one with another segment, ``added`` of whose rows are new."""
        return replace(
            self,
            generation=segment.generation,
            segments=(*self.segments, segment),
            added=self.added + added,
        )

    def added_since(self, generation: int) -> tuple[RecordFile, ...] | None:
        """The segments that came after ``generation``; None when the base itself did."""
        if self.base.generation > generation:
            return None
        return tuple(file for file in self.segments if file.generation > generation)

    def encode(self) -> str:
        """JSON text for the store."""
        return msgspec.json.encode(self).decode()

    @staticmethod
    def decode(text: str | bytes) -> "Manifest":
        """From the JSON text that `encode` made."""
        return msgspec.json.decode(text, type=Manifest)

    @staticmethod
    def held(text: str) -> "Manifest | None":
        """The same; None for `NOTHING`, which marks a dataset without stored records."""
        return None if text == NOTHING else Manifest.decode(text)


NOTHING = "{}"
"""Replaces a manifest: no files, or files that were lost."""
