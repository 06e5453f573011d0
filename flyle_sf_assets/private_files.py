"""Folders and files that only their owner can access, independent of the process's umask."""

import errno
import os
import stat
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600

_OTHERS = 0o077


def make_folder(folder: Path) -> None:
    """Creates a folder and its missing parents, each accessible to its owner only.

    Existing folders are not changed.
    """
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for made in reversed(missing):
        # The umask removes bits from this mode and adds none.
        made.mkdir(mode=FOLDER_MODE, exist_ok=True)


def make_file(file: Path) -> None:
    """Creates an empty file for its owner only; FileExistsError when it exists.

    Code that opens it for writing later, such as polars, does not change its mode.
    """
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE))


def create_privately() -> None:
    """From now on, every file that this process creates is accessible to its owner only."""
    os.umask(_OTHERS)


def is_open_to_others(path: Path) -> bool:
    """Whether an account other than the owner has any rights to it."""
    return bool(stat.S_IMODE(path.lstat().st_mode) & _OTHERS)


def close_to_others(folder: Path) -> None:
    """Removes all rights of other accounts to a folder and its content.

    Links are not followed. Files that another account owns are not changed.
    """
    close_one(folder)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            close_one(Path(parent, name))


def close_one(path: Path) -> None:
    """The same for one folder or file only."""
    found = path.lstat()
    mode = stat.S_IMODE(found.st_mode)
    if stat.S_ISLNK(found.st_mode) or found.st_uid != os.geteuid() or not mode & _OTHERS:
        return
    try:
        path.chmod(mode & ~_OTHERS)
    except OSError as error:
        # Readers continue to work; writers will report an error.
        if error.errno != errno.EROFS:
            raise
