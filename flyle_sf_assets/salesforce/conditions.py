"""The conditions of a tenant's settings as SOQL: all operators for all types with a filter.

Salesforce evaluates them; nothing is evaluated on our side. Source: SOQL and SOSL Reference,
"Comparison Operators", "Use null in WHERE", "Query Multi-Select Picklists", "Comparison Operators:
Semi-Joins with IN".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from flyle_sf_assets.errors import FieldRefused, Text, UsageError
from flyle_sf_assets.salesforce import literals
from flyle_sf_assets.salesforce.errors import remedies
from flyle_sf_assets.salesforce.schema.objects import FieldSchema, ObjectSchema
from flyle_sf_assets.salesforce.soql import (
    FieldPath,
    Predicate,
    Schemas,
    all_of,
    any_of,
    by_lower_name,
    resolve,
    select,
    walk,
)
from flyle_sf_assets.settings.models import (
    AnyOf,
    Condition,
    DateLiteral,
    OneToOne,
    Operator,
    Scalar,
    Source,
)

CONDITION_INVALID = "condition_invalid"
"""The error code for a condition that does not fit its field."""

_EQUALITY = frozenset({Operator.EQ, Operator.NE, Operator.IN, Operator.NOT_IN})
_ORDER = frozenset({Operator.LT, Operator.LE, Operator.GT, Operator.GE})
_PATTERN = frozenset({Operator.CONTAINS, Operator.STARTS_WITH})
_SELECTION = frozenset({Operator.INCLUDES, Operator.EXCLUDES})
_NULL = frozenset({Operator.IS_NULL, Operator.NOT_NULL})
_MANY = frozenset({Operator.IN, Operator.NOT_IN, *_SELECTION})
_OPERATORS = {
    **dict.fromkeys(literals.TEXT_TYPES, _EQUALITY | _ORDER | _PATTERN | _NULL),
    **dict.fromkeys(literals.NUMBER_TYPES, _EQUALITY | _ORDER | _NULL),
    **dict.fromkeys(("date", "datetime", "time"), _EQUALITY | _ORDER | _NULL),
    **dict.fromkeys(literals.ID_TYPES, _EQUALITY | _NULL),
    "multipicklist": _EQUALITY | _SELECTION | _NULL,
    # A checkbox is never blank; "= null" would match the unchecked ones.
    "boolean": frozenset({Operator.EQ, Operator.NE}),
}
_SYMBOLS = {
    Operator.EQ: "=",
    Operator.NE: "!=",
    Operator.LT: "<",
    Operator.LE: "<=",
    Operator.GT: ">",
    Operator.GE: ">=",
}
_OPPOSITES = {
    Operator.NE: Operator.EQ,
    Operator.NOT_IN: Operator.IN,
    Operator.EXCLUDES: Operator.INCLUDES,
    Operator.IS_NULL: Operator.NOT_NULL,
}


def operators_of(field: FieldSchema) -> frozenset[Operator]:
    """The operators that a condition may use on this field; empty when it cannot be filtered."""
    return _OPERATORS.get(field.type, frozenset()) if field.filterable else frozenset()


def where(
    source: Source, schemas: Mapping[str, ObjectSchema | None], zone: tzinfo
) -> Predicate | None:
    """All conditions of the settings in one predicate; None when there are none.

    ``schemas`` by API name have every object on the conditions' paths. ``zone`` is the tenant's:
    a day compared with a datetime field is that day in this zone. FieldRefused when the org does
    not show a field that a condition names, UsageError when a condition cannot be written.
    """
    by_name = by_lower_name(schemas)
    root = by_name.get(source.object.lower())
    if root is None:
        raise _missing(source.object, source.object)

    def one(condition: Condition) -> Predicate:
        return _one(condition, source, root, by_name, zone)

    return all_of(
        [
            _alternatives(condition, source, one)
            if isinstance(condition, AnyOf)
            else one(condition)
            for condition in source.conditions
        ]
    )


def predicate(condition: Condition, path: FieldPath, zone: tzinfo) -> Predicate:
    """One condition on a resolved field. UsageError when the two do not fit.

    As everywhere in SOQL, ``ne``, ``not_in`` and ``excludes`` also match a record whose field
    is blank or whose parent is missing, and text comparison ignores case. ``in`` for
    a multi-select field compares the whole selection. ``contains`` is ``LIKE '%…%'``.
    """
    if condition.op not in operators_of(path.field):
        raise _unfit(
            condition,
            path.field,
            Text(
                f"{path.field.type} 型の項目に {condition.op} は使えません",
                f"{condition.op} cannot be asked of {path.field.type}",
            ),
        )
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    try:
        return _written(condition.op, path, _scalars(condition.op, values), zone)
    except ValueError as error:
        raise _unfit(condition, path.field, literals.reason(error)) from error


def _one(
    condition: Condition,
    source: Source,
    root: ObjectSchema,
    schemas: Schemas,
    zone: tzinfo,
) -> Predicate:
    semi_join = _semi_join(condition.field, source.one_to_one, root, schemas)
    if semi_join is not None:
        return semi_join.predicate(condition, zone)
    path = resolve(condition.field, root, schemas)
    if path is None:
        raise _missing(condition.field, root.name)
    return predicate(condition, path, zone)


def _alternatives(
    group: AnyOf, source: Source, one: Callable[[Condition], Predicate]
) -> Predicate | None:
    names = {extra.as_.lower() for extra in source.one_to_one}
    for condition in group.any:
        if names & {step.lower() for step in condition.field.split(".")[:-1]}:
            raise UsageError(
                "condition_not_possible",
                tried=Text(
                    f"条件「{condition.field}」を SOQL にしようとしました",
                    f"Tried to write {condition.field} in SOQL",
                ),
                came_back=Text(
                    "SOQL では OR の中に準結合を使えません", "SOQL has no semi-join inside OR"
                ),
                remedy=Text(
                    "1対1オブジェクトの項目は any の外の条件にしてください",
                    "Move conditions on one-to-one objects out of any",
                ),
            )
    return any_of([one(condition) for condition in group.any])


@dataclass(frozen=True, slots=True)
class _SemiJoin:
    """A field of a one-to-one object: ``object.lookup`` has the same id as ``owner``."""

    owner: FieldPath
    object: ObjectSchema
    lookup: FieldSchema
    path: FieldPath

    def predicate(self, condition: Condition, zone: tzinfo) -> Predicate:
        """Conditions that match blank fields also match where there is no such object."""
        opposite = _OPPOSITES.get(condition.op)
        asked = condition.model_copy(update={"op": opposite}) if opposite else condition
        present = Predicate(f"{FieldPath(self.lookup).text} != null")
        inner = select(
            self.object, [self.lookup], all_of([present, predicate(asked, self.path, zone)])
        )
        return Predicate(f"{self.owner.text} {'NOT IN' if opposite else 'IN'} ({inner.text})")


def _semi_join(
    path: str, one_to_one: tuple[OneToOne, ...], root: ObjectSchema, schemas: Schemas
) -> _SemiJoin | None:
    """The semi-join that a path through a declared one-to-one object needs, else None."""
    steps = path.split(".")
    for place, step in enumerate(steps[:-1]):
        above = walk(steps[:place], root, schemas)
        if above is None:
            return None
        lookups, holder = above
        for extra in one_to_one:
            if (extra.as_.lower(), extra.of.lower()) == (step.lower(), holder.name.lower()):
                inside = _inside(extra, steps[place + 1 :], schemas)
                owner = _owner(lookups, root)
                if inside is None or owner is None:
                    raise _missing(path, root.name)
                return _SemiJoin(owner, *inside)
    return None


def _owner(lookups: tuple[FieldSchema, ...], root: ObjectSchema) -> FieldPath | None:
    """The field of the queried object with the id of the record above the one-to-one object."""
    if not lookups:
        own_id = root.field("Id")
        return FieldPath(own_id) if own_id else None
    *steps, last = lookups
    return FieldPath(last, tuple(str(step.relationship_name) for step in steps))


def _inside(
    extra: OneToOne, steps: list[str], schemas: Schemas
) -> tuple[ObjectSchema, FieldSchema, FieldPath] | None:
    schema = schemas.get(extra.object.lower())
    lookup = schema.field(extra.lookup) if schema else None
    path = resolve(".".join(steps), schema, schemas) if schema else None
    return (schema, lookup, path) if schema and lookup and path else None


def _scalars(op: Operator, values: tuple[Scalar | None, ...]) -> tuple[Scalar, ...]:
    given = tuple(value for value in values if value is not None)
    if op in _NULL:
        if given:
            raise literals.Unwritable(f"{op} に値は指定できません", f"{op} takes no value")
    elif not given:
        raise literals.Unwritable(
            f"{op} には値が必要です(空かどうかは is_null か not_null で指定します)",
            f"{op} needs a value; use is_null or not_null for blanks",
        )
    elif op not in _MANY and len(given) > 1:
        raise literals.Unwritable(f"{op} に指定できる値は1つです", f"{op} takes one value")
    return given


def _written(op: Operator, path: FieldPath, values: tuple[Scalar, ...], zone: tzinfo) -> Predicate:
    name, kind = path.text, path.field.type
    if op in _NULL:
        return Predicate(f"{name} {'=' if op is Operator.IS_NULL else '!='} null")
    if op in _PATTERN:
        text = _text(values[0])
        if not text:
            raise literals.Unwritable(
                f"{op} には空でない文字列が必要です", f"{op} needs a text that is not empty"
            )
        like = literals.like_contains if op is Operator.CONTAINS else literals.like_starts_with
        return Predicate(f"{name} LIKE {like(text)}")
    if op in _SELECTION:
        options = ",".join(literals.quoted(_text(value)) for value in values)
        return Predicate(f"{name} {op.upper()} ({options})")
    if op in (Operator.IN, Operator.NOT_IN):
        if kind in ("date", "datetime", "multipicklist"):
            each = Operator.EQ if op is Operator.IN else Operator.NE
            joined = any_of if op is Operator.IN else all_of
            return joined([_compared(each, path, v, zone) for v in values]) or Predicate("")
        listed = ",".join(_literal(path.field, value) for value in values)
        return Predicate(f"{name} {'IN' if op is Operator.IN else 'NOT IN'} ({listed})")
    return _compared(op, path, values[0], zone)


def _compared(op: Operator, path: FieldPath, value: Scalar, zone: tzinfo) -> Predicate:
    name, symbol = path.text, _SYMBOLS[op]
    if path.field.type == "datetime" and not isinstance(value, DateLiteral):
        moment = literals.parsed_moment(_text(value), zone)
        if not isinstance(moment, datetime):
            return _compared_with_day(op, name, moment, zone)
        return Predicate(f"{name} {symbol} {literals.moment(moment)}")
    return Predicate(f"{name} {symbol} {_literal(path.field, value)}")


def _compared_with_day(op: Operator, name: str, day: date, zone: tzinfo) -> Predicate:
    """A datetime field against a whole day of the tenant: from midnight to midnight."""
    start, end = (
        literals.moment(datetime.combine(midnight, time.min, tzinfo=zone))
        for midnight in (day, day + timedelta(days=1))
    )
    return Predicate(
        {
            Operator.EQ: f"({name} >= {start} AND {name} < {end})",
            Operator.NE: f"({name} < {start} OR {name} >= {end} OR {name} = null)",
            Operator.LT: f"{name} < {start}",
            Operator.LE: f"{name} < {end}",
            Operator.GT: f"{name} >= {end}",
            Operator.GE: f"{name} >= {start}",
        }[op]
    )


def _literal(field: FieldSchema, value: Scalar) -> str:
    if isinstance(value, DateLiteral):
        if field.type not in ("date", "datetime"):
            raise literals.Unwritable(
                f"相対日付は日付と日時の項目に使えます({field.type} 型の項目には使えません)",
                f"a moving date fits date and datetime fields, not {field.type}",
            )
        return literals.moving_date(value.date)
    if field.type == "boolean":
        return literals.boolean(value)
    return _WRITERS.get(field.type, literals.quoted)(_text(value))


_WRITERS: dict[str, Callable[[str], str]] = {
    **dict.fromkeys(literals.NUMBER_TYPES, literals.number),
    **dict.fromkeys(literals.ID_TYPES, literals.record_id),
    "date": lambda text: literals.day(literals.parsed_day(text)),
    "time": literals.time_of_day,
}


def _text(value: Scalar) -> str:
    if not isinstance(value, str):
        raise literals.Unwritable(f"「{value}」は文字列ではありません", f"{value!r} is not a text")
    return value


def _unfit(condition: Condition, field: FieldSchema, detail: Text) -> UsageError:
    return UsageError(
        CONDITION_INVALID,
        tried=Text(
            f"条件「{condition.field} {condition.op}」を SOQL にしようとしました",
            f"Tried to write the condition {condition.field} {condition.op} in SOQL",
        ),
        came_back=detail,
        remedy=Text(
            f"「{field.label}」({field.type}) に使える演算子と値を指定してください: "
            + (", ".join(sorted(operators_of(field))) or "条件に使えない項目です"),
            f"Use an operator and a value that fit {field.name} ({field.type}): "
            + (", ".join(sorted(operators_of(field))) or "this field cannot be filtered"),
        ),
    )


def _missing(path: str, object_name: str) -> FieldRefused:
    error = FieldRefused(
        "condition_field_missing",
        tried=Text(
            f"条件の項目「{path}」を見つけようとしました",
            f"Tried to find the condition's field {path}",
        ),
        came_back=Text(
            f"{object_name} に {path} は見つかりません", f"{object_name} shows no {path}"
        ),
        remedy=remedies.FIELD_GONE,
    )
    error.field, error.object = path, object_name
    return error
