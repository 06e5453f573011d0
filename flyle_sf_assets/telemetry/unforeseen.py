"""Which of our errors replaces an exception of Python, polars or a database driver.

Decided by errno, SQLSTATE and type, never by a text that may quote a record.

Sources: errno(3); PostgreSQL documentation, Appendix A "PostgreSQL Error Codes".
"""

import errno
import os

from flyle_sf_assets.errors import (
    DiskFull,
    FlyleError,
    StorageReadOnly,
    StoreError,
    StoreUnavailable,
    Text,
    Unforeseen,
)
from flyle_sf_assets.telemetry.raised import chain, os_error_number, sqlstate

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
READ_ONLY = frozenset({errno.EROFS})
NOT_PERMITTED = frozenset({errno.EACCES, errno.EPERM})
BROKEN = frozenset({errno.EIO, errno.ENODEV, errno.ENXIO, errno.ESTALE})

DATABASE_FULL = "53100"
DATABASE_READ_ONLY = "25006"
GONE_CLASSES = ("08", "57P")
"""Connection lost or refused; server shut down, crashed or starting."""

_DRIVERS = ("psycopg", "psycopg2", "sqlalchemy")
_GONE_TYPES = ("OperationalError", "InterfaceError")
POSTGRES = Text("PostgreSQL", "PostgreSQL")


def storage_error(error: BaseException, tried: Text, place: Text) -> StoreError | None:
    """The error of a disk that is full, read-only, forbidden or broken; None for any other.

    ``place`` names the disk in the message: the lake, ``FLYLE_HOME``.
    """
    for one in chain(error):
        number = os_error_number(one)
        if number is None:
            continue
        came_back = Text.quoted(f"{os.strerror(number)} ({errno.errorcode.get(number, number)})")
        if number in FULL:
            return disk_full(tried, came_back, place)
        if number in READ_ONLY:
            return storage_read_only(tried, came_back, place)
        if number in NOT_PERMITTED:
            return StorageReadOnly(
                "storage_not_permitted",
                tried=tried,
                came_back=came_back,
                remedy=Text(
                    f"{place.ja} のフォルダーを、実行するアカウントが読み書きできるように"
                    "してください(所有者と権限を確認)",
                    f"Let the account that runs this read and write {place.en}: check owner and"
                    " mode of its folders",
                ),
            )
        if number in BROKEN:
            return StoreUnavailable(
                "storage_failed",
                tried=tried,
                came_back=came_back,
                remedy=Text(
                    f"{place.ja} のディスクまたはマウントを確認してください。自動で再試行します",
                    f"Check the disk or the mount of {place.en}; it is tried again by itself",
                ),
            )
    return None


def disk_full(tried: Text, came_back: Text, place: Text) -> DiskFull:
    """No space is left at ``place``."""
    return DiskFull(
        "disk_full",
        tried=tried,
        came_back=came_back,
        remedy=Text(
            f"{place.ja} の空き容量を増やしてください。データは失われておらず、自動で再試行します",
            f"Make space for {place.en}. Nothing that was committed is lost; it is tried again by"
            " itself",
        ),
    )


def storage_read_only(tried: Text, came_back: Text, place: Text) -> StorageReadOnly:
    """Nothing can be written at ``place``."""
    return StorageReadOnly(
        "storage_read_only",
        tried=tried,
        came_back=came_back,
        remedy=Text(
            f"{place.ja} を書き込み可能にしてください(読み取り専用のマウント、または待機系の"
            "サーバーになっていないか確認)",
            f"Make {place.en} writable: it is mounted read-only, or the server is a standby",
        ),
    )


def error_for(error: Exception, tried: Text) -> FlyleError:
    """Our error for any exception of another class; it repeats nothing of its text."""
    place = Text("FLYLE_HOME・FLYLE_LAKE_URL", "FLYLE_HOME and FLYLE_LAKE_URL")
    return (
        _database_error(error, tried)
        or storage_error(error, tried, place)
        or _memory_error(error, tried)
        or _unforeseen(error, tried)
    )


def _database_error(error: Exception, tried: Text) -> StoreError | None:
    """The error when PostgreSQL (for example Dagster's) is full, read-only or unreachable."""
    errors = [one for one in chain(error) if type(one).__module__.split(".")[0] in _DRIVERS]
    states = [state for one in errors if (state := sqlstate(one))]
    for state in states:
        came_back = Text.quoted(f"SQLSTATE {state}")
        if state == DATABASE_FULL:
            return disk_full(tried, came_back, POSTGRES)
        if state == DATABASE_READ_ONLY:
            return storage_read_only(tried, came_back, POSTGRES)
    is_gone = any(state.startswith(GONE_CLASSES) for state in states)
    if is_gone or (not states and any(type(one).__name__ in _GONE_TYPES for one in errors)):
        lost = Text("接続が切れました", "connection lost")
        return database_gone(tried, Text.quoted(f"SQLSTATE {states[0]}") if states else lost)
    return None


def database_gone(tried: Text, came_back: Text) -> StoreUnavailable:
    """PostgreSQL does not answer, or ended the connection."""
    return StoreUnavailable(
        "store_unavailable",
        tried=tried,
        came_back=came_back,
        remedy=Text(
            "PostgreSQLが動いていて接続できることを確認してください。自動で再試行します",
            "Check that PostgreSQL runs and can be reached; it is tried again by itself",
        ),
    )


def _memory_error(error: Exception, tried: Text) -> Unforeseen | None:
    if not any(isinstance(one, MemoryError) for one in chain(error)):
        return None
    return Unforeseen(
        "out_of_memory",
        tried=tried,
        came_back=Text("メモリが足りません (MemoryError)", "MemoryError"),
        remedy=Text(
            "同時に実行する数(max_concurrent_runs)を減らすか、メモリを増やしてください",
            "Run fewer at once (max_concurrent_runs), or give the machine more memory",
        ),
    )


def _unforeseen(error: Exception, tried: Text) -> Unforeseen:
    number = os_error_number(error)
    return Unforeseen(
        "unforeseen",
        tried=tried,
        came_back=Text.quoted(
            type(error).__name__ + ("" if number is None else f" (errno {number})")
        ),
        remedy=Text(
            "ログで括弧内のIDを検索し、見つかった行を添えてサポートにお知らせください",
            "Search the logs for the id in brackets and send the line that is found to support",
        ),
    )
