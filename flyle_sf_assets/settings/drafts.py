"""Unfinished settings that an administrator is editing: parts of the document may be missing.

A draft has the format of a settings file, so that the same rules and paths apply to it.
What does not belong here: keeping drafts (``store``) and saving them as a
version (``tenants/settings_drafts.py``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from pydantic import BaseModel

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
from flyle_sf_assets.settings.versions import Json, document

Part = Literal["connection", "object", "one_to_one", "conditions", "mapping", "refresh"]
"""The parts that the setup pages fill in, in this order."""

_PLACES: Mapping[Part, str] = {
    "connection": "connection",
    "object": "source.object",
    "one_to_one": "source.one_to_one",
    "conditions": "source.conditions",
    "mapping": "mapping",
    "refresh": "refresh",
}

_NOT_ON_PAGES = ("guard", "api_budget")

ConditionItem = Condition | AnyOf | Mapping[str, Json]
MappingItem = FieldMapping | Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Draft:
    """Unfinished settings. ``base_version`` is the settings version that the draft started from.

    Values are as they were typed, valid or not: `validate_draft` returns their problems.
    ``extra_hosts`` are the hosts that the operator allows besides Salesforce's.
    """

    document: Mapping[str, Json]
    base_version: int | None = None
    extra_hosts: tuple[str, ...] = field(default=(), compare=False)

    @property
    def tenant(self) -> str:
        """The tenant whose settings these are."""
        return str(self.document["tenant"])


def new_draft(tenant: str, display_name: str, plan: str, *, time_zone: str = "Asia/Tokyo") -> Draft:
    """A draft of a tenant that has no settings yet: Account, everything in scope, no mapping."""
    return Draft(
        {
            "tenant": tenant,
            "display_name": display_name,
            "plan": plan,
            "time_zone": time_zone,
            "source": {"object": "Account"},
            "mapping": [],
        }
    )


def draft_of(settings: TenantSettings, version: int | None) -> Draft:
    """A draft of the current settings; what was never chosen stays missing."""
    defaults = TenantSettings.model_fields
    said = {
        key: value
        for key, value in document(settings).items()
        if key not in _NOT_ON_PAGES or getattr(settings, key) != defaults[key].default
    }
    return Draft(said, version)


def with_connection(draft: Draft, connection: Connection) -> Draft:
    """The draft with another connection."""
    return _with(draft, connection=_plain(connection))


def with_object(draft: Draft, name: str) -> Draft:
    """The draft with another base object; conditions, mapping and one-to-one objects stay."""
    return _with_source(draft, object=name)


def with_one_to_one(draft: Draft, items: Sequence[OneToOne | Mapping[str, Json]]) -> Draft:
    """The draft with exactly these one-to-one objects."""
    return _with_source(draft, one_to_one=[_plain(item) for item in items])


def with_conditions(draft: Draft, items: Sequence[ConditionItem]) -> Draft:
    """The draft with exactly these conditions."""
    return _with_source(draft, conditions=[_plain(item) for item in items])


def with_mapping(draft: Draft, items: Sequence[MappingItem]) -> Draft:
    """The draft with exactly these mappings."""
    return _with(draft, mapping=[_plain(item) for item in items])


def with_refresh(draft: Draft, every: str) -> Draft:
    """The draft with another interval (``3h``)."""
    return _with(draft, refresh={"every": every})


def validate_draft(draft: Draft) -> Validated:
    """The settings when the draft is complete and valid, and every problem with its path."""
    return validate(dict(draft.document), extra_hosts=draft.extra_hosts)


def validate_parts(draft: Draft, *parts: Part) -> Validated:
    """The same for only these parts and the connection: for a page before the last one.

    ``validate_parts(draft, "object", "one_to_one", "conditions")`` is what the live count needs:
    incomplete rows of the mapping do not prevent it.
    """
    kept: dict[str, Json] = dict(draft.document)
    source = _source(draft)
    for part in ("one_to_one", "conditions"):
        if part not in parts:
            source.pop(part, None)
    kept["source"] = source if "object" in parts else {"object": "Account"}
    for part in ("mapping", "refresh"):
        if part not in parts:
            kept.pop(part, None)
    return validate(kept, extra_hosts=draft.extra_hosts)


def problems_of(problems: Iterable[Problem], part: Part) -> tuple[Problem, ...]:
    """The problems that belong on the page of that part, each path as in a settings file."""
    place = _PLACES[part]
    return tuple(
        problem
        for problem in problems
        if problem.path == place or problem.path.startswith((f"{place}.", f"{place}["))
    )


def _with(draft: Draft, **parts: Json) -> Draft:
    return replace(draft, document={**draft.document, **parts})


def _with_source(draft: Draft, **parts: Json) -> Draft:
    return _with(draft, source={**_source(draft), **parts})


def _source(draft: Draft) -> dict[str, Json]:
    source = draft.document.get("source")
    return dict(source) if isinstance(source, dict) else {}


def _plain(item: BaseModel | Mapping[str, Json]) -> dict[str, Json]:
    """JSON values, without missing ones."""
    if isinstance(item, BaseModel):
        return item.model_dump(mode="json", by_alias=True, exclude_none=True)
    return dict(item)
