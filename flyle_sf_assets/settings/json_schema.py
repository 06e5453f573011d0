"""The JSON Schema (2020-12) of a settings file, for editors that complete and check while typing.

Made from the models; what is added by hand are descriptions, and rules that YAML editors can
hold without an org: which secret a flow needs, which operator takes a list. The product's own
check is `loading.load_tenant`; an editor's is only earlier.

What does not belong here: writing the schema anywhere (``cli``).
"""

from collections.abc import Callable, Mapping

from flyle_sf_assets.errors import Text
from flyle_sf_assets.settings.condition_rules import LIST_OPERATORS, VALUELESS_OPERATORS
from flyle_sf_assets.settings.connection_rules import NEEDED_BY_FLOW
from flyle_sf_assets.settings.models import ELIGIBLE_PLANS, TenantSettings
from flyle_sf_assets.settings.versions import Json

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_UNQUOTED_MAY_BE_NUMBERS = ("tenant", "display_name", "label", "username")

DESCRIPTIONS: Mapping[str, Text] = {
    "tenant": Text(
        "テナント名。ファイル名と同じにします。", "The tenant's name; the same as the file's name."
    ),
    "display_name": Text("画面に表示する名前。", "The name that people read."),
    "plan": Text(
        "Flyleのプラン。Salesforce連携はエンタープライズとプロフェッショナルで利用できます。",
        "The plan in Flyle. Enterprise and Professional include the Salesforce link.",
    ),
    "time_zone": Text(
        "日時を日付にするときのタイムゾーン(IANA名)。",
        "The IANA time zone in which a moment becomes a date.",
    ),
    "connection": Text("Salesforce組織への接続。", "How to connect to the Salesforce org."),
    "source": Text(
        "どのオブジェクトの、どのレコードを企業として取り込むか。",
        "Which object's records become companies, and which of them.",
    ),
    "mapping": Text(
        "Salesforceの項目とFlyleのカスタムフィールドの対応。",
        "Salesforce fields and the custom fields of Flyle that they fill.",
    ),
    "refresh": Text("自動更新。", "The refresh that runs by itself."),
    "guard": Text(
        "一度に変わりすぎる更新を止める割合。",
        "Shares of the companies above which a run waits for approval.",
    ),
    "api_budget": Text("API使用量の上限。", "How much of the org's API requests may be used."),
    "Connection.org_url": Text("組織の「私のドメイン」のURL。", "The org's My Domain URL."),
    "Connection.flow": Text(
        "OAuthの方式。web_server のトークンは連携画面から入ります。",
        "The OAuth flow. The tokens of web_server come from the console.",
    ),
    "Connection.consumer_key": Text(
        "Consumer Key の置き場所。web_server では省略でき、連携画面で入力した値を使います。",
        "Where the consumer key is kept. With web_server it may have been entered in the console.",
    ),
    "Connection.consumer_secret": Text(
        "Consumer Secret の置き場所。値そのものは書けません。",
        "Where the consumer secret is kept; never the value itself.",
    ),
    "Connection.username": Text(
        "jwt_bearer で使うSalesforceユーザー名。", "The Salesforce username for jwt_bearer."
    ),
    "Connection.private_key": Text(
        "jwt_bearer で使う秘密鍵の置き場所。", "Where the private key for jwt_bearer is kept."
    ),
    "SecretRef.env": Text("環境変数の名前。", "The name of an environment variable."),
    "SecretRef.file": Text("ファイルの絶対パス。", "The absolute path of a file."),
    "Source.object": Text(
        "起点のオブジェクト。取引先(Account)を推奨します。商談の場合、企業名は商談名になります。",
        "The base object. Account is recommended; with Opportunity a company is named after it.",
    ),
    "Source.one_to_one": Text(
        "1:1の関係にあるオブジェクト。", "Objects of which each record has at most one."
    ),
    "Source.conditions": Text(
        "取り込む条件。すべてを満たすレコードが対象です。",
        "Conditions, all of which must hold.",
    ),
    "OneToOne.object": Text("オブジェクトのAPI参照名。", "The object's API name."),
    "OneToOne.lookup": Text(
        "of を参照する項目のAPI参照名。", "The API name of its field that points at `of`."
    ),
    "OneToOne.of": Text("参照先のオブジェクト。", "The object that it belongs to."),
    "OneToOne.as": Text(
        "項目の指定で使う名前(例: Account.ContractInfo.Plan__c)。",
        "The name by which paths walk it, as in Account.ContractInfo.Plan__c.",
    ),
    "AnyOf.any": Text("いずれかを満たせばよい条件。", "Alternatives; at least one must hold."),
    "Condition.field": Text(
        "項目のAPI参照名。参照先は「.」でたどります。", "A field's path of API names."
    ),
    "Condition.op": Text("演算子。", "The operator."),
    "Condition.value": Text(
        "比べる値。in などはリスト、日付は 2024-01-31 や {date: LAST_N_DAYS:365}。",
        "What to compare with: a list for in; dates as 2024-01-31 or {date: LAST_N_DAYS:365}.",
    ),
    "DateLiteral.date": Text(
        "Salesforceの日付リテラル(例: TODAY、LAST_N_DAYS:365)。",
        "A date literal of Salesforce, such as TODAY or LAST_N_DAYS:365.",
    ),
    "FieldMapping.from": Text(
        "Salesforceの項目のAPI参照名。参照先は「.」で5段までたどれます。",
        "The Salesforce field: a path of API names over at most five lookups.",
    ),
    "FieldMapping.to": Text(
        "Flyleのカスタムフィールドのキー。", "The key of the custom field in Flyle."
    ),
    "FieldMapping.label": Text("カスタムフィールドの表示名。", "The name that people read."),
    "FieldMapping.type": Text(
        "Flyleの型。省略すると項目の型から決まります。",
        "The type in Flyle; without it the field's type decides.",
    ),
    "FieldMapping.when_blank": Text(
        "Salesforceで空のとき: blank は空にし、keep は最後の値を残します。",
        "When blank in Salesforce: blank clears the value, keep leaves the last one.",
    ),
    "Refresh.every": Text("更新の間隔(1h〜24h)。", "How often: 1h to 24h."),
    "Guard.max_gone": Text(
        "対象から外れてよい企業の割合。", "The share of companies that may leave in one run."
    ),
    "Guard.max_blanked": Text(
        "値が空になってよい企業の割合。", "The share of companies that may be blanked in one run."
    ),
    "ApiBudget.max_share": Text(
        "組織の1日のAPIリクエストのうち使ってよい割合。",
        "The share of the org's daily API requests that may be used.",
    ),
}
"""By ``Model.key``; the keys of the file's outermost level stand alone."""


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
    _describe("", schema)
    for name, definition in _members(definitions).items():
        _describe(name, definition)
        _RULES.get(name, _nothing)(definition)
    properties = _members(schema["properties"])
    properties["plan"]["enum"] = list(ELIGIBLE_PLANS)
    return schema


def _members(value: Json) -> dict[str, dict[str, Json]]:
    """A JSON object whose members are JSON objects."""
    if not isinstance(value, dict):
        raise TypeError("not a JSON object")
    return {key: member for key, member in value.items() if isinstance(member, dict)}


def _describe(model: str, schema: dict[str, Json]) -> None:
    """Gives every key its description, and drops what editors need not know."""
    schema.pop("description", None) if model else None
    schema.pop("title", None) if model else None
    for key, member in _members(schema.get("properties", {})).items():
        member.pop("title", None)
        text = DESCRIPTIONS[f"{model}.{key}".removeprefix(".")]
        member["description"] = f"{text.ja} / {text.en}"
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


def _nothing(_: dict[str, Json]) -> None:
    """Most models say all there is to say."""


_RULES: Mapping[str, Callable[[dict[str, Json]], None]] = {
    "SecretRef": _secret_ref,
    "Connection": _connection,
    "Condition": _condition,
}
