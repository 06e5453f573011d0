"""The pandera schema of the typed frame, and its failures as exact masks.

A frame is validated whole and lazily; each failed check yields one Boolean mask over the rows.
pandera's own ``drop_invalid_rows`` is not used: it misses wrong types and keeps rows that
fail uniqueness.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandera.polars as pa
import polars as pl
from pandera.api.polars.types import PolarsData
from pandera.config import ValidationDepth, config_context
from pandera.errors import SchemaError, SchemaErrorReason, SchemaErrors

from flyle_sf_assets.companies.fields import CompanyField, readable_fields
from flyle_sf_assets.companies.reject_reasons import RejectReason
from flyle_sf_assets.companies.rows import (
    EXTERNAL_ID,
    MERGED_INTO,
    NAME,
    ROW_COLUMNS,
    STATUS,
    STATUS_REASON,
    field_column,
    polars_type,
)
from flyle_sf_assets.companies.status import CompanyStatus, reasons_of
from flyle_sf_assets.salesforce.id_columns import has_valid_id, is_valid_id
from flyle_sf_assets.settings.models import FlyleType

_HOST = r"(\[[0-9a-f:.]+\]|[\p{L}\p{N}][^\s/?#@:\\<>\"]*)"
_NAME_WITH_DOT = r"[\p{L}\p{N}][\p{L}\p{N}-]*(\.[\p{L}\p{N}-]+)+"
WEB_URL = rf"(?i)^(https?://{_HOST}|{_NAME_WITH_DOT})(:[0-9]{{1,5}})?([/?#][^\s<>\"]*)?$"
"""http or https, a host without user name or password, and no spaces or quotes anywhere.

The scheme may be missing (``www.example.com``): most URLs in Salesforce have none, Salesforce
shows them as links, and the value is not changed.
"""


@dataclass(frozen=True, eq=False, slots=True)
class Failure:
    """One check that failed: ``failing`` is true at the rows whose ``column`` is invalid."""

    column: str
    reason: RejectReason
    failing: pl.Series


def company_schema(fields: Sequence[CompanyField], catalog: pl.DataFrame) -> pa.DataFrameSchema:
    """The schema of the typed frame (without its ``omitted`` columns) for these fields.

    ``catalog``: `field_key, value` at least; the options that companies may refer to.
    """
    checks: dict[str, list[pa.Check]] = {
        EXTERNAL_ID: [_check(RejectReason.BAD_ID, is_valid_id(pl.col(EXTERNAL_ID)))],
        NAME: [_check(RejectReason.EMPTY_NAME, _has_name_when_linked())],
        STATUS: [_check(RejectReason.BAD_STATUS, _status_is_sound())],
    }
    columns = {
        name: pa.Column(
            dtype,
            checks=checks.get(name),
            nullable=name != EXTERNAL_ID,
            unique=name == EXTERNAL_ID,
        )
        for name, dtype in ROW_COLUMNS.items()
    }
    for field in readable_fields(fields):
        columns[field_column(field.key)] = pa.Column(
            polars_type(field), checks=_field_checks(field, catalog), nullable=True
        )
    return pa.DataFrameSchema(columns, strict=True)


def failures(rows: pl.DataFrame, schema: pa.DataFrameSchema) -> list[Failure]:
    """Every check that failed, in the order of the columns; empty when all rows are valid.

    Raises pandera's SchemaErrors when the frame itself is wrong (a column missing or of
    another type): that is a bug of the program, not an invalid value.
    """
    try:
        with config_context(
            validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA
        ):
            schema.validate(rows, lazy=True)
    except SchemaErrors as errors:
        if any(error.check_output is None for error in errors.schema_errors):
            raise
        return [_failure(error) for error in errors.schema_errors]
    return []


def _failure(error: SchemaError) -> Failure:
    passed = error.check_output.to_series()
    return Failure(
        column=error.schema.name,
        reason=_reason(error),
        # A check without a result for a null is no failure.
        failing=~passed.fill_null(value=True),
    )


def _reason(error: SchemaError) -> RejectReason:
    if error.reason_code is SchemaErrorReason.SERIES_CONTAINS_DUPLICATES:
        return RejectReason.DUPLICATE_ID
    if error.reason_code is SchemaErrorReason.SERIES_CONTAINS_NULLS:
        return RejectReason.BAD_ID
    return RejectReason(error.check.name)


def _check(reason: RejectReason, passes: pl.Expr) -> pa.Check:
    def check(data: PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(passes.alias(data.key))

    # The mask is exact without the list; listing a million failure cases would be slow.
    return pa.Check(check, name=str(reason), n_failure_cases=1)


def _field_checks(field: CompanyField, catalog: pl.DataFrame) -> list[pa.Check]:
    column = pl.col(field_column(field.key))
    if field.type is FlyleType.URL:
        return [_check(RejectReason.NOT_A_URL, column.str.contains(WEB_URL))]
    if field.type in {FlyleType.SINGLE_SELECT, FlyleType.MULTI_SELECT}:
        held = catalog.filter(pl.col("field_key") == field.key)["value"]
        if field.type is FlyleType.SINGLE_SELECT:
            known = column.is_in(held.implode())
        else:
            known = column.list.set_difference(held.to_list()).list.len() == 0
        return [_check(RejectReason.OPTION_NOT_IN_CATALOG, known)]
    return []


def _has_name_when_linked() -> pl.Expr:
    """A frozen row keeps its name; the record's current name is not written."""
    named = (pl.col(NAME).str.strip_chars() != "").fill_null(value=False)
    return named | (pl.col(STATUS) != CompanyStatus.LINKED).fill_null(value=True)


def _status_is_sound() -> pl.Expr:
    """The contract's statuses, each with an allowed reason; a winner with ``merged``."""
    sound = pl.lit(value=False)
    for status in CompanyStatus:
        reasons = [str(reason) for reason in reasons_of(status)]
        fits = pl.col(STATUS_REASON).is_in(reasons) if reasons else pl.col(STATUS_REASON).is_null()
        sound |= (pl.col(STATUS) == str(status)).fill_null(value=False) & fits.fill_null(
            value=False
        )
    is_merged = (pl.col(STATUS) == str(CompanyStatus.MERGED)).fill_null(value=False)
    winner_is_sound = has_valid_id(MERGED_INTO)
    return sound & (winner_is_sound == is_merged) & (pl.col(MERGED_INTO).is_not_null() == is_merged)
