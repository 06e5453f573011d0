"""From enriched records to typed company rows, with every value that failed set aside.

Salesforce wins for what can be written; a value that fails keeps the field's last good value,
and the rest of its row goes on. Only a bad id, an empty name or an unsound status rejects a row.

What does not belong here: each type's conversion (``casts.py``), the rules on converted values
(``validation.py``) and the text for the store (``document.py``).
"""

from collections.abc import Sequence

import polars as pl

from flyle_sf_assets.companies.casts import cast, cleaned_text, fault
from flyle_sf_assets.companies.fields import CompanyField, readable_fields
from flyle_sf_assets.companies.rejections import (
    RejectReason,
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
from flyle_sf_assets.companies.validation import Failure, company_schema, failures

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
    _ambiguous`` and one text column per readable field, named by its path. ``time_zone`` is the
    tenant's (IANA name). ``catalog``: the options that companies may refer to (``field_key,
    value``). ``retyped``: keys of fields whose mapping's type changed; these are written in
    frozen rows too, and what cannot be converted becomes null, because the last good value is
    of another type.
    """
    fields = readable_fields(fields)
    work = _texts_and_values(enriched, fields, time_zone, retyped)
    faults = failures(work.select(list(typed_schema(fields))), company_schema(fields, catalog))
    row_faults = [found for found in faults if found.column in ROW_COLUMNS]
    sound = _none_of(row_faults, work.height)
    parts = [rejected_rows(work.filter(f.failing), pl.col(f.column), f.reason) for f in row_faults]
    for field in fields:
        column = field_column(field.key)
        of_field = [found for found in faults if found.column == column]
        parts += _rejections(work, field, of_field, sound)
        work = _set_aside(work, field, of_field, retyped)
    rows = work.filter(sound).select(
        *ROW_COLUMNS,
        *[field_column(field.key) for field in fields],
        *[omitted_column(field.key) for field in fields],
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
    )
    return texts.with_columns(
        pl.when(_is_written(field, retyped) & ~pl.col(_several(field)))
        .then(cast(pl.col(_text(field)), field, time_zone))
        .alias(field_column(field.key))
        for field in fields
    )


def _rejections(
    work: pl.DataFrame, field: CompanyField, faults: Sequence[Failure], sound: pl.Series
) -> list[pl.DataFrame]:
    """The rejected values of one field, in sound and linked rows only."""
    text = pl.col(_text(field))
    judged = work.with_columns(_sound=sound).filter(pl.col("_sound") & _IS_LINKED)
    several = judged.filter(pl.col(_several(field)))
    parts = [rejected_values(several, field, text, RejectReason.SEVERAL_RECORDS)]
    unconverted = judged.filter(
        ~pl.col(_several(field)) & text.is_not_null() & pl.col(field_column(field.key)).is_null()
    ).with_columns(_reason=fault(text, field))
    parts += [
        rejected_values(group, field, text, RejectReason(reason))
        for (reason,), group in unconverted.group_by("_reason", maintain_order=True)
    ]
    for found in faults:
        failing = work.filter(found.failing & sound).filter(_IS_LINKED)
        parts.append(rejected_values(failing, field, text, found.reason))
    return parts


def _set_aside(
    work: pl.DataFrame, field: CompanyField, faults: Sequence[Failure], retyped: frozenset[str]
) -> pl.DataFrame:
    """The failing values of one field taken out, and the column that tells where to omit it."""
    column, text = field_column(field.key), pl.col(_text(field))
    valid = _none_of(faults, work.height)
    value = pl.when(pl.lit(valid)).then(pl.col(column))
    if field.key in retyped:
        omitted = pl.lit(value=False)
    elif field.when_blank == "keep":
        omitted = value.is_null()
    else:
        omitted = value.is_null() & (
            text.is_not_null() | pl.col(_several(field)) | ~_is_written(field, retyped)
        )
    return work.with_columns(value.alias(column), omitted.alias(omitted_column(field.key)))


def _none_of(faults: Sequence[Failure], height: int) -> pl.Series:
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


def _several(field: CompanyField) -> str:
    return f"several.{field.key}"
