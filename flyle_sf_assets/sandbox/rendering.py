"""Results as bytes: JSON records as REST sends them, CSV rows as Bulk 2.0 sends them.

Values are written as their stored text; numbers never become floats. Source: REST
API Developer Guide, "Query"; Bulk API 2.0 Developer Guide, "Get Results for a Query Job". What does
not belong here: pages, headers and statuses (``api/``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from typing import cast

from flyle_sf_assets.sandbox.metadata import NUMERIC_TYPES, Field
from flyle_sf_assets.sandbox.records.table import Column
from flyle_sf_assets.sandbox.soql.aggregates import AggregateResult
from flyle_sf_assets.sandbox.soql.binding import BoundField
from flyle_sf_assets.sandbox.soql.chunks import Chunk
from flyle_sf_assets.sandbox.soql.execution import Selected

Fragments = list[str]
_quote: Callable[[str], str] = encode_basestring

_NEVER_QUOTED = NUMERIC_TYPES | {"id", "reference", "boolean", "date", "datetime", "time"}


@dataclass
class _Shape:
    """What to show of a record: leaves and parents, in the order of the query."""

    leaves: dict[str, Selected] = field(default_factory=dict)
    parents: dict[str, "_Shape"] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    via: BoundField | None = None
    depth: int = 0


def json_records(columns: Sequence[Selected], chunk: Chunk, version: str) -> list[str]:
    """One JSON text per row, ``attributes`` first, parents nested."""
    shape = _shape(columns)
    return _records(shape, chunk, version)


def _shape(columns: Sequence[Selected]) -> _Shape:
    root = _Shape()
    for column in columns:
        at = root
        *relationships, name = column.bound.path
        for depth, relationship in enumerate(relationships, start=1):
            if relationship not in at.parents:
                at.parents[relationship] = _Shape(via=column.bound, depth=depth)
                at.order.append(relationship)
            at = at.parents[relationship]
        at.leaves[name] = column
        at.order.append(name)
    return root


def _records(shape: _Shape, chunk: Chunk, version: str) -> list[str]:
    types, ids = _identity(shape, chunk)
    parts: list[Fragments] = []
    names: list[str] = []
    for name in shape.order:
        names.append(name)
        if name in shape.parents:
            parts.append(_records(shape.parents[name], chunk, version))
        else:
            parts.append(_leaf(shape.leaves[name], chunk))
    # One template for all rows: only the fragments differ.
    body = "".join(f',"{name}":%s' for name in names)
    template = (
        '{"attributes":{"type":"%s","url":"/services/data/v'
        + version
        + '/sobjects/%s/%s"}'
        + body
        + "}"
    )
    rows = zip(types, ids, *parts, strict=True)
    return [
        "null" if record is None else template % (type_, type_, record, *rest)
        for type_, record, *rest in rows
    ]


def _identity(shape: _Shape, chunk: Chunk) -> tuple[Sequence[str], Column]:
    """Object name and id of the record at this place of the shape, for each row."""
    snapshot, sobject = chunk.snapshot, chunk.sobject
    if shape.via is None:
        table = snapshot.table(sobject)
        return [sobject.name] * len(chunk.rows), [table.columns["Id"][row] for row in chunk.rows]
    hops, targets = shape.via.hops[: shape.depth], shape.via.targets[: shape.depth]
    target = targets[-1]
    bound = BoundField(hops, targets, target, target.field("Id"), 0)
    ids = chunk.values(bound)
    if not bound.several_targets:
        return [target.name] * len(chunk.rows), ids
    by_prefix = snapshot.catalog.by_prefix
    return [by_prefix[record[:3]].name if record else target.name for record in ids], ids


def _leaf(column: Selected, chunk: Chunk) -> Fragments:
    bound = column.bound
    if bound.field.components:
        return _compound(bound, chunk)
    values = chunk.values(bound)
    if column.label:
        labels = {entry.value: entry.label for entry in bound.field.picklist}
        values = [
            None if v is None else ";".join(labels.get(part, part) for part in v.split(";"))
            for v in values
        ]
    return json_values(bound.field, values)


def json_values(field_: Field, values: Column) -> Fragments:
    """The JSON text of each value of a field."""
    if field_.type in NUMERIC_TYPES or field_.type == "boolean":
        return ["null" if v is None else v for v in values]
    if field_.type == "datetime":
        return ["null" if v is None else f'"{v[:-1]}+0000"' for v in values]
    if field_.type in ("id", "reference", "date", "time"):
        return ["null" if v is None else f'"{v}"' for v in values]
    return ["null" if v is None else _quote(v) for v in values]


def _compound(bound: BoundField, chunk: Chunk) -> Fragments:
    keys = [key for key, _ in bound.field.components]
    columns: list[Fragments] = []
    for _, name in bound.field.components:
        if not name:
            columns.append(["null"] * len(chunk.rows))
            continue
        part = BoundField(bound.hops, bound.targets, bound.owner, bound.owner.field(name), bound.at)
        columns.append(json_values(part.field, chunk.values(part)))
    template = "{" + ",".join(f'"{key}":%s' for key in keys) + "}"
    return [
        "null" if all(part == "null" for part in row) else template % row
        for row in zip(*columns, strict=True)
    ]


def json_groups(groups: AggregateResult) -> list[str]:
    """One JSON text per group."""
    columns = [json_values(column.field, column.values) for column in groups.columns]
    body = "".join(f",{_quote(column.name)}:%s" for column in groups.columns)
    template = '{"attributes":{"type":"AggregateResult"}' + body + "}"
    return [template % row for row in zip(*columns, strict=True)]


def csv_header(columns: Sequence[Selected], delimiter: str, line_end: str) -> str:
    """The quoted header line: parent fields by their whole path."""
    names = [".".join(column.bound.path) for column in columns]
    return delimiter.join(f'"{name}"' for name in names) + line_end


def csv_rows(columns: Sequence[Selected], chunk: Chunk, delimiter: str, line_end: str) -> str:
    """The rows with every field quoted; blank and null look the same.

    Columns are joined unchanged, a line at a time in C: csv.writer takes twice as long.
    """
    if not chunk.rows:
        return ""
    texts = [_csv_texts(column.bound.field, chunk.values(column.bound)) for column in columns]
    lines = map(f'"{delimiter}"'.join, zip(*texts, strict=True))
    return '"' + f'"{line_end}"'.join(lines) + '"' + line_end


def _csv_texts(field_: Field, values: Column) -> list[str]:
    if None in values:
        texts = ["" if value is None else value for value in values]
    else:
        # Most columns have no blank: they are not copied.
        texts = cast("list[str]", values)
    if field_.type not in _NEVER_QUOTED and '"' in "".join(texts):
        return [text.replace('"', '""') for text in texts]
    return texts
