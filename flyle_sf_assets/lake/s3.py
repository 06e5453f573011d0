"""Record files in a bucket, ``s3://bucket/prefix/<tenant>/<dataset>/<generation>-<unique>.parquet``.

An object is written once, under a name that must be new, and never changed: there is no rename and
no listing when rows are read or written. It is fetched whole, compared with its checksum, and read
from that copy: what was compared is what is read.
"""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path

from flyle_sf_assets.errors import StoreUnavailable, Text
from flyle_sf_assets.lake import names, scratch
from flyle_sf_assets.lake.bucket import OF_POLLS, Bucket
from flyle_sf_assets.lake.damage import LOST, checksum_of, read_damage, size_damage
from flyle_sf_assets.lake.manifest import RecordFile
from flyle_sf_assets.lake.s3_address import address_of
from flyle_sf_assets.lake.storage import StoredFile

PROCESS_COPIES_BYTES_MAX = 2 << 30
"""About how much a process keeps of what it read outside of refreshes."""

FETCHED_AT_ONCE = 8

_MARKER_BYTES_MAX = 100


def open_s3(url: str, folder: Path) -> "S3Storage":
    """The storage at ``s3://bucket/prefix``, with the ``AWS_*`` variables of this process.

    ``folder`` is for what is needed on this machine. Empty variables are removed from the
    environment: they count as unset. Raises as `s3_address.address_of`.
    """
    # The client library reads the environment itself; there an empty variable counts as set.
    for name in [one for one, value in os.environ.items() if one.startswith("AWS_") and not value]:
        del os.environ[name]
    return S3Storage(Bucket(address_of(url, os.environ)), folder)


