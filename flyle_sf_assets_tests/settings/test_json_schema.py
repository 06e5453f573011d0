"""The JSON Schema for editors, judged by a small validator of its own (the keywords it uses)."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ruamel.yaml import YAML

from flyle_sf_assets.settings.json_schema import json_schema
from flyle_sf_assets.settings.loading import Loaded

TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    "null": lambda v: v is None,
}
Check = Callable[[Any, Any], bool]

OF_ANY_VALUE: dict[str, Check] = {
    "type": lambda rule, v: any(TYPES[t](v) for t in ([rule] if isinstance(rule, str) else rule)),
    "enum": lambda rule, v: v in rule,
    "const": lambda rule, v: v == rule,
}
OF_TEXT: dict[str, Check] = {
    "pattern": lambda rule, v: re.search(rule, v) is not None,
    "minLength": lambda rule, v: len(v) >= rule,
    "maxLength": lambda rule, v: len(v) <= rule,
}
OF_LISTS: dict[str, Check] = {"minItems": lambda rule, v: len(v) >= rule}
OF_OBJECTS: dict[str, Check] = {
    "minProperties": lambda rule, v: len(v) >= rule,
    "maxProperties": lambda rule, v: len(v) <= rule,
}
IN_PLACE = {"$ref", "not", "allOf", "anyOf", "oneOf", "if", "then", "else"}
INTO_CHILDREN = {"items", "properties", "required", "additionalProperties"}
SAYS_NOTHING = {"$schema", "$defs", "title", "description", "default"}
KNOWN = {*OF_ANY_VALUE, *OF_TEXT, *OF_LISTS, *OF_OBJECTS, *IN_PLACE, *INTO_CHILDREN, *SAYS_NOTHING}


def misfits(
    schema: dict[str, Any], value: Any, root: dict[str, Any], at: str = "$"
) -> Iterator[str]:
    """Places where a value breaks a schema: JSON Schema 2020-12, Core 10 and Validation 6."""
    assert schema.keys() <= KNOWN, schema.keys() - KNOWN
    checks = dict(OF_ANY_VALUE)
    for kind, more in ((str, OF_TEXT), (list, OF_LISTS), (dict, OF_OBJECTS)):
        checks |= more if isinstance(value, kind) else {}
    yield from (f"{at} {k}" for k, ok in checks.items() if k in schema and not ok(schema[k], value))
    yield from _in_place(schema, value, root, at)
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from misfits(schema.get("items", {}), item, root, f"{at}[{index}]")
    if isinstance(value, dict):
        yield from _members(schema, value, root, at)


def _in_place(schema: dict[str, Any], value: Any, root: dict[str, Any], at: str) -> Iterator[str]:
    def fits(part: dict[str, Any]) -> bool:
        return not list(misfits(part, value, root, at))

    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        yield from misfits(root["$defs"][name], value, root, at)
    if "not" in schema and fits(schema["not"]):
        yield f"{at} not"
    for part in schema.get("allOf", []):
        yield from misfits(part, value, root, at)
    if "anyOf" in schema and not any(map(fits, schema["anyOf"])):
        yield f"{at} anyOf"
    if "oneOf" in schema and sum(map(fits, schema["oneOf"])) != 1:
        yield f"{at} oneOf"
    if "if" in schema:
        branch = "then" if fits(schema["if"]) else "else"
        yield from misfits(schema.get(branch, {}), value, root, at)


def _members(
    schema: dict[str, Any], value: dict[str, Any], root: dict[str, Any], at: str
) -> Iterator[str]:
    properties = schema.get("properties", {})
    for key in value.keys() & properties.keys():
        yield from misfits(properties[key], value[key], root, f"{at}.{key}")
    yield from (f"{at}.{key} required" for key in schema.get("required", []) if key not in value)
    if schema.get("additionalProperties") is False:
        yield from (f"{at}.{key} unknown" for key in value.keys() - properties.keys())


def judged(text: str) -> list[str]:
    """As an editor sees the text: YAML 1.2 core values, then the schema."""
    schema = json_schema()
    return sorted(misfits(schema, YAML(typ="safe", pure=True).load(text), schema))


def test_the_schema_accepts_the_contracts_example(contract_example: str) -> None:
    """An editor must not underline the public contract's own example."""
    assert judged(contract_example) == []


@pytest.mark.parametrize(
    ("edit", "misfit"),
    [
        (("time_zone:", "timezone:"), "$.timezone unknown"),
        (("label: 売上,", "lable: 売上,"), "$.mapping[0].label required"),
        (("type: number}\n  - {from: S", "type: numbr}\n  - {from: S"), "$.mapping[0].type enum"),
        (("plan: enterprise", "plan: starter"), "$.plan enum"),
        (
            ("{env: ACME_SF_SECRET}", "{env: A, file: /b}"),
            "$.connection.consumer_secret maxProperties",
        ),
        (("{env: ACME_SF_SECRET}", "S3cret"), "$.connection.consumer_secret type"),
        (("flow: client_credentials", "flow: jwt_bearer"), "$.connection.username required"),
        (("op: in,", "op: eq,"), "$.source.conditions[0] oneOf"),
        (("op: eq, value: Customer", "op: in, value: Customer"), "$.source.conditions[1] oneOf"),
        (("op: eq, value: Customer", "op: is_null, value: x"), "$.source.conditions[1] oneOf"),
        (("LAST_N_DAYS:365", "LAST_DAYS:365"), "$.source.conditions[2] oneOf"),
        (("from: Amount,", "from: 売上高,"), "$.mapping[0].from pattern"),
        (("to: amount", "to: Amount"), "$.mapping[0].to pattern"),
        (("{every: 3h}", "{every: 90m}"), "$.refresh.every pattern"),
        (("{every: 3h}", ""), "$.refresh type"),
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(
    contract_example: str, load_edited: Callable[..., Loaded], edit: tuple[str, str], misfit: str
) -> None:
    """An editor that is content with a file that `check` refuses is worse than none."""
    before, after = edit
    assert contract_example.count(before) == 1
    assert misfit in judged(contract_example.replace(before, after))
    assert load_edited(edit).settings is None


@pytest.mark.parametrize("value", ["100", "1.10", "2024-01-31", "true", "Customer"])
def test_values_without_quotes_are_accepted(contract_example: str, value: str) -> None:
    """To an editor 100 is a number and true a boolean; to the product both are as written."""
    text = contract_example.replace("value: Customer", f"value: {value}")
    schema = json_schema()
    plain = YAML(typ="safe", pure=True).load(text)
    shown = plain["source"]["conditions"][1]["value"]
    plain["source"]["conditions"][1]["value"] = (
        shown if isinstance(shown, int | float) else str(shown)
    )
    assert list(misfits(schema, plain, schema)) == []


def test_every_key_is_described_in_both_languages() -> None:
    """The descriptions are what an editor shows beside the cursor."""
    schema: dict[str, Any] = json_schema()
    for part in (schema, *schema["$defs"].values()):
        for key, member in part.get("properties", {}).items():
            japanese, _, english = member["description"].rpartition(" / ")
            assert re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", japanese), key
            assert english.isascii(), key
