"""The company rows: converted, validated, and written with everything that belongs to them.

What does not belong here: conversion and validation (``companies``), the upsert (``store``).
"""

from dataclasses import dataclass

import polars as pl

from flyle_sf_assets.check.parts import part_digests
from flyle_sf_assets.companies.convert import convert
from flyle_sf_assets.companies.document import HASH_VERSION, documents
from flyle_sf_assets.companies.field_map import (
    column_descriptions,
    column_types,
    field_map,
    field_map_markdown,
)
from flyle_sf_assets.companies.fields import CompanyField, company_fields, readable_fields
from flyle_sf_assets.companies.rows import typed_schema
from flyle_sf_assets.enriched.gone import what_blanked
from flyle_sf_assets.lake.manifest import Manifest
from flyle_sf_assets.raw.plan import ReadPlan
from flyle_sf_assets.refresh.context import Refresh
from flyle_sf_assets.refresh.debts import (
    COMPANIES,
    ENRICHED,
    OPTIONS,
    consumed_by,
    digest_of,
    generation_of,
    manifest_of,
    not_materialized,
)
from flyle_sf_assets.refresh.lifecycle import next_due
from flyle_sf_assets.refresh.report import ColumnNote, StepReport
from flyle_sf_assets.refresh.steps.enriched import enriched_dataset
from flyle_sf_assets.store.companies import (
    Conversion,
    UpsertCounts,
    unlink_companies,
    upsert_companies,
)
from flyle_sf_assets.store.company_counts import linked_companies
from flyle_sf_assets.store.database import TenantTransaction
from flyle_sf_assets.store.fields import CustomField, list_fields, put_fields
from flyle_sf_assets.store.generations import Consumed, put_consumed
from flyle_sf_assets.store.links import get_link, put_link, record_synced
from flyle_sf_assets.store.notices import add_notice
from flyle_sf_assets.store.options import list_options
from flyle_sf_assets.store.rejected import count_rejected, merge_rejected
from flyle_sf_assets.store.retyping import blank_unconverted
from flyle_sf_assets.store.syncs import SyncCounts, add_counts

FIELDS = "company_fields"
SAMPLE_ROWS = 5
BATCH_ROWS = 50_000
"""Rows converted at once: bounds memory whatever the tenant's size."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written; ``rejected`` counts the values that stand rejected now."""

    counts: UpsertCounts
    rejected: int
    sample: pl.DataFrame

    def sync_counts(self) -> SyncCounts:
        """The figures of the sync's row."""
        counts = self.counts
        return SyncCounts(
            created=counts.created,
            changed=counts.changed,
            gone=counts.gone,
            rejected=self.rejected,
        )


def write_companies(refresh: Refresh) -> StepReport:
    """Converts what the enriched records committed since, and writes it in one transaction."""
    plan = refresh.plan()
    fields = company_fields(refresh.settings, plan.leaves)
    manifest = manifest_of(refresh, enriched_dataset(plan))
    if manifest is None:
        raise not_materialized(refresh.tenant, f"flyle/{ENRICHED}")
    taken = consumed_by(refresh, COMPANIES)
    digest = digest_of(fields, refresh.settings.time_zone)
    is_same = FIELDS in taken and taken[FIELDS].digest == digest
    held = taken.get(manifest.dataset)
    is_all = held is None or not is_same or refresh.kind in ("full", "census")
    since = 0 if held is None or is_all else held.generation
    rows = refresh.lake.changed_since(manifest, since).collect()
    with refresh.database.tenant(refresh.tenant) as tx:
        retyped = frozenset() if is_same else _retyped(tx, fields)
        written = _written(refresh, tx, plan, fields, rows, retyped)
        put_fields(tx, _custom_fields(tx, fields))
        put_consumed(
            tx,
            COMPANIES,
            [
                Consumed(manifest.dataset, manifest.generation),
                Consumed(OPTIONS, generation_of(refresh, OPTIONS)),
                Consumed(
                    "link_settings/companies",
                    refresh.settings_version,
                    part_digests(refresh.settings)["companies"],
                ),
                Consumed(FIELDS, 0, digest),
            ],
        )
        add_counts(tx, refresh.sync_id, written.sync_counts())
        _end(refresh, tx)
        total = linked_companies(tx, refresh.tenant)
    refresh.is_complete = True
    return _report(refresh, plan, fields, manifest, written, total)


