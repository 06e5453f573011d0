"""Settings, and what changes between two versions of them, in the words of their administrator.

Labels come from the schemas that are known; where one is missing the API name is shown as such.
What does not belong here: finding the differences (``settings/versions.py``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flyle_sf_assets.choosing.condition_words import Labels, condition_phrase
from flyle_sf_assets.choosing.phrases import Phrase, api_name, joined, name, phrase, words
from flyle_sf_assets.choosing.type_words import FLYLE_TYPES, OBJECTS
from flyle_sf_assets.choosing.walk import Schemas
from flyle_sf_assets.companies.types import allowed_types
from flyle_sf_assets.errors import Text
from flyle_sf_assets.settings.models import (
    FieldMapping,
    FlyleType,
    OneToOne,
    Source,
    TenantSettings,
)
from flyle_sf_assets.settings.versions import WORDS, Change, Json, diff


@dataclass(frozen=True, slots=True)
class MappingWords:
    """One mapping in words. ``type`` is None when neither settings nor known fields tell it."""

    mapping: FieldMapping
    field: Phrase
    type: Text | None


@dataclass(frozen=True, slots=True)
class OneToOneWords:
    """A one-to-one object in words; ``api`` is the same in API names."""

    item: OneToOne
    text: Phrase


@dataclass(frozen=True, slots=True)
class SettingsWords:
    """What settings say, in words."""

    conditions: tuple[Phrase, ...]
    mapping: tuple[MappingWords, ...]
    one_to_one: tuple[OneToOneWords, ...]


def settings_words(settings: TenantSettings, schemas: Schemas) -> SettingsWords:
    """The settings in words; ``schemas`` are those known of the org, by API name."""
    labels = Labels.of(settings.source, schemas)
    return SettingsWords(
        conditions=tuple(condition_phrase(one, labels) for one in settings.source.conditions),
        mapping=tuple(
            MappingWords(one, labels.path(one.from_), _type_of(one, labels))
            for one in settings.mapping
        ),
        one_to_one=one_to_one_words(settings.source, labels),
    )


def one_to_one_words(source: Source, labels: Labels) -> tuple[OneToOneWords, ...]:
    """The declared one-to-one objects in words."""
    return tuple(OneToOneWords(one, one_to_one_phrase(one, labels)) for one in source.one_to_one)


def one_to_one_phrase(item: OneToOne, labels: Labels) -> Phrase:
    """``契約情報(取引先ごとに1件)``, with the API names beside it."""
    said = phrase(
        Text("{object}({of}ごとに1件)", "{object} (one for each {of})"),
        object=labels.object(item.object),
        of=_object(item.of, labels),
    )
    return said.beside(f"{item.object}.{item.lookup} → {item.of} › {item.as_}")


def change_phrases(
    before: TenantSettings, after: TenantSettings, schemas: Schemas
) -> tuple[Phrase, ...]:
    """What changed, one sentence each; empty when nothing did, the order of the fields included."""
    sides = _Sides(before, after, schemas)
    found = [sides.told(change) for change in diff(before, after)]
    if _order(before, after) != _order(after, before):
        found.append(words(Text("項目の並び順を変更", "The order of the fields changed")))
    return tuple(found)


class _Sides:
    """The settings before and after a change, each with its labels."""

    def __init__(self, before: TenantSettings, after: TenantSettings, schemas: Schemas) -> None:
        self._before = Labels.of(before.source, schemas)
        self._after = Labels.of(after.source, schemas)
        self._mappings = {one.to: one for one in (*before.mapping, *after.mapping)}

    def told(self, change: Change) -> Phrase:
        head, _, rest = change.path.partition("[")
        item, _, tail = rest.rpartition("]")
        if head == "mapping" and item:
            return self._of_mapping(change, item, tail.removeprefix("."))
        if head == "source.conditions":
            return self._of_condition(change)
        if head == "source.one_to_one" and not tail:
            return self._of_object(change, item)
        if change.path == "source.object":
            return self._arrow(words(Text("連携元", "Source")), change, _base_object)
        return self._arrow(_place(change.path), change, _VALUES.get(change.path, _data))

    def _of_mapping(self, change: Change, key: str, member: str) -> Phrase:
        kept = change.after if change.before is None else change.before
        if not member and isinstance(kept, dict):
            mapping = FieldMapping.model_validate({**kept, "to": key}, by_alias=True, by_name=False)
            is_new = change.before is None
            said = phrase(
                _ADDED if is_new else _REMOVED,
                label=name(mapping.label),
                field=(self._after if is_new else self._before).path(mapping.from_),
            )
            return said.beside(f"{key} ← {mapping.from_}")
        mapping = self._mappings[key]
        place = phrase(_OF_ITEM, label=name(mapping.label), what=words(_MEMBERS[member]))
        if member == "from":
            return phrase(
                _ARROW,
                place=place,
                before=self._before.path(str(change.before)),
                after=self._after.path(str(change.after)),
            ).beside(f"{key}: {change.before} → {change.after}")
        return self._arrow(place, change, _VALUES.get(member, _data)).beside(key)

    def _of_condition(self, change: Change) -> Phrase:
        is_new = change.before is None
        kept = change.after if is_new else change.before
        source = Source.model_validate({"object": "Account", "conditions": [kept]})
        item = source.conditions[0]
        told = condition_phrase(item, self._after if is_new else self._before)
        template = _CONDITION_ADDED if is_new else _CONDITION_REMOVED
        return phrase(template, it=told).beside(told.api)

    def _of_object(self, change: Change, as_: str) -> Phrase:
        is_new = change.before is None
        kept = change.after if is_new else change.before
        item = OneToOne.model_validate({**_dict(kept), "as": as_}, by_alias=True, by_name=False)
        told = one_to_one_phrase(item, self._after if is_new else self._before)
        return phrase(_OBJECT_ADDED if is_new else _OBJECT_REMOVED, it=told).beside(told.api)

    def _arrow(self, place: Phrase, change: Change, shown: Callable[[Json], Phrase]) -> Phrase:
        return phrase(_ARROW, place=place, before=shown(change.before), after=shown(change.after))


def interval(every: str) -> Text:
    """``3h`` as ``3時間ごと``."""
    hours = every.removesuffix("h")
    return Text(f"{hours}時間ごと", f"every {hours} hours" if hours != "1" else "every hour")


def _type_of(mapping: FieldMapping, labels: Labels) -> Text | None:
    if mapping.type is not None:
        return FLYLE_TYPES[mapping.type]
    field = labels.field(mapping.from_)
    types: tuple[FlyleType, ...] = () if field is None else allowed_types(field)
    return FLYLE_TYPES[types[0]] if types else None


def _object(api: str, labels: Labels) -> Phrase:
    return words(OBJECTS[api]) if api in OBJECTS else labels.object(api)


def _order(settings: TenantSettings, other: TenantSettings) -> list[str]:
    """The keys that both have, in the order of the first."""
    both = {one.to for one in other.mapping}
    return [one.to for one in settings.mapping if one.to in both]


def _place(path: str) -> Phrase:
    known = [part for part in path.replace("]", "").replace("[", ".").split(".") if part]
    named = [words(WORDS[part]) if part in WORDS else api_name(part) for part in known]
    return joined(named, Text(" › ", " › "))


def _dict(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise TypeError(f"not a mapping: {type(value).__name__}")
    return value


def _base_object(value: Json) -> Phrase:
    return words(OBJECTS[str(value)])


def _type(value: Json) -> Phrase:
    return words(_AUTOMATIC if value is None else FLYLE_TYPES[str(value)])


def _blank(value: Json) -> Phrase:
    return words(_KEEP if value == "keep" else _CLEAR)


def _every(value: Json) -> Phrase:
    return words(interval(str(value)))


def _quoted(value: Json) -> Phrase:
    return phrase(_QUOTED, value=name(str(value)))


def _plan(value: Json) -> Phrase:
    return words(_PLANS[str(value)]) if str(value) in _PLANS else _data(value)


def _data(value: Json) -> Phrase:
    """A value that is none of people's words: an address, an environment variable, a percentage."""
    if value is None:
        return words(_NOTHING)
    if isinstance(value, dict):
        return api_name(", ".join(f"{key}: {item}" for key, item in value.items()))
    return api_name(str(value))


