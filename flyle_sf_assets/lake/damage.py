"""What is wrong with a record file: by its metadata, or by its checksum."""

import hashlib
import os
import stat
from pathlib import Path

from flyle_sf_assets.errors import RecordFileDamaged, StoreUnavailable, Text
from flyle_sf_assets.lake.manifest import RecordFile

LOST = Text("ファイルがありません", "it is not there")


def checksum_of(place: Path) -> tuple[int, str]:
    """Size in bytes and SHA-256 of a file that was just written. OSError when it cannot be read."""
    with place.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
        return os.fstat(handle.fileno()).st_size, digest


def seen_damage(place: Path, file: RecordFile) -> Text | None:
    """What is wrong with the file by its metadata, without opening it; None when nothing is."""
    try:
        found = place.lstat()
    except FileNotFoundError:
        return LOST
    except OSError as error:
        return Text(
            f"調べられません: 「{error.strerror}」", f"it cannot be looked at: “{error.strerror}”"
        )
    if not stat.S_ISREG(found.st_mode):
        return Text("通常のファイルではありません", "it is no regular file")
    return size_damage(found.st_size, file)


def size_damage(size: int, file: RecordFile) -> Text | None:
    """What is wrong with a file of this size in bytes; None when nothing is."""
    if not size:
        return Text("空です", "it is empty")
    if file.checksum and size != file.size:
        return Text(
            f"{file.size:,} バイトのはずが {size:,} バイトです",
            f"it has {size:,} bytes instead of {file.size:,}",
        )
    return None


def read_damage(place: Path, file: RecordFile) -> Text | None:
    """What is wrong with the content; None when nothing is. Reads the whole file.

    A file of an earlier version has no checksum: its footer must have the number of its rows, and
    every value must be readable.
    """
    # Commands that read no record files, such as status, do not wait for this import.
    import polars as pl  # noqa: PLC0415

    try:
        if file.checksum:
            _, digest = checksum_of(place)
            return (
                None
                if digest == file.checksum
                else Text("書き込んだ内容と異なります", "its content is not what was written")
            )
        frame = pl.scan_parquet(place, glob=False)
        rows = int(frame.select(pl.len()).collect().item())
        frame.select(pl.all().n_unique()).collect(engine="streaming")
    except OSError as error:
        return Text(
            f"読み込めません: 「{error.strerror}」", f"it cannot be read: “{error.strerror}”"
        )
    except pl.exceptions.PolarsError as error:
        name = type(error).__name__
        return Text(
            f"読み込める Parquet ファイルではありません ({name})",
            f"it is no readable Parquet file ({name})",
        )
    if rows == file.rows:
        return None
    return Text(
        f"{file.rows:,} 行のはずが {rows:,} 行です",
        f"it has {rows:,} rows instead of {file.rows:,}",
    )


class RecordFilesUnavailable(StoreUnavailable):
    """The lake cannot be reached, or refuses; PostgreSQL answers, and no file counts as lost."""


def damaged(file: RecordFile, reason: Text) -> RecordFileDamaged:
    """The error for a file of a manifest whose content is not what was written."""
    error = RecordFileDamaged(
        "record_file_damaged",
        tried=Text(f"{file.path} を読み込もうとしました", f"Tried to read {file.path}"),
        came_back=Text(
            f"ファイルが壊れているか、失われています({reason.ja})",
            f"The file is damaged or lost: {reason.en}",
        ),
        remedy=Text(
            "次の同期でこのデータをSalesforceから読み直します。"
            "繰り返す場合はディスク(S3 の場合はバケットのルール)を確認してください",
            "The next refresh reads its data again from Salesforce; if it comes back, check the"
            " disk (with S3 the bucket's rules)",
        ),
    )
    error.path, error.reason = file.path, reason.en
    return error


def unavailable(place: str, came_back: Text, remedy: Text) -> RecordFilesUnavailable:
    """The error for a lake that is missing as a whole: no dataset is read again because of it."""
    return RecordFilesUnavailable(
        "lake_unavailable",
        tried=Text(
            f"レコードファイルの保存先 {place} を開こうとしました",
            f"Tried to open the place of the record files, {place}",
        ),
        came_back=came_back,
        remedy=remedy,
    )
