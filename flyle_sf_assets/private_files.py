"""Folders and files that only their owner may look at, whatever the umask of the process.

What does not belong here: what is in them, and where they are (``installation/opened.py``).
"""

import errno
import os
import stat
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600

_OTHERS = 0o077


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it that are missing, each for its owner alone.

    Folders that are there already stay as they are.
    """
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for made in reversed(missing):
        # The umask takes from this mode and adds nothing to it.
        made.mkdir(mode=FOLDER_MODE, exist_ok=True)


def make_file(file: Path) -> None:
    """Makes an empty file for its owner alone; FileExistsError when there is one.

    Anyone who opens it for writing afterwards, polars for one, leaves its mode as it is.
    """
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE))


def create_privately() -> None:
    """From here on everything that this process makes is for its owner alone."""
    os.umask(_OTHERS)


def is_open_to_others(path: Path) -> bool:
    """Whether somebody else than the owner may do anything with it."""
    return bool(stat.S_IMODE(path.lstat().st_mode) & _OTHERS)


def close_to_others(folder: Path) -> None:
    """Takes everybody else's rights to a folder and all that is in it.

    Links are not followed, and what belongs to another account is that account's matter.
    """
    close_one(folder)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            close_one(Path(parent, name))


def close_one(path: Path) -> None:
    """The same for one folder or file alone."""
    found = path.lstat()
    mode = stat.S_IMODE(found.st_mode)
    if stat.S_ISLNK(found.st_mode) or found.st_uid != os.geteuid() or not mode & _OTHERS:
        return
    try:
        path.chmod(mode & ~_OTHERS)
    except OSError as error:
        # What only reads goes on; what writes there will say that it cannot.
        if error.errno != errno.EROFS:
            raise
