"""What a place of record files can do: a narrow interface with two implementations.

What does not belong here: Parquet, and which rows win (``files.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from flyle_sf_assets.errors import Text
from flyle_sf_assets.lake.manifest import RecordFile


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the lake: its path inside the lake, and when it was last written (UTC)."""

    path: str
    size_bytes: int
    modified_at: datetime


class Storage(Protocol):
    """Where record files are kept. Names are paths inside the lake, made by `names`.

    Every method raises RecordFilesUnavailable when the place cannot be reached, and StoreError
    ``lake_path_refused`` for a name that is not ours. A file that is damaged or lost is not an
    error here: what is wrong with it is returned as a text.
    """

    @property
    def place(self) -> str:
        """The whole place as messages name it: a folder or ``s3://bucket/prefix``."""

    @property
    def disk(self) -> Text:
        """The variable that names the disk on which files are written first."""

    def for_one_refresh(self) -> "Storage":
        """The same place; every file is verified again before it is first read."""

    def for_polls(self) -> "Storage":
        """The same place with the same copies; what does not answer at once is given up."""

    def identity(self) -> str:
        """The lake's name in its marker, created when there is none. May raise OSError."""

    def marker(self) -> str | None:
        """The content of the marker; None when there is none. May raise OSError."""

    def has_record_files(self) -> bool:
        """Whether any tenant has a record file. May raise OSError."""

    def begin(self, path: str) -> Path:
        """An empty local file, to which the content of a new record file is written."""

    def finish(self, path: str, unfinished: Path) -> Path:
        """Keeps what was written, under a name that must be new; a local path to read it."""

    def prepare(self, files: tuple[RecordFile, ...]) -> None:
        """Fetches files that `verified` is about to be asked for, several at once."""

    def verified(self, file: RecordFile) -> Path | Text:
        """A local path of the file, whose content was compared; or what is wrong with it."""

    def seen_damage(self, file: RecordFile) -> Text | None:
        """What is wrong with the file as far as that is seen without a request."""

    def damage(self, file: RecordFile, *, is_read: bool) -> Text | None:
        """What is wrong with the file by its size, or with ``is_read`` by its content."""

    def sizes_of(self, tenant: str) -> Mapping[str, int] | None:
        """The sizes of all files of a tenant by path; None where a file's size costs nothing."""

    def distrust(self) -> None:
        """Every file is verified again before it is read, because one of them was damaged."""

    def tenants(self) -> list[str]:
        """The tenants that have files, sorted."""

    def files_of(self, tenant: str) -> list[StoredFile]:
        """Every file of a tenant, named by a manifest or not, sorted by path."""

    def delete(self, tenant: str, files: tuple[StoredFile, ...]) -> None:
        """Deletes files of the tenant by their exact names."""

    def downloads_of(self, tenant: str) -> Path:
        """The local folder of the tenant's large reads in progress; it may be missing."""

    def release(self) -> None:
        """Deletes what was kept on this machine for reading; it is fetched again when needed."""

    def close_to_others(self) -> None:
        """Removes all rights of other accounts to what lies on this machine's disk."""
