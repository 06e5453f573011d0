"""Large reads in progress: stored, so that the next refresh continues an interrupted one.

Pages are stored on this machine (in a local lake below the tenant's record files) until the step
that read them has committed. Another machine begins the read again.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from flyle_sf_assets import private_files
from flyle_sf_assets.lake.damage import checksum_of
from flyle_sf_assets.lake.names import download_folder, is_download_folder
from flyle_sf_assets.salesforce.bulk_progress import BulkProgress
from flyle_sf_assets.salesforce.query import Reader, Rows
from flyle_sf_assets.salesforce.soql import Statement

Tell = Callable[[str, int, int | None], None]
"""Called after each page with the dataset, its rows so far, and how many are expected."""

PROGRESS_FILE = "progress.json"


class _Kept(msgspec.Struct, frozen=True):
    """A Bulk read that has begun: its statement, and Salesforce's time at its start.

    ``edited`` is when the object's metadata was last edited; ``checksums`` are those of the
    pages as they were written.
    """

    asked_at: datetime
    progress: BulkProgress
    edited: str | None = None
    checksums: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Download:
    """All rows of a statement. What changed after ``asked_at`` is not in them."""

    rows: Rows
    asked_at: datetime


class Downloads:
    """The large reads of one tenant, one per dataset at a time, under the tenant's lock."""

    def __init__(self, folder: Path, tell: Tell) -> None:
        """``folder`` is the tenant's own (`lake.files.Lake.downloads_of`); it may be missing."""
        self._root = folder
        if self._root.is_symlink():
            self._root.unlink()
        self._tell = tell
        self._begun: Counter[str] = Counter()

    def read(
        self,
        reader: Reader,
        dataset: str,
        statement: Statement,
        *,
        now: datetime,
        expected_rows: int | None = None,
        may_resume: bool = False,
        edited: str | None = None,
    ) -> Download:
        """All rows of a statement; ``now`` is Salesforce's time.

        With ``may_resume`` a Bulk read of the same statement continues where it broke off, and
        holds the org as of its start: only for a dataset without committed rows, whose object's
        metadata was not ``edited`` since, which changes values without a stamp.
        """
        folder = self._root / self._name(dataset, may_resume=may_resume)
        kept = _load(folder / PROGRESS_FILE) if may_resume else None
        is_resumed = (
            kept is not None
            and kept.edited == edited
            and kept.progress.is_of(statement)
            and _is_as_written(kept, folder)
        )
        if kept is None or not is_resumed:
            kept = None
            _remove(folder)
        asked_at = {} if kept is None else {kept.progress.job_id: kept.asked_at}
        checksums = [] if kept is None else list(kept.checksums)

        def keep(progress: BulkProgress) -> None:
            # A job other than the stored one was made now and sees the org as it is now.
            moment = asked_at.setdefault(progress.job_id, now)
            del checksums[len(progress.files) :]
            checksums.extend(checksum_of(f)[1] for f in progress.files[len(checksums) :])
            _save(folder / PROGRESS_FILE, _Kept(moment, progress, edited, tuple(checksums)))
            self._tell(dataset, progress.rows, expected_rows)

        rows = reader.read(
            statement,
            folder,
            expected_rows=expected_rows,
            resume=kept.progress if kept else None,
            on_progress=keep,
        )
        last = _load(folder / PROGRESS_FILE) if rows.way == "bulk" else None
        return Download(rows, last.asked_at if last else now)

    def clear(self, datasets: Iterable[str]) -> None:
        """Deletes the stored reads of these datasets: they are committed."""
        if not self._root.is_dir():
            return
        for dataset in datasets:
            for folder in sorted(self._root.iterdir()):
                if is_download_folder(folder.name, dataset):
                    _remove(folder)

    def _name(self, dataset: str, *, may_resume: bool) -> str:
        """A folder that no other read of this refresh uses: rows are scanned there until commit.

        The one read that can be resumed has a name that the next refresh finds.
        """
        if may_resume:
            return download_folder(dataset)
        self._begun[dataset] += 1
        return download_folder(dataset, self._begun[dataset])


def _is_as_written(kept: _Kept, folder: Path) -> bool:
    """Whether the pages are in that folder, under our names, with unchanged content."""
    pages = kept.progress.files
    if not kept.progress.is_in(folder) or len(kept.checksums) != len(pages):
        return False
    try:
        found = [checksum_of(page)[1] for page in pages]
    except OSError:
        return False
    return found == list(kept.checksums)


def _remove(folder: Path) -> None:
    """Removes a folder of ours, if it exists. Of a link, removes the link but not its target."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def _load(file: Path) -> _Kept | None:
    """The stored read, or None. A file that cannot be read only costs reading again."""
    if not file.exists():
        return None
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Kept, dec_hook=_decode)
    except (msgspec.DecodeError, OSError):
        return None


def _save(file: Path, kept: _Kept) -> None:
    private_files.make_folder(file.parent)
    unfinished = file.with_suffix(".writing")
    unfinished.unlink(missing_ok=True)
    private_files.make_file(unfinished)
    unfinished.write_bytes(msgspec.json.encode(kept, enc_hook=str))
    unfinished.rename(file)


def _decode(kind: type, value: object) -> object:
    if kind is Path or issubclass(kind, Path):
        return Path(str(value))
    raise NotImplementedError(kind)  # as msgspec requires of a dec_hook for an unknown type
