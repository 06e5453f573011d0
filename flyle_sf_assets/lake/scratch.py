"""What record files in a bucket need on this machine: verified copies, and downloads in progress.

All of it can be deleted at any time but while a refresh runs: copies are fetched again, downloads
begun again. A killed process's copies are removed when the next process makes its own.
"""

import contextlib
import fcntl
import os
import shutil
import threading
import time
import uuid
import weakref
from dataclasses import dataclass
from pathlib import Path

from flyle_sf_assets import private_files
from flyle_sf_assets.lake import names

COPIES = "copies"
DOWNLOADS = "downloads"

DOWNLOADS_KEPT_S = 7 * 86_400.0
"""As long as Salesforce keeps the results of a Bulk job, an interrupted read can continue."""

_YOUNG_S = 60.0
"""A folder of copies that is not locked yet may be about to be; a copy may be about to be read."""


@dataclass
class _Copy:
    place: Path
    size_bytes: int
    used_at: float


class Copies:
    """Copies of a bucket's files whose content was compared, for one refresh or one process.

    They are deleted by `release`, or with the object that holds them. With ``bytes_max``, those
    that were not used for the longest time are deleted earlier. Safe to use from several threads.
    """

    def __init__(self, scratch: Path, *, bytes_max: int | None = None) -> None:
        self._scratch = scratch
        self._bytes_max = bytes_max
        self._kept: dict[str, _Copy] = {}
        self._lock = threading.Lock()
        self._folder: tuple[int, Path] | None = None
        self._remove: weakref.finalize[..., Copies] | None = None

    def find(self, path: str) -> Path | None:
        """The copy of a file."""
        with self._lock:
            copy = self._kept.get(path)
            if copy is None:
                return None
            copy.used_at = time.monotonic()
            return copy.place

    def begin(self, path: str) -> Path:
        """An empty file for the content of a file; each call gives another one."""
        target = names.place_of(self._own_folder(), path)
        private_files.make_folder(target.parent)
        unfinished = target.with_suffix(f".{uuid.uuid4().hex[:8]}.writing")
        private_files.make_file(unfinished)
        return unfinished

    def keep(self, path: str, unfinished: Path) -> Path:
        """Makes what was written the copy of the file."""
        target = names.place_of(self._own_folder(), path)
        size = unfinished.stat().st_size
        with self._lock:
            unfinished.replace(target)
            self._kept[path] = _Copy(target, size, time.monotonic())
            self._evict(path)
        return target

    def drop(self, path: str) -> None:
        """Deletes the copy of a file, if there is one."""
        with self._lock:
            copy = self._kept.pop(path, None)
            if copy is not None:
                copy.place.unlink(missing_ok=True)

    def release(self) -> None:
        """Deletes all copies."""
        with self._lock:
            if self._remove is not None:
                self._remove()
            self._kept.clear()
            self._folder = self._remove = None

    def _evict(self, newest: str) -> None:
        total = sum(copy.size_bytes for copy in self._kept.values())
        for path, copy in sorted(self._kept.items(), key=lambda item: item[1].used_at):
            is_young = time.monotonic() - copy.used_at < _YOUNG_S
            if self._bytes_max is None or total <= self._bytes_max or is_young or path == newest:
                return
            del self._kept[path]
            copy.place.unlink(missing_ok=True)
            total -= copy.size_bytes

    def _own_folder(self) -> Path:
        """A folder of this object's own, locked as long as its process lives."""
        with self._lock:
            # A forked process has its parent's lock and must not delete its parent's files.
            if self._folder is not None and self._folder[0] == os.getpid():
                return self._folder[1]
            parent = self._scratch / COPIES
            private_files.make_folder(parent)
            tidy(self._scratch)
            folder = parent / uuid.uuid4().hex
            folder.mkdir(mode=private_files.FOLDER_MODE)
            lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
            # Where a folder cannot be locked (NFS), nothing counts as abandoned either.
            with contextlib.suppress(OSError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._kept.clear()
            self._folder = (os.getpid(), folder)
            self._remove = weakref.finalize(self, _remove, os.getpid(), folder, lock)
            return folder


def downloads_of(scratch: Path, tenant: str) -> Path:
    """The folder of a tenant's large reads in progress."""
    return names.folder_of(scratch / DOWNLOADS, tenant) / names.DOWNLOADS


def tidy(scratch: Path) -> None:
    """Removes copies of processes that ended, and downloads that can no longer continue.

    Compared with the clock of the file system, which set their times.
    """
    now = time.time()
    for folder in _folders(scratch / COPIES):
        if now - folder.stat().st_mtime > _YOUNG_S and _is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)
    for tenant in _folders(scratch / DOWNLOADS):
        for download in _folders(tenant / names.DOWNLOADS):
            if now - download.stat().st_mtime > DOWNLOADS_KEPT_S:
                shutil.rmtree(download, ignore_errors=True)


def _folders(parent: Path) -> list[Path]:
    if not parent.is_dir():
        return []
    return [one for one in parent.iterdir() if one.is_dir() and not one.is_symlink()]


def _is_abandoned(folder: Path) -> bool:
    """Whether no living process holds the folder's lock."""
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(lock)
    return True


def _remove(process: int, folder: Path, lock: int) -> None:
    os.close(lock)
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
