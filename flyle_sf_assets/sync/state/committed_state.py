"""What the database says that a refresh stands on, read once between two commits.

Nobody else moves generations or consumed inputs while a refresh holds its tenant's lock, and a
commit on top of another generation than the expected one is refused.

What does not belong here: what follows from it (``sync/consumed_inputs.py``) and the tables
(``store``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flyle_sf_assets.raw.plan import Schemas
from flyle_sf_assets.store.postgres.database import Database
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

    def generation(self, dataset: str) -> Generation | None:
        """What is committed of a dataset, None before its first commit."""
        return self._read().get(dataset)

    def generations(self) -> Mapping[str, Generation]:
        """What is committed of every dataset."""
        return self._read()

    def consumed(self, asset: str) -> dict[str, Consumed]:
        """What an asset has taken in of its inputs, by input."""
        self._read()
        return self._consumed.get(asset, {})

    def schemas(self) -> Schemas:
        """The object schemas as last described; None for objects that the org does not know."""
        if self._schemas is None:
            with self.database.tenant(self.tenant) as tx:
                stored = read_schemas(tx)
            self._schemas = known_schemas(stored)
            self._edited = {name: one.last_modified for name, one in stored.items()}
        return self._schemas

    def edited(self, object_name: str) -> str | None:
        """When an object's metadata were last edited, as far as describe told."""
        self.schemas()
        return self._edited.get(object_name)

    def forget(self) -> None:
        """Something was committed: what is asked next is read anew."""
        self._generations = None

    def forget_schemas(self) -> None:
        """The same after a describe."""
        self._schemas = None

    def _read(self) -> dict[str, Generation]:
        if self._generations is None:
            with self.database.tenant(self.tenant) as tx:
                self._consumed = all_consumed(tx)
                self._generations = read_generations(tx)
        return self._generations
