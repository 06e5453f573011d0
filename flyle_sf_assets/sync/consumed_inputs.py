"""What every asset has consumed of its inputs, and what it therefore still owes.

What does not belong here: the tables (``store/syncs/generations.py``).
"""

from flyle_sf_assets.errors import Text, UsageError
from flyle_sf_assets.lake.manifest import Manifest
from flyle_sf_assets.raw.plan import Dataset
from flyle_sf_assets.store.syncs.generations import Consumed
from flyle_sf_assets.sync.context import Refresh


def generation_of(refresh: Refresh, dataset: str) -> int:
    """The generation that stands of a dataset; 0 before its first commit."""
    kept = refresh.generation(dataset)
    return 0 if kept is None else kept.generation


def consumed_by(refresh: Refresh, asset: str) -> dict[str, Consumed]:
    """What an asset has consumed, by input."""
    return refresh.committed.consumed(asset)


def manifest_of(refresh: Refresh, dataset: str) -> Manifest | None:
    """The manifest that stands of a dataset; None when nothing is held, or its files were lost."""
    kept = refresh.generation(dataset)
    return None if kept is None else Manifest.held(kept.manifest)


def held_dataset(refresh: Refresh, dataset: Dataset) -> Manifest:
    """The manifest of a dataset that holds every column of the plan.

    Raises UsageError when somebody materializes what follows before the dataset itself was read.
    """
    manifest = manifest_of(refresh, dataset.name)
    wanted = {column.name for column in dataset.columns}
    if manifest is None or not wanted <= set(manifest.columns):
        raise not_materialized(refresh.tenant, f"salesforce/{dataset.asset}")
    return manifest


def not_materialized(tenant: str, asset: str) -> UsageError:
    """The error for an asset that was materialized alone, before one that it is made from."""
    return UsageError(
        "upstream_not_materialized",
        tried=Text(f"テナント {tenant} の {asset} を読みました", f"Read {asset} of {tenant}"),
        came_back="Nothing, or not every column that the settings map, was ever materialized.",
        remedy=Text(
            f"先に {asset} を、またはジョブ refresh_tenant を実行してください",
            f"Materialize {asset} first, or run the job refresh_tenant",
        ),
    )
