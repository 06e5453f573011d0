"""SOQL statements, built only from names of describe and from escaped literals.

No function here accepts a field name as plain text from outside: a path is a `FieldPath`, made from
describe's own spelling. Source: SOQL and SOSL Reference; "SOQL and SOSL Limits for Search Queries"
(100,000 characters).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flyle_sf_assets.errors import SalesforceRefused, Text
from flyle_sf_assets.salesforce import literals
from flyle_sf_assets.salesforce.errors import remedies
from flyle_sf_assets.salesforce.schema import name_object
from flyle_sf_assets.salesforce.schema.objects import FieldSchema, ObjectSchema

if TYPE_CHECKING:
    import polars as pl

STATEMENT_LENGTH_MAX = 100_000
RELATIONSHIP_LEVELS_MAX = 5
_BETWEEN = "','"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A field as seen from the object of a query: relationship names, then the field.

    ``relationships`` are ``relationship_name``s of describe; ValueError for any other spelling
    than a name's.
    """

    field: FieldSchema
    relationships: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.relationships) > RELATIONSHIP_LEVELS_MAX:
            raise ValueError("more than five relationships up")
        for name in (*self.relationships, self.field.name):
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no name of a field or relationship")

    @property
    def text(self) -> str:
        """In SOQL's notation: ``Account.Owner.Name``."""
        return ".".join((*self.relationships, self.field.name))


Column = FieldSchema | FieldPath


Schemas = Mapping[str, ObjectSchema | None]
"""Object schemas by API name in lower case."""


def by_lower_name(schemas: Mapping[str, ObjectSchema | None]) -> Schemas:
    """The schemas by lower-case name: Salesforce ignores the case of names."""
    return {name.lower(): schema for name, schema in schemas.items()}


def walk(
    steps: Sequence[str], root: ObjectSchema, schemas: Schemas
) -> tuple[tuple[FieldSchema, ...], ObjectSchema] | None:
    """The lookup fields that these relationship names follow, and the object at the end.

    None when a step does not exist. A lookup that may point at several objects leads to the
    pseudo-object Name, which has no further lookups.
    """
    lookups: list[FieldSchema] = []
    schema = root
    for step in steps:
        lookup = schema.lookup(step)
        if lookup is None or not lookup.reference_to:
            return None
        found = schemas.get(lookup.reference_to[0].lower())
        if name_object.is_of_several(lookup):
            found = name_object.NAME
        if found is None:
            return None
        lookups.append(lookup)
        schema = found
    return tuple(lookups), schema


def resolve(path: str, root: ObjectSchema, schemas: Schemas) -> FieldPath | None:
    """The path in describe's spelling, or None when a step of it does not exist."""
    *steps, name = path.split(".")
    walked = walk(steps, root, schemas)
    field = walked[1].field(name) if walked else None
    if walked is None or field is None:
        return None
    return FieldPath(field, tuple(str(lookup.relationship_name) for lookup in walked[0]))


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition in SOQL, made in this package only; ``text`` is never a user's."""

    text: str


def all_of(predicates: Iterable[Predicate | None]) -> Predicate | None:
    """All of them (None is no condition); None when there is none."""
    return _joined("AND", predicates)


def any_of(predicates: Iterable[Predicate | None]) -> Predicate | None:
    """At least one of them; None when there is none."""
    return _joined("OR", predicates)


def querying(objects: str) -> Text:
    """A description of a query of these objects, for people."""
    return Text(f"{objects} を検索しようとしました", f"Tried to query {objects}")


@dataclass(frozen=True, slots=True)
class Statement:
    """A query: the object, the names of its result columns in order, and its text.

    A column of a parent has SOQL's notation (``Account.Name``). Without columns the statement
    counts rows. With ``include_deleted`` it is sent by queryAll: rows in the Recycle Bin and losers
    of merges are included. ``id_columns`` have record ids, or are blank; the object's own ids start
    with ``key_prefix``, when describe has it.
    """

    object: str
    columns: tuple[str, ...]
    text: str
    include_deleted: bool = False
    id_columns: tuple[str, ...] = ()
    key_prefix: str | None = None

    @property
    def tried(self) -> Text:
        """A description of the query, for people."""
        return querying(self.object)

    def __post_init__(self) -> None:
        if len(self.text) > STATEMENT_LENGTH_MAX:
            raise SalesforceRefused(
                "statement_too_long",
                tried=Text(
                    f"{self.object} の検索条件を組み立てようとしました",
                    f"Tried to build a query of {self.object}",
                ),
                came_back=Text(
                    f"{len(self.text)} 文字です(上限 {STATEMENT_LENGTH_MAX} 文字)",
                    f"{len(self.text)} characters of at most {STATEMENT_LENGTH_MAX}",
                ),
                remedy=remedies.QUERY_WRONG,
            )


