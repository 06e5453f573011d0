"""Switches to another account and runs a program; started as a script by root, not imported.

PostgreSQL refuses to run as root, and other accounts cannot access root's folders: FLYLE_HOME,
often ``/root`` above it. Instead of opening folders to all accounts, the program gets only the
right to pass through them. Source: Linux manual pages, capabilities(7), "Ambient capability set".

What does not belong here: which account (``cluster.py``), and anything outside the standard
library.
"""

import ctypes
import os
import sys

CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
"""The right to read and pass through folders of any mode, without writing."""

_PR_SET_KEEPCAPS = 8
_PR_CAPBSET_READ = 23
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Set(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def main(uid: int, gid: int, command: list[str]) -> None:
    """Replaces this process by ``command``. OSError when the kernel refuses the right."""
    os.umask(0o077)
    kernel = ctypes.CDLL(None, use_errno=True)
    right = _right(kernel, command[0])
    _require(kernel.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    bit = 1 << right
    sets = (_Set * 2)(_Set(bit, bit, bit), _Set(0, 0, 0))
    _require(kernel.capset(ctypes.byref(_Header(_VERSION_3, 0)), sets))
    _require(kernel.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, right, 0, 0))
    os.execv(command[0], command)  # noqa: S606  the whole point


def _right(kernel: ctypes.CDLL, program: str) -> int:
    """The smaller right when it is enough; containers often have only the larger one."""
    is_for_all = os.stat(program).st_mode & 0o001  # noqa: PTH116  pathlib is slow to import
    if is_for_all and kernel.prctl(_PR_CAPBSET_READ, CAP_DAC_READ_SEARCH, 0, 0, 0) == 1:
        return CAP_DAC_READ_SEARCH
    return CAP_DAC_OVERRIDE


def _require(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{os.strerror(number)} (capabilities)")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
