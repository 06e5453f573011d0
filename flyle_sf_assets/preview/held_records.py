"""What is held of a read plan's datasets, in the shape that the plan needs, without a read."""

from dataclasses import dataclass

import polars as pl

from flyle_sf_assets.computed import cached_property
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.lake.manifest import Manifest
from flyle_sf_assets.raw import references
from flyle_sf_assets.raw.plan import Dataset, ReadPlan
from flyle_sf_assets.raw.records import RecordStatus, empty, record_schema
from flyle_sf_assets.raw.roles import in_scope_again
from flyle_sf_assets.store.syncs.generations import Generation, read_generations
from flyle_sf_assets.sync.state.asset_names import enriched_of
from flyle_sf_assets.sync.state.lost_files import readable
from flyle_sf_assets.sync.steps.raw_records import PARENTS_ONLY


@dataclass(frozen=True)
class HeldFrames:
    """The committed datasets of one tenant at one moment, in the shape of a plan."""

    installation: Installation
    plan: ReadPlan
    generations: dict[str, Generation]

    @staticmethod
    def of(installation: Installation, tenant: str, plan: ReadPlan) -> "HeldFrames":
        """What is committed now; a dataset with a damaged file counts as not held."""
        with installation.database.tenant(tenant) as tx:
            return HeldFrames(installation, plan, readable(installation.lake, read_generations(tx)))

    @property
    def base(self) -> Dataset:
        """The dataset of the base object."""
        return next(dataset for dataset in self.plan.datasets if dataset.is_base)

    def manifest(self, dataset: str) -> Manifest | None:
        """The current manifest of a dataset, None when nothing of it is held."""
        kept = self.generations.get(dataset)
        return None if kept is None else Manifest.held(kept.manifest)

    def has_columns(self, dataset: Dataset) -> bool:
        """Whether every column that the plan needs of a dataset was read."""
        manifest = self.manifest(dataset.name)
        wanted = {column.name for column in dataset.columns}
        return manifest is not None and wanted <= set(manifest.columns)

    def records(self, dataset: Dataset) -> pl.LazyFrame:
        """The newest rows with the plan's columns; no rows when nothing is held.

        A column that was never read is null. When the object is the base again, records of
        earlier companies are in or out of scope again.
        """
        manifest = self.manifest(dataset.name)
        if manifest is None:
            return empty(dataset.columns).lazy()
        rows = self.installation.lake.read(manifest)
        names = record_schema(dataset.columns).names()
        new = [name for name in names if name not in rows.collect_schema().names()]
        rows = rows.with_columns(pl.lit(None, pl.String).alias(n) for n in new)
        former = self.manifest(enriched_of(self.plan.base_object))
        if dataset.is_base and manifest.scope == PARENTS_ONLY and former is not None:
            rows = in_scope_again(rows, self.installation.lake.read(former))
        return rows.select(names)

    @cached_property
    def all_records(self) -> dict[str, pl.LazyFrame]:
        """The records of every dataset of the plan."""
        return {dataset.name: self.records(dataset) for dataset in self.plan.datasets}

    @cached_property
    def linked_ids(self) -> pl.Series:
        """The Ids of base records that matched the current conditions."""
        linked = pl.col("_status") == RecordStatus.LINKED.value
        return self.records(self.base).filter(linked).select("Id").collect().to_series()

    @cached_property
    def is_whole(self) -> bool:
        """Whether every value that the plan maps is held for every linked record."""
        return all(self.has_columns(dataset) for dataset in self.plan.datasets) and not any(
            self._unheld_at(node.path) for node in self.plan.nodes if node.path
        )

    def _unheld_at(self, path: tuple[str, ...]) -> int:
        """How many records are referred to at a node of the lookup tree and were never read."""
        node = next(one for one in self.plan.nodes if one.path == path)
        if node.one_to_one:
            return 0
        wanted = references.ids_at(self.plan, node, self.all_records)
        held = self.all_records[node.dataset].select("Id")
        return wanted.join(held, on="Id", how="anti").collect().height
