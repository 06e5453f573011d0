"""The raw assets: their datasets read up to the same moment and committed together."""

import polars as pl

from flyle_sf_assets.errors import Text
from flyle_sf_assets.lake.files import Lake
from flyle_sf_assets.lake.manifest import Manifest
from flyle_sf_assets.raw.ownership import RAW_ASSETS, RawAsset
from flyle_sf_assets.raw.plan import Dataset, ReadPlan
from flyle_sf_assets.raw.questions import Questions
from flyle_sf_assets.raw.records import record_schema
from flyle_sf_assets.raw.roles import in_scope_again, only_referenced
from flyle_sf_assets.raw.sweep import census_columns, needs_rescope, unstamped_columns
from flyle_sf_assets.salesforce.schema.objects import FieldSchema
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.syncs.generations import (
    Consumed,
    forget_watermarks,
    put_consumed,
)
from flyle_sf_assets.store.syncs.syncs import SyncCounts, add_counts
from flyle_sf_assets.sync.column_lineage import raw_notes
from flyle_sf_assets.sync.context import Refresh, RefreshKind
from flyle_sf_assets.sync.extract.company_tombstones import records_of_companies
from flyle_sf_assets.sync.extract.dataset_reader import DatasetReading, Reading, Sources
from flyle_sf_assets.sync.extract.metadata_edits import is_edited, metadata_compared
from flyle_sf_assets.sync.extract.reconcile import reconcile
from flyle_sf_assets.sync.extract.staged_dataset import StagedDataset, commit
from flyle_sf_assets.sync.state.asset_names import ENRICHED, SCHEMAS, digest_of, enriched_of
from flyle_sf_assets.sync.state.committed_state import CommittedState
from flyle_sf_assets.sync.step_report import StepReport

NODES = "lookup_tree"
SAMPLE_ROWS = 5
PARENTS_ONLY = "parents"
"""The scope of a dataset that holds only records which others look up."""


def read_records(refresh: Refresh, asset: RawAsset) -> StepReport:
    """Brings the asset's datasets to the org's current state and commits them together.

    Each dataset is a record frame (`raw.records.record_schema`): ``Id``, ``SystemModstamp``,
    ``_status``, ``_merged_into``, then a text column per field. Raises IncompleteRead, Postponed,
    SalesforceRefused; nothing of a failed read is committed.

    Example: `sync.session.open_refresh`
    """
    refresh.reading = asset
    plan = refresh.plan()
    datasets = plan.of_asset(asset)
    if not datasets:
        with refresh.committing() as tx:
            _leave(tx, plan, asset)
        return StepReport(f"salesforce/{asset}", "", idle=_not_needed(asset))
    settings, committed, lake = refresh.settings, refresh.committed, refresh.lake
    sources = Sources(refresh.org, refresh.downloads, committed, lake, refresh.tell)
    readings = [_begun(sources, plan, settings, refresh.kind, dataset) for dataset in datasets]
    reading = Reading(sources, plan, readings)
    reading.read_own_changes()
    compared = reconcile(reading, readings)
    above = _above(committed, plan, asset)
    # Only a plain refresh may skip unchanged references.
    taken = committed.consumed(asset) if refresh.kind == "refresh" else {}
    reading.close_references(asset, _changed_above(lake, plan, taken, readings, above))
    _commit(refresh, plan, asset, readings, above)
    refresh.compared[asset] = compared
    refresh.reading = None
    manifests = {dataset.name: committed.held(dataset) for dataset in datasets}
    staged = [one.staged for one in readings]
    sample = _sample(lake, manifests) if refresh.shows_samples else None
    return _report(asset, plan, staged, manifests, sample)


def _leave(tx: TenantTransaction, plan: ReadPlan, asset: RawAsset) -> None:
    """Marks what the plan no longer needs: it is read whole when it is needed again.

    It is not kept up to date meanwhile, and not everything has a stamp: a field may be deleted
    and made again, with other values.
    """
    owned = "related/%" if asset == "related_records" else asset
    forget_watermarks(tx, owned, [dataset.name for dataset in plan.of_asset(asset)])


