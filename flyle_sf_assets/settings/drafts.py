"""Settings while an administrator is still choosing: a document of which parts may be missing.

A draft is the same document as a settings file's, so that it is judged by the same rules and
with the same paths. What does not belong here: keeping drafts (``store``) and saving them as a
version (``refresh/saving.py``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from flyle_sf_assets.errors import Problem
from flyle_sf_assets.settings.models import (
    AnyOf,
    Condition,
    Connection,
    FieldMapping,
    OneToOne,
    TenantSettings,
)
from flyle_sf_assets.settings.validation import Validated, validate
from flyle_sf_assets.settings.versions import Json

Part = Literal["connection", "object", "one_to_one", "conditions", "mapping", "refresh"]
"""The parts that the setup's pages fill in, one after the other."""

ConditionItem = Condition | AnyOf | Mapping[str, Json]
MappingItem = FieldMapping | Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Draft:
    """Settings in the making. ``base_version`` is the settings version that it began from.

    Values are as they were typed, right or wrong: `judged` says what is wrong with them.
    """

    document: Mapping[str, Json]
    base_version: int | None = None

    @property
    def tenant(self) -> str:
        """The tenant whose settings these are."""
        return str(self.document["tenant"])


def new_draft(tenant: str, display_name: str, plan: str, *, time_zone: str = "Asia/Tokyo") -> Draft:
    """A draft of a tenant that has no settings yet."""
    raise NotImplementedError


def draft_of(settings: TenantSettings, version: int | None) -> Draft:
    """A draft that says what stands now."""
    raise NotImplementedError


def with_connection(draft: Draft, connection: Connection) -> Draft:
    """The draft with another connection."""
    raise NotImplementedError


def with_object(draft: Draft, name: str) -> Draft:
    """The draft with another base object; conditions, mapping and one-to-one objects stay."""
    raise NotImplementedError


def with_one_to_one(draft: Draft, items: Sequence[OneToOne | Mapping[str, Json]]) -> Draft:
    """The draft with these one-to-one objects and no others."""
    raise NotImplementedError


def with_conditions(draft: Draft, items: Sequence[ConditionItem]) -> Draft:
    """The draft with these conditions and no others."""
    raise NotImplementedError


def with_mapping(draft: Draft, items: Sequence[MappingItem]) -> Draft:
    """The draft with these mappings and no others."""
    raise NotImplementedError


def with_refresh(draft: Draft, every: str) -> Draft:
    """The draft with another interval (``3h``)."""
    raise NotImplementedError


def judged(draft: Draft) -> Validated:
    """The settings when the draft is whole and sound, and every problem with its path."""
    return validate(dict(draft.document))


def judged_as_far(draft: Draft, *parts: Part) -> Validated:
    """The same with only these of the parts and the connection: a page before the last one.

    ``judged_as_far(draft, "object", "one_to_one", "conditions")`` is what the live count needs:
    rows of the mapping that are half typed are no hindrance.
    """
    raise NotImplementedError


def problems_of(problems: Iterable[Problem], part: Part) -> tuple[Problem, ...]:
    """The problems that belong on the page of that part, each path as in a settings file."""
    raise NotImplementedError
