"""Obvious mappings: fields that nearly every administrator wants, as this org has them.

What does not belong here: whether a mapping is allowed (``companies/types.py``).
"""

from collections.abc import Collection
from dataclasses import dataclass

from flyle_sf_assets.choosing.fields import FieldChoice
from flyle_sf_assets.choosing.tree import Schemas
from flyle_sf_assets.errors import Text
from flyle_sf_assets.settings.models import FieldMapping, Source


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A mapping that can be taken with one click, and the field that it reads."""

    mapping: FieldMapping
    choice: FieldChoice
    why: Text


def suggestions(
    source: Source, schemas: Schemas, mapped: Collection[FieldMapping] = ()
) -> tuple[Suggestion, ...]:
    """What is worth mapping and is not mapped yet: 売上, 従業員規模, 商談フェーズ, 業種, 担当者 …

    Only fields that this org has and shows, and whose keys (``to``) are free.
    """
    raise NotImplementedError


def suggested_key(choice: FieldChoice, taken: Collection[str]) -> str:
    """A valid, free ``to`` for a field: ``Account.NumberOfEmployees`` → ``number_of_employees``."""
    raise NotImplementedError
