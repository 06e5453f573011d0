"""From Salesforce's canonical text to Flyle's types, one polars expression per field.

A text that cannot be converted gives null; `fault` then returns why. Blank text is null already.
"""

from collections.abc import Callable, Mapping
from datetime import MAXYEAR, MINYEAR
from types import MappingProxyType

import polars as pl

from flyle_sf_assets.companies.fields import CompanyField
from flyle_sf_assets.companies.reject_reasons import RejectReason
from flyle_sf_assets.companies.rows import DECIMAL_DIGITS, decimal_scale, polars_type
from flyle_sf_assets.options.multipicklist import SEPARATOR, selected_values
from flyle_sf_assets.salesforce.schema.objects import FieldSchema
from flyle_sf_assets.salesforce.schema.picklists import (
    known_values,
    labels_of,
    labels_under,
)
from flyle_sf_assets.settings.models import FlyleType

RFC_3339_MS = "%Y-%m-%dT%H:%M:%S%.3fZ"
"""Always three digits of a second, so that texts and times have the same order."""

_PLAIN_NUMBER = r"^-?[0-9]+(\.[0-9]+)?$"
_DAY = r"(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-[0-9]{2}-[0-9]{2}"
_DATE = rf"^{_DAY}$"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{3})?"
_DATETIME = rf"^{_DAY}T{_CLOCK}Z$"
_TIME = rf"^{_CLOCK}Z?$"
_LABEL_JOIN = "; "

Cast = Callable[[pl.Expr, CompanyField, str], pl.Expr]


def cleaned_text(column: str, source_type: str) -> pl.Expr:
    """The text without NUL characters (PostgreSQL's jsonb refuses them); null when then empty."""
    text = pl.col(column).str.replace_all("\x00", "", literal=True)
    content = text.str.strip_chars(SEPARATOR) if source_type == "multipicklist" else text
    return pl.when(content != "").then(text)


def cast(
    text: pl.Expr, field: CompanyField, time_zone: str, controlling: pl.Expr | None = None
) -> pl.Expr:
    """The value of ``text`` as ``field.type`` (`polars_type`); null when it cannot be converted.

    ``time_zone`` (IANA name) is where a datetime becomes a date. ``controlling`` is the text of
    the controlling field where ``field.controller`` is set.
    """
    if field.controller is not None and controlling is not None:
        return _label_under(text, field, field.controller, controlling)
    by_source = _CASTS[field.type]
    chosen = by_source.get(field.source.type, by_source["*"])
    return chosen(text, field, time_zone).cast(polars_type(field))


def fault(text: pl.Expr, field: CompanyField) -> pl.Expr:
    """Why `cast` gave null for this text: a `RejectReason` as text."""
    if field.type is FlyleType.NUMBER:
        return (
            pl.when(text.str.contains(_PLAIN_NUMBER))
            .then(pl.lit(str(RejectReason.TOO_MANY_DIGITS)))
            .otherwise(pl.lit(str(RejectReason.NOT_A_NUMBER)))
        )
    if field.source.type == "datetime":
        return (
            pl.when(_instant(text).is_not_null())
            .then(pl.lit(str(RejectReason.DATE_OUT_OF_RANGE)))
            .otherwise(pl.lit(str(RejectReason.NOT_A_DATETIME)))
        )
    reasons = {"date": RejectReason.NOT_A_DATE, "time": RejectReason.NOT_A_TIME}
    return pl.lit(str(reasons.get(field.source.type, RejectReason.NOT_A_BOOLEAN)))


def _as_it_is(text: pl.Expr, _field: CompanyField, _time_zone: str) -> pl.Expr:
    return text


def _number(text: pl.Expr, field: CompanyField, _time_zone: str) -> pl.Expr:
    """Exact or null. The cast rounds silently: the digits are counted before it."""
    scale = decimal_scale(field)
    exact = rf"^-?0*[0-9]{{1,{DECIMAL_DIGITS - scale}}}(\.[0-9]{{0,{scale}}}0*)?$"
    return (
        pl.when(text.str.contains(_PLAIN_NUMBER) & text.str.contains(exact))
        .then(text)
        .cast(pl.Decimal(DECIMAL_DIGITS, scale), strict=False)
    )


def _date(text: pl.Expr, _field: CompanyField, _time_zone: str) -> pl.Expr:
    return pl.when(text.str.contains(_DATE)).then(text).str.to_date("%Y-%m-%d", strict=False)


