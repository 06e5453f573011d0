"""The nightly check of the record files of all tenants: is each what was written?

All files are checked for presence and size, and a seventh are read whole: in a week all of them.
Damage is reported, not repaired: the tenant's next poll, refresh or census repairs it
(``sync/state/lost_files.py``).
"""

import zlib
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import attrgetter

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.lake.manifest import Manifest, RecordFile
from flyle_sf_assets.store.syncs.generations import all_manifests, read_generation

NIGHTS = 7
"""The number of nights in which each file is read once."""


@dataclass(frozen=True, slots=True)
class DamagedDataset:
    """A dataset of a tenant with a file that is damaged or lost, and what is wrong with it."""

    tenant: str
    dataset: str
    reason: str


@dataclass(frozen=True, slots=True)
class FilesChecked:
    """The number of ``files``, of which ``read`` were compared with their checksums."""

    files: int
    read: int
    damaged: tuple[DamagedDataset, ...]


def check_files(installation: Installation, day: date, *, nights: int = NIGHTS) -> FilesChecked:
    """Checks all files, and reads those that are due on ``day``.

    Raises StoreUnavailable when the whole lake is missing.
    """
    with installation.database.fleet() as tx:
        kept = all_manifests(tx)
    files = read = 0
    damaged = []
    for tenant, datasets in groupby(kept, key=attrgetter("tenant_id")):
        # Of a bucket one listing per tenant, instead of a request per file.
        sizes = installation.lake.sizes_of(tenant)
        for one in datasets:
            manifest = Manifest.held(one.manifest)
            for file in () if manifest is None else manifest.files:
                is_read = _is_due(file, day, nights)
                files, read = files + 1, read + is_read
                reason = installation.lake.damage(file, is_read=is_read, sizes=sizes)
                if reason and _is_named(installation, tenant, one.dataset, file):
                    damaged.append(DamagedDataset(tenant, one.dataset, reason.en))
                    break
    return FilesChecked(files, read, tuple(damaged))


def _is_due(file: RecordFile, day: date, nights: int) -> bool:
    """The same files in no two nights of one week; their names decide which night."""
    return (zlib.crc32(file.path.encode()) + day.toordinal()) % nights == 0


def _is_named(installation: Installation, tenant: str, dataset: str, file: RecordFile) -> bool:
    """Whether a manifest still names the file: a refresh may have replaced it meanwhile."""
    with installation.database.tenant(tenant) as tx:
        kept = read_generation(tx, dataset)
    manifest = None if kept is None else Manifest.held(kept.manifest)
    return manifest is not None and file in manifest.files