def select(
    schema: ObjectSchema,
    columns: Sequence[Column],
    where: Predicate | None = None,
    *,
    order_by: Sequence[Column] = (),
    limit: int | None = None,
    include_deleted: bool = False,
) -> Statement:
    """``SELECT columns FROM object``. ORDER BY and LIMIT would disable Bulk 2.0's chunking.

    SalesforceRefused when the text is longer than Salesforce accepts.
    """
    by_path = {as_path(column).text: as_path(column) for column in columns}
    paths = tuple(by_path)
    if not paths:
        raise ValueError("a query needs columns")
    parts = ["SELECT", ", ".join(paths), "FROM", _object_name(schema)]
    if where:
        parts += ["WHERE", where.text]
    if order_by:
        parts.append(f"ORDER BY {', '.join(as_path(column).text for column in order_by)}")
    if limit is not None:
        parts.append(f"LIMIT {int(limit)}")
    ids = tuple(text for text, path in by_path.items() if holds_ids(path.field))
    return Statement(schema.name, paths, " ".join(parts), include_deleted, ids, schema.key_prefix)


def holds_ids(field: FieldSchema) -> bool:
    """Whether its values are record ids: lookups of external objects have another system's keys."""
    if field.type == "id":
        return True
    return field.type == "reference" and not any(o.endswith("__x") for o in field.reference_to)


def count(
    schema: ObjectSchema, where: Predicate | None = None, *, include_deleted: bool = False
) -> Statement:
    """``SELECT COUNT() FROM object``: the number of rows, no rows."""
    parts = ["SELECT COUNT() FROM", _object_name(schema)]
    if where:
        parts += ["WHERE", where.text]
    return Statement(schema.name, (), " ".join(parts), include_deleted)


def in_window(column: Column, low: datetime | None, high: datetime | None) -> Predicate | None:
    """``column >= low AND column < high``, an open end for None; None when both are open.

    Both are cut to the second, as Salesforce stores its stamps: adjacent windows have no gap.
    """
    path = as_path(column).text
    return all_of(
        [
            Predicate(f"{path} >= {literals.moment(low)}") if low else None,
            Predicate(f"{path} < {literals.moment(high)}") if high else None,
        ]
    )


def id_in(
    column: Column, ids: "pl.Series | Iterable[str]", *, length_max: int = 60_000
) -> list[Predicate]:
    """``column IN (ids)``, split into predicates of at most ``length_max`` characters.

    Ids are written with 18 characters, each once, sorted. ValueError for a text that is no id.
    """
    from flyle_sf_assets.salesforce.id_columns import ids_of_18  # noqa: PLC0415 - polars: 0.2 s

    path = as_path(column).text
    size = max(1, (length_max - len(path) - len(" IN ()")) // len("'001000000000000AAA',"))
    # An id is letters and digits only: nothing of it has to be escaped.
    batches = [part["id"].to_list() for part in ids_of_18(ids).to_frame().iter_slices(size)]
    return [Predicate(f"{path} IN ('{_BETWEEN.join(batch)}')") for batch in batches]


def is_deleted(field: FieldSchema, *, deleted: bool) -> Predicate:
    """Only soft-deleted rows, or only others, of a queryAll."""
    return Predicate(f"{as_path(field).text} = {'TRUE' if deleted else 'FALSE'}")


def as_path(column: Column) -> FieldPath:
    """A column as a path; a field is the path of itself."""
    return column if isinstance(column, FieldPath) else FieldPath(column)


def _joined(word: str, predicates: Iterable[Predicate | None]) -> Predicate | None:
    texts = list(dict.fromkeys(p.text for p in predicates if p is not None))
    if not texts:
        return None
    return Predicate(texts[0] if texts[1:] == [] else f"({f' {word} '.join(texts)})")


def _object_name(schema: ObjectSchema) -> str:
    if not _NAME.fullmatch(schema.name):
        raise ValueError(f"{schema.name!r} is no name of an object")
    return schema.name
