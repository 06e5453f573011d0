"""The committed state that a refresh builds on, read once between two commits.

No other process moves generations or consumed inputs while a refresh holds its tenant's lock, and a
commit on top of another generation than the expected one is refused.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from flyle_sf_assets.errors import Text, UsageError
from flyle_sf_assets.lake.manifest import Manifest
from flyle_sf_assets.raw.plan import Dataset, Schemas
from flyle_sf_assets.store.postgres.database import Database, TenantTransaction
from flyle_sf_assets.store.syncs.generations import (
    Consumed,
    Generation,
    all_consumed,
    read_generations,
)
from flyle_sf_assets.store.syncs.object_schemas import read_schemas
from flyle_sf_assets.tenants.object_schemas import known_schemas


@dataclass
class CommittedState:
    """Generations, consumed inputs and schemas of one tenant, as last committed.

    Raises StoreUnavailable while PostgreSQL cannot be reached.

    >>> state = CommittedState(database, "acme")
    >>> state.generation("accounts").dataset, state.generation("unknown")
    ('accounts', None)
    >>> sorted(state.consumed("enriched_records"))[:1], "Account" in state.schemas()
    (['accounts'], True)
    """

    database: Database
    tenant: str
    _generations: dict[str, Generation] | None = field(default=None, init=False)
    _consumed: dict[str, dict[str, Consumed]] = field(default_factory=dict, init=False)
    _schemas: Schemas | None = field(default=None, init=False)
    _edited: dict[str, str | None] = field(default_factory=dict, init=False)

    def transaction(self) -> AbstractContextManager[TenantTransaction]:
        """A transaction of the tenant, also for a refresh that was cancelled."""
        return self.database.tenant(self.tenant)

    def generation(self, dataset: str) -> Generation | None:
        """What is committed of a dataset, None before its first commit."""
        return self._read().get(dataset)

    def generations(self) -> Mapping[str, Generation]:
        """What is committed of every dataset."""
        return self._read()

    def generation_number(self, dataset: str) -> int:
        """The number of the generation that is committed; 0 before its first commit."""
        kept = self.generation(dataset)
        return 0 if kept is None else kept.generation

    def manifest(self, dataset: str) -> Manifest | None:
        """The committed manifest; None when nothing is held, or its files were lost."""
        kept = self.generation(dataset)
        return None if kept is None else Manifest.held(kept.manifest)

    def held(self, dataset: Dataset) -> Manifest:
        """The manifest of a dataset that holds every column of the plan.

        Raises UsageError when an asset is materialized before the dataset itself was read.
        """
        manifest = self.manifest(dataset.name)
        wanted = {column.name for column in dataset.columns}
        if manifest is None or not wanted <= set(manifest.columns):
            raise not_materialized(self.tenant, f"salesforce/{dataset.asset}")
        return manifest

    def consumed(self, asset: str) -> dict[str, Consumed]:
        """What an asset has consumed of its inputs, by input."""
        self._read()
        return self._consumed.get(asset, {})

    def schemas(self) -> Schemas:
        """The object schemas as last described; None for objects that the org does not know."""
        if self._schemas is None:
            with self.transaction() as tx:
                stored = read_schemas(tx)
            self._schemas = known_schemas(stored)
            self._edited = {name: one.last_modified for name, one in stored.items()}
        return self._schemas

    def edited(self, object_name: str) -> str | None:
        """When an object's metadata were last edited, as far as describe reported."""
        self.schemas()
        return self._edited.get(object_name)

    def forget(self) -> None:
        """Call it when a commit failed or another one was made: the next call reads again."""
        self._generations = None

    def forget_schemas(self) -> None:
        """The same for schemas, after a describe."""
        self._schemas = None

    def load(self, tx: TenantTransaction) -> dict[str, Generation]:
        """Reads the state again as it is in this transaction."""
        self._consumed = all_consumed(tx)
        self._generations = read_generations(tx)
        return self._generations

    def _read(self) -> dict[str, Generation]:
        if self._generations is None:
            with self.transaction() as tx:
                return self.load(tx)
        return self._generations


def not_materialized(tenant: str, asset: str) -> UsageError:
    """The error for an asset that was materialized alone, before one of its inputs."""
    return UsageError(
        "upstream_not_materialized",
        tried=Text(
            f"テナント {tenant} の {asset} を読み取ろうとしました",
            f"Tried to read {asset} of {tenant}",
        ),
        came_back=Text(
            "まだ一度も更新されていないか、設定で対応づけた列がそろっていません",
            "Nothing, or not every column that the settings map, was ever materialized",
        ),
        remedy=Text(
            f"先に {asset} を、またはジョブ refresh_tenant を実行してください",
            f"Materialize {asset} first, or run the job refresh_tenant",
        ),
    )
