"""Record files below one folder, ``<tenant>/<dataset>/<generation>-<unique>.parquet``.

Files are written under a temporary name, synced to disk, and then renamed: a manifest's file is
complete. Files that no manifest names come from a killed run.
"""

import contextlib
import os
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from flyle_sf_assets import private_files
from flyle_sf_assets.errors import Text
from flyle_sf_assets.lake import names
from flyle_sf_assets.lake.damage import read_damage, seen_damage
from flyle_sf_assets.lake.manifest import RecordFile
from flyle_sf_assets.lake.storage import StoredFile


class LocalStorage:
    """A folder of this machine. A file is looked at for nothing, each time that it is used."""

    disk = Text("FLYLE_LAKE_URL", "FLYLE_LAKE_URL")

    def __init__(self, root: Path) -> None:
        self.root = root
        self._compared: dict[str, tuple[int, int, int]] = {}

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.root)

    def for_one_refresh(self) -> "LocalStorage":
        """See `storage.Storage`, also for what follows."""
        return LocalStorage(self.root)

    def for_polls(self) -> "LocalStorage":
        """A folder answers or fails at once."""
        return self

    def identity(self) -> str:
        """OSError when the folder cannot be written."""
        found = self.marker()
        if found:
            return found
        private_files.make_folder(self.root)
        made = self.root / f"{names.MARKER}.{uuid.uuid4().hex}"
        try:
            private_files.make_file(made)
            made.write_text(names.new_lake_name(), encoding="ascii")
            # Not renamed: when two processes create it, the first one's must stay.
            with contextlib.suppress(FileExistsError):
                os.link(made, self.root / names.MARKER)
        finally:
            made.unlink(missing_ok=True)
        return self.marker() or ""

    def marker(self) -> str | None:
        """OSError when it is there and cannot be read."""
        try:
            written = (self.root / names.MARKER).read_text(encoding="ascii", errors="replace")
        except (FileNotFoundError, NotADirectoryError):
            return None
        return written.strip()

    def has_record_files(self) -> bool:
        """Lakes of earlier versions have no marker, but files in tenants' folders."""
        if not self.root.is_dir():
            return False
        folders = (one for one in self.root.iterdir() if names.is_tenant(one.name) and one.is_dir())
        return any(next(folder.rglob("*.parquet"), None) is not None for folder in folders)

    def begin(self, path: str) -> Path:
        """Beside the file, so that a rename is enough."""
        unfinished = names.place_of(self.root, path).with_suffix(".writing")
        private_files.make_folder(unfinished.parent)
        private_files.make_file(unfinished)
        return unfinished

    def finish(self, path: str, unfinished: Path) -> Path:
        """The file itself."""
        target = names.place_of(self.root, path)
        with unfinished.open("rb+") as handle:
            os.fsync(handle.fileno())
        return unfinished.rename(target)

    def prepare(self, files: tuple[RecordFile, ...]) -> None:
        """Nothing has to be fetched."""

    def verified(self, file: RecordFile) -> Path | Text:
        """The file itself; compared each time in a refresh, else when it changed."""
        place = names.place_of(self.root, file.path)
        reason = seen_damage(place, file)
        if reason is None and self._compared.get(file.path) != (looks := _looks(place)):
            reason = read_damage(place, file)
            self._compared[file.path] = looks
        if reason is None:
            return place
        self._compared.pop(file.path, None)
        return reason

    def seen_damage(self, file: RecordFile) -> Text | None:
        """By presence, type and size."""
        return seen_damage(names.place_of(self.root, file.path), file)

    def damage(self, file: RecordFile, *, is_read: bool) -> Text | None:
        """By presence, type and size, or by content."""
        place = names.place_of(self.root, file.path)
        return seen_damage(place, file) or (read_damage(place, file) if is_read else None)

    def sizes_of(self, tenant: str) -> Mapping[str, int] | None:
        """None: each file is looked at by itself."""
        names.require_tenant(tenant)
        return None

    def distrust(self) -> None:
        """Forgets what was compared."""
        self._compared.clear()

    def tenants(self) -> list[str]:
        """The folders that are named like a tenant; follows no link."""
        if not self.root.exists():
            return []
        folders = (path for path in self.root.iterdir() if names.is_tenant(path.name))
        return sorted(path.name for path in folders if path.is_dir() and not path.is_symlink())

    def files_of(self, tenant: str) -> list[StoredFile]:
        """Complete or not, downloads in progress included. Follows no link."""
        found = []
        for parent, _, files in os.walk(names.folder_of(self.root, tenant)):
            for name in files:
                path = Path(parent, name)
                told = path.lstat()
                modified_at = datetime.fromtimestamp(told.st_mtime, UTC)
                inside = path.relative_to(self.root).as_posix()
                found.append(StoredFile(inside, told.st_size, modified_at))
        return sorted(found, key=lambda file: file.path)

    def delete(self, tenant: str, files: tuple[StoredFile, ...]) -> None:
        """One by one; of a link the link."""
        for file in files:
            names.place_below(self.root, tenant, file.path).unlink()

    def downloads_of(self, tenant: str) -> Path:
        """Below the tenant's record files."""
        return names.folder_of(self.root, tenant) / names.DOWNLOADS

    def release(self) -> None:
        """Nothing is kept beside the files themselves."""

    def close_to_others(self) -> None:
        """The folder itself, and all tenants' folders with their files."""
        if not self.root.is_dir():
            return
        tenants = [self.root / tenant for tenant in self.tenants()]
        if private_files.is_open_to_others(self.root):
            private_files.close_one(self.root)
        for folder in tenants:
            if private_files.is_open_to_others(folder):
                private_files.close_to_others(folder)


def _looks(place: Path) -> tuple[int, int, int]:
    """What changes when a file is written again: inode, size, time of its last change."""
    told = place.lstat()
    return told.st_ino, told.st_size, told.st_mtime_ns