class S3Storage:
    """A prefix of a bucket; see `storage.Storage` for its methods."""

    disk = Text("FLYLE_HOME", "FLYLE_HOME")

    def __init__(
        self,
        bucket: Bucket,
        folder: Path,
        *,
        is_of_refresh: bool = False,
        copies: scratch.Copies | None = None,
    ) -> None:
        """``is_of_refresh``: keeps a copy of each file that is read, until the refresh ends.

        ``copies``: those of another storage at the same place.
        """
        self._bucket = bucket
        self._scratch = folder
        self._is_of_refresh = is_of_refresh
        self._identity: str | None = None
        bytes_max = None if is_of_refresh else PROCESS_COPIES_BYTES_MAX
        self._copies = copies or scratch.Copies(folder, bytes_max=bytes_max)

    @property
    def place(self) -> str:
        """The bucket and the prefix."""
        return self._bucket.place

    def for_one_refresh(self) -> "S3Storage":
        """Without the copies of this one."""
        return S3Storage(self._bucket, self._scratch, is_of_refresh=True)

    def for_polls(self) -> "S3Storage":
        """Asks less patiently."""
        return S3Storage(Bucket(self._bucket.address, OF_POLLS), self._scratch, copies=self._copies)

    def identity(self) -> str:
        """Asked once: what was written to the lake of that name is written to no other."""
        if self._identity is None:
            found = self.marker()
            if not found:
                made = names.new_lake_name()
                # Another process may have been faster; or an empty marker is there.
                is_made = self._bucket.create(names.MARKER, made.encode())
                found = made if is_made else self.marker()
            self._identity = found or ""
        return self._identity

    def marker(self) -> str | None:
        """One request."""
        found = self._bucket.read_start(names.MARKER, _MARKER_BYTES_MAX)
        return None if found is None else found[1].decode("ascii", errors="replace").strip()

    def has_record_files(self) -> bool:
        """A lake that was copied from a folder may have no marker."""
        return any(self.files_of(tenant) for tenant in self.tenants())

    def begin(self, path: str) -> Path:
        """On this machine."""
        return self._copies.begin(path)

    def finish(self, path: str, unfinished: Path) -> Path:
        """Writes the object; what is on this machine is its copy. Raises StoreUnavailable."""
        size, checksum = checksum_of(unfinished)
        if not self._bucket.write(path, unfinished, size):
            # The answer to our own write may have been lost: then this is what we wrote.
            found = self._fetched(path)
            if found is None or found[1] != checksum:
                raise _name_taken(path, self.place)
        return self._copies.keep(path, unfinished)

    def prepare(self, files: tuple[RecordFile, ...]) -> None:
        """Waiting for S3 is most of what a small file costs; a damaged one is left out."""
        missing = [file for file in files if self._copies.find(file.path) is None]
        if len(missing) < 2:  # noqa: PLR2004  one is fetched when it is asked for
            return
        with ThreadPoolExecutor(FETCHED_AT_ONCE) as pool:
            # Each with the context of this thread: its log lines name the tenant.
            tasks = [pool.submit(copy_context().run, self.verified, file) for file in missing]
        for task in tasks:
            task.result()

    def verified(self, file: RecordFile) -> Path | Text:
        """A copy, fetched at most once in a refresh."""
        names.require_record_path(file.path)
        if (copy := self._copies.find(file.path)) is not None:
            return copy
        found = self._compared(file)
        return found if isinstance(found, Text) else self._copies.keep(file.path, found)

    def seen_damage(self, file: RecordFile) -> Text | None:
        """Always None: nothing is seen of an object without a request."""
        names.require_record_path(file.path)
        return None

    def damage(self, file: RecordFile, *, is_read: bool) -> Text | None:
        """By the object as it is now, whatever copy there is."""
        names.require_record_path(file.path)
        if is_read:
            return self._damage_of_content(file)
        started = self._bucket.read_start(file.path, 1)
        return LOST if started is None else size_damage(started[0], file)

    def sizes_of(self, tenant: str) -> Mapping[str, int] | None:
        """By listing the tenant's objects."""
        return {file.path: file.size_bytes for file in self.files_of(tenant)}

    def distrust(self) -> None:
        """A copy is what was compared: nobody else writes to it."""

    def tenants(self) -> list[str]:
        """By listing the first part of all keys."""
        return sorted(filter(names.is_tenant, self._bucket.folders()))

    def files_of(self, tenant: str) -> list[StoredFile]:
        """By listing; objects that the product did not name are not among them."""
        names.require_tenant(tenant)
        return sorted(
            (
                StoredFile(one.key, one.size, one.modified_at)
                for one in self._bucket.listed(tenant)
                if names.is_record_path(one.key, tenant)
            ),
            key=lambda file: file.path,
        )

    def delete(self, tenant: str, files: tuple[StoredFile, ...]) -> None:
        """Up to a thousand per request."""
        for file in files:
            names.require_record_path(file.path, tenant)
        self._bucket.delete([file.path for file in files])

    def downloads_of(self, tenant: str) -> Path:
        """On this machine: another one begins the read again."""
        return scratch.downloads_of(self._scratch, tenant)

    def release(self) -> None:
        """All copies."""
        self._copies.release()

    def close_to_others(self) -> None:
        """The files on this machine are in FLYLE_HOME, which is closed; a bucket has policies."""

    def _damage_of_content(self, file: RecordFile) -> Text | None:
        """Of a refresh the copy is replaced; other threads of a process may be reading theirs."""
        if self._is_of_refresh:
            self._copies.drop(file.path)
        found = self._compared(file)
        if isinstance(found, Text):
            return found
        if self._is_of_refresh:
            self._copies.keep(file.path, found)
        else:
            found.unlink()
        return None

    def _compared(self, file: RecordFile) -> Path | Text:
        """A new local file with the content of a file, or what is wrong with the file."""
        reason: Text | None = None
        # Twice: what a network damaged is not the loss of a file.
        for _ in range(2):
            found = self._fetched(file.path)
            if found is None:
                return LOST
            place, checksum, size = found
            reason = size_damage(size, file) or _content_damage(place, checksum, file)
            if reason is None:
                return place
            place.unlink(missing_ok=True)
        return reason or LOST

    def _fetched(self, path: str) -> tuple[Path, str, int] | None:
        """A new local file with the content of an object, its checksum and size in bytes."""
        place = self._copies.begin(path)
        try:
            content = self._bucket.read(path, place)
        except BaseException:
            place.unlink(missing_ok=True)
            raise
        if content is None:
            place.unlink(missing_ok=True)
            return None
        return place, content.checksum, content.size


def _content_damage(place: Path, checksum: str, file: RecordFile) -> Text | None:
    """What is wrong with content whose checksum is known already."""
    if not file.checksum:
        return read_damage(place, file)
    if checksum == file.checksum:
        return None
    return Text("書き込んだ内容と異なります", "its content is not what was written")


def _name_taken(path: str, place: str) -> StoreUnavailable:
    return StoreUnavailable(
        "record_file_exists",
        tried=Text(f"{path} に書き込もうとしました", f"Tried to write {path}"),
        came_back=Text(
            f"同じ名前のファイルが {place} に既にあります",
            f"There is a file of that name in {place} already",
        ),
        remedy=Text(
            "対処は不要です。別の名前で自動的に再試行します",
            "Nothing; it is tried again by itself, under another name",
        ),
    )
