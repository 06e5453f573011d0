"""WHERE conditions over rows, a column at a time.

Logic is two-valued, as SOQL's is: a blank is unequal to everything, so ``!=`` and NOT find it, and
it is neither less nor greater. Text is compared without regard to case, ids in their
18-character form, numbers as exact decimals. Source: SOQL and SOSL Reference, "Condition
Expression Syntax", "Comparison Operators". What does not belong here: aggregates.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from flyle_sf_assets.sandbox.clock import wire_datetime
from flyle_sf_assets.sandbox.metadata import COMPOUND_TYPES, ID_TYPES, NUMERIC_TYPES, Field
from flyle_sf_assets.sandbox.records.identifiers import canonical
from flyle_sf_assets.sandbox.soql import syntax as s
from flyle_sf_assets.sandbox.soql.binding import Binder, BoundField
from flyle_sf_assets.sandbox.soql.chunks import Chunk
from flyle_sf_assets.sandbox.soql.dates import days_of, midnight

Test = Callable[[str | None], bool]
SubSelect = Callable[[s.Query], Iterable[str | None]]


class Filter(Protocol):
    """A filter that keeps some of a chunk's rows, in their order."""

    def keep(self, chunk: Chunk) -> Sequence[int]:
        """The rows for which the condition holds."""
        ...


class _Test:
    def __init__(self, bound: BoundField, test: Test) -> None:
        self._bound, self._test = bound, test

    def keep(self, chunk: Chunk) -> Sequence[int]:
        test = self._test
        values = chunk.values(self._bound)
        return [row for row, value in zip(chunk.rows, values, strict=True) if test(value)]


class _All:
    def __init__(self, parts: Sequence[Filter]) -> None:
        self._parts = parts

    def keep(self, chunk: Chunk) -> Sequence[int]:
        rows = chunk.rows
        for part in self._parts:
            rows = part.keep(_narrowed(chunk, rows))
        return rows


class _Any:
    def __init__(self, parts: Sequence[Filter]) -> None:
        self._parts = parts

    def keep(self, chunk: Chunk) -> Sequence[int]:
        kept: set[int] = set()
        for part in self._parts:
            kept.update(part.keep(_narrowed(chunk, [r for r in chunk.rows if r not in kept])))
        return [row for row in chunk.rows if row in kept]


class _Not:
    def __init__(self, part: Filter) -> None:
        self._part = part

    def keep(self, chunk: Chunk) -> Sequence[int]:
        dropped = set(self._part.keep(chunk))
        return [row for row in chunk.rows if row not in dropped]


def _narrowed(chunk: Chunk, rows: Sequence[int]) -> Chunk:
    if rows is chunk.rows:
        return chunk
    return Chunk(chunk.snapshot, chunk.sobject, rows, include_deleted=chunk.include_deleted)


def build(condition: s.Condition, binder: Binder, subselect: SubSelect) -> Filter:
    """The filter of a condition; Refusal when a field or a value does not fit."""
    match condition:
        case s.Junction("AND", parts):
            return _All([build(part, binder, subselect) for part in parts])
        case s.Junction(_, parts):
            return _Any([build(part, binder, subselect) for part in parts])
        case s.Negation(part):
            return _Not(build(part, binder, subselect))
        case s.Comparison(s.FieldRef() as left, op, value):
            bound = _filterable(binder, left)
            return _Test(bound, _Values(binder, bound).comparison(op, value))
        case s.Membership(s.FieldRef() as left, op, values):
            bound = _filterable(binder, left)
            return _Test(bound, _Values(binder, bound).membership(op, values, subselect))
        case s.Comparison(left, _, _) | s.Membership(left, _, _):
            raise binder.refuse("MALFORMED_QUERY", left.at, "unexpected function in WHERE")
    raise AssertionError(condition)


def _filterable(binder: Binder, ref: s.FieldRef) -> BoundField:
    bound = binder.bind(ref)
    if not bound.field.filterable or bound.field.type in COMPOUND_TYPES:
        raise binder.refuse(
            "INVALID_FIELD",
            ref.at,
            f"field '{bound.field.name}' can not be filtered in a query call",
        )
    return bound


