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


def is_tenant(name: str) -> bool:
    """Whether a folder of that name can be a tenant's."""
    return re.fullmatch(_TENANT, name, re.ASCII) is not None


def new_path(tenant: str, dataset: str, generation: int) -> str:
    """The path for a new file: ``acme/accounts/00000007-….parquet``.

    Raises StoreError ``lake_path_refused`` for names of another form.
    """
    path = f"{tenant}/{dataset}/{generation:08d}-{uuid.uuid4().hex[:12]}.parquet"
    _require(_PATH.fullmatch(path) is not None, path)
    return path


def place_of(root: Path, path: str) -> Path:
    """The path of a record file; StoreError when the name is not ours or points elsewhere."""
    _require(_PATH.fullmatch(path) is not None, path)
    return _inside(root, path, path.split("/", 1)[0])


def place_below(root: Path, tenant: str, path: str) -> Path:
    """The path of any file of a tenant, complete or not. StoreError outside the tenant's folder."""
    parts = path.split("/")
    is_named = len(parts) > 1 and not {"", ".", ".."} & set(parts) and "\0" not in path
    _require(is_named and parts[0] == tenant, path)
    return _inside(root, path, tenant)


def folder_of(root: Path, tenant: str) -> Path:
    """A tenant's folder, which may be missing; StoreError when a link points elsewhere."""
    _require(is_tenant(tenant), tenant)
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
