"""How a condition is entered: the operators of a field in words, and the widget for its value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from flyle_sf_assets.errors import Text
from flyle_sf_assets.salesforce.conditions import operators_of
from flyle_sf_assets.salesforce.literals import ID_TYPES, NUMBER_TYPES
from flyle_sf_assets.salesforce.schema.objects import FieldSchema, PicklistValue
from flyle_sf_assets.salesforce.schema.picklists import options_of
from flyle_sf_assets.settings.condition_rules import (
    LIST_OPERATORS,
    PATTERN_OPERATORS,
    VALUELESS_OPERATORS,
)
from flyle_sf_assets.settings.date_literals import COUNTED_DATE_LITERALS, DATE_LITERALS
from flyle_sf_assets.settings.models import Operator

WidgetKind = Literal[
    "none", "text", "number", "checkbox", "picklist", "date", "datetime", "time", "id"
]


@dataclass(frozen=True, slots=True)
class OperatorChoice:
    """One operator that a condition may use."""

    op: Operator
    label: Text


@dataclass(frozen=True, slots=True)
class ValueWidget:
    """What to show for the value of a condition.

    ``options`` are those of a picklist, inactive ones too (records may still have them);
    ``takes_date_literals`` says that `date_literal_choices` may replace the value.
    """

    kind: WidgetKind
    is_many: bool
    options: tuple[PicklistValue, ...]
    takes_date_literals: bool
    example: str
    hint: Text


@dataclass(frozen=True, slots=True)
class DateLiteralChoice:
    """One relative date; a counted one needs a number after a colon."""

    literal: str
    label: Text
    is_counted: bool


def operator_choices(field: FieldSchema) -> tuple[OperatorChoice, ...]:
    """The operators that a condition may use on this field, in the order of the settings."""
    possible = operators_of(field)
    words = {**_LABELS, **(_LABELS_OF_DAYS if field.type in _DAYS else {})}
    return tuple(
        OperatorChoice(
            op=op,
            label=words[op],
        )
        for op in Operator
        if op in possible
    )


def value_widget(field: FieldSchema, op: Operator) -> ValueWidget:
    """The widget for the value of ``op`` on this field."""
    kind = _kind(field, op)
    return ValueWidget(
        kind=kind,
        is_many=op in LIST_OPERATORS,
        options=options_of(field) if kind == "picklist" else (),
        takes_date_literals=field.type in _DAYS and op not in VALUELESS_OPERATORS,
        example=_EXAMPLES[kind],
        hint=_HINTS[kind],
    )


def date_literal_choices() -> tuple[DateLiteralChoice, ...]:
    """Every relative date that a condition may name, with its meaning in words."""
    return (
        *(DateLiteralChoice(name, _meaning(name), is_counted=False) for name in DATE_LITERALS),
        *(
            DateLiteralChoice(name, _counted_meaning(name), is_counted=True)
            for name in COUNTED_DATE_LITERALS
        ),
    )


def _kind(field: FieldSchema, op: Operator) -> WidgetKind:
    if op in VALUELESS_OPERATORS:
        return "none"
    if field.picklist_values and op not in PATTERN_OPERATORS:
        return "picklist"
    if field.type in NUMBER_TYPES:
        return "number"
    if field.type in ID_TYPES:
        return "id"
    return _KINDS.get(field.type, "text")


def _meaning(name: str) -> Text:
    if name in _DAY_WORDS:
        return _DAY_WORDS[name]
    which, _, unit = name.partition("_")
    if unit == "90_DAYS":
        return Text("過去90日" if which == "LAST" else "今後90日", f"{which.capitalize()} 90 days")
    ja = {"LAST": "前の", "THIS": "今の", "NEXT": "次の"}[which] + _UNITS[unit].ja
    return Text(ja, f"{which.capitalize()} {_UNITS[unit].en}")


def _counted_meaning(name: str) -> Text:
    """``n`` is the number to enter."""
    if name.endswith("_AGO"):
        unit = _UNITS[name.removeprefix("N_").removesuffix("S_AGO")]
        return Text(f"n {unit.ja}前", f"n {unit.en}s ago")
    which, _, rest = name.partition("_N_")
    unit = _UNITS[rest.removesuffix("S")]
    if which == "LAST":
        return Text(f"過去 n {unit.ja}", f"Last n {unit.en}s")
    return Text(f"今後 n {unit.ja}", f"Next n {unit.en}s")


_DAYS = frozenset({"date", "datetime"})
_KINDS: Mapping[str, WidgetKind] = {
    "boolean": "checkbox",
    "date": "date",
    "datetime": "datetime",
    "time": "time",
}
_UNITS: Mapping[str, Text] = {
    "DAY": Text("日", "day"),
    "WEEK": Text("週", "week"),
    "MONTH": Text("か月", "month"),
    "QUARTER": Text("四半期", "quarter"),
    "YEAR": Text("年", "year"),
    "FISCAL_QUARTER": Text("会計四半期", "fiscal quarter"),
    "FISCAL_YEAR": Text("会計年度", "fiscal year"),
}
_DAY_WORDS: Mapping[str, Text] = {
    "YESTERDAY": Text("昨日", "Yesterday"),
    "TODAY": Text("今日", "Today"),
    "TOMORROW": Text("明日", "Tomorrow"),
    "LAST_MONTH": Text("先月", "Last month"),
    "THIS_MONTH": Text("今月", "This month"),
    "NEXT_MONTH": Text("来月", "Next month"),
}
_LABELS: Mapping[Operator, Text] = {
    Operator.EQ: Text("次と等しい", "is"),
    Operator.NE: Text("次と異なる(空を含む)", "is not (blanks included)"),
    Operator.LT: Text("より小さい", "is less than"),
    Operator.LE: Text("以下", "is at most"),
    Operator.GT: Text("より大きい", "is greater than"),
    Operator.GE: Text("以上", "is at least"),
    Operator.IN: Text("いずれかと等しい", "is any of"),
    Operator.NOT_IN: Text("いずれとも異なる(空を含む)", "is none of (blanks included)"),
    Operator.CONTAINS: Text("次の文字列を含む", "contains"),
    Operator.STARTS_WITH: Text("次の文字列で始まる", "starts with"),
    Operator.INCLUDES: Text("次のいずれかを含む", "includes any of"),
    Operator.EXCLUDES: Text("次のいずれも含まない(空を含む)", "includes none of (blanks included)"),
    Operator.IS_NULL: Text("空である", "is blank"),
    Operator.NOT_NULL: Text("空でない", "is not blank"),
}
_LABELS_OF_DAYS: Mapping[Operator, Text] = {
    Operator.LT: Text("より前", "is before"),
    Operator.LE: Text("以前", "is on or before"),
    Operator.GT: Text("より後", "is after"),
    Operator.GE: Text("以降", "is on or after"),
}
_EXAMPLES: Mapping[WidgetKind, str] = {
    "none": "",
    "text": "Acme",
    "number": "1000000",
    "checkbox": "true",
    "picklist": "",
    "date": "2024-01-31",
    "datetime": "2024-01-31T09:00:00+09:00",
    "time": "09:30:00",
    "id": "001000000000001AAA",
}
_HINTS: Mapping[WidgetKind, Text] = {
    "none": Text("値は要りません。", "No value is needed."),
    "text": Text("大文字と小文字は区別されません。", "Upper and lower case are the same."),
    "number": Text("数値を入力します(例: 1,000,000)。", "Enter a number, such as 1,000,000."),
    "checkbox": Text("オンかオフを選びます。", "Choose on or off."),
    "picklist": Text("Salesforceの選択肢から選びます。", "Choose from the options in Salesforce."),
    "date": Text("日付か、相対日付を選びます。", "Choose a date or a relative date."),
    "datetime": Text(
        "日時、日付(その日の0時から24時)、または相対日付を選びます。",
        "Choose a moment, a whole day, or a relative date.",
    ),
    "time": Text("時刻を入力します。", "Enter a time of day."),
    "id": Text(
        "15桁か18桁のSalesforce IDを入力します。", "Enter a Salesforce id (15 or 18 letters)."
    ),
}
