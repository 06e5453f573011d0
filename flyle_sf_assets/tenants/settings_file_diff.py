"""Which tenants' files have to be read again, and which tenants are gone: pure decisions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flyle_sf_assets.settings.loading import ListedFile
from flyle_sf_assets.store.tenants.settings_files import KnownTenant


@dataclass(frozen=True, slots=True)
class FileChanges:
    """``read`` are files with new content; ``gone`` tenants have no settings any more.

    For ``to_console`` the console's settings are current (again). ``is_doubtful`` says that the
    folder is empty although several tenants come from files: most likely it is not mounted.
    """

    read: tuple[ListedFile, ...] = ()
    to_console: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    is_doubtful: bool = False


def file_changes(
    listed: Mapping[str, ListedFile] | None, known: Iterable[KnownTenant], *, is_bare: bool = False
) -> FileChanges:
    """What a listing of the folder requires; ``listed`` is None when it could not be read.

    ``is_bare`` says that the folder is empty, without any other file.

    An invalid file is listed, so its tenant is not gone. No tenant counts as gone after a listing
    that failed, or when an empty folder had more than one tenant before.
    """
    if listed is None:
        return FileChanges()
    by_tenant = {one.tenant: one for one in known}
    missing = [one for one in by_tenant.values() if one.is_of_file and one.tenant not in listed]
    saved_since = [one for one in by_tenant.values() if one.removed_at and not one.is_of_file]
    if is_bare and sum(one.removed_at is None for one in missing) > 1:
        return FileChanges(is_doubtful=True)
    return FileChanges(
        read=tuple(file for file in listed.values() if _is_news(file, by_tenant.get(file.tenant))),
        to_console=tuple(one.tenant for one in (*missing, *saved_since) if one.has_console),
        gone=tuple(one.tenant for one in missing if not one.has_console),
    )


def _is_news(file: ListedFile, known: KnownTenant | None) -> bool:
    """Whether the file has to be read: not if its current content was read and is in effect.

    If the console saved other settings since, the file is registered again.
    """
    if known is None or not file.digest or known.file_digest != file.digest:
        return True
    if known.removed_at is not None:
        return True
    return known.file_version is not None and known.file_version != known.version
