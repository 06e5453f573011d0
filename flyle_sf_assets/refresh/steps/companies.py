"""The company rows: converted, validated, and written with everything that belongs to them.

What does not belong here: conversion and validation (``companies``), the upsert (``store``).
"""

import polars as pl

from flyle_sf_assets.check.parts import part_digests
from flyle_sf_assets.companies.convert import convert
from flyle_sf_assets.companies.document import HASH_VERSION, documents
from flyle_sf_assets.companies.field_map import column_descriptions, field_map, field_map_markdown
from flyle_sf_assets.companies.fields import CompanyField, company_fields
from flyle_sf_assets.companies.rows import Converted
from flyle_sf_assets.lake.manifest import Manifest
from flyle_sf_assets.raw.plan import ReadPlan
from flyle_sf_assets.refresh.context import Refresh
from flyle_sf_assets.refresh.debts import (
    COMPANIES,
    OPTIONS,
    consumed_by,
    digest_of,
    generation_of,
    manifest_of,
)
from flyle_sf_assets.refresh.lifecycle import next_due
from flyle_sf_assets.refresh.report import ColumnNote, StepReport
from flyle_sf_assets.refresh.steps.enriched import enriched_dataset
from flyle_sf_assets.store.companies import UpsertCounts, unlink_companies, upsert_companies
from flyle_sf_assets.store.company_counts import linked_companies
from flyle_sf_assets.store.database import TenantTransaction
from flyle_sf_assets.store.fields import CustomField, list_fields, put_fields
from flyle_sf_assets.store.generations import Consumed, put_consumed
from flyle_sf_assets.store.links import get_link, put_link, record_synced
from flyle_sf_assets.store.notices import add_notice
from flyle_sf_assets.store.options import list_options
from flyle_sf_assets.store.rejected import count_rejected, merge_rejected
from flyle_sf_assets.store.syncs import SyncCounts, add_counts

FIELDS = "company_fields"
BATCH_ROWS = 50_000
"""Rows converted at once: bounds memory whatever the tenant's size."""


def write_companies(refresh: Refresh) -> StepReport:
    """Converts what the enriched records committed since, and writes it in one transaction."""
    plan = refresh.plan()
    fields = company_fields(refresh.settings, plan.leaves)
    manifest = manifest_of(refresh, enriched_dataset(plan))
    if manifest is None:
        raise ValueError("companies are written after the enriched records")
    taken = consumed_by(refresh, COMPANIES)
    digest = digest_of(fields, refresh.settings.time_zone)
    is_same = FIELDS in taken and taken[FIELDS].digest == digest
    held = taken.get(manifest.dataset)
    since = held.generation if held is not None and is_same and refresh.kind != "full" else 0
    rows = refresh.lake.changed_since(manifest, since)
    with refresh.database.tenant(refresh.tenant) as tx:
        counts, converted = _written(refresh, tx, plan, fields, rows, retype=not is_same)
        put_fields(tx, [_custom_field(field) for field in fields])
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
        _end(refresh, tx)
        rejected = count_rejected(tx)
    refresh.is_complete = True
    return _report(refresh, plan, fields, manifest, counts, converted, rejected)


def _written(
    refresh: Refresh,
    tx: TenantTransaction,
    plan: ReadPlan,
    fields: tuple[CompanyField, ...],
    rows: pl.LazyFrame,
    *,
    retype: bool,
) -> tuple[UpsertCounts, Converted]:
    """Converts and upserts in batches; one transaction, so that readers see all of it or nothing."""
    options = pl.DataFrame(
        [(option.field_key, option.value) for option in list_options(tx)],
        schema={"field_key": pl.String, "value": pl.String},
        orient="row",
    )
    gone = unlink_companies(
        tx,
        reason="base_object_changed",
        sync_id=refresh.sync_id,
        now=refresh.clock(),
        other_than_object=plan.base_object,
    )
    frame = rows.collect()
    counts = UpsertCounts(gone=gone)
    converted = None
    rejected = []
    for start in range(0, max(frame.height, 1), BATCH_ROWS):
        converted = convert(
            frame.slice(start, BATCH_ROWS),
            fields,
            time_zone=refresh.settings.time_zone,
            catalog=options,
            retyped=_retyped(tx, fields) if retype else frozenset(),
        )
        rejected.append(converted.rejected)
        done = upsert_companies(
            tx,
            documents(converted.rows, fields),
            source_object=plan.base_object,
            sync_id=refresh.sync_id,
            now=refresh.clock(),
            hash_version=HASH_VERSION,
        )
        counts = _sum(counts, done)
        refresh.tell(COMPANIES, min(start + BATCH_ROWS, frame.height), frame.height)
    found = pl.concat(rejected)
    merged = merge_rejected(tx, found, refresh.clock(), scope=frame["Id"])
    add_counts(
        tx,
        refresh.sync_id,
        SyncCounts(
            created=counts.created,
            changed=counts.changed,
            gone=counts.gone,
            rejected=merged.rejected,
        ),
    )
    assert converted is not None
    return counts, converted


def _retyped(tx: TenantTransaction, fields: tuple[CompanyField, ...]) -> frozenset[str]:
    """Keys whose mapping's type changed since the companies were last written."""
    before = {field.key: field.type for field in list_fields(tx)}
    return frozenset(f.key for f in fields if before.get(f.key, str(f.type)) != str(f.type))


def _sum(one: UpsertCounts, other: UpsertCounts) -> UpsertCounts:
    return UpsertCounts(
        created=one.created + other.created,
        changed=one.changed + other.changed,
        unchanged=one.unchanged + other.unchanged,
        gone=one.gone + other.gone,
    )


def _custom_field(field: CompanyField) -> CustomField:
    return CustomField(field.key, field.label, str(field.type), field.source_path)


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
    counts: UpsertCounts,
    converted: Converted,
    rejected: int,
) -> StepReport:
    zone = refresh.settings.time_zone
    mapped = field_map(fields, base_object=plan.base_object, time_zone=zone)
    texts = column_descriptions(mapped, base_object=plan.base_object)
    columns = [
        ColumnNote(name, str(kind), texts.get(name, ""))
        for name, kind in converted.rows.schema.items()
        if not name.startswith("omitted.")
    ]
    with refresh.database.tenant(refresh.tenant) as tx:
        total = linked_companies(tx, refresh.tenant)
    return StepReport(
        asset="flyle/companies",
        generation=f"{manifest.dataset}@{manifest.generation} v{refresh.settings_version}",
        rows=total,
        counts={
            "created": counts.created,
            "changed": counts.changed,
            "gone": counts.gone,
            "unchanged": counts.unchanged,
            "rejected": rejected,
        },
        columns=tuple(columns),
        sample=converted.rows.select(column.name for column in columns).head(5),
        notes={
            "field map": field_map_markdown(mapped),
            "項目の対応": field_map_markdown(mapped, "ja"),
        },
    )
