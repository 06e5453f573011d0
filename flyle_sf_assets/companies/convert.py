"""From enriched records to typed company rows; failed values are rejected separately.

Salesforce's valid values overwrite; for a value that fails the field keeps its last good value,
and the rest of its row is written. Only an invalid id, an empty name or an invalid status
rejects a row.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from flyle_sf_assets.companies.casts import cast, cleaned_text, fault
from flyle_sf_assets.companies.fields import CompanyField, readable_fields
from flyle_sf_assets.companies.reject_reasons import RejectReason
from flyle_sf_assets.companies.rejections import (
    all_rejected,
    rejected_rows,
    rejected_values,
)
from flyle_sf_assets.companies.rows import (
    EXTERNAL_ID,
    MERGED_INTO,
    NAME,
    ROW_COLUMNS,
    SOURCE_MODIFIED_AT,
    STATUS,
    STATUS_REASON,
    Converted,
    field_column,
    omitted_column,
    typed_schema,
)
from flyle_sf_assets.companies.status import CompanyStatus
from flyle_sf_assets.enriched.join import controller_column

if TYPE_CHECKING:
    from flyle_sf_assets.companies.validation import Failure

FieldFaults = Sequence[tuple[CompanyField, Sequence["Failure"]]]
"""Every field with the checks that its values failed."""

_IS_LINKED = (pl.col(STATUS) == str(CompanyStatus.LINKED)).fill_null(value=False)


def convert(
    enriched: pl.DataFrame,
    fields: Sequence[CompanyField],
    *,
    time_zone: str,
    catalog: pl.DataFrame,
    retyped: frozenset[str] = frozenset(),
) -> Converted:
    """Typed rows and rejections of the enriched frame.

    ``enriched``: ``Id, Name, SystemModstamp, _status, _status_reason, _merged_into,
    _ambiguous``, one text column per readable field, named by its path, and one per controlling
    field (`controller_column`). ``time_zone`` is the tenant's (IANA name). ``catalog``: the
    options that companies may refer to (``field_key, value``). ``retyped``: keys of fields whose
    mapping's type changed; these are written in frozen rows too, and what cannot be converted
    becomes null, because the last good value is of another type.

    Nothing is raised for a value: one that cannot be converted is a row of ``rejected`` with its
    reason, and its field is omitted, so that the last good value stays.

    >>> from datetime import UTC, datetime
    >>> from flyle_sf_assets.salesforce.schema.objects import FieldSchema
    >>> from flyle_sf_assets.settings.models import FlyleType
    >>> revenue = FieldSchema("Revenue__c", "Revenue", "currency", precision=18, scale=2)
    >>> field = CompanyField("revenue", "Revenue", FlyleType.NUMBER, "Revenue__c", revenue, "blank")
    >>> one = pl.DataFrame({
    ...     "Id": ["001000000000001AAA"], "Name": ["Acme"],
    ...     "SystemModstamp": [datetime(2026, 1, 1, tzinfo=UTC)],
    ...     "_status": ["linked"], "_status_reason": [None], "_merged_into": [None],
    ...     "_ambiguous": [[]], "Revenue__c": ["1.10"],
    ... }, schema_overrides={"_status_reason": pl.String, "_merged_into": pl.String,
    ...                     "_ambiguous": pl.List(pl.String)})
    >>> options = pl.DataFrame(schema={"field_key": pl.String, "value": pl.String})
    >>> made = convert(one, [field], time_zone="Asia/Tokyo", catalog=options)
    >>> made.rows["custom_fields.revenue"].item().normalize(), made.rejected.height
    (Decimal('1.1'), 0)
    """
    # pandera is loaded with the first frame: the code location and an idle check have none.
    from flyle_sf_assets.companies.validation import company_schema, failures  # noqa: PLC0415

    fields = readable_fields(fields)
    work = _texts_and_values(enriched, fields, time_zone, retyped)
    faults = failures(work.select(list(typed_schema(fields))), company_schema(fields, catalog))
    row_faults = [found for found in faults if found.column in ROW_COLUMNS]
    sound = _none_of(row_faults, work.height)
    parts = [rejected_rows(work.filter(f.failing), pl.col(f.column), f.reason) for f in row_faults]
    by_field = [
        (field, [found for found in faults if found.column == field_column(field.key)])
        for field in fields
    ]
    parts += _rejections(work, by_field, sound)
    rows = (
        _set_aside(work, by_field, retyped)
        .filter(sound)
        .select(
            *ROW_COLUMNS,
            *[field_column(field.key) for field in fields],
            *[omitted_column(field.key) for field in fields],
        )
    )
    return Converted(rows=rows, rejected=all_rejected(parts))


def _texts_and_values(
    enriched: pl.DataFrame,
    fields: Sequence[CompanyField],
    time_zone: str,
    retyped: frozenset[str],
) -> pl.DataFrame:
    """`ROW_COLUMNS`, and per field: text, whether several records have it, value."""
    any_ambiguous = bool((enriched["_ambiguous"].list.len() > 0).any())
    texts = enriched.select(
        pl.col("Id").alias(EXTERNAL_ID),
        pl.col("Name").str.replace_all("\x00", "", literal=True).alias(NAME),
        pl.col("_status").alias(STATUS),
        pl.col("_status_reason").alias(STATUS_REASON),
        pl.col("_merged_into").alias(MERGED_INTO),
        pl.col("SystemModstamp").alias(SOURCE_MODIFIED_AT),
        *[
            cleaned_text(field.source_path, field.source.type).alias(_text(field))
            for field in fields
        ],
        *[
            _is_ambiguous(field, any_ambiguous=any_ambiguous).alias(_several(field))
            for field in fields
        ],
        *[
            pl.col(controller_column(field.source_path)).alias(_controlling(field))
            for field in fields
            if field.controller
        ],
    )
    return texts.with_columns(
        pl.when(_is_written(field, retyped) & ~pl.col(_several(field)))
        .then(cast(pl.col(_text(field)), field, time_zone, pl.col(_controlling(field))))
        .alias(field_column(field.key))
        for field in fields
    )


def _rejections(work: pl.DataFrame, faults: FieldFaults, sound: pl.Series) -> list[pl.DataFrame]:
    """The rejected values of every field, only in valid linked rows."""
    linked = work.filter(sound).filter(_IS_LINKED)
    # Most values are valid: one query finds the fields with invalid ones.
    found = linked.select(
        *[pl.col(_several(field)).any() for field, _ in faults],
        *[_is_unconverted(field).any().alias(_text(field)) for field, _ in faults],
    )
    is_any = found.row(0, named=True) if faults else {}
    parts = []
    for field, of_field in faults:
        text = pl.col(_text(field))
        if is_any[_several(field)]:
            several = linked.filter(pl.col(_several(field)))
            parts.append(rejected_values(several, field, text, RejectReason.SEVERAL_RECORDS))
        if is_any[_text(field)]:
            parts += _unconverted(linked.filter(_is_unconverted(field)), field)
        for one in of_field:
            failing = work.filter(one.failing & sound).filter(_IS_LINKED)
            parts.append(rejected_values(failing, field, text, one.reason))
    return parts


def _is_unconverted(field: CompanyField) -> pl.Expr:
    """Whether there is a text, of only one record, that gave no value."""
    has_text = ~pl.col(_several(field)) & pl.col(_text(field)).is_not_null()
    return has_text & pl.col(field_column(field.key)).is_null()


def _unconverted(rows: pl.DataFrame, field: CompanyField) -> list[pl.DataFrame]:
    text = pl.col(_text(field))
    groups = rows.with_columns(_reason=fault(text, field)).group_by("_reason", maintain_order=True)
    return [
        rejected_values(group, field, text, RejectReason(reason)) for (reason,), group in groups
    ]


def _set_aside(work: pl.DataFrame, faults: FieldFaults, retyped: frozenset[str]) -> pl.DataFrame:
    """Without the failing values, and per field with the column of the rows that omit it."""
    valid = [
        pl.when(pl.lit(_none_of(found, work.height)))
        .then(pl.col(field_column(field.key)))
        .alias(field_column(field.key))
        for field, found in faults
        if found
    ]
    return work.with_columns(valid).with_columns(
        _is_omitted(field, retyped).alias(omitted_column(field.key)) for field, _ in faults
    )


def _is_omitted(field: CompanyField, retyped: frozenset[str]) -> pl.Expr:
    if field.key in retyped:
        return pl.lit(value=False)
    is_blank = pl.col(field_column(field.key)).is_null()
    if field.when_blank == "keep":
        return is_blank
    has_text = pl.col(_text(field)).is_not_null() | pl.col(_several(field))
    return is_blank & (has_text | ~_is_written(field, retyped))


def _none_of(faults: "Sequence[Failure]", height: int) -> pl.Series:
    sound = pl.repeat(value=True, n=height, dtype=pl.Boolean, eager=True)
    for found in faults:
        sound &= ~found.failing
    return sound


def _is_written(field: CompanyField, retyped: frozenset[str]) -> pl.Expr:
    return pl.lit(value=True) if field.key in retyped else _IS_LINKED


def _is_ambiguous(field: CompanyField, *, any_ambiguous: bool) -> pl.Expr:
    if not any_ambiguous:
        return pl.lit(value=False)
    return pl.col("_ambiguous").list.contains(field.source_path).fill_null(value=False)


def _text(field: CompanyField) -> str:
    return f"text.{field.key}"


def _controlling(field: CompanyField) -> str:
    return f"controlling.{field.key}"


def _several(field: CompanyField) -> str:
    return f"several.{field.key}"
