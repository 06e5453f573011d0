"""One canonical text per value, whether it was read by REST or by Bulk 2.0.

REST and Bulk 2.0 write the same value differently (``+0000`` and ``Z``, ``1.0E7`` and
``10000000``, ``5`` and ``5.0``). Record files store text, so that decimals stay exact and a
mapping's type can change without another read; this module makes that text comparable.
"""

from collections.abc import Iterable
from decimal import Decimal

import polars as pl

from flyle_sf_assets.salesforce.schema.objects import FieldSchema

NUMBER_TYPES = frozenset({"int", "long", "double", "currency", "percent"})
PLAIN_NUMBER = r"^-?[0-9]+(\.[0-9]+)?$"
STAMP_TYPE = pl.Datetime("us", "UTC")


def canonical_texts(frame: pl.LazyFrame, columns: Iterable[FieldSchema]) -> pl.LazyFrame:
    """The frame with these columns in canonical text; blank is null.

    boolean ``true``/``false``; numbers plain decimals without exponent or trailing zeros; date
    ``YYYY-MM-DD``; datetime ``YYYY-MM-DDTHH:MM:SS.sssZ``; time ``HH:MM:SS.sssZ``. Text that does
    not match its type is kept unchanged: its conversion then fails with its own reason.
    """
    names, texts, numbers = [], [], []
    for field in columns:
        names.append(field.name)
        text = pl.col(field.name).cast(pl.String)
        if field.type in NUMBER_TYPES:
            # A separate column: an expression that is used twice is computed twice.
            text = text.map_batches(_without_exponents, return_dtype=pl.String, is_elementwise=True)
            numbers.append(field.name)
        elif field.type == "datetime":
            text = text.str.replace(r"\+00:?00$", "Z")
        texts.append(text.alias(field.name))
    plain = frame.with_columns(texts).with_columns(_trimmed(name) for name in numbers)
    return plain.with_columns(pl.when(pl.col(name) != "").then(pl.col(name)) for name in names)


def _trimmed(name: str) -> pl.Expr:
    """A plain number without trailing zeros after the point, and without ``-0``."""
    plain = pl.col(name)
    has_fraction = plain.str.contains(PLAIN_NUMBER) & plain.str.contains(".", literal=True)
    trimmed = (
        pl.when(has_fraction)
        .then(plain.str.strip_chars_end("0").str.strip_chars_end("."))
        .otherwise(plain)
    )
    return pl.when(trimmed == "-0").then(pl.lit("0")).otherwise(trimmed).alias(name)


def _without_exponents(column: pl.Series) -> pl.Series:
    """Exponents occur only in very large or small doubles: these few values use a slow path.

    A double's exponent has at most three digits. A longer one would need too many zeros: the
    text stays unchanged, and its conversion fails.
    """
    written = column.filter(
        column.str.contains(r"^-?[0-9]{1,400}(\.[0-9]{1,400})?[eE][+-]?[0-9]{1,3}$")
    ).unique()
    if written.is_empty():
        return column
    plain = [f"{Decimal(text):f}" for text in written]
    return column.replace(written, pl.Series(plain, dtype=pl.String))


def stamp(column: str = "SystemModstamp") -> pl.Expr:
    """Salesforce's UTC stamp (in either format) as a Datetime in microseconds."""
    text = pl.col(column).cast(pl.String).str.replace(r"(Z|\+00:?00)$", "+0000")
    return text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", time_zone="UTC").alias(
        column
    )


def stamp_of(columns: Iterable[str]) -> pl.Expr:
    """The stamp of an answer with these columns; null for an object that has none."""
    has_stamp = "SystemModstamp" in columns
    return stamp() if has_stamp else pl.lit(None, STAMP_TYPE).alias("SystemModstamp")


def canonical(
    frame: pl.LazyFrame, columns: Iterable[FieldSchema], beside: Iterable[str] = ()
) -> pl.LazyFrame:
    """``Id``, ``SystemModstamp`` (Datetime) and the columns in canonical text, in that order.

    The stamp is null where the object has none. Columns ``beside`` these follow as they are.
    """
    fields = tuple(columns)
    stamped = stamp_of(frame.collect_schema().names())
    return canonical_texts(frame, fields).select(
        pl.col("Id").cast(pl.String), stamped, *[field.name for field in fields], *beside
    )
