"""The marker file of a folder that is the lake that our files were written to.

A disk that is not mounted, or a wrong ``FLYLE_LAKE_URL``, looks like the loss of every file of
every tenant. Without the marker no file counts as lost.
"""

import contextlib
import os
import uuid
from pathlib import Path

from flyle_sf_assets import private_files
from flyle_sf_assets.errors import Text
from flyle_sf_assets.lake.damage import unavailable
from flyle_sf_assets.lake.manifest import RecordFile
from flyle_sf_assets.lake.names import is_tenant

MARKER = ".flyle-lake"


def identity(root: Path) -> str:
    """The lake's name, created when there is none. OSError when the folder cannot be written."""
    found = _read(root)
    if found:
        return found
    private_files.make_folder(root)
    made = root / f"{MARKER}.{uuid.uuid4().hex}"
    try:
        private_files.make_file(made)
        made.write_text(uuid.uuid4().hex[:12], encoding="ascii")
        # Not renamed: when two processes create it, the first one's must stay.
        with contextlib.suppress(FileExistsError):
            os.link(made, root / MARKER)
    finally:
        made.unlink(missing_ok=True)
    return _read(root) or ""


def require_reachable(root: Path, file: RecordFile) -> None:
    """Raises StoreUnavailable ``lake_unavailable`` when the folder is not the lake of ``file``.

    Called when a file is missing or unreadable, before that counts as damage.
    """
    try:
        found = _read(root)
        is_used = found is not None or _has_tenants(root)
    except OSError as error:
        raise unavailable(root, Text.quoted(error.strerror), _CHECK) from error
    if not is_used or (found is None and file.lake):
        raise unavailable(
            root,
            Text(
                f"フォルダーがないか、ファイル {MARKER} がありません",
                f"It is not there, or has no file {MARKER}",
            ),
            _remedy(root, file),
        )
    if found and file.lake and found != file.lake:
        came_back = Text(
            f"別の保存先です({MARKER} の値は {file.lake!r} ではなく {found[:40]!r})",
            f"It is another one: {MARKER} says {found[:40]!r} instead of {file.lake!r}",
        )
        raise unavailable(root, came_back, _remedy(root, file))


def _read(root: Path) -> str | None:
    try:
        return (root / MARKER).read_text(encoding="ascii", errors="replace").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _has_tenants(root: Path) -> bool:
    """Lakes of earlier versions have no marker, but files in tenants' folders."""
    if not root.is_dir():
        return False
    tenants = (path for path in root.iterdir() if is_tenant(path.name) and path.is_dir())
    return any(next(tenant.rglob("*.parquet"), None) is not None for tenant in tenants)


_CHECK = Text(
    "FLYLE_LAKE_URL とディスクのマウント、権限を確認してください。戻れば自動的に再開します",
    "Check FLYLE_LAKE_URL, its mount and its permissions; it goes on by itself once it is back",
)


def _remedy(root: Path, file: RecordFile) -> Text:
    name = file.lake or "lake"
    return Text(
        f"{_CHECK.ja}。ファイルが本当に失われた場合は {root / MARKER} に {name} と書いてください。"
        "全テナントのデータをSalesforceから読み直します",
        f"{_CHECK.en}. If the files are lost for good, write {name} into {root / MARKER}: then the"
        " data of every tenant are read again from Salesforce",
    )
