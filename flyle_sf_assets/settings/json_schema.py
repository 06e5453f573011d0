"""The JSON Schema (2020-12) of a settings file, for editors that complete and check while typing.

Made from the models, with their descriptions. Added by hand are rules that YAML editors can
check without an org: which secret a flow needs, which operator needs a list. The product's own
check is `loading.load_tenant`; an editor's is only earlier.
"""

from collections.abc import Callable, Mapping

from flyle_sf_assets.settings.condition_rules import LIST_OPERATORS, VALUELESS_OPERATORS
from flyle_sf_assets.settings.connection_rules import NEEDED_BY_FLOW
from flyle_sf_assets.settings.models import ELIGIBLE_PLANS, TenantSettings
from flyle_sf_assets.settings.versions import Json

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_UNQUOTED_MAY_BE_NUMBERS = ("tenant", "display_name", "label", "username")


def json_schema() -> dict[str, Json]:
    """The schema as a JSON value. Editors use it through ``# yaml-language-server: $schema=…``."""
    made: dict[str, Json] = TenantSettings.model_json_schema(by_alias=True, mode="validation")
    definitions = made.pop("$defs")
    schema: dict[str, Json] = {
        "$schema": DIALECT,
        "title": "flyle-sf tenant settings",
        "description": "Salesforce連携のテナント設定 / Settings of one tenant",
        **{key: value for key, value in made.items() if key not in ("title", "description")},
        "$defs": definitions,
    }
    _shorten("", schema)
    for name, definition in _members(definitions).items():
        _shorten(name, definition)
        if name in _RULES:
            _RULES[name](definition)
    properties = _members(schema["properties"])
    properties["plan"]["enum"] = list(ELIGIBLE_PLANS)
    return schema


def _members(value: Json) -> dict[str, dict[str, Json]]:
    """A JSON object whose members are JSON objects."""
    if not isinstance(value, dict):
        raise TypeError("not a JSON object")
    return {key: member for key, member in value.items() if isinstance(member, dict)}


def _shorten(model: str, schema: dict[str, Json]) -> None:
    """Drops what editors do not need, and allows what YAML writes without quotes."""
    schema.pop("description", None) if model else None
    schema.pop("title", None) if model else None
    for key, member in _members(schema.get("properties", {})).items():
        member.pop("title", None)
        _without_null(member)
        if key in _UNQUOTED_MAY_BE_NUMBERS:
            member["type"] = ["string", "number"]


def _without_null(member: dict[str, Json]) -> None:
    """An optional key is left out; it is never written as null."""
    choices = member.get("anyOf")
    if member.get("default", "") is None:
        del member["default"]
    if not isinstance(choices, list):
        return
    left = [choice for choice in choices if choice != {"type": "null"}]
    if len(left) == 1 and isinstance(left[0], dict):
        del member["anyOf"]
        member.update(left[0])
    else:
        member["anyOf"] = left


def _secret_ref(schema: dict[str, Json]) -> None:
    schema["minProperties"] = schema["maxProperties"] = 1


def _connection(schema: dict[str, Json]) -> None:
    schema["allOf"] = [
        {
            "if": {"properties": {"flow": {"const": flow}}, "required": ["flow"]},
            "then": {"required": list(keys)},
        }
        for flow, keys in NEEDED_BY_FLOW.items()
    ]


def _condition(schema: dict[str, Json]) -> None:
    properties = _members(schema["properties"])
    one: Json = {
        "anyOf": [{"type": ["string", "number", "boolean"]}, {"$ref": "#/$defs/DateLiteral"}]
    }
    many: Json = {"type": "array", "minItems": 1, "items": one}
    description = properties["value"]["description"]
    properties["value"].clear()
    properties["value"].update({"description": description, "anyOf": [one, many]})
    lists: list[Json] = [*sorted(LIST_OPERATORS)]
    valueless: list[Json] = [*sorted(VALUELESS_OPERATORS)]
    schema["allOf"] = [
        {
            "if": {"properties": {"op": {"enum": valueless}}, "required": ["op"]},
            "then": {"not": {"required": ["value"]}},
            "else": {"required": ["value"]},
        },
        {
            "if": {"properties": {"op": {"enum": lists}}, "required": ["op"]},
            "then": {"properties": {"value": many}},
            "else": {"properties": {"value": one}},
        },
    ]


_RULES: Mapping[str, Callable[[dict[str, Json]], None]] = {
    "SecretRef": _secret_ref,
    "Connection": _connection,
    "Condition": _condition,
}
