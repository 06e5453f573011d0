"""Record files that no dataset uses any more, and months of the history past their time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.lake.manifest import Manifest
from flyle_sf_assets.lake.names import DOWNLOADS
from flyle_sf_assets.store.companies.history_months import add_months, drop_months
from flyle_sf_assets.store.syncs.generations import read_generations

FILES_KEPT = timedelta(days=1)
"""Many times the duration of a run: by then a manifest names every file that a run wrote."""

COMMIT_GRACE = timedelta(minutes=15)
"""A process may still read a dataset as it was before its last commit."""

DOWNLOADS_KEPT = timedelta(days=7)
"""As long as Salesforce keeps the results of a Bulk job, an interrupted read can continue."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What was deleted, and how many tenants were skipped because a run was in flight."""

    files: int = 0
    size_bytes: int = 0
    busy: int = 0

    def __add__(self, other: "Swept") -> "Swept":
        return Swept(
            self.files + other.files,
            self.size_bytes + other.size_bytes,
            self.busy + other.busy,
        )

    def in_words(self) -> str:
        """One line for the run's log."""
        told = f"{self.files:,} record files deleted, {self.size_bytes / 1e6:,.1f} MB"
        return told + (f"; {self.busy:,} tenants were busy" if self.busy else "")


def sweep_lake(installation: Installation, now: datetime) -> Swept:
    """Deletes what no manifest names, of the tenants that the database knows.

    A folder of a tenant without datasets is not touched: the database may be the wrong one. A
    manifest or folder that cannot be read raises; it never counts as empty.
    """
    swept = Swept()
    for tenant in installation.lake.tenants():
        swept += _sweep_tenant(installation, tenant, now)
    return swept


@dataclass(frozen=True, slots=True)
class HistoryTidied:
    """How many months were ``added``, and the tables of those that were ``dropped``."""

    added: int
    dropped: tuple[str, ...]


def tidy_history(installation: Installation, now: datetime) -> HistoryTidied:
    """Makes the months of the history ahead, and drops those older than it is kept."""
    database, kept = installation.database, timedelta(days=installation.environment.history_days)
    return HistoryTidied(add_months(database, now), drop_months(database, now - kept))


def _sweep_tenant(installation: Installation, tenant: str, now: datetime) -> Swept:
    """Works under the tenant's lock, so that no refresh is about to name or to read a file."""
    database, lake = installation.database, installation.lake
    with database.tenant_lock(tenant, wait=False) as is_free:
        if not is_free:
            return Swept(busy=1)
        with database.tenant(tenant) as tx:
            current = read_generations(tx)
        if not current:
            return Swept()
        named = {
            file.path
            for one in current.values()
            if (manifest := Manifest.held(one.manifest)) is not None
            for file in manifest.files
        }
        recent = {name for name, one in current.items() if one.committed_at > now - COMMIT_GRACE}
        unused = []
        for file in lake.files_of(tenant):
            is_download = f"/{DOWNLOADS}/" in file.path
            kept = DOWNLOADS_KEPT if is_download else FILES_KEPT
            dataset = file.path.removeprefix(f"{tenant}/").rpartition("/")[0]
            if file.path in named or dataset in recent or file.modified_at > now - kept:
                continue
            unused.append(file)
        lake.delete(tenant, *unused)
        return Swept(files=len(unused), size_bytes=sum(file.size_bytes for file in unused))
