"""Small real disks, each mounted in a mount namespace of one command alone: full or read-only.

What does not belong here: what the command says (``test_broken_machine.py``) and what is left of
it (``crashes/test_disks.py``).
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

_MOUNT = """
mkdir "$2.below"
mount --bind "$2" "$2.below"
mount -t tmpfs -o size="$1" tmpfs "$2"
case "$3" in
    ro) mount -o remount,ro "$2" ;;
    full) dd if=/dev/zero of="$2/full" 2>/dev/null || true ;;
esac
"""
_RUN = """
place="$2"
shift 3
code=0
"$@" || code=$?
rm -f "$place/full" || true
cp -a "$place/." "$place.below"
exit $code
"""
AS_ROOT = () if os.geteuid() == 0 else ("--map-root-user",)
NAMESPACE = ("unshare", *AS_ROOT, "--mount", "sh", "-ec")


def _can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    done = subprocess.run(
        [*NAMESPACE, "mount -t tmpfs tmpfs /mnt"], check=False, capture_output=True
    )
    return done.returncode == 0


needs_mounts = pytest.mark.skipif(
    not _can_mount(), reason="needs mount namespaces: apt install util-linux, as root or userns"
)


@dataclass(frozen=True)
class Disk:
    """A disk of ``size`` at the place that the variable names."""

    variable: str
    size: str
    mode: str
    code: str


DISKS = {
    "lake_full": Disk("FLYLE_LAKE_URL", "16k", "rw", "disk_full"),
    "lake_read_only": Disk("FLYLE_LAKE_URL", "1m", "ro", "storage_read_only"),
    "home_full": Disk("FLYLE_HOME", "64k", "full", "disk_full"),
    "home_read_only": Disk("FLYLE_HOME", "1m", "ro", "storage_read_only"),
}


def mounted(disk: Disk, place: Path) -> tuple[list[str], dict[str, str]]:
    """The command that mounts it at a new folder and runs another, and what that one is told.

    When it has ended, what it left on the disk is in the folder, as if there were space now.
    """
    place.mkdir()
    command = [*NAMESPACE, _MOUNT + _RUN, "sh", disk.size, str(place), disk.mode]
    return command, {disk.variable: str(place)}
