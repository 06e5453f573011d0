"""Obvious mappings: fields that nearly every administrator needs, as this org has them."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from flyle_sf_assets.check.currencies import Amount, missing_codes
from flyle_sf_assets.choosing.fields import FieldChoice
from flyle_sf_assets.choosing.tree import choice_at
from flyle_sf_assets.choosing.walk import SchemaNeeded, Schemas, field_at, lowered
from flyle_sf_assets.errors import Text
from flyle_sf_assets.settings.models import BaseObject, FieldMapping, Source

KEY_LENGTH_MAX = 63

LABEL_LENGTH_MAX = 255
_CURRENCY = Text(
    "この組織は複数の通貨を使います。金額の通貨も取り込むことをお勧めします",
    "This org uses several currencies: take over the currency of the amounts as well",
)
_ALWAYS_ASKED = Text("多くの企業で連携されている項目です", "Most tenants link this field")

_OF_ACCOUNT: tuple[tuple[str, str, Text], ...] = (
    ("AnnualRevenue", "revenue", Text("売上", "Revenue")),
    ("NumberOfEmployees", "employees", Text("従業員規模", "Employees")),
    ("Industry", "industry", Text("業種", "Industry")),
    ("Type", "account_type", Text("取引先種別", "Account type")),
    ("Owner.Name", "owner", Text("担当者", "Owner")),
    ("Parent.Name", "parent", Text("親会社", "Parent company")),
    ("Website", "website", Text("Webサイト", "Website")),
)
_OBVIOUS: Mapping[BaseObject, tuple[tuple[str, str, Text], ...]] = {
    "Account": _OF_ACCOUNT,
    "Opportunity": (
        ("Amount", "amount", Text("売上", "Amount")),
        ("StageName", "phase", Text("商談フェーズ", "Opportunity stage")),
        ("CloseDate", "close_date", Text("完了予定日", "Close date")),
        ("Account.Name", "account", Text("取引先", "Account")),
        ("Account.NumberOfEmployees", "employees", Text("従業員規模", "Employees")),
        ("Account.Industry", "industry", Text("業種", "Industry")),
        ("Owner.Name", "owner", Text("担当者", "Owner")),
    ),
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A mapping that one click adds, and the field that it reads.

    ``label`` is the new field's name in each language; the mapping has the Japanese one.
    """

    mapping: FieldMapping
    choice: FieldChoice
    label: Text
    why: Text


def suggestions(
    source: Source, schemas: Schemas, mapped: Collection[FieldMapping] = ()
) -> tuple[Suggestion, ...] | SchemaNeeded:
    """Useful fields that are not mapped yet: 売上, 従業員規模, 商談フェーズ, 業種, 担当者.

    Only fields that this org has and shows. A key in use is replaced by a free one.
    """
    paths = {mapping.from_.lower() for mapping in mapped}
    taken = {mapping.to for mapping in mapped}
    found: list[Suggestion] = []
    needed: list[str] = []
    for path, key, label in _OBVIOUS[source.object]:
        choice = choice_at(source, schemas, path)
        if isinstance(choice, SchemaNeeded):
            needed += choice.objects
        elif choice is not None and choice.is_selectable and path.lower() not in paths:
            free = key if key not in taken else suggested_key(choice, taken)
            mapping = FieldMapping(from_=choice.path, to=free, label=label.ja, type=choice.types[0])
            found.append(Suggestion(mapping, choice, label, _ALWAYS_ASKED))
            taken.add(free)
    return SchemaNeeded(tuple(dict.fromkeys(needed))) if needed else tuple(found)


def currency_suggestions(
    source: Source, schemas: Schemas, mapped: Sequence[FieldMapping]
) -> tuple[Suggestion, ...] | SchemaNeeded:
    """The currency codes that amounts among the mapped fields need and do not have beside them."""
    known, amounts, needed = lowered(schemas), [], list[str]()
    for index, one in enumerate(mapped):
        found = field_at(source, known, one.from_)
        if isinstance(found, SchemaNeeded):
            needed += found.objects
        elif found is not None:
            amounts.append(Amount(index, one.from_, found[1], found[0].schema))
    if needed:
        return SchemaNeeded(tuple(dict.fromkeys(needed)))
    taken, made = {one.to for one in mapped}, []
    for missing in missing_codes(amounts, (one.from_ for one in mapped)):
        choice = choice_at(source, schemas, missing.path)
        if isinstance(choice, FieldChoice) and choice.is_selectable:
            key = suggested_key(choice, taken)
            label = choice.label_path[:LABEL_LENGTH_MAX]
            mapping = FieldMapping(from_=choice.path, to=key, label=label, type=choice.types[0])
            made.append(Suggestion(mapping, choice, Text(label, label), _CURRENCY))
            taken.add(key)
    return tuple(made)


def suggested_key(choice: FieldChoice, taken: Collection[str]) -> str:
    """A valid, free ``to`` for a field: ``Account.NumberOfEmployees`` gives number_of_employees.

    When that is in use, the objects on the path are added before it, then numbers after it.
    """
    names = [_snake(part) for part in choice.path.split(".")]
    keys = ["_".join(names[-length:]) for length in range(1, len(names) + 1)]
    keys = [_valid(key) for key in keys]
    numbered = (f"{keys[-1][: KEY_LENGTH_MAX - 5]}_{number}" for number in range(2, len(taken) + 3))
    return next(key for key in (*keys, *numbered) if key not in taken)


def _snake(name: str) -> str:
    plain = re.sub(r"__[a-z]+$", "", name)
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", plain)
    return re.sub(r"_+", "_", re.sub(r"[^a-z0-9_]", "_", split.lower())).strip("_")


def _valid(key: str) -> str:
    return (key if re.match(r"[a-z]", key) else f"field_{key}")[:KEY_LENGTH_MAX].rstrip("_")
