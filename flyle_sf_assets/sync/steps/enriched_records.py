"""The enriched records: rows affected by a change joined again, compared, and stored."""

from dataclasses import replace

import polars as pl

from flyle_sf_assets.enriched.affected import affected_ids
from flyle_sf_assets.enriched.gone import with_former_parents
from flyle_sf_assets.enriched.join import Records, enrich, enriched_columns, gone_column
from flyle_sf_assets.lake.files import Lake
from flyle_sf_assets.lake.manifest import Manifest
from flyle_sf_assets.raw.plan import ReadPlan
from flyle_sf_assets.raw.records import changed_rows
from flyle_sf_assets.store.syncs.generations import Consumed, put_consumed, swap_generation
from flyle_sf_assets.sync.column_lineage import enriched_notes, enriched_origins
from flyle_sf_assets.sync.context import Refresh
from flyle_sf_assets.sync.extract.staged_dataset import fold
from flyle_sf_assets.sync.state.asset_names import (
    COMPANIES,
    ENRICHED,
    OPTIONS,
    digest_of,
    enriched_of,
)
from flyle_sf_assets.sync.state.committed_state import CommittedState
from flyle_sf_assets.sync.step_report import StepReport

PLAN = "read_plan"
SAMPLE_ROWS = 5


def enriched_dataset(plan: ReadPlan) -> str:
    """The name under which the enriched records of a base object are stored."""
    return enriched_of(plan.base_object)


def is_joined(plan: ReadPlan, manifest: Manifest) -> bool:
    """Whether the rows have exactly the columns that the plan needs."""
    return manifest.columns == enriched_columns(plan)


def enrich_records(refresh: Refresh) -> StepReport:
    """Joins what its inputs committed since its last run; stores the rows that differ.

    Columns: `enriched.join.enriched_columns`. Asks Salesforce nothing.

    Example: `sync.session.open_refresh`
    """
    plan, lake = refresh.plan(), refresh.lake
    name = enriched_dataset(plan)
    inputs = {d.name: refresh.committed.held(d) for d in plan.datasets}
    records = lake.reads(inputs)
    held = refresh.committed.manifest(name)
    taken = refresh.committed.consumed(ENRICHED)
    digest = _plan_digest(plan)
    is_same_plan = PLAN in taken and taken[PLAN].digest == digest
    manifest: Manifest | None
    current = refresh.committed.generation_number(name)
    if held is None or not is_joined(plan, held):
        manifest, changed = _all_rows(lake, refresh.tenant, plan, records, current + 1)
    elif is_same_plan and refresh.kind in ("refresh", "sweep") and _follows(inputs, taken):
        ids = _affected(lake, plan, records, held, inputs, taken)
        manifest, changed = _some_rows(refresh.committed, lake, plan, records, held, ids)
    else:
        manifest, changed = _some_rows(refresh.committed, lake, plan, records, held, None)
    consumed = [Consumed(dataset, m.generation) for dataset, m in inputs.items()]
    with refresh.committing() as tx:
        if manifest is not None:
            swap_generation(
                tx,
                name,
                expected_generation=current,
                generation=manifest.generation,
                manifest=manifest.encode(),
                now=refresh.clock(),
            )
        put_consumed(tx, ENRICHED, [*consumed, Consumed(PLAN, 0, digest)])
    following = manifest or held
    report = _report(plan, following, changed)
    if following is None or not refresh.shows_samples:
        return report
    # Id and Name may be mapped themselves.
    shown = dict.fromkeys(("Id", "Name", *plan.leaves))
    return replace(report, sample=lake.sample(following, SAMPLE_ROWS).select(*shown))


def _affected(
    lake: Lake,
    plan: ReadPlan,
    records: Records,
    held: Manifest,
    inputs: dict[str, Manifest],
    taken: dict[str, Consumed],
) -> pl.Series:
    changed = {}
    for name, manifest in inputs.items():
        since = taken[name].generation if name in taken else 0
        rows = lake.changed_since(manifest, since)
        if rows is not None:
            changed[name] = rows.select("Id").collect().to_series()
    if not changed:
        return pl.Series(dtype=pl.String)
    return affected_ids(plan, records, lake.read(held), changed)


def _follows(inputs: dict[str, Manifest], taken: dict[str, Consumed]) -> bool:
    """Whether each input is what was consumed plus newer segments.

    An input that was read again from the beginning may lack earlier rows: it is unknown which.
    """
    return all(
        name not in taken or manifest.added_since(taken[name].generation) is not None
        for name, manifest in inputs.items()
    )


def _all_rows(
    lake: Lake, tenant: str, plan: ReadPlan, records: Records, generation: int
) -> tuple[Manifest, int]:
    name = enriched_dataset(plan)
    base = lake.write(tenant, name, generation, enrich(plan, records))
    columns = enriched_columns(plan)
    return Manifest(name, generation, columns, "", base, is_judged=True), base.rows


def _some_rows(
    committed: CommittedState,
    lake: Lake,
    plan: ReadPlan,
    records: Records,
    held: Manifest,
    ids: pl.Series | None,
) -> tuple[Manifest | None, int]:
    """Joins the rows of ``ids``, or all of them to compare; stores those that differ."""
    if ids is not None and ids.is_empty():
        return None, 0
    of_ids = pl.lit(value=True) if ids is None else pl.col("Id").is_in(ids.implode())
    before = lake.read(held).filter(of_ids).collect()
    joined = enrich(plan, records, ids).collect()
    if not before.join(joined, on="Id", how="anti").is_empty():
        # Their raw file was lost before they became companies: they are no records.
        return _all_rows(lake, committed.tenant, plan, records, held.generation + 1)
    rows = with_former_parents(plan, records, joined, before)
    rows = _different(plan, rows, before)
    if rows.is_empty():
        return None, 0
    readers = [committed.consumed(asset).get(held.dataset) for asset in (OPTIONS, COMPANIES)]
    unconsumed_since = min((one.generation for one in readers if one), default=0)
    manifest = fold(lake, committed.tenant, held, unconsumed_since)
    segment = lake.write(committed.tenant, held.dataset, held.generation + 1, rows)
    added = rows.join(before.select("Id"), on="Id", how="anti").height
    return manifest.with_segment(segment, added=added), rows.height


def _different(plan: ReadPlan, rows: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The rows that differ; the reason why a parent is gone is no difference of its own."""
    told = [gone_column(node) for node in plan.nodes if node.path]
    ids = changed_rows(rows.drop(told), before.drop(told)).select("Id")
    return rows.join(ids, on="Id", how="semi")


def _plan_digest(plan: ReadPlan) -> str:
    leaves = [
        (
            path,
            [(t.node.path, t.field.name if t.field else None, t.literal) for t in leaf.sources],
            *([leaf.controller.name] if leaf.controller else []),
        )
        for path, leaf in plan.leaves.items()
    ]
    nodes = [replace(node) for node in plan.nodes]
    return digest_of(nodes, leaves)


def _report(plan: ReadPlan, manifest: Manifest | None, changed: int) -> StepReport:
    if manifest is None:
        raise ValueError("the enriched records were never written")
    parents = [
        f"- `{'.'.join(node.path)}` → {node.object} ({node.dataset})"
        for node in plan.nodes
        if node.path
    ]
    return StepReport(
        asset="flyle/enriched_records",
        generation=f"{manifest.dataset}@{manifest.generation}",
        rows=manifest.rows,
        counts={"changed": changed},
        columns=enriched_notes(plan),
        lineage=enriched_origins(plan),
        notes={"lookups": "\n".join(parents) or "no parents are mapped"},
    )
