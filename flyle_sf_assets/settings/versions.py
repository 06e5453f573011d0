"""Versions of a tenant's settings: the stored document, its digest, and what changed.

The digest depends on the meaning of the settings, not on how they are written: the order of
mappings, conditions and listed values, and explicit defaults, make no difference.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from flyle_sf_assets.errors import Text
from flyle_sf_assets.settings.models import TenantSettings

Json = str | bool | int | None | list["Json"] | dict[str, "Json"]

DIGEST_VERSION = 1
"""Part of every digest: raise it when the canonical form changes."""

WORDS: Mapping[str, Text] = {
    "tenant": Text("テナント", "tenant"),
    "display_name": Text("表示名", "display name"),
    "plan": Text("プラン", "plan"),
    "time_zone": Text("タイムゾーン", "time zone"),
    "connection": Text("接続", "connection"),
    "org_url": Text("組織URL", "org URL"),
    "flow": Text("認証方式", "flow"),
    "consumer_key": Text("Consumer Key の置き場所", "where the consumer key is kept"),
    "consumer_secret": Text("Consumer Secret の置き場所", "where the consumer secret is kept"),
    "private_key": Text("秘密鍵の置き場所", "where the private key is kept"),
    "username": Text("ユーザー名", "username"),
    "source": Text("連携対象", "source"),
    "object": Text("オブジェクト", "object"),
    "one_to_one": Text("1:1のオブジェクト", "one-to-one object"),
    "lookup": Text("参照項目", "lookup"),
    "of": Text("参照先", "of"),
    "conditions": Text("条件", "condition"),
    "mapping": Text("項目の対応", "mapping"),
    "from": Text("Salesforceの項目", "Salesforce field"),
    "label": Text("表示名", "label"),
    "type": Text("型", "type"),
    "when_blank": Text("空のとき", "when blank"),
    "refresh": Text("更新", "refresh"),
    "every": Text("間隔", "every"),
    "guard": Text("一括変更の保護", "guard"),
    "max_gone": Text("対象から外れる割合の上限", "share that may go"),
    "max_blanked": Text("空になる割合の上限", "share that may be blanked"),
    "api_budget": Text("APIの予算", "API budget"),
    "max_share": Text("割合の上限", "max share"),
}
"""The keys of a settings file in words."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two versions.

    ``path`` names items by their key, not by their number: ``mapping[amount].label``.
    ``before`` or ``after`` is None when the item does not exist there.
    """

    path: str
    before: Json
    after: Json

    @property
    def text(self) -> Text:
        """The change in one line for people."""
        before, after = _shown(self.before), _shown(self.after)
        return Text(
            f"{self._name('ja')}: {before or '(なし)'} → {after or '(なし)'}",
            f"{self._name('en')}: {before or '(none)'} → {after or '(none)'}",
        )

    def _name(self, language: str) -> str:
        """The path in words: ``項目の対応 › amount › 表示名``; a condition is its own name."""
        head, bracket, rest = self.path.partition("[")
        item, _, tail = rest.rpartition("]")
        names = [_word(part, language) for part in head.split(".")]
        if bracket and head != "source.conditions":
            names.append(item)
        names += [_word(part, language) for part in tail.split(".") if part]
        return " › ".join(names)


def _word(part: str, language: str) -> str:
    return WORDS[part].in_language(language) if part in WORDS else part


def document(settings: TenantSettings) -> dict[str, Json]:
    """The settings as stored: JSON values, secrets only as references, order as written."""
    kept: dict[str, Json] = settings.model_dump(mode="json", by_alias=True, exclude_none=True)
    return kept


def from_document(kept: Mapping[str, Json]) -> TenantSettings:
    """The stored settings. Raises pydantic's ValidationError when they are not valid."""
    return TenantSettings.model_validate(kept, by_alias=True, by_name=False)


def digest(settings: TenantSettings) -> str:
    """64 hexadecimal digits, the same exactly when the settings mean the same."""
    return digest_of(canonical(settings))


def digest_of(value: Json) -> str:
    """The digest of any JSON value; the order of keys makes no difference."""
    return hashlib.sha256(f"{DIGEST_VERSION}:{_text_of(value)}".encode()).hexdigest()


