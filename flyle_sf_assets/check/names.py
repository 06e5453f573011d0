"""How objects and fields of the org are shown to people, and which fields are near a wrong name."""

from collections.abc import Iterable, Mapping

from flyle_sf_assets.errors import Text
from flyle_sf_assets.salesforce.schema.objects import FieldSchema, ObjectSchema
from flyle_sf_assets.settings.wording import SUGGESTIONS_MAX, nearest

_LABEL_PART_LENGTH_MIN = 2
_STANDARD_LABELS = {
    "Account": "取引先",
    "Case": "ケース",
    "Contact": "取引先責任者",
    "Contract": "契約",
    "Opportunity": "商談",
    "User": "ユーザー",
}
"""For objects that need no describe because they cannot be read (one to many)."""


class Org:
    """The described objects of one org by name, ignoring case."""

    def __init__(self, schemas: Mapping[str, ObjectSchema | None]) -> None:
        self._schemas = {name.lower(): schema for name, schema in schemas.items()}

    def has_asked(self, name: str) -> bool:
        """Whether this object was described, also with the result unknown or hidden."""
        return name.lower() in self._schemas

    def object(self, name: str) -> ObjectSchema | None:
        """The object, or None when it does not exist or is hidden."""
        return self._schemas.get(name.lower())

    def named(self, name: str) -> Text:
        """``取引先(Account)``, or ``Account`` when the label is not known."""
        schema = self.object(name)
        if schema is None:
            label = _STANDARD_LABELS.get(name)
            return Text(f"{label}({name})" if label else name, name)
        if schema.label == schema.name:
            return Text(name, name)
        return Text(f"{schema.label}({schema.name})", schema.name)

    def over_lookups(self, schema: ObjectSchema, field_name: str) -> tuple[str, ...]:
        """Paths by one lookup to a field of that name or label."""
        found = []
        for lookup in schema.fields:
            if not lookup.relationship_name or len(lookup.reference_to) != 1:
                continue
            target = self.object(lookup.reference_to[0])
            field = _exactly(target, field_name) if target else None
            if field is not None:
                found.append(f"{lookup.relationship_name}.{field.name}")
        return tuple(found[:SUGGESTIONS_MAX])


def named_field(field: FieldSchema) -> Text:
    """``Amount(売上)`` and ``Amount (“売上”)``: the label is the org's, in its language."""
    if field.label == field.name:
        return Text(field.name, field.name)
    return Text(f"{field.name}({field.label})", f"{field.name} (“{field.label}”)")


def nearest_fields(schema: ObjectSchema, word: str) -> tuple[FieldSchema, ...]:
    """The fields whose API name or label is most similar to the word, the nearest first.

    A label that is, or contains, the word comes before API names that are only similar:
    ``売上高`` means the field with that label.
    """
    exact = _exactly(schema, word)
    by_api_name = _by(schema.fields, (field.name for field in schema.fields), word)
    folded = word.casefold()
    holding = [
        field
        for field in schema.fields
        if len(word) >= _LABEL_PART_LENGTH_MIN
        and (folded in field.label.casefold() or field.label.casefold() in folded)
    ]
    holding.sort(key=lambda field: abs(len(field.label) - len(word)))
    by_label = _by(schema.fields, (field.label for field in schema.fields), word)
    found = [*([exact] if exact else []), *by_api_name, *holding, *by_label]
    return tuple({field.name: field for field in found}.values())[:SUGGESTIONS_MAX]


def _exactly(schema: ObjectSchema, word: str) -> FieldSchema | None:
    by_label = (field for field in schema.fields if field.label.casefold() == word.casefold())
    return schema.field(word) or next(by_label, None)


def _by(fields: Iterable[FieldSchema], names: Iterable[str], word: str) -> list[FieldSchema]:
    by_name: dict[str, FieldSchema] = {}
    for name, field in zip(names, fields, strict=True):
        by_name.setdefault(name.casefold(), field)
    return [by_name[name.casefold()] for name in nearest(word, by_name)]


def choices(texts: Iterable[Text]) -> Text:
    """Several names, joined."""
    listed = list(texts)
    return Text("、".join(t.ja for t in listed), ", ".join(t.en for t in listed))
