"""A step's report as a Dagster result: metadata under stable names, data version, sample, columns.

Names with numbers behind them (``dagster/row_count``, ``pulled``, ``changed``, ``api_calls``,
``seconds``) are plotted over time by the UI, so they never change.
"""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
from dagster import (
    AssetExecutionContext,
    AssetKey,
    DataVersion,
    MarkdownMetadataValue,
    MaterializeResult,
    MetadataValue,
    TableColumn,
    TableColumnDep,
    TableColumnLineage,
    TableMetadataValue,
    TableRecord,
    TableSchema,
)

from flyle_sf_assets.sync.step_report import StepReport

SAMPLE_ROWS_MAX = 5
SAMPLE_TEXT_MAX = 80
UNUSED_VERSION = "unused"
"""The data version of an asset that a tenant's settings do not need."""


def materialized(context: AssetExecutionContext, report: StepReport) -> MaterializeResult[None]:
    """What the asset's page shows of this step, and the version that decides staleness.

    The version is the generation of what is stored: a run that changed nothing keeps everything
    downstream fresh. The metadata are added to the materialization alone: those of a result
    Dagster stores a second time, with the step's output.
    """
    context.add_asset_metadata(shown(report))
    return MaterializeResult(data_version=DataVersion(report.generation or UNUSED_VERSION))


def shown(report: StepReport) -> dict[str, Any]:
    """The metadata of a step's materialization."""
    metadata: dict[str, Any] = {
        "dagster/row_count": report.rows,
        "api_calls": report.api_calls,
        "seconds": round(report.seconds, 3),
        **report.counts,
        **{name: MarkdownMetadataValue(text) for name, text in report.notes.items()},
    }
    if report.sync_id is not None:
        # As text: a number would be plotted. The run has it as a tag as well.
        metadata["sync_id"] = str(report.sync_id)
    if report.idle is not None:
        metadata["why nothing was done"] = f"{report.idle.en} / {report.idle.ja}"
    if report.columns:
        metadata["dagster/column_schema"] = TableSchema(
            columns=[TableColumn(c.name, c.type, c.description) for c in report.columns]
        )
    if report.lineage:
        metadata["dagster/column_lineage"] = TableColumnLineage(
            {
                column: [TableColumnDep(AssetKey(o.asset.split("/")), o.column) for o in origins]
                for column, origins in report.lineage.items()
            }
        )
    if report.sample is not None and not report.sample.is_empty():
        metadata["sample"] = _table(report.sample)
    return metadata


def _table(sample: pl.DataFrame) -> TableMetadataValue:
    rows = sample.head(SAMPLE_ROWS_MAX)
    texts = [
        {name: _short(value) for name, value in record.items()}
        for record in rows.iter_rows(named=True)
    ]
    return MetadataValue.table(
        records=[TableRecord(record) for record in texts],
        schema=TableSchema(columns=[TableColumn(name, "string") for name in sample.columns]),
    )


def _short(value: object) -> str:
    """One line in readable form: no quotes, no trailing zeros of a decimal's scale."""
    match value:
        case None:
            text = ""
        case str():
            text = " ".join(value.split())
        case Decimal():
            text = f"{value:f}"
            text = text.rstrip("0").rstrip(".") if "." in text else text
        case date():  # a datetime is one too
            text = value.isoformat().replace("+00:00", "Z")
        case _:
            text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= SAMPLE_TEXT_MAX else text[: SAMPLE_TEXT_MAX - 1] + "…"
