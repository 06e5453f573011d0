"""The marker of a place that is the lake that our files were written to.

A disk that is not mounted, or a wrong ``FLYLE_LAKE_URL``, looks like the loss of every file of
every tenant. Without the marker no file counts as lost.
"""

from flyle_sf_assets.errors import Text
from flyle_sf_assets.lake.damage import unavailable
from flyle_sf_assets.lake.manifest import RecordFile
from flyle_sf_assets.lake.names import MARKER
from flyle_sf_assets.lake.storage import Storage


def require_reachable(storage: Storage, file: RecordFile) -> None:
    """Raises RecordFilesUnavailable (``lake_unavailable``) when it is not the lake of ``file``.

    Called when a file is missing or unreadable, before that counts as damage.
    """
    place = storage.place
    try:
        found = storage.marker()
        is_used = found is not None or storage.has_record_files()
    except OSError as error:
        raise unavailable(place, Text.quoted(error.strerror), _CHECK) from error
    if not is_used or (found is None and file.lake):
        raise unavailable(
            place,
            Text(
                f"保存先がないか、ファイル {MARKER} がありません",
                f"It is not there, or has no file {MARKER}",
            ),
            _remedy(place, file),
        )
    if found and file.lake and found != file.lake:
        came_back = Text(
            f"別の保存先です({MARKER} の値は {file.lake!r} ではなく {found[:40]!r})",
            f"It is another one: {MARKER} says {found[:40]!r} instead of {file.lake!r}",
        )
        raise unavailable(place, came_back, _remedy(place, file))


_CHECK = Text(
    "FLYLE_LAKE_URL とディスクのマウント、権限を確認してください。戻れば自動的に再開します",
    "Check FLYLE_LAKE_URL, its mount and its permissions; it goes on by itself once it is back",
)


def _remedy(place: str, file: RecordFile) -> Text:
    name = file.lake or "lake"
    return Text(
        f"{_CHECK.ja}。ファイルが本当に失われた場合は {place}/{MARKER} に {name} と書いて"
        "ください。全テナントのデータをSalesforceから読み直します",
        f"{_CHECK.en}. If the files are lost for good, write {name} into {place}/{MARKER}: then the"
        " data of every tenant are read again from Salesforce",
    )
