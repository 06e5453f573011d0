"""The type table: which Salesforce field type may be mapped to which Flyle type.

The first Flyle type of a row is the default. A calculated (formula) field has in describe
the type of its result, so that the same row applies; a rich text area is a ``textarea``
whose HTML is not changed. Field types: Object Reference, "Field Types".
"""

from collections.abc import Mapping
from types import MappingProxyType

from flyle_sf_assets.errors import Text
from flyle_sf_assets.salesforce.schema.objects import FieldSchema
from flyle_sf_assets.settings.models import FlyleType

_TEXT_ONLY = (FlyleType.TEXT,)
_NUMBER = (FlyleType.NUMBER, FlyleType.TEXT)

TYPE_TABLE: Mapping[str, tuple[FlyleType, ...]] = MappingProxyType(
    {
        "string": _TEXT_ONLY,
        "textarea": _TEXT_ONLY,
        "email": _TEXT_ONLY,
        "phone": _TEXT_ONLY,
        "combobox": _TEXT_ONLY,
        "id": _TEXT_ONLY,
        "reference": _TEXT_ONLY,
        "time": _TEXT_ONLY,
        "encryptedstring": _TEXT_ONLY,
        "url": (FlyleType.URL, FlyleType.TEXT),
        "picklist": (FlyleType.SINGLE_SELECT, FlyleType.TEXT),
        "multipicklist": (FlyleType.MULTI_SELECT, FlyleType.TEXT),
        "boolean": (FlyleType.CHECKBOX, FlyleType.TEXT),
        "int": _NUMBER,
        "long": _NUMBER,
        "double": _NUMBER,
        "currency": _NUMBER,
        "percent": _NUMBER,
        "date": (FlyleType.DATE, FlyleType.TEXT),
        "datetime": (FlyleType.DATETIME, FlyleType.DATE, FlyleType.TEXT),
    }
)
"""Salesforce's type name to the Flyle types that it may become, the default first."""

_COMPOUND_REASONS: Mapping[str, Text] = MappingProxyType(
    {
        "address": Text(
            "住所(複合項目)は一つの値ではないため選択できません。市区郡や郵便番号などの各項目を選択してください",
            "A compound address is not one value. Map its parts, such as city or postal code",
        ),
        "location": Text(
            "地理位置情報(複合項目)は一つの値ではないため選択できません。緯度・経度の各項目を選択してください",
            "A compound geolocation is not one value. Map its latitude and longitude fields",
        ),
        "base64": Text(
            "ファイルの内容(base64)は企業情報に取り込めません",
            "File contents (base64) cannot become a company's value",
        ),
    }
)


def allowed_types(field: FieldSchema) -> tuple[FlyleType, ...]:
    """The Flyle types that this field may be mapped to, the default first.

    Empty when the field cannot be mapped at all: compound, binary and free-form types, and any
    type that Salesforce adds later.
    """
    return TYPE_TABLE.get(field.type, ())


def default_type(field: FieldSchema) -> FlyleType | None:
    """The type of a mapping without ``type``, or None when the field is not supported."""
    return next(iter(allowed_types(field)), None)


def unsupported_reason(field: FieldSchema) -> Text:
    """Why a field without allowed types cannot be mapped, in a sentence for people."""
    return _COMPOUND_REASONS.get(
        field.type,
        Text(
            f"型「{field.type}」の項目はFlyleのどの型にも変換できないため選択できません",
            f"A field of type {field.type} cannot be converted to any type of Flyle",
        ),
    )
