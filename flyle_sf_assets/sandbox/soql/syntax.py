"""The parsed query: what was written, before its meaning is checked.

``at`` is the offset of a name in the query text, for the caret of Salesforce's messages.
"""

from dataclasses import dataclass
from typing import Literal

ValueKind = Literal[
    "string", "number", "boolean", "null", "date", "datetime", "time", "date_literal"
]


@dataclass(frozen=True, slots=True)
class FieldRef:
    """A field, by its path: ``("Account", "Owner", "Name")``."""

    path: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a field: COUNT, MAX, toLabel, …; ``argument`` is None in ``COUNT()``."""

    name: str
    argument: FieldRef | None
    at: int


@dataclass(frozen=True, slots=True)
class TypeOf:
    """A TYPEOF clause, for REST only; what it selects is not stored."""

    at: int


@dataclass(frozen=True, slots=True)
class SelectItem:
    """One element of the select list."""

    what: "FieldRef | Call | TypeOf | Query"
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """A value as written: its kind and its text (escapes resolved for strings)."""

    kind: ValueKind
    text: str
    pattern: str | None = None
    """For a string, the text with ``\\%`` and ``\\_`` still marked, as LIKE needs it."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """``field op value`` with ``= != < <= > >= LIKE``."""

    left: FieldRef | Call
    op: str
    value: Value


@dataclass(frozen=True, slots=True)
class Membership:
    """``field op (…)`` with ``IN``, ``NOT IN``, ``INCLUDES``, ``EXCLUDES``."""

    left: FieldRef | Call
    op: str
    values: "tuple[Value, ...] | Query"


@dataclass(frozen=True, slots=True)
class Junction:
    """All of (``AND``) or any of (``OR``) the parts."""

    op: Literal["AND", "OR"]
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Negation:
    """``NOT part``."""

    part: "Condition"


Condition = Comparison | Membership | Junction | Negation


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One ORDER BY element; ``nulls_first`` is true unless the query says NULLS LAST."""

    what: FieldRef | Call
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True)
class Query:
    """One SELECT statement."""

    text: str
    select: tuple[SelectItem, ...]
    object_name: str
    object_at: int
    alias: str | None
    where: Condition | None
    group_by: tuple[FieldRef | Call, ...]
    having: Condition | None
    order_by: tuple[OrderItem, ...]
    limit: int | None
    offset: int | None