class _Values:
    """Tests for one field: its type decides how literals are read."""

    def __init__(self, binder: Binder, bound: BoundField) -> None:
        self._binder, self._bound = binder, bound
        self._field: Field = bound.field
        self._snapshot = binder.snapshot

    def comparison(self, op: str, value: s.Value) -> Test:
        if value.kind == "null" or (value.kind == "string" and not value.text):
            return self._against_null(op)
        if op == "LIKE":
            return self._like(value)
        if value.kind == "date_literal":
            return self._against_days(op, value)
        wanted = self._literal(value)
        if op == "=":
            return self._equal_to(wanted)
        if op == "!=":
            equal = self._equal_to(wanted)
            return lambda v: not equal(v)
        if self._field.type in ("boolean", "multipicklist"):
            raise self._bad_operator()
        return _ordered(op, wanted, self._key())

    def membership(
        self, op: str, values: tuple[s.Value, ...] | s.Query, subselect: SubSelect
    ) -> Test:
        if op in ("INCLUDES", "EXCLUDES"):
            if self._field.type != "multipicklist" or isinstance(values, s.Query):
                raise self._bad_operator()
            test = _includes(values)
            return test if op == "INCLUDES" else lambda v: not test(v)
        if isinstance(values, s.Query):
            wanted: set[object] = {v for v in subselect(values) if v is not None}
            blank = False
        else:
            blank = any(v.kind == "null" for v in values)
            wanted = {self._folded(self._literal(v)) for v in values if v.kind != "null"}
        fold = self._fold()

        def among(value: str | None) -> bool:
            return blank if value is None else fold(value) in wanted

        return among if op == "IN" else lambda v: not among(v)

    # Literals ---------------------------------------------------------------------------------

    def _literal(self, value: s.Value) -> object:
        kind, text, type_ = value.kind, value.text, self._field.type
        if type_ in NUMERIC_TYPES:
            if kind == "number":
                return Decimal(text)
            raise self._wrong_type("double" if type_ != "int" else "int", quoted=False)
        if type_ == "boolean":
            if kind == "boolean":
                return text
            raise self._wrong_type("boolean", quoted=False)
        if type_ in ("date", "datetime", "time"):
            return self._temporal(kind, text)
        if kind != "string":
            raise self._wrong_type("string", quoted=True)
        if type_ in ID_TYPES:
            record = canonical(text)
            if record is None:
                raise self._binder.refuse(
                    "INVALID_QUERY_FILTER_OPERATOR", self._bound.at, f"invalid ID field: {text}"
                )
            return record
        return text

    def _temporal(self, kind: str, text: str) -> str:
        type_ = self._field.type
        if kind != type_:
            raise self._wrong_type("dateTime" if type_ == "datetime" else type_, quoted=False)
        if type_ == "datetime":
            try:
                return wire_datetime(
                    datetime.fromisoformat(text.upper().replace(" ", "+")).astimezone(UTC)
                )
            except ValueError:
                raise self._wrong_type("dateTime", quoted=False) from None
        if type_ == "time":
            return f"{text[:8]}.000Z"
        return text

    def _wrong_type(self, wanted: str, *, quoted: bool) -> Exception:
        enclosed = "should be" if quoted else "should not be"
        return self._binder.refuse(
            "INVALID_FIELD",
            self._bound.at,
            f"value of filter criterion for field '{self._field.name}' must be of type {wanted} "
            f"and {enclosed} enclosed in quotes",
        )

    def _bad_operator(self) -> Exception:
        return self._binder.refuse(
            "INVALID_QUERY_FILTER_OPERATOR",
            self._bound.at,
            f"invalid operator on {self._field.type} field",
        )

    # Tests ------------------------------------------------------------------------------------

    def _against_null(self, op: str) -> Test:
        if self._field.type == "boolean" and op in ("=", "!="):
            # A checkbox is never blank: null means false.
            wanted = "false" if op == "=" else "true"
            return lambda v: v == wanted
        if op == "=":
            return lambda v: v is None
        if op == "!=":
            return lambda v: v is not None
        return lambda _v: False

    def _fold(self) -> Callable[[str], object]:
        type_ = self._field.type
        if type_ in NUMERIC_TYPES:
            return Decimal
        if type_ in ID_TYPES or type_ in ("boolean", "date", "datetime", "time"):
            return lambda v: v
        return str.lower

    def _folded(self, value: object) -> object:
        return self._fold()(value) if isinstance(value, str) else value

    def _key(self) -> Callable[[str], object]:
        return self._fold()

    def _equal_to(self, wanted: object) -> Test:
        folded, fold = self._folded(wanted), self._fold()
        if isinstance(wanted, str) and fold("A") == "A":
            return lambda v: v == folded
        return lambda v: v is not None and fold(v) == folded

    def _like(self, value: s.Value) -> Test:
        text_like = (
            *NUMERIC_TYPES,
            *ID_TYPES,
            "boolean",
            "date",
            "datetime",
            "time",
            "multipicklist",
        )
        if self._field.type in text_like:
            raise self._bad_operator()
        if value.kind != "string":
            raise self._wrong_type("string", quoted=True)
        parts = re.split(r"([%_])", value.pattern or value.text)
        expression = "".join(
            ".*" if part == "%" else "." if part == "_" else re.escape(_unmark(part))
            for part in parts
        )
        matches = re.compile(expression, re.IGNORECASE | re.DOTALL).fullmatch
        return lambda v: v is not None and matches(v) is not None

    def _against_days(self, op: str, value: s.Value) -> Test:
        days = days_of(value.text, self._snapshot.today)
        type_ = self._field.type
        if days is None:
            raise self._binder.refuse(
                "MALFORMED_QUERY", self._bound.at, f"unexpected token: '{value.text}'"
            )
        if type_ not in ("date", "datetime"):
            raise self._wrong_type(type_, quoted=type_ not in NUMERIC_TYPES)
        if type_ == "date":
            first, after = days[0].isoformat(), days[1].isoformat()
        else:
            first, after = (midnight(day, self._snapshot.time_zone) for day in days)
        tests: dict[str, Test] = {
            "=": lambda v: v is not None and first <= v < after,
            "!=": lambda v: v is None or not first <= v < after,
            "<": lambda v: v is not None and v < first,
            "<=": lambda v: v is not None and v < after,
            ">": lambda v: v is not None and v >= after,
            ">=": lambda v: v is not None and v >= first,
        }
        return tests[op]


def _unmark(part: str) -> str:
    return part.replace("\x00p", "%").replace("\x00u", "_")


def _ordered(op: str, wanted: object, key: Callable[[str], Any]) -> Test:
    folded = key(wanted) if isinstance(wanted, str) else wanted
    tests: dict[str, Test] = {
        "<": lambda v: v is not None and key(v) < folded,
        "<=": lambda v: v is not None and key(v) <= folded,
        ">": lambda v: v is not None and key(v) > folded,
        ">=": lambda v: v is not None and key(v) >= folded,
    }
    return tests[op]


def _includes(values: tuple[s.Value, ...]) -> Test:
    alternatives = [
        {part.strip().lower() for part in value.text.split(";")}
        for value in values
        if value.kind == "string"
    ]

    def test(text: str | None) -> bool:
        if text is None:
            return False
        chosen = set(text.lower().split(";"))
        return any(wanted <= chosen for wanted in alternatives)

    return test
