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

_OF_ACCOUNT: tuple[tuple[str, str, str], ...] = (
    ("AnnualRevenue", "revenue", "売上"),
    ("NumberOfEmployees", "employees", "従業員規模"),
    ("Industry", "industry", "業種"),
    ("Type", "account_type", "取引先種別"),
    ("Owner.Name", "owner", "担当者"),
    ("Parent.Name", "parent", "親会社"),
    ("Website", "website", "Webサイト"),
)
_OBVIOUS: Mapping[BaseObject, tuple[tuple[str, str, str], ...]] = {
    "Account": _OF_ACCOUNT,
    "Opportunity": (
        ("Amount", "amount", "売上"),
        ("StageName", "phase", "商談フェーズ"),
        ("CloseDate", "close_date", "完了予定日"),
        ("Account.Name", "account", "取引先"),
        ("Account.NumberOfEmployees", "employees", "従業員規模"),
        ("Account.Industry", "industry", "業種"),
        ("Owner.Name", "owner", "担当者"),
    ),
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A mapping that one click adds, and the field that it reads."""

    mapping: FieldMapping
    choice: FieldChoice
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
            mapping = FieldMapping(from_=choice.path, to=free, label=label, type=choice.types[0])
            found.append(Suggestion(mapping, choice, _ALWAYS_ASKED))
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
