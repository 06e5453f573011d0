"""The company rows: converted, validated, and written with everything that belongs to them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime

import polars as pl

from flyle_sf_assets.companies.field_map import (
    FieldMapRow,
    column_descriptions,
    column_types,
    field_map,
    field_map_markdown,
)
from flyle_sf_assets.companies.fields import CompanyField, company_fields, readable_fields
from flyle_sf_assets.companies.rows import typed_schema
from flyle_sf_assets.enriched.join import enriched_schema
from flyle_sf_assets.errors import Text
from flyle_sf_assets.lake.files import Lake
from flyle_sf_assets.lake.manifest import Manifest
from flyle_sf_assets.raw.plan import ReadPlan
from flyle_sf_assets.store.companies.counts import linked_companies
from flyle_sf_assets.store.companies.custom_fields import (
    CustomField,
    list_fields,
    put_fields,
)
from flyle_sf_assets.store.companies.held_changes import get_held
from flyle_sf_assets.store.companies.rolled_back import end_for_other_mappings
from flyle_sf_assets.store.companies.upsert import UpsertCounts
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.syncs.census import put_census
from flyle_sf_assets.store.syncs.generations import Consumed, put_consumed, read_generations
from flyle_sf_assets.store.syncs.syncs import add_counts
from flyle_sf_assets.store.tenants.connections import reread_done
from flyle_sf_assets.store.tenants.links import (
    get_link,
    linked_figure,
    put_link,
    record_figures,
    record_synced,
)
from flyle_sf_assets.store.tenants.notices import add_notice
from flyle_sf_assets.sync.column_lineage import company_origins
from flyle_sf_assets.sync.context import Refresh
from flyle_sf_assets.sync.load.census_report import census_figures
from flyle_sf_assets.sync.load.commit_gates import passed_gates
from flyle_sf_assets.sync.load.company_writer import EnrichedRows, Writing, Written
from flyle_sf_assets.sync.load.mass_change_guard import WHOLE_KINDS, MassChangeGuard, whole_kind
from flyle_sf_assets.sync.state.asset_names import COMPANIES, ENRICHED, OPTIONS, digest_of
from flyle_sf_assets.sync.state.committed_state import not_materialized
from flyle_sf_assets.sync.state.held_inputs import held_inputs
from flyle_sf_assets.sync.step_report import ColumnNote, StepReport
from flyle_sf_assets.sync.steps.enriched_records import enriched_dataset
from flyle_sf_assets.tenants.due_times import next_due
from flyle_sf_assets.tenants.settings_changes import settings_of

FIELDS = "company_fields"


def write_companies(refresh: Refresh) -> StepReport:
    """Converts what the enriched records committed since, and writes it in one transaction.

    Raises UsageError ``upstream_not_materialized`` before the first join, GateBroken when a commit
    would break a rule of the companies, and MassChangeHeld when it would take away too much.

    Example: `sync.session.open_refresh`
    """
    plan = refresh.plan()
    fields = company_fields(refresh.settings, plan.leaves)
    manifest = refresh.committed.manifest(enriched_dataset(plan))
    if manifest is None:
        raise not_materialized(refresh.tenant, f"flyle/{ENRICHED}")
    taken = refresh.committed.consumed(COMPANIES)
    digest = digest_of(fields, refresh.settings.time_zone)
    is_same = FIELDS in taken and taken[FIELDS].digest == digest
    guard = _guard(refresh, taken, is_base_new=manifest.dataset not in taken)
    guard.require_counted(refresh.kind)
    is_census, is_compared = refresh.kind == "census", guard.kind == "census"
    made_of = taken.get(manifest.dataset) if is_same and guard.kind != "full" else None
    rows = _rows(refresh.lake, manifest, made_of, is_compared=is_compared)
    with refresh.committing() as tx:
        written_at = refresh.clock()
        retyped = frozenset() if is_same else retyped_keys(tx, fields)
        if not is_same:
            end_for_other_mappings(tx, _mapped_as_before(tx, fields))
        written = Writing(
            tx,
            plan,
            fields,
            retyped,
            sync_id=refresh.sync_id,
            time_zone=refresh.settings.time_zone,
            now=written_at,
            tell=refresh.tell,
            is_census=is_compared,
            is_base_new=manifest.dataset not in taken,
        ).write(rows)
        put_fields(tx, _custom_fields(tx, fields), written_at)
        put_consumed(
            tx,
            COMPANIES,
            [
                Consumed(manifest.dataset, manifest.generation),
                Consumed(OPTIONS, refresh.committed.generation_number(OPTIONS)),
                refresh.settings_part(COMPANIES),
                Consumed(FIELDS, 0, digest),
            ],
        )
        add_counts(tx, refresh.sync_id, written.sync_counts())
        census = census_figures(refresh.comparison, written) if is_census else None
        if census is not None:
            put_census(tx, refresh.sync_id, census)
        gates = passed_gates(tx, written, is_whole=guard.kind in WHOLE_KINDS)
        total = _linked(tx, written.counts, is_whole=guard.kind in WHOLE_KINDS)
        guard.require_allowed(tx, written.counts, total, sync_id=refresh.sync_id, now=written_at)
        record_figures(tx, companies=total, rejected=written.rejected)
        now, environment = refresh.clock(), refresh.installation.environment
        _end(tx, refresh.org.opened.org_id, now, next_due(now, refresh.settings, environment))
        if is_census and _is_all_read(tx, plan):
            reread_done(tx)
        former = [field for field in list_fields(tx) if not field.active]
    refresh.outcome.is_complete = True
    version = refresh.settings_version
    mapped = field_map(fields, base_object=plan.base_object, time_zone=refresh.settings.time_zone)
    report = _report(plan, fields, mapped, manifest, written, version, total)
    notes = {
        "field map": _field_map(version, mapped, former, "en"),
        "項目の対応": _field_map(version, mapped, former, "ja"),
    }
    report = replace(report, gates=gates, notes=notes, is_released=guard.held is not None)
    if census is None:
        return report
    return replace(report, census=census, counts={**report.counts, **asdict(census)})


def _guard(
    refresh: Refresh, taken: Mapping[str, Consumed], *, is_base_new: bool
) -> MassChangeGuard:
    """What this refresh may take away without an approval.

    ``taken`` is what the companies consumed, by name.
    """
    committed, made_of = refresh.committed, taken.get(f"link_settings/{COMPANIES}")
    with committed.transaction() as tx:
        held = get_held(tx)
    return MassChangeGuard(
        settings=refresh.settings,
        before=lambda tx: None if made_of is None else settings_of(tx, made_of.generation),
        held=held,
        inputs=held_inputs(refresh.settings, committed.generations()),
        kind=whole_kind(held, refresh.kind) or refresh.kind,
        is_exempt=refresh.is_first or is_base_new,
    )


def _rows(
    lake: Lake, manifest: Manifest, taken: Consumed | None, *, is_compared: bool
) -> EnrichedRows:
    """The unconsumed rows; with ``is_compared`` all the others as well, as a census does.

    ``taken`` is what these companies consumed, None when all of them must be made again.
    """
    if taken is None:
        rows = lake.read(manifest)
        # Of several files each part would cost finding the newest row of each record again.
        is_one_file = not manifest.segments
        return (
            EnrichedRows.all_of_file(rows)
            if is_one_file
            else EnrichedRows.split(rows.collect(), None)
        )
    changed = lake.changed_since(manifest, taken.generation)
    schema = enriched_schema(manifest.columns)
    unconsumed = pl.DataFrame(schema=schema) if changed is None else changed.collect()
    if not is_compared:
        return EnrichedRows.split(unconsumed, None)
    return EnrichedRows.split(lake.read(manifest).collect(), unconsumed["Id"])


def retyped_keys(tx: TenantTransaction, fields: tuple[CompanyField, ...]) -> frozenset[str]:
    """Keys whose mapping's type changed since the companies were last written.

    A field that cannot be read keeps type and values until it can be read again.
    """
    before = {field.key: field.type for field in list_fields(tx)}
    return frozenset(
        f.key for f in readable_fields(fields) if before.get(f.key, str(f.type)) != str(f.type)
    )


def _mapped_as_before(tx: TenantTransaction, fields: tuple[CompanyField, ...]) -> frozenset[str]:
    """Keys whose mapping has the type and the source that the companies were last written with."""
    before = {field.key: (field.type, field.source_path) for field in list_fields(tx)}
    now = {field.key: (field.type, field.source_path) for field in _custom_fields(tx, fields)}
    return frozenset(key for key, mapping in now.items() if before.get(key) == mapping)


def _custom_fields(
    tx: TenantTransaction, fields: tuple[CompanyField, ...]
) -> tuple[CustomField, ...]:
    """The custom fields to keep; of one that cannot be read the type of the values it has."""
    known = {field.key: field.type for field in list_fields(tx)}
    types = {f.key: str(f.type) for f in fields}
    types |= {f.key: known.get(f.key, types[f.key]) for f in fields if not f.readable}
    return tuple(CustomField(f.key, f.label, types[f.key], f.source_path) for f in fields)


def _linked(tx: TenantTransaction, counts: UpsertCounts, *, is_whole: bool) -> int:
    """The number of linked companies, from that before: counting reads all of the tenant's.

    A refresh that compares all companies counts them too, and corrects the number.
    """
    before = linked_figure(tx)
    if before is None or is_whole or before + counts.linked < 0:
        return linked_companies(tx)
    return before + counts.linked


def _end(tx: TenantTransaction, org_id: str, now: datetime, due_at: datetime) -> None:
    """The link after a complete sync; the first one sends the administrators a notice."""
    is_first = get_link(tx).first_synced_at is None
    put_link(tx, state="linked", org_id=org_id)
    record_synced(tx, now, due_at)
    if is_first:
        add_notice(
            tx,
            "first_sync_done",
            Text("連携が完了しました", "The link is complete"),
            Text(
                "Salesforceの企業データの初回連携が完了しました。",
                "The first sync of company data from Salesforce is complete.",
            ),
            now,
        )


def _is_all_read(tx: TenantTransaction, plan: ReadPlan) -> bool:
    """Whether every dataset was read since it had to be: a run may skip raw assets."""
    current = read_generations(tx)
    kept = [current.get(dataset.name) for dataset in plan.datasets]
    return all(one is not None and one.watermark is not None for one in kept)


def _report(
    plan: ReadPlan,
    fields: tuple[CompanyField, ...],
    mapped: Sequence[FieldMapRow],
    manifest: Manifest,
    written: Written,
    version: int,
    total: int,
) -> StepReport:
    texts = column_descriptions(mapped, base_object=plan.base_object)
    types = column_types(mapped)
    shown = typed_schema(fields).names()
    counts = written.counts
    return StepReport(
        asset="flyle/companies",
        generation=f"{manifest.dataset}@{manifest.generation} v{version}",
        rows=total,
        counts={
            "created": counts.created,
            "changed": counts.changed,
            "gone": counts.gone,
            "unchanged": counts.unchanged,
            "rejected": written.rejected,
            "settings_version": version,
        },
        # Also those that cannot be read now: they are still columns of the companies.
        columns=tuple(ColumnNote(name, types[name], text) for name, text in texts.items()),
        lineage=company_origins(fields),
        sample=None if written.sample.is_empty() else written.sample.select(shown),
    )


def _field_map(
    version: int, mapped: Sequence[FieldMapRow], former: Sequence[CustomField], language: str
) -> str:
    """The map of one settings version; fields that are no longer mapped keep their origin."""
    lines = [
        Text(f"設定バージョン {version}", f"Settings version {version}").in_language(language),
        "",
        field_map_markdown(mapped, language),
    ]
    if former:
        keys = ", ".join(f"`{field.key}`" for field in former)
        words = Text(
            f"対応を外した項目(最後の値を保持): {keys}",
            f"Not mapped any more, the last values stay: {keys}",
        )
        lines += ["", words.in_language(language)]
    return "\n".join(lines)
