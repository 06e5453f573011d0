"""The option catalog of select fields: options of describe, of records, and former ones.

An option that Salesforce no longer has stays (inactive) and is never deleted; a record's value
outside the list is added too, so that companies refer only to values of the catalog.
Dependent and record-type lists limit what a person may choose, not what exists: describe's
list is their union, in which one API value may occur several times with different labels.
"""

from collections.abc import Sequence
from typing import Protocol

import polars as pl

from flyle_sf_assets.options.multipicklist import SEPARATOR
from flyle_sf_assets.salesforce.schema.objects import FieldSchema
from flyle_sf_assets.salesforce.schema.picklists import options_of
from flyle_sf_assets.settings.models import FlyleType

OPTION_SCHEMA = pl.Schema(
    {
        "field_key": pl.String(),
        "value": pl.String(),
        "label": pl.String(),
        "position": pl.Int32(),
        "active": pl.Boolean(),
        "described": pl.Boolean(),
    }
)
"""One option of one field. ``position`` counts from 0 within the field."""

_OPTION_KEY = ("field_key", "value")
_SELECT_TYPES = frozenset({FlyleType.SINGLE_SELECT, FlyleType.MULTI_SELECT})


class OptionField(Protocol):
    """What the catalog needs of a mapped field; `companies.fields.CompanyField` has it."""

    @property
    def key(self) -> str:
        """The custom field's key."""

    @property
    def type(self) -> FlyleType:
        """The custom field's type."""

    @property
    def source_path(self) -> str:
        """The enriched frame's column."""

    @property
    def source(self) -> FieldSchema:
        """What describe says of the Salesforce field."""

    @property
    def readable(self) -> bool:
        """Whether describe shows the field to the connected user."""


def followed_fields(fields: Sequence[OptionField]) -> tuple[OptionField, ...]:
    """The select fields whose options describe lists now; of the others nothing is known."""
    return tuple(field for field in fields if field.readable and field.type in _SELECT_TYPES)


def described_options(fields: Sequence[OptionField]) -> pl.DataFrame:
    """`OPTION_SCHEMA`: the options that describe lists, inactive ones included, in its order.

    A value that describe lists several times is one option (`options_of`).
    """
    rows = [
        (field.key, option.value, option.label, position, option.active, True)
        for field in followed_fields(fields)
        for position, option in enumerate(options_of(field.source))
    ]
    options = pl.LazyFrame(rows, schema=OPTION_SCHEMA, orient="row")
    return options.filter(pl.col("value") != "").with_columns(position=_renumbered()).collect()


def met_values(enriched: pl.DataFrame, fields: Sequence[OptionField]) -> pl.DataFrame:
    """`OPTION_SCHEMA`: values that records have and describe does not list.

    Not active, not described, label = value; per field sorted by value, with positions after
    the described ones. ``enriched`` has one text column per field, named by its path.
    """
    parts = [OPTION_SCHEMA.to_frame().lazy()]
    for field in followed_fields(fields):
        described = {option.value for option in options_of(field.source)} - {""}
        parts.append(
            enriched.lazy()
            .select(value=pl.col(field.source_path))
            .unique()
            .select(_values(field))
            .filter(pl.col("value").is_not_null(), pl.col("value") != "")
            .unique()
            .filter(~pl.col("value").is_in(sorted(described)))
            .sort("value")
            .select(
                field_key=pl.lit(field.key),
                value="value",
                label="value",
                position=pl.int_range(pl.len(), dtype=pl.Int32) + len(described),
                active=pl.lit(value=False),
                described=pl.lit(value=False),
            )
        )
    return pl.concat(parts).collect()


def catalog(
    described: pl.DataFrame,
    met: pl.DataFrame,
    held: pl.DataFrame,
    *,
    followed: Sequence[str] = (),
) -> pl.DataFrame:
    """`OPTION_SCHEMA`: the union, which keeps every stored option.

    ``held`` (the stored catalog) has at least ``field_key, value, label, position, active``. Per
    field the described options come first, in their order and with their labels, then other stored
    ones in their stored order, then new values of records by value; the latter two are not active.
    A stored option keeps its label when describe no longer lists it.

    ``followed`` are the keys of the fields that describe listed (`followed_fields`), needed to
    distinguish an empty list from one that could not be read; fields with rows in
    ``described`` or ``met`` are followed anyway. Options of any other field do not change: a
    hidden field is not an empty list.

    >>> columns = {"field_key": pl.String, "value": pl.String, "label": pl.String,
    ...            "position": pl.Int32, "active": pl.Boolean, "described": pl.Boolean}
    >>> described = pl.DataFrame([("rank", "A", "上", 0, True, True)], columns, orient="row")
    >>> held = pl.DataFrame([("rank", "Z", "下", 0, True, True)], columns, orient="row")
    >>> catalog(described, described.clear(), held).select("value", "label", "active").rows()
    [('A', '上', True), ('Z', '下', False)]
    """
    keys = {*followed, *_keys(described), *_keys(met)}
    kept = held.lazy().select(
        "field_key",
        "value",
        "label",
        pl.col("position").cast(pl.Int32),
        "active",
        described=pl.lit(value=False),
    )
    of_followed = pl.col("field_key").is_in(sorted(keys))
    gone = (
        kept.filter(of_followed)
        .sort("field_key", "position")
        .with_columns(active=pl.lit(value=False))
    )
    union = (
        pl.concat([_in_order(described), gone, _in_order(met)])
        .unique(subset=_OPTION_KEY, keep="first", maintain_order=True)
        .with_columns(position=_renumbered())
    )
    untouched = kept.filter(~of_followed)
    return pl.concat([union, untouched]).sort("field_key", "position").collect()


def _in_order(options: pl.DataFrame) -> pl.LazyFrame:
    return options.lazy().sort("field_key", "position")


def _values(field: OptionField) -> pl.Expr:
    text = pl.col("value").str.replace_all("\x00", "", literal=True)
    if field.type is FlyleType.MULTI_SELECT:
        return text.str.split(SEPARATOR).explode()
    return text


def _renumbered() -> pl.Expr:
    return pl.int_range(pl.len(), dtype=pl.Int32).over("field_key")


def _keys(options: pl.DataFrame) -> set[str]:
    return set(options["field_key"].to_list())
