"""The picklist option catalog of one tenant."""

from collections.abc import Sequence

import polars as pl

from flyle_sf_assets.companies.fields import company_fields
from flyle_sf_assets.errors import Text
from flyle_sf_assets.options.catalog import (
    OPTION_SCHEMA,
    catalog,
    described_options,
    followed_fields,
    met_values,
)
from flyle_sf_assets.store.companies.picklist_options import (
    Option,
    OptionCounts,
    list_options,
    merge_options,
)
from flyle_sf_assets.store.syncs.generations import Consumed, put_consumed, swap_generation
from flyle_sf_assets.sync.context import Refresh
from flyle_sf_assets.sync.state.asset_names import COMPANIES, OPTIONS, SCHEMAS, digest_of
from flyle_sf_assets.sync.step_report import ColumnNote, StepReport
from flyle_sf_assets.sync.steps.enriched_records import enrich_records, enriched_dataset
from flyle_sf_assets.sync.steps.redescribe import redescribe_during_refresh

FIELDS = "select_fields"


def follow_options(refresh: Refresh) -> StepReport:
    """Updates the catalog from describe and from the values in records.

    A value missing in the catalog causes a redescribe at once: most likely it is a new option.
    Other changes in that describe are read and joined here, before the companies are written.

    Rows: `options.catalog.OPTION_SCHEMA`. Raises what describing raises.

    Example: `sync.session.open_refresh`
    """
    report, is_surprised = _followed(refresh)
    if is_surprised and not refresh.has_described_whole:
        redescribe_during_refresh(refresh)
        enrich_records(refresh)
        report, _ = _followed(refresh)
    return report


def _followed(refresh: Refresh) -> tuple[StepReport, bool]:
    """Runs the step once; says whether records have values that the catalog did not know."""
    plan = refresh.plan()
    fields = followed_fields(company_fields(refresh.settings, plan.leaves))
    manifest = refresh.committed.manifest(enriched_dataset(plan))
    taken = refresh.committed.consumed(OPTIONS)
    digest = digest_of(fields)
    is_same = FIELDS in taken and taken[FIELDS].digest == digest
    since = taken[manifest.dataset].generation if manifest and manifest.dataset in taken else 0
    met = OPTION_SCHEMA.to_frame()
    if manifest is not None:
        rows = refresh.lake.changed_since(manifest, since if is_same else 0)
        if rows is not None:
            columns = dict.fromkeys(field.source_path for field in fields)
            met = met_values(rows.select("Id", *columns).collect(), fields)
    before = refresh.committed.generation_number(OPTIONS)
    described = Consumed(SCHEMAS, refresh.committed.generation_number(SCHEMAS))
    now = refresh.clock()
    with refresh.committing() as tx:
        options = list_options(tx)
        held = _frame(options)
        surprises = met.join(held, on=["field_key", "value"], how="anti")
        counts = OptionCounts(added=0, changed=0, removed=0)
        is_same_list = is_same and taken.get(SCHEMAS) == described
        if not (is_same_list and surprises.is_empty() and refresh.kind in ("refresh", "sweep")):
            keys = [field.key for field in fields]
            union = catalog(described_options(fields), met, held, followed=keys)
            counts = merge_options(tx, union, now, described_fields=keys)
            options = list_options(tx)
        is_changed = bool(counts.added or counts.changed or counts.removed)
        generation = before + 1 if is_changed or before == 0 else before
        swap_generation(tx, OPTIONS, expected_generation=before, generation=generation, now=now)
        inputs = [
            described,
            refresh.settings_part(COMPANIES),
            Consumed(FIELDS, 0, digest),
        ]
        if manifest is not None:
            inputs.append(Consumed(manifest.dataset, manifest.generation))
        put_consumed(tx, OPTIONS, inputs)
    report = StepReport(
        asset="flyle/picklist_options",
        generation=str(generation),
        idle=None if fields else _NO_SELECTS,
        rows=len(options),
        counts={"added": counts.added, "changed": counts.changed, "removed": counts.removed},
        columns=_COLUMNS,
        sample=pl.DataFrame(
            [(o.field_key, o.value, o.label, o.active) for o in options[:5]],
            schema=["field", "value", "label", "active"],
            orient="row",
        ),
    )
    return report, not surprises.is_empty()


def _frame(options: Sequence[Option]) -> pl.DataFrame:
    """The catalog as `options.catalog` compares it."""
    return pl.DataFrame(
        [(o.field_key, o.value, o.label, o.position, o.active) for o in options],
        schema={
            "field_key": pl.String,
            "value": pl.String,
            "label": pl.String,
            "position": pl.Int32,
            "active": pl.Boolean,
        },
        orient="row",
    )


_NO_SELECTS = Text(
    "選択肢として連携する項目がありません", "No field is mapped as a single or multi select"
)

_COLUMNS = (
    ColumnNote("field_key", "text", "key of the custom field"),
    ColumnNote("value", "text", "API value of the option"),
    ColumnNote("label", "text", "what people read"),
    ColumnNote("position", "integer", "the org's order"),
    ColumnNote("active", "boolean", "whether Salesforce offers it now"),
)
