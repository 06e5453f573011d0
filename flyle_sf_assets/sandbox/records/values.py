"""Values on the wire: every stored value is Salesforce's own text for it, or None.

``2024-01-01T00:00:00.000Z``, ``1234567890123456.78``, ``true``: the text that a Bulk CSV
contains, so that a result of a million rows is written without reading a single value.
Numbers never pass through a float. Source: SOAP API Developer Guide, "Primitive Data Types".
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext

from flyle_sf_assets.sandbox.clock import wire_datetime
from flyle_sf_assets.sandbox.metadata import DECIMAL_TYPES, NUMERIC_TYPES, Field
from flyle_sf_assets.sandbox.records.identifiers import canonical
from flyle_sf_assets.sandbox.refusals import Refusal


def to_wire(field: Field, value: object) -> str | None:
    """The stored text of a Python value; blank text is None, as in Salesforce.

    Refusal (as a write would get it) when the field cannot hold the value.
    """
    if field.type == "boolean":
        return "true" if value in (True, "true", "True") else "false"
    if value is None or (isinstance(value, str) and not value):
        return None
    return _WRITERS.get(field.type, _plain_text)(field, value)


def from_wire(field: Field, text: str | None) -> object:
    """The Python value of a stored text: Decimal, bool, date, datetime (UTC), time or str."""
    if text is None:
        return None
    return _READERS.get(field.type, str)(text)


def number_text(field: Field, value: object) -> str:
    """Exact decimal digits, rounded half up to the field's scale; ``5.0`` for a whole double."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise _malformed(field, value) from None
    scale = field.scale if field.type in DECIMAL_TYPES else 0
    with localcontext() as context:
        context.prec = 60
        number = number.quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_UP)
        whole_digits = len(str(abs(int(number)))) if int(number) else 0
    if field.precision and whole_digits > field.precision - scale:
        raise Refusal(
            "NUMBER_OUTSIDE_VALID_RANGE",
            f"{field.label}: value outside of valid range on numeric field: {number}",
            fields=(field.name,),
        )
    if field.type not in DECIMAL_TYPES:
        return str(int(number))
    text = format(number, "f")
    if "." not in text:
        text += ".0"
    text = text.rstrip("0")
    text = text + "0" if text.endswith(".") else text
    return "0.0" if text == "-0.0" else text


def _malformed(field: Field, value: object) -> Refusal:
    return Refusal(
        "INVALID_TYPE_ON_FIELD_IN_RECORD",
        f"{field.label}: value not of required type: {value}",
        fields=(field.name,),
    )


def _date_text(field: Field, value: object) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return f"{value.year:04d}-{value.month:02d}-{value.day:02d}"
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise _malformed(field, value) from None


def _datetime_text(field: Field, value: object) -> str:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise _malformed(field, value) from None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise _malformed(field, value)
    return wire_datetime(value)


def _id_text(field: Field, value: object) -> str:
    text = canonical(str(value))
    if text is None:
        raise Refusal(
            "MALFORMED_ID",
            f"{field.label}: id value of incorrect type: {value}",
            fields=(field.name,),
        )
    return text


def _option_text(field: Field, text: str) -> str:
    position = field.picklist_position.get(text.lower())
    if field.restricted and (position is None or not field.picklist[position].active):
        raise _bad_option(field, text)
    return field.picklist[position].value if position is not None else text


def _options_text(field: Field, value: object) -> str | None:
    parts = value.split(";") if isinstance(value, str) else _strings(value)
    texts = {_option_text(field, part.strip()) for part in parts if part.strip()}
    last = len(field.picklist)
    ordered = sorted(texts, key=lambda t: (field.picklist_position.get(t.lower(), last), t))
    return ";".join(ordered) or None


def _strings(value: object) -> list[str]:
    if not isinstance(value, Iterable):
        raise TypeError("a multi-select value is text or a collection of texts")
    return [str(part) for part in value]


def _bad_option(field: Field, text: str) -> Refusal:
    return Refusal(
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        f"{field.label}: bad value for restricted picklist field: {text}",
        fields=(field.name,),
    )


def _plain_text(field: Field, value: object) -> str:
    text = str(value)
    if field.length and len(text) > field.length:
        raise Refusal(
            "STRING_TOO_LONG",
            f"{field.label}: data value too large: {text[:40]} (max length={field.length})",
            fields=(field.name,),
        )
    return text


def _time_text(_field: Field, value: object) -> str:
    return value.strftime("%H:%M:%S.000Z") if isinstance(value, time) else str(value)


_WRITERS: dict[str, Callable[[Field, object], str | None]] = {
    **dict.fromkeys(NUMERIC_TYPES, number_text),
    "date": _date_text,
    "datetime": _datetime_text,
    "time": _time_text,
    "id": _id_text,
    "reference": _id_text,
    "picklist": lambda field, value: _option_text(field, str(value)),
    "multipicklist": _options_text,
}
_READERS: dict[str, Callable[[str], object]] = {
    **dict.fromkeys(NUMERIC_TYPES, Decimal),
    "boolean": lambda text: text == "true",
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": lambda text: time.fromisoformat(text.removesuffix("Z")),
}
