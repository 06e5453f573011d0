"""The columns of the typed frame: companies after conversion, before they become documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from flyle_sf_assets.companies.fields import CompanyField, readable_fields
from flyle_sf_assets.settings.models import FlyleType

EXTERNAL_ID = "external_id"
NAME = "name"
STATUS = "status"
STATUS_REASON = "status_reason"
MERGED_INTO = "merged_into"
SOURCE_MODIFIED_AT = "source_modified_at"

ROW_COLUMNS = MappingProxyType(
    {
        EXTERNAL_ID: pl.String(),
        NAME: pl.String(),
        STATUS: pl.String(),
        STATUS_REASON: pl.String(),
        MERGED_INTO: pl.String(),
        SOURCE_MODIFIED_AT: pl.Datetime("us", "UTC"),
    }
)
"""The columns of every company row, independent of the mapping."""

DECIMAL_DIGITS = 38
_FRACTION_DIGITS = 20

_POLARS_TYPES = MappingProxyType(
    {
        FlyleType.TEXT: pl.String(),
        FlyleType.URL: pl.String(),
        FlyleType.SINGLE_SELECT: pl.String(),
        FlyleType.MULTI_SELECT: pl.List(pl.String()),
        FlyleType.CHECKBOX: pl.Boolean(),
        FlyleType.DATE: pl.Date(),
        FlyleType.DATETIME: pl.Datetime("us", "UTC"),
    }
)


@dataclass(frozen=True, eq=False, slots=True)
class Converted:
    """The result of one conversion.

    ``rows``: `ROW_COLUMNS`, one typed `field_column` per readable field, each with one Boolean
    `omitted_column`: true when the field is not written, so that its last value stays; a null
    that is not omitted blanks the field. ``rejected``: see ``rejections.py``.
    """

    rows: pl.DataFrame
    rejected: pl.DataFrame


def field_column(key: str) -> str:
    """The typed column of a custom field. Prefixed: a key may be ``name`` or ``status`` too."""
    return f"custom_fields.{key}"


def omitted_column(key: str) -> str:
    """The Boolean column that is true when a custom field is not written."""
    return f"omitted.{key}"


def decimal_scale(field: CompanyField) -> int:
    """Digits after the point in the typed column of a number.

    It depends on describe only, so that whether a value fits never depends on other values.
    Whole numbers have 38 digits. Others have 18 before the point (Salesforce's maximum) and 20
    after it, more than their ``scale``: Salesforce stores digits beyond the scale that were
    written through the API, and formulas have their own.
    """
    if field.source.type in {"int", "long"}:
        return 0
    whole_digits = max(field.source.precision - field.source.scale, 0)
    return min(max(_FRACTION_DIGITS, field.source.scale), max(DECIMAL_DIGITS - whole_digits, 0))


def polars_type(field: CompanyField) -> pl.DataType:
    """The type of a field's typed column."""
    if field.type is FlyleType.NUMBER:
        return pl.Decimal(DECIMAL_DIGITS, decimal_scale(field))
    return _POLARS_TYPES[field.type]


def typed_schema(fields: Sequence[CompanyField]) -> pl.Schema:
    """The typed frame's columns without the ``omitted`` ones: those shown to people."""
    typed = {field_column(field.key): polars_type(field) for field in readable_fields(fields)}
    return pl.Schema({**ROW_COLUMNS, **typed})
