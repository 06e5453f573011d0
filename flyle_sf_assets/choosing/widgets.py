"""How a condition is entered: the operators of a field in words, and the widget for its value.

What does not belong here: the operators themselves (``salesforce/conditions.py``) and HTML.
"""

from dataclasses import dataclass
from typing import Literal

from flyle_sf_assets.errors import Text
from flyle_sf_assets.salesforce.schema import FieldSchema, PicklistValue
from flyle_sf_assets.settings.models import Operator

WidgetKind = Literal[
    "none", "text", "number", "checkbox", "picklist", "date", "datetime", "time", "id"
]


@dataclass(frozen=True, slots=True)
class OperatorChoice:
    """One operator that a condition may use. ``takes_many`` asks for a list of values."""

    op: Operator
    label: Text
    takes_value: bool
    takes_many: bool


@dataclass(frozen=True, slots=True)
class ValueWidget:
    """What to show for the value of a condition.

    ``options`` are those of a picklist, inactive ones too (records may still hold them);
    ``takes_date_literals`` says that `DATE_LITERAL_CHOICES` may stand in the value's place.
    """

    kind: WidgetKind
    is_many: bool
    options: tuple[PicklistValue, ...]
    takes_date_literals: bool
    example: str
    hint: Text


@dataclass(frozen=True, slots=True)
class DateLiteralChoice:
    """One relative date: ``LAST_N_DAYS`` needs a number behind a colon (``is_counted``)."""

    literal: str
    label: Text
    is_counted: bool


def operator_choices(field: FieldSchema) -> tuple[OperatorChoice, ...]:
    """The operators that a condition may use on this field, in the order of the settings."""
    raise NotImplementedError


def value_widget(field: FieldSchema, op: Operator) -> ValueWidget:
    """The widget for the value of ``op`` on this field."""
    raise NotImplementedError


def date_literal_choices() -> tuple[DateLiteralChoice, ...]:
    """Every relative date that a condition may name, with its meaning in words."""
    raise NotImplementedError
