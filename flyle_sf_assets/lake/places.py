"""Where record files are, by the value of ``FLYLE_LAKE_URL``: a folder or a bucket."""

from pathlib import Path

from flyle_sf_assets.errors import StoreError, Text
from flyle_sf_assets.lake.local import LocalStorage
from flyle_sf_assets.lake.storage import Storage


def storage_at(url: str, scratch: Path | None = None) -> Storage:
    """The storage at a local path, ``file://…`` or ``s3://bucket/prefix``.

    ``scratch`` is the folder of this machine for what a bucket's files need here. Raises
    StoreError ``lake_url_unsupported`` for another scheme, UsageError (``lake_url_invalid``,
    ``s3_endpoint_invalid``, ``s3_endpoint_insecure``) for a bucket that cannot be used as written.

    >>> storage_at("/data/lake").place
    '/data/lake'
    """
    if url.startswith("s3://"):
        # Most installations have no bucket: they do not wait for this import.
        from flyle_sf_assets.lake.s3 import open_s3  # noqa: PLC0415

        return open_s3(url, scratch or Path(".flyle", "scratch").absolute())
    if "://" in url and not url.startswith("file://"):
        raise StoreError(
            "lake_url_unsupported",
            tried=Text(
                "レコードファイルの保存先を開こうとしました",
                "Tried to open the record files' place",
            ),
            came_back=Text(
                f"このバージョンは {url.split('://', 1)[0]}:// に対応していません",
                f"{url.split('://', 1)[0]}:// is not supported by this version",
            ),
            remedy=Text(
                "FLYLE_LAKE_URL にローカルのパスか s3://バケット/プレフィックス を指定してください",
                "Set FLYLE_LAKE_URL to a local path or to s3://bucket/prefix",
            ),
        )
    return LocalStorage(Path(url.removeprefix("file://")).absolute())