def canonical(settings: TenantSettings) -> dict[str, Json]:
    """The document with all lists sorted whose order has no meaning."""
    whole = document(settings)
    source = dict(_mapping(whole["source"]))
    source["conditions"] = _unique(_canonical_condition(c) for c in _list(source["conditions"]))
    source["one_to_one"] = _unique(_list(source["one_to_one"]))
    mapping = sorted(_list(whole["mapping"]), key=lambda item: str(_mapping(item)["to"]))
    return {**whole, "source": source, "mapping": mapping}


def diff(before: TenantSettings | None, after: TenantSettings) -> tuple[Change, ...]:
    """What changed, field by field; empty exactly when the digests are equal.

    Mappings are matched by ``to``, one-to-one objects by ``as``, conditions by content. With
    ``before`` None (the first version) everything is new.
    """
    old = _by_place(canonical(before)) if before else {}
    new = _by_place(canonical(after))
    return tuple(_changes("", old, new))


def _by_place(whole: dict[str, Json]) -> dict[str, Json]:
    """The canonical document with lists of items as mappings by each item's name."""
    source = dict(_mapping(whole["source"]))
    source["conditions"] = {condition_text(c): c for c in _list(source["conditions"])}
    source["one_to_one"] = {
        str(_mapping(item)["as"]): {k: v for k, v in _mapping(item).items() if k != "as"}
        for item in _list(source["one_to_one"])
    }
    mapping: Json = {
        str(_mapping(item)["to"]): {k: v for k, v in _mapping(item).items() if k != "to"}
        for item in _list(whole["mapping"])
    }
    return {**whole, "source": source, "mapping": mapping}


_PLAIN_WORD = re.compile(r"[\w.%+:/-]+")
_ITEM_PLACES = ("mapping", "source.one_to_one", "source.conditions")
_WHOLE_PLACES = ("connection.consumer_key", "connection.consumer_secret", "connection.private_key")


def _changes(path: str, before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[Change]:
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        place = f"{path}[{key}]" if path in _ITEM_PLACES else f"{path}.{key}".removeprefix(".")
        is_item = path in _ITEM_PLACES and (old is None or new is None)
        if is_item or place in _WHOLE_PLACES:
            yield Change(place, old, new)
        elif isinstance(old, dict | None) and isinstance(new, dict | None):
            yield from _changes(place, old or {}, new or {})
        else:
            yield Change(place, old, new)


def _canonical_condition(condition: Json) -> Json:
    item = dict(_mapping(condition))
    if "any" in item:
        alternatives = _unique([_canonical_condition(c) for c in _list(item["any"])])
        return alternatives[0] if len(alternatives) == 1 else {"any": alternatives}
    if isinstance(item.get("value"), list):
        item["value"] = _unique(_list(item["value"]))
    return item


def condition_text(condition: Json) -> str:
    """One condition in one line, never the same for two: ``Type in [Customer, "New Customer"]``."""
    item = _mapping(condition)
    if "any" in item:
        return " or ".join(condition_text(c) for c in _list(item["any"]))
    value = f" {_value_text(item['value'])}" if "value" in item else ""
    return f"{_value_text(item['field'])} {item['op']}{value}"


def _value_text(value: Json) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_value_text(item) for item in value)}]"
    if isinstance(value, str) and _PLAIN_WORD.fullmatch(value) and value not in ("true", "false"):
        return value
    if isinstance(value, dict):
        return f"{{date: {value['date']}}}"
    return _text_of(value)


def _shown(value: Json) -> str:
    if isinstance(value, dict):
        if "op" in value or "any" in value:
            return condition_text(value)
        return ", ".join(f"{key}: {_shown(item)}" for key, item in value.items())
    return "" if value is None else str(value)


def _text_of(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _unique(items: Iterable[Json]) -> list[Json]:
    """The items in one order, each once."""
    by_text = {_text_of(item): item for item in items}
    return [by_text[text] for text in sorted(by_text)]


def _mapping(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise TypeError(f"not a mapping: {type(value).__name__}")
    return value


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError(f"not a list: {type(value).__name__}")
    return value
