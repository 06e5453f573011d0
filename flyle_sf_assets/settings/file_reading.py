"""Reading a file from an untrusted place: never waits, never reads more than the limit.

A settings folder, or a secret's path, may hold a named pipe, an endless device, a link to one, or a
file of 5 GB.
"""

import os
import stat
from pathlib import Path

FILE_BYTES_MAX = 1_000_000
"""Of a settings file."""

_FOLLOWED = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
_CHUNK_BYTES = 65_536
_BYTE_KEPT_AS = 0xDC00
"""PEP 383: a byte that is not UTF-8 becomes U+DC80 to U+DCFF in a name."""

_KINDS = (
    (stat.S_ISDIR, "it is a folder"),
    (stat.S_ISFIFO, "it is a named pipe"),
    (stat.S_ISSOCK, "it is a socket"),
    (stat.S_ISCHR, "it is a device"),
    (stat.S_ISBLK, "it is a device"),
)


class FileTooLarge(OSError):
    """The file has ``size_bytes``, more than the limit; nothing of it is returned."""

    def __init__(self, size_bytes: int, bytes_max: int) -> None:
        self.size_bytes = size_bytes
        super().__init__(0, f"larger than {bytes_max:,} bytes")


class NotARegularFile(OSError):
    """A folder, named pipe, socket or device; ``strerror`` says which."""


def read_bounded(path: Path, bytes_max: int) -> bytes:
    """The whole content of a regular file, or of the one that a symbolic link points to.

    At most ``bytes_max`` + 1 bytes are read, whatever size the file reports. Only a regular file
    is opened: to open a pipe waits, and to open a device can have effects.
    Raises NotARegularFile, FileTooLarge, and OSError or ValueError as `os.open` does.
    """
    _refuse_special(os.stat(path), bytes_max)  # noqa: PTH116  the same call as for the descriptor
    descriptor = os.open(path, _FOLLOWED)
    try:
        # It may have been replaced since.
        _refuse_special(os.fstat(descriptor), bytes_max)
        content = bytearray()
        # A file below /proc reports that it is empty, and a file may grow.
        while len(content) <= bytes_max:
            chunk = os.read(descriptor, min(_CHUNK_BYTES, bytes_max + 1 - len(content)))
            if not chunk:
                return bytes(content)
            content += chunk
    finally:
        os.close(descriptor)
    raise FileTooLarge(len(content), bytes_max)


def shown_name(name: str) -> str:
    """A file's name as it can be printed: controls, and bytes that are not UTF-8, as escapes."""
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in name)


def _escaped(letter: str) -> str:
    r"""``\n``, ``\u202e``, and ``\xff`` for a byte that Python stores as half a surrogate pair."""
    code = ord(letter)
    if _BYTE_KEPT_AS <= code - 0x80 < _BYTE_KEPT_AS + 0x80:
        return f"\\x{code - _BYTE_KEPT_AS:02x}"
    return letter.encode("unicode_escape").decode()


def _refuse_special(found: os.stat_result, bytes_max: int) -> None:
    for is_kind, words in _KINDS:
        if is_kind(found.st_mode):
            raise NotARegularFile(0, words)
    if not stat.S_ISREG(found.st_mode):
        raise NotARegularFile(0, "it is no regular file")
    if found.st_size > bytes_max:
        raise FileTooLarge(found.st_size, bytes_max)
