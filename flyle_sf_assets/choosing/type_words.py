"""The types of Flyle and of Salesforce, and the base objects, as people know them."""

from collections.abc import Mapping

from flyle_sf_assets.errors import Text
from flyle_sf_assets.salesforce.schema.objects import FieldSchema

FLYLE_TYPES: Mapping[str, Text] = {
    "text": Text("テキスト", "Text"),
    "url": Text("URL", "URL"),
    "single_select": Text("単一選択", "Single select"),
    "multi_select": Text("複数選択", "Multi select"),
    "checkbox": Text("チェックボックス", "Checkbox"),
    "number": Text("数値", "Number"),
    "date": Text("日付", "Date"),
    "datetime": Text("日時", "Date and time"),
}

OBJECTS: Mapping[str, Text] = {
    "Account": Text("取引先", "Account"),
    "Opportunity": Text("商談", "Opportunity"),
}

_SALESFORCE_TYPES: Mapping[str, Text] = {
    "id": Text("ID", "Id"),
    "string": Text("テキスト", "Text"),
    "textarea": Text("テキストエリア", "Text area"),
    "encryptedstring": Text("テキスト(暗号化)", "Encrypted text"),
    "email": Text("メール", "Email"),
    "phone": Text("電話", "Phone"),
    "url": Text("URL", "URL"),
    "picklist": Text("選択リスト", "Picklist"),
    "multipicklist": Text("複数選択リスト", "Multi-select picklist"),
    "combobox": Text("コンボボックス", "Combo box"),
    "boolean": Text("チェックボックス", "Checkbox"),
    "int": Text("数値", "Number"),
    "long": Text("数値", "Number"),
    "double": Text("数値", "Number"),
    "currency": Text("通貨", "Currency"),
    "percent": Text("パーセント", "Percent"),
    "date": Text("日付", "Date"),
    "datetime": Text("日付/時間", "Date and time"),
    "time": Text("時間", "Time"),
    "reference": Text("参照関係", "Lookup"),
    "address": Text("住所(複合)", "Compound address"),
    "location": Text("地理位置情報", "Geolocation"),
    "base64": Text("ファイル", "File"),
    "anytype": Text("型の決まらない値", "Any type"),
    "complexvalue": Text("複合値", "Complex value"),
    "json": Text("JSON", "JSON"),
}
"""As the pages of Salesforce's own Setup name them (Salesforce Help, "Custom Field Types")."""

_FORMULA = Text("数式({})", "Formula ({})")


def salesforce_type(field: FieldSchema) -> Text:
    """The field's type in words: ``選択リスト``, ``数式(数値)``; the API's word for a new type."""
    known = _SALESFORCE_TYPES.get(field.type.lower(), Text(field.type, field.type))
    if not field.calculated:
        return known
    return Text(_FORMULA.ja.format(known.ja), _FORMULA.en.format(known.en))
