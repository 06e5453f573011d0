"""Company values for people: no quotes, all digits of numbers, options by label."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import msgspec
import polars as pl

from flyle_sf_assets.companies.document import CUSTOM_FIELDS, documents
from flyle_sf_assets.companies.fields import CompanyField
from flyle_sf_assets.companies.rows import EXTERNAL_ID, Converted
from flyle_sf_assets.salesforce.schema.picklists import options_of
from flyle_sf_assets.settings.models import FlyleType

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
NO_LABELS: Mapping[str, Mapping[str, str]] = MappingProxyType({})
_SELECTS = (FlyleType.SINGLE_SELECT, FlyleType.MULTI_SELECT)


@dataclass(frozen=True, slots=True)
class ShownRows:
    """Converted rows for people.

    ``records`` are (external id, name); ``values`` has by key one (text, reason) per record: the
    text is "" for a blank, the reason is set when the value is rejected. ``members`` are the same
    values as JSON, by external id and key, without blanks. ``labels`` are those of options, by key
    and API value, for the fields that have options.
    """

    records: tuple[tuple[str, str], ...]
    values: Mapping[str, tuple[tuple[str, str | None], ...]]
    members: Mapping[str, Mapping[str, str]]
    labels: Mapping[str, Mapping[str, str]]

    def values_of(self, key: str) -> tuple[tuple[str, str | None], ...]:
        """One per record; empty for a field that is not shown."""
        return self.values.get(key, ())


def members_of(document: str) -> dict[str, str]:
    """The members of a document of custom fields, each as JSON."""
    return {key: bytes(raw).decode() for key, raw in _MEMBERS.decode(document).items()}


def shown(text: str | None, labels: Mapping[str, str] | None = None) -> str:
    """A JSON value as text; ``labels`` are the options' labels by API value."""
    if text is None or text == "null":
        return ""
    names = labels or {}
    if text.startswith('"'):
        value = str(json.loads(text))
        return names.get(value, value)
    if text.startswith("["):
        return ", ".join(names.get(str(item), str(item)) for item in json.loads(text))
    return text


def shown_change(before: str | None, after: str | None) -> tuple[str, str]:
    """Two JSON values as texts to compare; as JSON when the texts would be the same.

    A number that becomes text differs only by its quotes.
    """
    texts = shown(before), shown(after)
    if texts[0] != texts[1] or before is None or after is None:
        return texts
    return before, after


def option_labels(field: CompanyField) -> dict[str, str]:
    """The labels of a select field's options by API value; empty for other fields."""
    if field.type not in _SELECTS:
        return {}
    return {option.value: option.label for option in options_of(field.source)}


def shown_rows(
    enriched: pl.DataFrame,
    converted: Converted,
    fields: Sequence[CompanyField],
    known_labels: Mapping[str, Mapping[str, str]] = NO_LABELS,
) -> ShownRows:
    """A few rows for people. ``enriched``: the ``Id`` and ``Name`` of the converted records.

    ``known_labels`` are those of options, by key and API value, that describe may list no more.
    """
    records = tuple((str(i), str(n or "")) for i, n in enriched.select("Id", "Name").rows())
    made = documents(converted.rows, fields).select(EXTERNAL_ID, CUSTOM_FIELDS).rows()
    members = {key: members_of(text or "{}") for key, text in made}
    told = converted.rejected.select(EXTERNAL_ID, "field", "reason").rows()
    labels = {
        field.key: {**known_labels.get(field.key, {}), **option_labels(field)}
        for field in fields
        if field.type in _SELECTS
    }
    reasons = {(key, field): str(reason) for key, field, reason in told}

    def value(key: str, field: CompanyField) -> tuple[str, str | None]:
        text = shown(members.get(key, {}).get(field.key), labels.get(field.key))
        return text, reasons.get((key, field.key), reasons.get((key, None)))

    return ShownRows(
        records=records,
        values={
            field.key: tuple(value(key, field) for key, _ in records)
            for field in fields
            if field.readable
        },
        members=members,
        labels=labels,
    )
