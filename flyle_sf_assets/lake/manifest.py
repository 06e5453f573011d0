"""A manifest names the files that make up one dataset at one generation.

A base file and segments on top of it; of several rows with one Id the last wins. Readers hold
a manifest and so a snapshot: files are never changed, only added and, long after, pruned.

What does not belong here: reading and writing the files (``files.py``).
"""

from dataclasses import dataclass, replace

import msgspec


@dataclass(frozen=True, slots=True)
class RecordFile:
    """One Parquet file: its path inside the lake, its rows, the generation that added it.

    ``size`` in bytes and ``checksum`` (SHA-256) are those of what was written, ``lake`` is the name
    of the lake that it was written to; files of earlier versions have none.
    """

    path: str
    rows: int
    generation: int
    size: int = 0
    checksum: str = ""
    lake: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of one dataset at one generation; ``scope`` is the digest of what was asked for.

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
    """Whether its rows are known to be possible ones: read by a version that judges answers."""

    @property
    def rows(self) -> int:
        """How many records there are."""
        return self.base.rows + self.added

    @property
    def files(self) -> tuple[RecordFile, ...]:
        """Base first, then the segments in the order in which they win."""
        return (self.base, *self.segments)

    def has_column(self, name: str, of_type: str) -> bool:
        """Whether the column was read, and as a field of this type."""
        if name not in self.columns:
            return False
        return not self.types or self.types[self.columns.index(name)] == of_type

    def with_segment(self, segment: RecordFile, *, added: int) -> "Manifest":
        """The next generation: this one with a segment on top, ``added`` of whose rows are new."""
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
        """JSON text, as the store keeps it."""
        return msgspec.json.encode(self).decode()

    @staticmethod
    def decode(text: str | bytes) -> "Manifest":
        """From the JSON text that `encode` made."""
        return msgspec.json.decode(text, type=Manifest)

    @staticmethod
    def held(text: str) -> "Manifest | None":
        """The same; None for `NOTHING`, which stands for a dataset of which nothing is held."""
        return None if text == NOTHING else Manifest.decode(text)


NOTHING = "{}"
"""In the place of a manifest: no files, or files that were lost."""
