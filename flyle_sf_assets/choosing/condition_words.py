"""Conditions as sentences in an org's own labels: 「フェーズ」が「不成立」でない(空を含む)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from flyle_sf_assets.choosing.phrases import Phrase, api_name, joined, name, phrase, words
from flyle_sf_assets.choosing.walk import SchemaNeeded, Schemas, field_at, lowered
from flyle_sf_assets.choosing.widgets import date_literal_choices
from flyle_sf_assets.errors import Text
from flyle_sf_assets.salesforce.literals import NUMBER_TYPES
from flyle_sf_assets.salesforce.schema.objects import FieldSchema
from flyle_sf_assets.salesforce.schema.picklists import options_of
from flyle_sf_assets.settings.models import (
    AnyOf,
    Condition,
    DateLiteral,
    Operator,
    Scalar,
    Source,
)
from flyle_sf_assets.settings.versions import condition_text


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of an org as seen from the base object, as far as its objects are known.

    ``schemas`` are by lower-case name (`walk.lowered`).
    """

    source: Source
    schemas: Schemas

    @staticmethod
    def of(source: Source, schemas: Schemas) -> "Labels":
        """The labels in these schemas, by API name."""
        return Labels(source, lowered(schemas))

    def field(self, path: str) -> FieldSchema | None:
        """The field at that path, None when it is not known."""
        found = field_at(self.source, self.schemas, path)
        return None if found is None or isinstance(found, SchemaNeeded) else found[1]

    def path(self, path: str) -> Phrase:
        """``所有者 › 氏名``; the API path where a label is not known."""
        found = field_at(self.source, self.schemas, path)
        if found is None or isinstance(found, SchemaNeeded):
            return api_name(path)
        place, field = found
        return name(" › ".join((*place.labels, field.label)))

    def object(self, api: str) -> Phrase:
        """An object's label, or its API name."""
        schema = self.schemas.get(api.lower())
        return api_name(api) if schema is None else name(schema.label)


def condition_phrase(item: Condition | AnyOf, labels: Labels) -> Phrase:
    """The condition, or its alternatives joined by "or"; with the same in API names."""
    text = condition_text(item.model_dump(mode="json", exclude_none=True))
    if isinstance(item, AnyOf):
        alternatives = [_sentence(one, labels) for one in item.any]
        return joined(alternatives, Text(" または ", " or ")).beside(text)
    return _sentence(item, labels).beside(text)


def _sentence(condition: Condition, labels: Labels) -> Phrase:
    field = labels.field(condition.field)
    is_day = field is not None and field.type in _DAYS
    template = (_OF_DAYS if is_day else {}).get(condition.op) or _TEMPLATES[condition.op]
    value = condition.value
    listed = value if isinstance(value, tuple) else () if value is None else (value,)
    shown = [phrase(_QUOTED, value=_value(one, field)) for one in listed]
    return phrase(template, field=labels.path(condition.field), value=joined(shown, Text("", ", ")))


def _value(value: Scalar, field: FieldSchema | None) -> Phrase:
    if isinstance(value, DateLiteral):
        return words(_day(value.date))
    if isinstance(value, bool):
        return words(_ON if value else _OFF)
    if field is None:
        return name(value)
    if field.type in NUMBER_TYPES and re.fullmatch(r"-?\d{1,400}", value):
        return name(f"{int(value):,}")
    options = {option.value: option.label for option in options_of(field)}
    return name(options.get(value) or "; ".join(options.get(v, v) for v in value.split(";")))


def _day(literal: str) -> Text:
    which, _, count = literal.partition(":")
    found = next((one.label for one in date_literal_choices() if one.literal == which), None)
    if found is None:
        return Text(literal, literal)
    return Text(re.sub(r"\bn\b", count, found.ja), re.sub(r"\bn\b", count, found.en))


_DAYS = frozenset({"date", "datetime"})
_QUOTED = Text("「{value}」", "“{value}”")
_ON, _OFF = Text("オン", "on"), Text("オフ", "off")
_TEMPLATES: Mapping[Operator, Text] = {
    Operator.EQ: Text("「{field}」が{value}である", "{field} is {value}"),
    Operator.NE: Text(
        "「{field}」が{value}でない(空を含む)", "{field} is not {value} (blanks included)"
    ),
    Operator.LT: Text("「{field}」が{value}より小さい", "{field} is less than {value}"),
    Operator.LE: Text("「{field}」が{value}以下", "{field} is at most {value}"),
    Operator.GT: Text("「{field}」が{value}より大きい", "{field} is greater than {value}"),
    Operator.GE: Text("「{field}」が{value}以上", "{field} is at least {value}"),
    Operator.IN: Text("「{field}」が{value}のいずれか", "{field} is any of {value}"),
    Operator.NOT_IN: Text(
        "「{field}」が{value}のいずれでもない(空を含む)",
        "{field} is none of {value} (blanks included)",
    ),
    Operator.CONTAINS: Text("「{field}」が{value}を含む", "{field} contains {value}"),
    Operator.STARTS_WITH: Text("「{field}」が{value}で始まる", "{field} starts with {value}"),
    Operator.INCLUDES: Text(
        "「{field}」が{value}のいずれかを含む", "{field} includes any of {value}"
    ),
    Operator.EXCLUDES: Text(
        "「{field}」が{value}のいずれも含まない(空を含む)",
        "{field} includes none of {value} (blanks included)",
    ),
    Operator.IS_NULL: Text("「{field}」が空である", "{field} is blank"),
    Operator.NOT_NULL: Text("「{field}」が空でない", "{field} is not blank"),
}
_OF_DAYS: Mapping[Operator, Text] = {
    Operator.LT: Text("「{field}」が{value}より前", "{field} is before {value}"),
    Operator.LE: Text("「{field}」が{value}以前", "{field} is on or before {value}"),
    Operator.GT: Text("「{field}」が{value}より後", "{field} is after {value}"),
    Operator.GE: Text("「{field}」が{value}以降", "{field} is on or after {value}"),
}
