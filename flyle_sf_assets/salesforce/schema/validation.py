"""Whether a describe is plausible: one that is not is an incomplete read, and changes nothing.

Only an impossible describe is refused, because a wrong refusal stops a tenant. An unusual one (a
missing field, another type) is accepted; the permission watchdog prevents loss of data. Sources:
Object Reference, "Field Types"; REST API Developer Guide, "sObject Describe".
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from flyle_sf_assets.errors import Text
from flyle_sf_assets.salesforce.schema.objects import FieldSchema, ObjectSchema

_NAMES = re.compile(r"(?:[A-Za-z][A-Za-z0-9_]{0,254}\n)*")
_TYPES = re.compile(r"(?:[A-Za-z][A-Za-z0-9]{0,39}\n)*")
_KEY_PREFIX = re.compile(r"[A-Za-z0-9]{3}")
_DIGITS_MAX = 38
"""Salesforce's numbers have 18; PostgreSQL and polars store 38."""
_BASES = ("account", "opportunity")
"""A user who sees one may query it and see its Name: field-level security cannot hide that."""
_LENGTH_MAX = 1 << 31
_TARGETS_MAX = 2_000
_OPTIONS_MAX = 50_000
"""A picklist has at most 1,000 active and 4,000 inactive values; only the inactive ones of old
unrestricted picklists are unlimited (Salesforce Help, "Picklist Limitations")."""


def implausibility(schema: ObjectSchema, name: str) -> Text | None:
    """Why this cannot be the object ``name``, without a value of it; None when it can.

    It is cheap (one pattern over all names): stored schemas are checked at every read.
    """
    if schema.name.lower() != name.lower():
        return Text("要求したものとは別のオブジェクトです", "another object than the one asked for")
    return next(chain(_faults(schema), _faults_of_fields(schema.fields)), None)


def _faults(schema: ObjectSchema) -> Iterator[Text]:
    key = schema.field("Id")
    if key is None or key.type != "id":
        yield Text("項目 Id のないオブジェクトです", "an object without the field Id")
    if schema.name.lower() in _BASES and (not schema.queryable or schema.field("Name") is None):
        yield Text(
            "項目 Name がないか、検索できないオブジェクトです",
            "an object without its name, or that cannot be queried",
        )
    if schema.key_prefix is not None and not _KEY_PREFIX.fullmatch(schema.key_prefix):
        yield Text("キープレフィックスが正しい形式ではありません", "a key prefix that is none")


def _faults_of_fields(fields: Sequence[FieldSchema]) -> Iterator[Text]:
    if not _are(_NAMES, (field.name for field in fields)):
        yield Text("項目の名前が正しい形式ではありません", "fields whose names are no names")
    if len({field.name.lower() for field in fields}) != len(fields):
        yield Text("同じ項目が複数あります", "the same field more than once")
    if not _are(_TYPES, (field.type for field in fields)):
        yield Text("項目の型が正しい形式ではありません", "fields whose types are no words")
    if not all(
        0 <= one.scale < _DIGITS_MAX
        and 0 <= one.precision <= _DIGITS_MAX
        and 0 <= one.length <= _LENGTH_MAX
        for one in fields
    ):
        yield Text(
            "項目の長さか桁数がありえない値です", "fields of lengths or digits that no field has"
        )
    others = (one for field in fields for one in (field.controller_name, field.relationship_name))
    if not _are(_NAMES, (other for other in others if other is not None)):
        yield Text(
            "リレーションの名前が正しい形式ではありません", "relationships whose names are no names"
        )
    if not _are(_NAMES, (target for field in fields for target in field.reference_to)):
        yield Text("参照先の名前が正しい形式ではありません", "lookups to what is no object")
    if any(len(field.reference_to) > _TARGETS_MAX for field in fields):
        yield Text("参照先のオブジェクトが多すぎます", "lookups to more objects than there are")
    if any(len(field.picklist_values) > _OPTIONS_MAX for field in fields):
        yield Text(
            f"選択肢が {_OPTIONS_MAX} を超える項目があります",
            f"a field with more than {_OPTIONS_MAX} options",
        )


def _are(pattern: re.Pattern[str], names: Iterable[str]) -> bool:
    """Whether each of them, followed by a line end, matches the repeated pattern."""
    listed = list(names)
    text = "".join(f"{name}\n" for name in listed)
    return text.count("\n") == len(listed) and pattern.fullmatch(text) is not None