def _above(committed: CommittedState, plan: ReadPlan, asset: RawAsset) -> dict[str, Manifest]:
    """The datasets of the assets before this one, whose rows may refer to its records."""
    before = RAW_ASSETS[: RAW_ASSETS.index(asset)]
    names = [dataset.name for dataset in plan.datasets if dataset.asset in before]
    found = {name: committed.manifest(name) for name in names}
    return {name: manifest for name, manifest in found.items() if manifest is not None}


def _changed_above(
    lake: Lake,
    plan: ReadPlan,
    taken: dict[str, Consumed],
    readings: list[DatasetReading],
    above: dict[str, Manifest],
) -> dict[str, pl.Series] | None:
    """What changed above since this asset last closed its references; None: check all."""
    is_same_tree = taken.get(NODES) == Consumed(NODES, 0, digest_of(plan.nodes))
    is_known = all(one.window is not None and not one.new_columns for one in readings)
    if not is_same_tree or not is_known:
        return None
    changed = {}
    for name, manifest in above.items():
        since = taken[name].generation if name in taken else 0
        rows = lake.changed_since(manifest, since)
        if rows is not None:
            changed[name] = rows.select("Id").collect().to_series()
    return changed


def _begun(
    sources: Sources, plan: ReadPlan, settings: TenantSettings, kind: RefreshKind, dataset: Dataset
) -> DatasetReading:
    """What is held of a dataset, in the shape that the plan now needs."""
    questions = Questions.about(dataset, plan, sources.committed.schemas(), settings)
    kept = sources.committed.generation(dataset.name)
    held = sources.committed.manifest(dataset.name)
    staged = StagedDataset(
        lake=sources.lake,
        tenant=sources.committed.tenant,
        name=dataset.name,
        columns=tuple(column.name for column in dataset.columns),
        types=tuple(column.type for column in dataset.columns),
        scope=scope_of(questions),
        held=held,
        generation=0 if kept is None else kept.generation,
    )
    is_one_to_one = any(n.dataset == dataset.name and n.one_to_one for n in plan.nodes)
    is_whole = kind == "full" or held is None or held.scope != staged.scope
    watermark = None if is_whole or kept is None else kept.watermark
    if held is not None and (
        held.columns != staged.columns or _role(held.scope) != _role(staged.scope)
    ):
        staged.new_base = _reshaped(sources, plan, held, staged)
    if held is None and kept is not None and dataset.is_base:
        staged.new_base = records_of_companies(sources.committed, plan, dataset)
    return DatasetReading(
        questions=questions,
        staged=staged,
        window=None if watermark is None else sources.org.window_after(watermark),
        serves_lookups=any(n.dataset == dataset.name and n.path for n in plan.nodes),
        is_one_to_one=is_one_to_one,
        new_columns=tuple(
            c for c in dataset.columns if held and not held.has_column(c.name, c.type)
        ),
        compared=_compared(sources.committed, plan, settings, kind, dataset),
    )


def _compared(
    committed: CommittedState,
    plan: ReadPlan,
    settings: TenantSettings,
    kind: RefreshKind,
    dataset: Dataset,
) -> tuple[FieldSchema, ...] | None:
    """The columns by which all records are to be compared; None when that is not due."""
    is_due = kind in ("sweep", "census")
    if is_due and dataset.followed != "stamp":
        return dataset.columns
    if kind == "census":
        return census_columns(plan, dataset, is_edited=is_edited(committed, dataset))
    if kind != "sweep":
        return None
    columns = unstamped_columns(dataset)
    rescope = dataset.is_base and needs_rescope(plan, settings)
    return columns if columns or rescope else None


def scope_of(questions: Questions) -> str:
    """What decides which records the dataset holds, as a text that changes when that changes."""
    if not questions.dataset.is_base:
        return PARENTS_ONLY
    return f"base {digest_of(questions.scope.text if questions.scope else '')}"