_VALUES: Mapping[str, Callable[[Json], Phrase]] = {
    "type": _type,
    "label": _quoted,
    "when_blank": _blank,
    "refresh.every": _every,
    "display_name": _quoted,
    "plan": _plan,
}
_PLANS: Mapping[str, Text] = {
    "enterprise": Text("エンタープライズ", "Enterprise"),
    "professional": Text("プロフェッショナル", "Professional"),
}
_MEMBERS: Mapping[str, Text] = {
    "label": Text("項目名", "label"),
    "type": Text("型", "type"),
    "from": Text("取り込み元", "source"),
    "when_blank": Text("Salesforceで空のとき", "when blank in Salesforce"),
}
_AUTOMATIC = Text("自動", "automatic")
_KEEP = Text("前の値を残す", "keep the last value")
_CLEAR = Text("空にする", "make it blank")
_NOTHING = Text("(なし)", "(none)")
_QUOTED = Text("「{value}」", "“{value}”")
_ARROW = Text("{place}: {before} → {after}", "{place}: {before} → {after}")
_OF_ITEM = Text("「{label}」の{what}", "{what} of “{label}”")
_ADDED = Text("「{label} ← {field}」を追加", "Added: {label} ← {field}")
_REMOVED = Text(
    "「{label} ← {field}」を外す(取り込み済みの値は残り、更新されなくなります)",
    "Removed: {label} ← {field} (its values stay, and are not updated any more)",
)
_CONDITION_ADDED = Text("条件を追加: {it}", "Condition added: {it}")
_CONDITION_REMOVED = Text("条件を外す: {it}", "Condition removed: {it}")
_OBJECT_ADDED = Text("1:1のオブジェクトを追加: {it}", "One-to-one object added: {it}")
_OBJECT_REMOVED = Text("1:1のオブジェクトを外す: {it}", "One-to-one object removed: {it}")
