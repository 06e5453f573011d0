"""What every asset has consumed of its inputs, and what it therefore still owes.

What does not belong here: the tables (``store/generations.py``).
"""

import hashlib

from flyle_sf_assets.lake.manifest import Manifest
from flyle_sf_assets.refresh.context import Refresh
from flyle_sf_assets.store.generations import Consumed, consumed

SCHEMAS = "object_schemas"
ENRICHED = "enriched_records"
OPTIONS = "picklist_options"
COMPANIES = "companies"


def digest_of(*parts: object) -> str:
    """A short stable digest of values whose ``repr`` tells them apart."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def generation_of(refresh: Refresh, dataset: str) -> int:
    """The generation that stands of a dataset; 0 before its first commit."""
    kept = refresh.generation(dataset)
    return 0 if kept is None else kept.generation


def consumed_by(refresh: Refresh, asset: str) -> dict[str, Consumed]:
    """What an asset has consumed, by input."""
    with refresh.database.tenant(refresh.tenant) as tx:
        return consumed(tx, asset)


def manifest_of(refresh: Refresh, dataset: str) -> Manifest | None:
    """The manifest that stands of a dataset."""
    kept = refresh.generation(dataset)
    return None if kept is None else Manifest.decode(kept.manifest)
