"""Obvious mappings: fields that nearly every administrator needs, as this org has them."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from flyle_sf_assets.choosing.fields import FieldChoice
from flyle_sf_assets.choosing.tree import choice_at
from flyle_sf_assets.choosing.walk import SchemaNeeded, Schemas
from flyle_sf_assets.errors import Text
from flyle_sf_assets.settings.models import BaseObject, FieldMapping, Source

KEY_LENGTH_MAX = 63

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
