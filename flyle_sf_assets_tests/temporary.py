"""Where tests keep their files: in memory, where there is room.

Each test has a database of its own, 454 files that are made and deleted again. Linux's ext4
leaves the number of a deleted file unused for some seconds, and looks at each of them when it makes
a new one: PostgreSQL's time in the kernel, most of it that search, was a fifth of a test run's CPU.
"""

import os
import shutil
import tempfile
from pathlib import Path

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - chosen only for files of tests
FREE_BYTES_MIN = 6 * 2**30
"""Room to spare: in the middle of a run three test processes had 0.3 GB there. Containers have
64 MiB in all unless told."""


def prefer_memory() -> None:
    """Sets TMPDIR for this process and those that it starts; one that is set already stays."""
    if "TMPDIR" in os.environ or not _has_room(IN_MEMORY):
        return
    os.environ["TMPDIR"] = str(IN_MEMORY)
    tempfile.tempdir = None  # the answer to an earlier question is kept there


def _has_room(folder: Path) -> bool:
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return False
    # Tests put small programs into their folders.
    can_execute = not os.statvfs(folder).f_flag & os.ST_NOEXEC
    return can_execute and shutil.disk_usage(folder).free >= FREE_BYTES_MIN