def _written(
    refresh: Refresh,
    tx: TenantTransaction,
    plan: ReadPlan,
    fields: tuple[CompanyField, ...],
    rows: pl.DataFrame,
    retyped: frozenset[str],
) -> Written:
    """Converts and upserts in batches, in one transaction: readers see all of it or nothing."""
    now = refresh.clock()
    catalog = pl.DataFrame(
        [(option.field_key, option.value) for option in list_options(tx)],
        schema={"field_key": pl.String, "value": pl.String},
        orient="row",
    )
    gone = unlink_companies(
        tx,
        reason="base_object_changed",
        sync_id=refresh.sync_id,
        now=now,
        other_than_object=plan.base_object,
    )
    paths = {field.key: field.source_path for field in fields if field.readable}
    counts, rejected, sample, ids = UpsertCounts(gone=gone), [], pl.DataFrame(), []
    for batch in rows.iter_slices(BATCH_ROWS):
        converted = convert(
            batch, fields, time_zone=refresh.settings.time_zone, catalog=catalog, retyped=retyped
        )
        reasons = what_blanked(plan, batch, paths).rename({"Id": "external_id", "key": "field"})
        done = upsert_companies(
            tx,
            documents(converted.rows, fields),
            source_object=plan.base_object,
            sync_id=refresh.sync_id,
            now=now,
            conversion=Conversion(HASH_VERSION, retyped, reasons),
            compare_all=refresh.kind == "census",
        )
        counts = _sum(counts, done)
        ids.append(converted.rows["external_id"])
        rejected.append(converted.rejected)
        sample = converted.rows.head(SAMPLE_ROWS)
        refresh.tell(COMPANIES, counts.created + counts.changed + counts.unchanged, rows.height)
    if retyped:
        converted_ids = pl.concat(ids) if ids else pl.Series(dtype=pl.String)
        blanked = blank_unconverted(
            tx, retyped, converted=converted_ids, sync_id=refresh.sync_id, now=now
        )
        counts = _sum(counts, UpsertCounts(changed=blanked))
    if rejected:
        merge_rejected(tx, pl.concat(rejected), now, scope=rows["Id"])
    return Written(counts, count_rejected(tx), sample)


def _retyped(tx: TenantTransaction, fields: tuple[CompanyField, ...]) -> frozenset[str]:
    """Keys whose mapping's type changed since the companies were last written.

    A field that cannot be read keeps type and values until it can be read again.
    """
    before = {field.key: field.type for field in list_fields(tx)}
    return frozenset(
        f.key for f in readable_fields(fields) if before.get(f.key, str(f.type)) != str(f.type)
    )


def _sum(one: UpsertCounts, other: UpsertCounts) -> UpsertCounts:
    return UpsertCounts(
        created=one.created + other.created,
        changed=one.changed + other.changed,
        unchanged=one.unchanged + other.unchanged,
        gone=one.gone + other.gone,
    )


def _custom_fields(
    tx: TenantTransaction, fields: tuple[CompanyField, ...]
) -> tuple[CustomField, ...]:
    """The custom fields to keep; of one that cannot be read the type of the values it has."""
    known = {field.key: field.type for field in list_fields(tx)}
    types = {f.key: str(f.type) for f in fields}
    types |= {f.key: known.get(f.key, types[f.key]) for f in fields if not f.readable}
    return tuple(CustomField(f.key, f.label, types[f.key], f.source_path) for f in fields)


def _end(refresh: Refresh, tx: TenantTransaction) -> None:
    """The link after a sync that ran to its end; the first one is told to the administrators."""
    now = refresh.clock()
    is_first = get_link(tx).first_synced_at is None
    put_link(tx, state="linked", org_id=refresh.org.org_id)
    record_synced(tx, now, next_due(now, refresh.settings))
    if is_first:
        add_notice(
            tx,
            "first_sync_done",
            "連携が完了しました",
            "Salesforceの企業データの初回連携が完了しました。\n"
            "The first sync of company data from Salesforce is complete.",
            now,
        )


def _report(
    refresh: Refresh,
    plan: ReadPlan,
    fields: tuple[CompanyField, ...],
    manifest: Manifest,
    written: Written,
    total: int,
) -> StepReport:
    zone = refresh.settings.time_zone
    mapped = field_map(fields, base_object=plan.base_object, time_zone=zone)
    texts = column_descriptions(mapped, base_object=plan.base_object)
    types = column_types(mapped)
    shown = typed_schema(fields).names()
    counts = written.counts
    return StepReport(
        asset="flyle/companies",
        generation=f"{manifest.dataset}@{manifest.generation} v{refresh.settings_version}",
        rows=total,
        counts={
            "created": counts.created,
            "changed": counts.changed,
            "gone": counts.gone,
            "unchanged": counts.unchanged,
            "rejected": written.rejected,
        },
        columns=tuple(ColumnNote(name, types[name], texts[name]) for name in shown),
        sample=None if written.sample.is_empty() else written.sample.select(shown),
        notes={
            "field map": field_map_markdown(mapped),
            "項目の対応": field_map_markdown(mapped, "ja"),
        },
    )
