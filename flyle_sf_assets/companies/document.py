"""Typed rows as the store's input: one JSON document of custom fields, and a content hash.

The JSON is written here, member by member, because each row may omit other members, and because
polars' own encoder writes decimals as text.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import polars as pl
import polars_hash as plh

from flyle_sf_assets.companies.casts import RFC_3339_MS
from flyle_sf_assets.companies.fields import CompanyField, readable_fields
from flyle_sf_assets.companies.rows import (
    EXTERNAL_ID,
    MERGED_INTO,
    NAME,
    SOURCE_MODIFIED_AT,
    STATUS,
    STATUS_REASON,
    decimal_scale,
    field_column,
    omitted_column,
)
from flyle_sf_assets.companies.status import CompanyStatus
from flyle_sf_assets.settings.models import FlyleType

CUSTOM_FIELDS = "custom_fields"
CONTENT_HASH = "content_hash"

HASH_VERSION = 1
"""Increased when the hash of unchanged content would change; stored with the hash."""

DOCUMENT_SCHEMA = pl.Schema(
    {
        EXTERNAL_ID: pl.String(),
        NAME: pl.String(),
        CUSTOM_FIELDS: pl.String(),
        STATUS: pl.String(),
        STATUS_REASON: pl.String(),
        MERGED_INTO: pl.String(),
        SOURCE_MODIFIED_AT: pl.Datetime("us", "UTC"),
        CONTENT_HASH: pl.Int64(),
    }
)

_ESCAPES = {
    "\\": "\\\\",
    '"': '\\"',
    **{chr(code): f"\\u{code:04x}" for code in range(0x20)},
}
_ESCAPED, _ESCAPES_TO = list(_ESCAPES), list(_ESCAPES.values())
_NOTHING = "\x01"
"""Represents null in the hashed text, where "" would mean an empty value."""


def documents(rows: pl.DataFrame, fields: Sequence[CompanyField]) -> pl.DataFrame:
    """`DOCUMENT_SCHEMA`: one row per row of ``rows`` (`Converted.rows`), in the same order.

    ``custom_fields`` is a JSON object (text) with only the members to write, sorted by key;
    null for a row whose values are frozen. ``content_hash`` covers name, status columns and
    ``custom_fields``: it only filters, equal content has equal hashes.
    """
    sorted_fields = sorted(readable_fields(fields), key=lambda field: field.key)
    is_whole = bool(sorted_fields) and not _is_any_omitted(rows, sorted_fields)
    written = rows.select(
        EXTERNAL_ID,
        NAME,
        (_whole_object(sorted_fields) if is_whole else _members(sorted_fields)).alias(
            CUSTOM_FIELDS
        ),
        STATUS,
        STATUS_REASON,
        MERGED_INTO,
        SOURCE_MODIFIED_AT,
    )
    # Separate steps: an expression that is used twice in one step is computed twice.
    if not is_whole:
        written = written.with_columns(_object().alias(CUSTOM_FIELDS))
    return written.with_columns(_content_hash().alias(CONTENT_HASH))


def _is_any_omitted(rows: pl.DataFrame, fields: Sequence[CompanyField]) -> bool:
    """Whether any row omits a member, as frozen ones and rejected values do."""
    omitted = [pl.col(omitted_column(field.key)).any() for field in fields]
    return bool(rows.select(pl.any_horizontal(omitted)).item())


def _whole_object(fields: Sequence[CompanyField]) -> pl.Expr:
    """The object with every member, joined at once: without a text per member."""
    parts = [pl.lit("{")]
    for field in fields:
        parts += [pl.lit(f'"{field.key}":'), _value(field), pl.lit(",")]
    return pl.concat_str(*parts[:-1], pl.lit("}"))


def _members(fields: Sequence[CompanyField]) -> pl.Expr:
    """The members of the object, joined; empty when all are omitted."""
    members = [_member(field) for field in fields]
    return pl.concat_str(members, separator=",", ignore_nulls=True) if members else pl.lit("")


def _object() -> pl.Expr:
    """The object; null when the row is frozen and has no member to write."""
    members = pl.col(CUSTOM_FIELDS)
    is_written = (pl.col(STATUS) == str(CompanyStatus.LINKED)) | (members != "")
    return pl.when(is_written).then(pl.concat_str(pl.lit("{"), members, pl.lit("}")))


def _member(field: CompanyField) -> pl.Expr:
    """``"key":value``; null when the field is omitted."""
    member = pl.concat_str(pl.lit(f'"{field.key}":'), _value(field))
    return pl.when(~pl.col(omitted_column(field.key))).then(member)


def _value(field: CompanyField) -> pl.Expr:
    """The JSON of the field's value; never null."""
    return _JSON_OF[field.type](pl.col(field_column(field.key)), field).fill_null("null")


def _number(value: pl.Expr, field: CompanyField) -> pl.Expr:
    """The exact decimal, without trailing zeros of the column's scale."""
    text = value.cast(pl.String)
    if decimal_scale(field) == 0:
        return text
    return text.str.strip_chars_end("0").str.strip_chars_end(".")


def _string(value: pl.Expr, _field: CompanyField) -> pl.Expr:
    return _quoted(value)


def _quoted(value: pl.Expr) -> pl.Expr:
    escaped = value.str.replace_many(_ESCAPED, _ESCAPES_TO)
    return pl.concat_str(pl.lit('"'), escaped, pl.lit('"'))


def _array(value: pl.Expr, _field: CompanyField) -> pl.Expr:
    joined = value.list.eval(_quoted(pl.element())).list.join(",")
    return pl.concat_str(pl.lit("["), joined, pl.lit("]"))


def _boolean(value: pl.Expr, _field: CompanyField) -> pl.Expr:
    return pl.when(value).then(pl.lit("true")).when(~value).then(pl.lit("false"))


def _date(value: pl.Expr, _field: CompanyField) -> pl.Expr:
    return value.dt.strftime('"%Y-%m-%d"')


def _datetime(value: pl.Expr, _field: CompanyField) -> pl.Expr:
    return value.dt.strftime(f'"{RFC_3339_MS}"')


_JSON_OF: Mapping[FlyleType, Callable[[pl.Expr, CompanyField], pl.Expr]] = MappingProxyType(
    {
        FlyleType.TEXT: _string,
        FlyleType.URL: _string,
        FlyleType.SINGLE_SELECT: _string,
        FlyleType.MULTI_SELECT: _array,
        FlyleType.CHECKBOX: _boolean,
        FlyleType.NUMBER: _number,
        FlyleType.DATE: _date,
        FlyleType.DATETIME: _datetime,
    }
)


def _content_hash() -> pl.Expr:
    """XXH3 of the columns, joined by separators that occur in none of them."""
    columns = (NAME, STATUS, STATUS_REASON, MERGED_INTO, CUSTOM_FIELDS)
    content = plh.concat_str(
        *[pl.col(column).fill_null(_NOTHING) for column in columns], separator="\x00"
    )
    return content.nchash.xxh3_64().reinterpret(signed=True)
