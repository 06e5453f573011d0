"""The raw assets: their datasets read to the same moment and committed together.

What does not belong here: the reading itself (``sync/extract/dataset_reader.py``).
"""

import polars as pl

from flyle_sf_assets.check.parts import part_digests
from flyle_sf_assets.errors import Text
from flyle_sf_assets.lake.manifest import Manifest
from flyle_sf_assets.raw.ownership import RAW_ASSETS, RawAsset
from flyle_sf_assets.raw.plan import Dataset, ReadPlan
from flyle_sf_assets.raw.questions import Questions, Window
from flyle_sf_assets.raw.records import record_schema
from flyle_sf_assets.raw.roles import in_scope_again, only_referenced
from flyle_sf_assets.raw.sweep import census_columns, needs_rescope, unstamped_columns
from flyle_sf_assets.salesforce.schema.objects import FieldSchema
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.syncs.generations import (
    Consumed,
    Generation,
    forget_watermarks,
    put_consumed,
)
from flyle_sf_assets.store.syncs.syncs import SyncCounts, add_counts
from flyle_sf_assets.sync.column_lineage import raw_notes
from flyle_sf_assets.sync.consumed_inputs import consumed_by, generation_of
from flyle_sf_assets.sync.context import Refresh
from flyle_sf_assets.sync.extract.company_tombstones import records_of_companies
from flyle_sf_assets.sync.extract.dataset_reader import DatasetReading, Reading
from flyle_sf_assets.sync.extract.metadata_edits import is_edited, metadata_compared
from flyle_sf_assets.sync.extract.reconcile import reconcile
from flyle_sf_assets.sync.extract.staged_dataset import StagedDataset, commit
from flyle_sf_assets.sync.state.asset_names import ENRICHED, SCHEMAS, digest_of, enriched_of
from flyle_sf_assets.sync.step_report import StepReport

NODES = "lookup_tree"
SAMPLE_ROWS = 5
PARENTS_ONLY = "parents"
"""The scope of a dataset that holds only records which others look up."""


