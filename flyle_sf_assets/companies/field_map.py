"""The field map: Flyle field ← conversion in words ← object path, for people and the UI."""

from collections.abc import Sequence
from dataclasses import dataclass

from flyle_sf_assets.companies.fields import UNKNOWN_TYPE, CompanyField
from flyle_sf_assets.companies.rows import (
    EXTERNAL_ID,
    MERGED_INTO,
    NAME,
    SOURCE_MODIFIED_AT,
    STATUS,
    STATUS_REASON,
    decimal_scale,
    field_column,
)
from flyle_sf_assets.errors import Text
from flyle_sf_assets.settings.models import FlyleType

_AS_IT_IS = Text("そのまま", "as it is")
_WHOLE_NUMBER = Text("整数", "whole number")
_NOT_READABLE = Text(
    "連携ユーザーから読み取れないため更新を止めています(最後の値を保持)",
    "not readable for the connected user: not updated, the last value stays",
)
_KEPT_WHEN_BLANK = Text("空のときは最後の値を保持", "a blank keeps the last value")

_CONVERSIONS: dict[tuple[FlyleType, str], Text] = {
    (FlyleType.DATETIME, "datetime"): Text("UTCの日時(RFC 3339)", "instant in UTC (RFC 3339)"),
    (FlyleType.TEXT, "datetime"): Text("UTCの日時の文字列", "instant in UTC as text"),
    (FlyleType.TEXT, "time"): Text("時刻の文字列 HH:MM:SS", "time as text HH:MM:SS"),
    (FlyleType.TEXT, "boolean"): Text("文字列 true / false", "text true / false"),
    (FlyleType.CHECKBOX, "boolean"): Text("チェックボックス", "checkbox"),
    (FlyleType.DATE, "date"): Text("日付", "date"),
    (FlyleType.TEXT, "date"): Text("日付の文字列 YYYY-MM-DD", "date as text YYYY-MM-DD"),
    (FlyleType.URL, "url"): Text("http / https のURLのみ", "http and https URLs only"),
    (FlyleType.SINGLE_SELECT, "picklist"): Text("選択肢のAPI参照名", "the option's API value"),
    (FlyleType.TEXT, "picklist"): Text("選択肢の表示ラベル", "the option's label"),
    (FlyleType.MULTI_SELECT, "multipicklist"): Text(
        "選択肢のAPI参照名の配列(組織の並び順)", "array of API values in the org's order"
    ),
    (FlyleType.TEXT, "multipicklist"): Text(
        "表示ラベルを「; 」でつないだ文字列", "labels joined by '; '"
    ),
}

_FIXED_DESCRIPTIONS: dict[str, tuple[str, Text]] = {
    EXTERNAL_ID: ("Id", Text("外部ID(18桁のSalesforce ID)", "external id (18-character id)")),
    NAME: ("Name", Text("企業名", "the company's name")),
    STATUS: ("", Text("連携の状態(linked、または連携が止まった状態)", "linked, or how it ended")),
    STATUS_REASON: ("", Text("状態の理由(linkedでは空)", "why it is not linked")),
    MERGED_INTO: ("MasterRecordId", Text("マージ先のID", "id of the record it was merged into")),
    SOURCE_MODIFIED_AT: (
        "SystemModstamp",
        Text("Salesforceでの最終更新日時", "last changed in Salesforce"),
    ),
}


@dataclass(frozen=True, slots=True)
class FieldMapRow:
    """One mapped field: its target, its conversion, and its source.

    ``source_path`` starts at the base object (``Opportunity.Account.Type``); ``source_type`` is
    Salesforce's type name, empty while the field is hidden.
    """

    key: str
    label: str
    type: FlyleType
    conversion: Text
    source_path: str
    source_label: str
    source_type: str
    readable: bool


def field_map(
    fields: Sequence[CompanyField], *, base_object: str, time_zone: str
) -> tuple[FieldMapRow, ...]:
    """One row per mapped field, in the order of the settings, also for unreadable fields."""
    return tuple(
        FieldMapRow(
            key=field.key,
            label=field.label,
            type=field.type,
            conversion=conversion(field, time_zone),
            source_path=f"{base_object}.{field.source_path}",
            source_label=field.source.label,
            source_type="" if field.source.type == UNKNOWN_TYPE else field.source.type,
            readable=field.readable,
        )
        for field in fields
    )


def conversion(field: CompanyField, time_zone: str) -> Text:
    """The conversion of a value in words."""
    if not field.readable:
        return _NOT_READABLE
    words = _CONVERSIONS.get((field.type, field.source.type), _AS_IT_IS)
    if field.type is FlyleType.NUMBER:
        digits = decimal_scale(field)
        words = _WHOLE_NUMBER if digits == 0 else _decimal(digits)
    elif (field.type, field.source.type) == (FlyleType.DATE, "datetime"):
        words = Text(f"{time_zone} での日付", f"date in {time_zone}")
    elif field.controller is not None:
        name = field.controller.name
        words = Text(f"「{name}」の値に応じた表示ラベル", f"label, as the value of {name} tells")
    if field.when_blank == "keep":
        return Text(f"{words.ja}、{_KEPT_WHEN_BLANK.ja}", f"{words.en}; {_KEPT_WHEN_BLANK.en}")
    return words


def _decimal(digits: int) -> Text:
    return Text(
        f"正確な10進数(小数{digits}桁まで、丸めなし)",
        f"exact decimal (up to {digits} decimals, never rounded)",
    )


def field_map_markdown(rows: Sequence[FieldMapRow], language: str = "en") -> str:
    """The map as a Markdown table; names given by people are escaped."""
    header = Text(
        "| Flyleの項目 | 型 | 変換 | Salesforceの項目 |",
        "| Flyle field | type | conversion | Salesforce field |",
    )
    lines = [header.in_language(language), "| --- | --- | --- | --- |"]
    lines += [
        f"| {_cell(row.label)} (`{row.key}`) | {row.type} "
        f"| {_cell(row.conversion.in_language(language))} "
        f"| `{row.source_path}` {_cell(_source_words(row))} |"
        for row in rows
    ]
    return "\n".join(lines)


def column_descriptions(
    rows: Sequence[FieldMapRow], *, base_object: str, language: str = "en"
) -> dict[str, str]:
    """One line per column of the typed frame: ``label ← conversion ← object path``."""
    descriptions = {}
    for column, (source, words) in _FIXED_DESCRIPTIONS.items():
        path = f" ← {base_object}.{source}" if source else ""
        descriptions[column] = f"{words.in_language(language)}{path}"
    for row in rows:
        descriptions[field_column(row.key)] = (
            f"{row.label} ← {row.conversion.in_language(language)} ← {row.source_path}"
        )
    return descriptions


def column_types(rows: Sequence[FieldMapRow]) -> dict[str, str]:
    """Flyle's type of every column of the typed frame, as named in the settings."""
    fixed = dict.fromkeys(_FIXED_DESCRIPTIONS, str(FlyleType.TEXT))
    fixed[SOURCE_MODIFIED_AT] = str(FlyleType.DATETIME)
    return fixed | {field_column(row.key): str(row.type) for row in rows}


def _source_words(row: FieldMapRow) -> str:
    return f"{row.source_label} ({row.source_type})" if row.source_type else ""


def _cell(text: str) -> str:
    """The text escaped, so that it cannot break the table or become markup in the UI."""
    one_line = " ".join(text.split())
    for special in ("\\", "|", "`", "*", "_", "[", "]"):
        one_line = one_line.replace(special, f"\\{special}")
    return one_line.replace("<", "&lt;").replace(">", "&gt;")