def _role(scope: str) -> str:
    return scope.split(" ", 1)[0]


def _reshaped(
    sources: Sources, plan: ReadPlan, held: Manifest, staged: StagedDataset
) -> pl.LazyFrame:
    """The held rows with the columns of the plan; new ones are null until they are read.

    Records of an object that is no longer the base are only referred to; when it is the base
    again, the read that follows decides on those that were in scope.
    """
    rows = sources.lake.read(held)
    new = [name for name in staged.columns if name not in held.columns]
    rows = rows.with_columns(pl.lit(None, pl.String).alias(name) for name in new)
    if _role(held.scope) != _role(staged.scope):
        if staged.scope == PARENTS_ONLY:
            rows = only_referenced(rows)
        elif (former := _former(sources, plan)) is not None:
            rows = in_scope_again(rows, former)
    return rows.select(record_schema(staged.columns).names())


def _former(sources: Sources, plan: ReadPlan) -> pl.LazyFrame | None:
    """The base object's earlier enriched records; made from its companies if they were lost."""
    name = enriched_of(plan.base_object)
    manifest = sources.committed.manifest(name)
    if manifest is not None:
        return sources.lake.read(manifest)
    if sources.committed.generation(name) is None:
        return None
    base = next(dataset for dataset in plan.datasets if dataset.is_base)
    return records_of_companies(sources.committed, plan, base)


def _commit(
    refresh: Refresh,
    plan: ReadPlan,
    asset: RawAsset,
    readings: list[DatasetReading],
    above: dict[str, Manifest],
) -> None:
    """Files first, then one transaction: manifests, watermarks, consumed inputs, counts."""
    staged = [one.staged for one in readings]
    readers = refresh.committed.consumed(ENRICHED)
    manifests = {}
    for one in staged:
        taken = readers.get(one.name)
        manifests[one.name] = one.write(unconsumed_since=taken.generation if taken else None)
    inputs = [
        Consumed(SCHEMAS, refresh.committed.generation_number(SCHEMAS)),
        refresh.settings_part(asset),
        Consumed(NODES, 0, digest_of(plan.nodes)),
        *metadata_compared(refresh.committed, asset, readings),
        *(Consumed(name, manifest.generation) for name, manifest in above.items()),
    ]
    pulled = sum(one.pulled for one in staged)
    with refresh.committing() as tx:
        for one in staged:
            commit(tx, one, manifests[one.name], refresh.org.until, refresh.clock())
        put_consumed(tx, asset, inputs)
        _leave(tx, plan, asset)
        add_counts(tx, refresh.sync_id, SyncCounts(pulled=pulled))
    refresh.downloads.clear(manifests)


def _report(
    asset: RawAsset,
    plan: ReadPlan,
    staged: list[StagedDataset],
    manifests: dict[str, Manifest],
    sample: pl.DataFrame | None,
) -> StepReport:
    rows = {name: manifest.rows for name, manifest in manifests.items()}
    return StepReport(
        asset=f"salesforce/{asset}",
        generation=" ".join(f"{name}@{manifests[name].generation}" for name in sorted(manifests)),
        rows=sum(rows.values()),
        counts={
            "pulled": sum(one.pulled for one in staged),
            "changed": sum(one.changed for one in staged),
            "gone": sum(one.gone for one in staged),
        },
        columns=raw_notes(plan, plan.of_asset(asset)),
        sample=sample,
        notes={"records held": "\n".join(f"- `{name}`: {count:,}" for name, count in rows.items())},
    )


def _sample(lake: Lake, manifests: dict[str, Manifest]) -> pl.DataFrame:
    shown = next((one for one in manifests.values() if one.rows), next(iter(manifests.values())))
    return lake.sample(shown, SAMPLE_ROWS)


def _not_needed(asset: RawAsset) -> Text:
    return Text(
        f"このテナントの設定は {asset} を必要としません",
        f"This tenant's settings need nothing of {asset}",
    )