def read_records(refresh: Refresh, asset: RawAsset) -> StepReport:
    """Brings the asset's datasets to what the org holds now and commits them together.

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
    readings = [_begun(refresh, plan, dataset) for dataset in datasets]
    reading = Reading(refresh, plan, readings)
    reading.read_own_changes()
    compared = reconcile(reading, readings)
    above = _above(refresh, plan, asset)
    reading.close_references(asset, _changed_above(refresh, plan, asset, readings, above))
    staged = [one.staged for one in readings]
    generations = _commit(refresh, plan, asset, readings, above)
    refresh.compared[asset] = compared
    refresh.reading = None
    return _report(refresh, asset, plan, staged, generations)


def _leave(tx: TenantTransaction, plan: ReadPlan, asset: RawAsset) -> None:
    """What the plan does not want now is read whole when it wants it again.

    Nobody follows it meanwhile, and not everything has a stamp: a field may be deleted and made
    anew, with other values.
    """
    owned = "related/%" if asset == "related_records" else asset
    forget_watermarks(tx, owned, [dataset.name for dataset in plan.of_asset(asset)])


def _above(refresh: Refresh, plan: ReadPlan, asset: RawAsset) -> dict[str, Manifest]:
    """The datasets of the assets before this one, whose rows may look its records up."""
    before = RAW_ASSETS[: RAW_ASSETS.index(asset)]
    names = [dataset.name for dataset in plan.datasets if dataset.asset in before]
    kept = {name: refresh.generation(name) for name in names}
    found = {name: Manifest.held(one.manifest) for name, one in kept.items() if one is not None}
    return {name: manifest for name, manifest in found.items() if manifest is not None}


def _changed_above(
    refresh: Refresh,
    plan: ReadPlan,
    asset: RawAsset,
    readings: list[DatasetReading],
    above: dict[str, Manifest],
) -> dict[str, pl.Series] | None:
    """What changed above since this asset last closed its references; None: look at everything."""
    taken = consumed_by(refresh, asset)
    is_same_tree = taken.get(NODES) == Consumed(NODES, 0, digest_of(plan.nodes))
    is_known = all(one.window is not None and not one.new_columns for one in readings)
    if refresh.kind != "refresh" or not is_same_tree or not is_known:
        return None
    changed = {}
    for name, manifest in above.items():
        since = taken[name].generation if name in taken else 0
        rows = refresh.lake.changed_since(manifest, since)
        changed[name] = rows.select("Id").collect().to_series()
    return changed


def _begun(refresh: Refresh, plan: ReadPlan, dataset: Dataset) -> DatasetReading:
    """What is held of a dataset, brought into the shape that the plan wants now."""
    questions = Questions.about(dataset, plan, refresh.schemas(), refresh.settings)
    kept = refresh.generation(dataset.name)
    held = None if kept is None else Manifest.held(kept.manifest)
    staged = StagedDataset(
        lake=refresh.lake,
        tenant=refresh.tenant,
        name=dataset.name,
        columns=tuple(column.name for column in dataset.columns),
        types=tuple(column.type for column in dataset.columns),
        scope=scope_of(questions),
        held=held,
        generation=0 if kept is None else kept.generation,
    )
    is_one_to_one = any(n.dataset == dataset.name and n.one_to_one for n in plan.nodes)
    is_whole = refresh.kind == "full" or held is None or held.scope != staged.scope
    window = None if is_whole else _window(refresh, kept)
    if held is not None and (
        held.columns != staged.columns or _role(held.scope) != _role(staged.scope)
    ):
        staged.new_base = _reshaped(refresh, plan, held, staged)
    if held is None and kept is not None and dataset.is_base:
        staged.new_base = records_of_companies(refresh, plan, dataset)
    return DatasetReading(
        questions=questions,
        staged=staged,
        window=window,
        serves_lookups=any(n.dataset == dataset.name and n.path for n in plan.nodes),
        is_one_to_one=is_one_to_one,
        new_columns=tuple(
            c for c in dataset.columns if held and not held.has_column(c.name, c.type)
        ),
        compared=_compared(refresh, plan, dataset),
    )


def _compared(refresh: Refresh, plan: ReadPlan, dataset: Dataset) -> tuple[FieldSchema, ...] | None:
    """The columns by which all records are to be compared; None when that is not due."""
    is_due = refresh.kind in ("sweep", "census")
    if is_due and dataset.followed != "stamp":
        return dataset.columns
    if refresh.kind == "census":
        return census_columns(plan, dataset, is_edited=is_edited(refresh, dataset))
    if refresh.kind != "sweep":
        return None
    columns = unstamped_columns(dataset)
    rescope = dataset.is_base and needs_rescope(plan, refresh.settings)
    return columns if columns or rescope else None


def scope_of(questions: Questions) -> str:
    """What decides which records the dataset holds, as a text that changes with it."""
    if not questions.dataset.is_base:
        return PARENTS_ONLY
    return f"base {digest_of(questions.scope.text if questions.scope else '')}"


def _role(scope: str) -> str:
    return scope.split(" ", 1)[0]


def _window(refresh: Refresh, kept: Generation | None) -> Window | None:
    if kept is None or kept.watermark is None:
        return None
    return Window.after(kept.watermark, refresh.until, refresh.overlap_s)


def _reshaped(
    refresh: Refresh, plan: ReadPlan, held: Manifest, staged: StagedDataset
) -> pl.LazyFrame:
    """The held rows with the columns of the plan; new ones are null until they are read.

    When the object is not the base any more, its records are only referred to; when it is again,
    those that were in scope are judged by the read that follows.
    """
    rows = refresh.lake.read(held)
    new = [name for name in staged.columns if name not in held.columns]
    rows = rows.with_columns(pl.lit(None, pl.String).alias(name) for name in new)
    if _role(held.scope) != _role(staged.scope):
        if staged.scope == PARENTS_ONLY:
            rows = only_referenced(rows)
        elif (former := _former(refresh, plan)) is not None:
            rows = in_scope_again(rows, former)
    return rows.select(record_schema(staged.columns).names())


def _former(refresh: Refresh, plan: ReadPlan) -> pl.LazyFrame | None:
    """What was enriched of the base object before; made of its companies when it was lost."""
    name = enriched_of(plan.base_object)
    rows = refresh.records(name)
    if rows is not None or refresh.generation(name) is None:
        return rows
    base = next(dataset for dataset in plan.datasets if dataset.is_base)
    return records_of_companies(refresh, plan, base)


def _commit(
    refresh: Refresh,
    plan: ReadPlan,
    asset: RawAsset,
    readings: list[DatasetReading],
    above: dict[str, Manifest],
) -> dict[str, int]:
    """Files first, then one transaction: manifests, watermarks, debts, counts."""
    staged = [one.staged for one in readings]
    readers = consumed_by(refresh, ENRICHED)
    manifests = {}
    for one in staged:
        taken = readers.get(one.name)
        manifests[one.name] = one.write(unconsumed_since=taken.generation if taken else None)
    inputs = [
        Consumed(SCHEMAS, generation_of(refresh, SCHEMAS)),
        Consumed(
            f"link_settings/{asset}",
            refresh.settings_version,
            part_digests(refresh.settings)[asset],
        ),
        Consumed(NODES, 0, digest_of(plan.nodes)),
        *metadata_compared(refresh, asset, readings),
        *(Consumed(name, manifest.generation) for name, manifest in above.items()),
    ]
    pulled = sum(one.pulled for one in staged)
    with refresh.committing() as tx:
        generations = {
            one.name: commit(tx, one, manifests[one.name], refresh.until, refresh.clock())
            for one in staged
        }
        put_consumed(tx, asset, inputs)
        _leave(tx, plan, asset)
        add_counts(tx, refresh.sync_id, SyncCounts(pulled=pulled))
    refresh.downloads.clear(generations)
    return generations


def _report(
    refresh: Refresh,
    asset: RawAsset,
    plan: ReadPlan,
    staged: list[StagedDataset],
    generations: dict[str, int],
) -> StepReport:
    manifests = {one.name: _committed(refresh, one.name) for one in staged}
    rows = {name: manifest.rows for name, manifest in manifests.items()}
    shown = next((name for name in manifests if rows[name]), staged[0].name)
    return StepReport(
        asset=f"salesforce/{asset}",
        generation=" ".join(f"{name}@{number}" for name, number in sorted(generations.items())),
        rows=sum(rows.values()),
        counts={
            "pulled": sum(one.pulled for one in staged),
            "changed": sum(one.changed for one in staged),
            "gone": sum(one.gone for one in staged),
        },
        columns=raw_notes(plan, plan.of_asset(asset)),
        sample=refresh.lake.sample(manifests[shown], SAMPLE_ROWS),
        notes={"records held": "\n".join(f"- `{name}`: {count:,}" for name, count in rows.items())},
    )


def _committed(refresh: Refresh, dataset: str) -> Manifest:
    kept = refresh.generation(dataset)
    if kept is None:
        raise ValueError(f"{dataset} was not committed")
    return Manifest.decode(kept.manifest)


def _not_needed(asset: RawAsset) -> Text:
    return Text(
        f"このテナントの設定は {asset} を必要としません",
        f"This tenant's settings need nothing of {asset}",
    )