def _instant(text: pl.Expr) -> pl.Expr:
    """The pattern is checked first: the parser accepts 23:59:60, and years of any length."""
    return (
        pl.when(text.str.contains(_DATETIME))
        .then(text)
        .str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", strict=False)
        .dt.replace_time_zone("UTC")
    )


def _datetime(text: pl.Expr, _field: CompanyField, _time_zone: str) -> pl.Expr:
    return _instant(text)


def _local_date(text: pl.Expr, _field: CompanyField, time_zone: str) -> pl.Expr:
    """The day in the tenant's zone. The zone tables end in 2100: later DST is unknown."""
    local = _instant(text).dt.convert_time_zone(time_zone)
    return pl.when(local.dt.year().is_between(MINYEAR, MAXYEAR)).then(local.dt.date())


def _datetime_text(text: pl.Expr, _field: CompanyField, _time_zone: str) -> pl.Expr:
    return _instant(text).dt.strftime(RFC_3339_MS)


def _time_text(text: pl.Expr, _field: CompanyField, _time_zone: str) -> pl.Expr:
    return pl.when(text.str.contains(_TIME)).then(text.str.slice(0, len("HH:MM:SS")))


def _checkbox(text: pl.Expr, _field: CompanyField, _time_zone: str) -> pl.Expr:
    return pl.when(text.is_in(["true", "false"])).then(text == "true")


def _boolean_text(text: pl.Expr, _field: CompanyField, _time_zone: str) -> pl.Expr:
    return pl.when(text.is_in(["true", "false"])).then(text)


def _label_text(text: pl.Expr, field: CompanyField, _time_zone: str) -> pl.Expr:
    return text.replace(_labels(field))


def _multi_select(text: pl.Expr, field: CompanyField, _time_zone: str) -> pl.Expr:
    return selected_values(text, known_values(field.source))


def _joined_labels(text: pl.Expr, field: CompanyField, time_zone: str) -> pl.Expr:
    labels = _labels(field)
    values = _multi_select(text, field, time_zone)
    return values.list.eval(pl.element().replace(labels)).list.join(_LABEL_JOIN)


def _labels(field: CompanyField) -> dict[str, str]:
    """API value to label; a value that describe never listed, or without a label, is its own label.

    So is a value with several labels, because the right one is not known here.
    """
    labels = labels_of(field.source)
    return {value: some[0] if len(some) == 1 else value for value, some in labels.items()}


def _label_under(
    text: pl.Expr, field: CompanyField, controller: FieldSchema, controlling: pl.Expr
) -> pl.Expr:
    """The labels of values with several labels, by the controlling field's value."""
    under = labels_under(field.source, controller)
    if field.source.type == "multipicklist":
        return _joined_labels_under(text, field, controlling, under)
    pairs = {f"{one}\x00{value}": label for one in under for value, label in under[one].items()}
    pair = pl.concat_str(controlling, text, separator="\x00")
    found = pair.replace_strict(pairs, default=None, return_dtype=pl.String)
    return pl.coalesce(found, text.replace(_labels(field)))


def _joined_labels_under(
    text: pl.Expr,
    field: CompanyField,
    controlling: pl.Expr,
    under: Mapping[str, Mapping[str, str]],
) -> pl.Expr:
    labels, values = _labels(field), _multi_select(text, field, "")
    joined = values.list.eval(pl.element().replace(labels)).list.join(_LABEL_JOIN)
    for one, here in under.items():
        element = pl.element().replace({**labels, **here})
        joined = (
            pl.when(controlling == one)
            .then(values.list.eval(element).list.join(_LABEL_JOIN))
            .otherwise(joined)
        )
    return joined


_CASTS: Mapping[FlyleType, Mapping[str, Cast]] = MappingProxyType(
    {
        FlyleType.NUMBER: {"*": _number},
        FlyleType.DATE: {"datetime": _local_date, "*": _date},
        FlyleType.DATETIME: {"*": _datetime},
        FlyleType.CHECKBOX: {"*": _checkbox},
        FlyleType.SINGLE_SELECT: {"*": _as_it_is},
        FlyleType.MULTI_SELECT: {"*": _multi_select},
        FlyleType.URL: {"*": _as_it_is},
        FlyleType.TEXT: {
            "datetime": _datetime_text,
            "time": _time_text,
            "boolean": _boolean_text,
            "picklist": _label_text,
            "multipicklist": _joined_labels,
            "*": _as_it_is,
        },
    }
)
