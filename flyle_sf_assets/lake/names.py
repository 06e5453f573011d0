"""Names of record files, made only by us, and the only module that makes paths from names.

Tenants, datasets and files have names of a known form; every other name is refused.
"""

import re
import uuid
from pathlib import Path

from flyle_sf_assets.errors import StoreError, Text

_TENANT = r"[a-z0-9][a-z0-9_-]{0,62}"
_DATASET = r"[A-Za-z][A-Za-z0-9_]{0,99}(?:/[A-Za-z][A-Za-z0-9_]{0,99})?"
_NAME = r"[0-9]{8,18}-[0-9a-f]{12}\.parquet"
_PATH = re.compile(rf"(?P<tenant>{_TENANT})/(?P<dataset>{_DATASET})/{_NAME}", re.ASCII)

MARKER = ".flyle-lake"
"""The file in the lake's place that has the lake's name; no tenant can have that name."""

DOWNLOADS = ".incoming"
"""The folder of a tenant's large reads in progress; no dataset can have that name."""


def is_tenant(name: str) -> bool:
    """Whether a folder of that name can be a tenant's."""
    return re.fullmatch(_TENANT, name, re.ASCII) is not None


def require_tenant(name: str) -> None:
    """Raises StoreError ``lake_path_refused`` for a name that no tenant can have."""
    _require(is_tenant(name), name)


def is_record_path(path: str, tenant: str) -> bool:
    """Whether it is the path of a record file of this tenant."""
    found = _PATH.fullmatch(path)
    return found is not None and found["tenant"] == tenant


def require_record_path(path: str, tenant: str | None = None) -> None:
    """Raises StoreError ``lake_path_refused`` unless it is a record file's (of this tenant)."""
    found = _PATH.fullmatch(path)
    _require(found is not None and tenant in (None, found["tenant"]), path)


def new_lake_name() -> str:
    """A name for a new lake, for its marker."""
    return uuid.uuid4().hex[:12]


def new_path(tenant: str, dataset: str, generation: int) -> str:
    """The path for a new file: ``acme/accounts/00000007-….parquet``.

    Raises StoreError ``lake_path_refused`` for names of another form.
    """
    path = f"{tenant}/{dataset}/{generation:08d}-{uuid.uuid4().hex[:12]}.parquet"
    require_record_path(path)
    return path


def place_of(root: Path, path: str) -> Path:
    """The path of a record file; StoreError when the name is not ours or points elsewhere."""
    require_record_path(path)
    return _inside(root, path, path.split("/", 1)[0])


def place_below(root: Path, tenant: str, path: str) -> Path:
    """The path of any file of a tenant, complete or not. StoreError outside the tenant's folder."""
    parts = path.split("/")
    is_named = len(parts) > 1 and not {"", ".", ".."} & set(parts) and "\0" not in path
    _require(is_named and parts[0] == tenant, path)
    return _inside(root, path, tenant)


def folder_of(root: Path, tenant: str) -> Path:
    """A tenant's folder, which may be missing; StoreError when a link points elsewhere."""
    require_tenant(tenant)
    folder = root / tenant
    _require(folder.resolve() == root.resolve() / tenant, tenant)
    return folder


def download_folder(dataset: str, number: int = 0) -> str:
    """The folder of one large read among a tenant's downloads; a refresh removes numbered ones."""
    _require(re.fullmatch(_DATASET, dataset, re.ASCII) is not None, dataset)
    name = dataset.replace("/", "_")
    return f"{name}.{number}" if number else name


def is_download_folder(folder: str, dataset: str) -> bool:
    """Whether a folder is one that `download_folder` names for a dataset."""
    name, _, number = folder.partition(".")
    return name == download_folder(dataset) and (folder == name or number.isdecimal())


def _inside(root: Path, path: str, tenant: str) -> Path:
    place = root / path
    # Resolved without its last part: a file that is a link is in the folder itself.
    resolved, folder = root.resolve(), place.parent.resolve()
    _require(folder == resolved / Path(path).parent, path)
    _require(folder.is_relative_to(resolved / tenant), path)
    return place


def _require(is_right: bool, path: str) -> None:  # noqa: FBT001  a condition, as of an assertion
    if is_right:
        return
    raise StoreError(
        "lake_path_refused",
        tried=Text(
            "レコードファイルの場所を確認しようとしました",
            "Tried to find the place of a record file",
        ),
        came_back=Text(
            f"{path[:120]!r} はテナントのフォルダーの中にありません",
            f"{path[:120]!r} is not a place inside the tenant's own folder",
        ),
        remedy=Text(
            "レコードの保存先にリンクや製品以外のファイルがないか確認してください。"
            "別のディスクに置く場合は FLYLE_LAKE_URL で保存先全体を指定します",
            "Look for links or files of others in the place of the record files; to put them on"
            " another disk, name all of it by FLYLE_LAKE_URL",
        ),
    )
