"""Checks a plain document against the models: every fault is a `Problem` in our own words.

pydantic finds the faults of type, name and pattern; its texts are never shown (they are
English only and repeat the input, which may be a secret). Rules that models cannot express are
in ``rules.py``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from flyle_sf_assets.errors import Problem, Text
from flyle_sf_assets.settings import (
    control_characters,
    models,
    pattern_texts,
    refresh_limits,
    rules,
)
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.wording import (
    child_path,
    item_path,
    listed,
    named_value,
    nearest,
    shown_key,
    shown_value,
)

SUGGESTED_MAX = 1_000
"""Unknown keys for which the nearest one is searched; more are reported without it."""

_CONDITION_TAGS = ("one", "any_of")
_CHECKED_BY_RULES = re.compile(
    r"connection\.(consumer_key|consumer_secret|private_key)\b.*"
    r"|source\.conditions\[\d+\](\.any\[\d+\])?\.value\b.*"
)

_MODEL_AT: Mapping[str, type[BaseModel]] = {
    "": TenantSettings,
    "connection": models.Connection,
    "source": models.Source,
    "source.one_to_one[]": models.OneToOne,
    "source.conditions[].one": models.Condition,
    "source.conditions[].any_of": models.AnyOf,
    "source.conditions[].any_of.any[]": models.Condition,
    "mapping[]": models.FieldMapping,
    "refresh": refresh_limits.Refresh,
    "guard": refresh_limits.Guard,
    "api_budget": refresh_limits.ApiBudget,
}

_EXAMPLES: Mapping[str, str] = {
    "tenant": "tenant: acme",
    "display_name": "display_name: 株式会社アクメ",
    "plan": "plan: enterprise",
    "connection": "connection: {org_url: https://…, flow: client_credentials, …}",
    "connection.org_url": "org_url: https://acme.my.salesforce.com",
    "connection.flow": "flow: client_credentials",
    "connection.consumer_key": "consumer_key: {env: ACME_SF_KEY}",
    "source": "source: {object: Account}",
    "source.object": "object: Account",
    "source.one_to_one[].object": "object: Contract_Info__c",
    "source.one_to_one[].lookup": "lookup: Account__c",
    "source.one_to_one[].of": "of: Account",
    "source.one_to_one[].as": "as: ContractInfo",
    "source.conditions[].field": "field: StageName",
    "source.conditions[].op": "op: eq",
    "mapping[].from": "from: Amount",
    "mapping[].to": "to: amount",
    "mapping[].label": "label: 売上",
}


@dataclass(frozen=True, slots=True)
class Validated:
    """The settings, unless a problem is an error, and all their problems."""

    settings: TenantSettings | None
    problems: tuple[Problem, ...]


def validate(
    document: object,
    *,
    unreadable: frozenset[str] = frozenset(),
    extra_hosts: Iterable[str] = (),
) -> Validated:
    """Checks a document of plain values; problems have paths but no lines.

    Nothing is reported for the paths in ``unreadable`` and the paths below them.
    ``extra_hosts`` are entries of ``FLYLE_SF_EXTRA_HOSTS``: only they may be org hosts besides
    Salesforce's own. Raises only UsageError, when one of them is not a host.
    """
    if not isinstance(document, dict):
        text = Text(
            "設定は「キー: 値」の並びで書いてください。", "Settings must be a mapping (key: value)."
        )
        remedy = Text("docs/settings.md をご覧ください。", "See docs/settings.md.")
        return Validated(None, (Problem("not_a_mapping", "", text, remedy),))
    hidden = tuple(control_characters.places(document))
    settings, found = None, [control_characters.problem(path) for path in hidden]
    unreadable |= frozenset(hidden)
    try:
        settings = TenantSettings.model_validate(document, by_alias=True, by_name=False)
    except ValidationError as error:
        found += _translated(error.errors(include_url=False))
    found += rules.problems(document, extra_hosts)
    told = ("control_character",)
    found = [p for p in found if p.code in told or not _is_below(p.path, unreadable)]
    if any(p.severity == "error" for p in found) or unreadable:
        return Validated(None, tuple(found))
    if settings is None:
        found.append(_unexplained())
    return Validated(settings, tuple(found))


def _is_below(path: str, places: frozenset[str]) -> bool:
    """Whether the path is one of these or below one; the cost is its depth, not their number."""
    while path and path not in places:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return path in places


def _translated(errors: list[ErrorDetails]) -> Iterator[Problem]:
    """Our problems for pydantic's, without those that ``rules.py`` reports better.

    A mistyped key is reported once: the intended key is not reported as missing, nor are the keys
    of a mapping with ``any`` where alternatives are not allowed.
    """
    extra = [error["loc"] for error in errors if error["type"] == "extra_forbidden"]
    # The search for the nearest key is slow, and people read only the first ones.
    meant = {(loc[:-1], _meant_key(loc)) for loc in extra[:SUGGESTED_MAX]}
    nested_any = {loc[:-1] for loc in extra if loc[-1] == "any"}
    unsuggested = frozenset(extra[SUGGESTED_MAX:])
    for error in errors:
        kind, loc = error["type"], error["loc"]
        path = _path(loc)
        if kind == "missing":
            is_told = (loc[:-1], loc[-1]) in meant or loc[:-1] in nested_any
            if not is_told and not _CHECKED_BY_RULES.fullmatch(_path(loc[:-1])):
                yield _missing(path)
        elif _CHECKED_BY_RULES.fullmatch(path):
            continue
        elif kind == "extra_forbidden":
            yield _unknown_key(loc, suggests=loc not in unsuggested)
        elif kind != "too_short" or not error["input"]:
            # pydantic also reports a list as too short when its items are invalid.
            yield _misfit(path, error)


def _path(loc: tuple[int | str, ...]) -> str:
    path = ""
    for index, part in enumerate(loc):
        if isinstance(part, int):
            path = item_path(path, part)
        elif not _is_tag(loc, index):
            path = child_path(path, part)
    return path


def _is_tag(loc: tuple[int | str, ...], index: int) -> bool:
    return loc[index] in _CONDITION_TAGS and index > 1 and loc[index - 2] == "conditions"


def _general(loc: tuple[int | str, ...]) -> str:
    """``mapping[].from``: the path without its numbers, condition tags kept."""
    text = ""
    for part in loc:
        text += "[]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _allowed_keys(loc: tuple[int | str, ...]) -> tuple[str, ...]:
    fields = _MODEL_AT[_general(loc[:-1])].model_fields
    return tuple(info.alias or name for name, info in fields.items())


def _meant_key(loc: tuple[int | str, ...]) -> str | None:
    if _CHECKED_BY_RULES.fullmatch(_path(loc)):
        return None
    return next(iter(nearest(str(loc[-1]), _allowed_keys(loc), limit=1)), None)


def _unknown_key(loc: tuple[int | str, ...], *, suggests: bool) -> Problem:
    allowed, path = _allowed_keys(loc), _path(loc)
    key = shown_key(_path(loc[:-1]), str(loc[-1]))
    near = nearest(str(loc[-1]), allowed, limit=1) if suggests else ()
    if key == "any" and "op" in allowed:
        return Problem(
            "any_nested",
            path,
            Text("any の中に any は書けません。", "any cannot stand inside any."),
            Text("条件を一つの any にまとめてください。", "Put the alternatives into one any."),
        )
    named_ja, named_en = (f"「{key}」という", f' "{key}"') if key != "?" else ("この", "")
    return Problem(
        "unknown_key",
        path,
        Text(
            f"{named_ja}キーはありません。使えるキー: {listed(allowed)}",
            f"There is no key{named_en} here. Allowed: {listed(allowed)}.",
        ),
        Text(
            f"もしかして「{near[0]}」ですか。" if near else "キーの名前と字下げをご確認ください。",
            f'Did you mean "{near[0]}"?' if near else "Check the key's name and its indentation.",
        ),
    )


def _missing(path: str) -> Problem:
    place = re.sub(r"\[\d+\](\.any\[\d+\])?", "[]", path)
    example = _EXAMPLES.get(place, f"{path.rsplit('.', 1)[-1]}: …")
    return Problem(
        "missing_key",
        path,
        Text(f"「{path}」が書かれていません。", f"{path} is missing."),
        Text(f"「{example}」のように書いてください。", f"Write it like this: {example}"),
    )


def _misfit(path: str, error: ErrorDetails) -> Problem:
    value, kind, context = error["input"], error["type"], error.get("ctx", {})
    if value is None or kind in ("too_short", "string_too_short"):
        return _empty(path)
    if kind in ("enum", "literal_error"):
        return _not_allowed(path, value, re.findall(r"'([^']*)'", str(context.get("expected"))))
    if kind == "string_pattern_mismatch":
        return pattern_texts.problem(path, str(context.get("pattern")), str(value))
    if kind == "string_too_long":
        return pattern_texts.too_long(path, str(value), int(context.get("max_length", 0)))
    expected = _EXPECTED_TYPES.get(kind)
    return _wrong_type(path, value, expected) if expected else _unexplained(path)


_TEXT = Text("文字列", "text")
_MAPPING = Text("「キー: 値」の並び", "a mapping (key: value)")
_LIST = Text("リスト(「- 」で始まる並び、または [ ])", "a list")
_EXPECTED_TYPES = {
    "string_type": _TEXT,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "dict_type": _MAPPING,
    "tuple_type": _LIST,
}


def _kind_of(value: object) -> Text:
    if isinstance(value, bool):
        return Text("真偽値(true / false)", "a boolean (true / false)")
    if isinstance(value, dict):
        return _MAPPING
    return _LIST if isinstance(value, list | tuple) else _TEXT


def _wrong_type(path: str, value: object, expected: Text) -> Problem:
    shown, kind = shown_value(path, value) or Text("", ""), _kind_of(value)
    quotes = Text("引用符で囲んでください。", "Put it in quotes.")
    look = Text(
        "docs/settings.md の記入例をご覧ください。", "See the examples in docs/settings.md."
    )
    return Problem(
        "wrong_type",
        path,
        Text(
            f"{expected.ja}を書く場所に、{kind.ja}{shown.ja}が書かれています。",
            f"Needed here: {expected.en}. Found: {kind.en} {shown.en}".rstrip() + ".",
        ),
        quotes if isinstance(value, bool) and expected is _TEXT else look,
    )


def _empty(path: str) -> Problem:
    return Problem(
        "empty_value",
        path,
        Text(f"「{path}」の値が空です。", f"{path} has no value."),
        Text(
            "値を書くか、不要であれば行ごと消してください。",
            "Write a value, or remove the line if it is not needed.",
        ),
    )


def _not_allowed(path: str, value: object, allowed: list[str]) -> Problem:
    if not isinstance(value, str):
        return _wrong_type(path, value, _TEXT)
    shown = named_value(path, value)
    near = nearest(value, allowed, limit=1)
    return Problem(
        "value_not_allowed",
        path,
        Text(
            f"{shown.ja}は指定できません。指定できる値: {listed(allowed)}",
            f"{shown.en} is not allowed. Allowed: {listed(allowed)}.",
        ),
        Text(
            f"もしかして「{near[0]}」ですか。" if near else "上の中から選んでください。",
            f'Did you mean "{near[0]}"?' if near else "Choose one of these.",
        ),
    )


def _unexplained(path: str = "") -> Problem:
    return Problem(
        "invalid_value",
        path,
        Text("値が正しくありません。", "The value is not valid."),
        Text("docs/settings.md をご覧ください。", "See docs/settings.md."),
    )
