"""The settings of one tenant as frozen models; the file format is the public contract.

The models have types, names and, for the JSON Schema, each key's description in Japanese and
English. All other rules of a settings file (a flow needs a secret, ``to`` only once, …) are in
``rules.py``.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, field_validator

from flyle_sf_assets.settings.model_base import FrozenModel, described
from flyle_sf_assets.settings.patterns import (
    ApiName,
    DateLiteralName,
    EnvName,
    FieldKey,
    FieldPath,
    FileName,
    OrgUrl,
    ShortText,
    TenantName,
)
from flyle_sf_assets.settings.refresh_limits import ApiBudget, Guard, Refresh

ELIGIBLE_PLANS = ("enterprise", "professional")

BaseObject = Literal["Account", "Opportunity"]


class FlyleType(StrEnum):
    """The types that a custom field of a company can have in Flyle."""

    TEXT = "text"
    URL = "url"
    SINGLE_SELECT = "single_select"
    MULTI_SELECT = "multi_select"
    CHECKBOX = "checkbox"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"


class Operator(StrEnum):
    """The operators of a condition."""

    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    INCLUDES = "includes"
    EXCLUDES = "excludes"
    IS_NULL = "is_null"
    NOT_NULL = "not_null"


class Flow(StrEnum):
    """How the tenant's connection gets its access token."""

    WEB_SERVER = "web_server"
    CLIENT_CREDENTIALS = "client_credentials"
    JWT_BEARER = "jwt_bearer"


class SecretRef(FrozenModel):
    """Where a secret is found: an environment variable or a file, never the value itself."""

    env: Annotated[
        EnvName | None, described("環境変数の名前。", "The name of an environment variable.")
    ] = None
    file: Annotated[
        FileName | None, described("ファイルの絶対パス。", "The absolute path of a file.")
    ] = None


class Connection(FrozenModel):
    """The org and how to log in to it; ``flow`` decides which optional parts are needed.

    Without ``consumer_key``, the key entered when the tenant was connected is used.
    """

    org_url: Annotated[
        OrgUrl, described("組織の「私のドメイン」のURL。", "The org's My Domain URL.")
    ]
    flow: Annotated[
        Flow,
        described(
            "OAuthの方式。web_server のトークンは連携画面から入ります。",
            "The OAuth flow. The tokens of web_server come from the console.",
        ),
    ]
    consumer_key: Annotated[
        SecretRef | None,
        described(
            "Consumer Key の置き場所。web_server では省略でき、連携画面で入力した値を使います。",
            "Where the consumer key is kept. With web_server it may have been entered in the"
            " console.",
        ),
    ] = None
    consumer_secret: Annotated[
        SecretRef | None,
        described(
            "Consumer Secret の置き場所。値そのものは書けません。",
            "Where the consumer secret is kept; never the value itself.",
        ),
    ] = None
    username: Annotated[
        ShortText | None,
        described(
            "jwt_bearer で使うSalesforceユーザー名。", "The Salesforce username for jwt_bearer."
        ),
    ] = None
    private_key: Annotated[
        SecretRef | None,
        described(
            "jwt_bearer で使う秘密鍵の置き場所。", "Where the private key for jwt_bearer is kept."
        ),
    ] = None

    @field_validator("org_url")
    @classmethod
    def _without_slash(cls, url: str) -> str:
        return url.rstrip("/")


class OneToOne(FrozenModel):
    """An object with at most one record for each record of ``of``.

    ``object.lookup`` points at ``of``; paths name it ``as`` (``Account.ContractInfo.Plan__c``).
    """

    object: Annotated[ApiName, described("オブジェクトのAPI参照名。", "The object's API name.")]
    lookup: Annotated[
        ApiName,
        described(
            "of を参照する項目のAPI参照名。", "The API name of its field that points at `of`."
        ),
    ]
    of: Annotated[ApiName, described("参照先のオブジェクト。", "The object that it belongs to.")]
    as_: Annotated[
        ApiName,
        Field(alias="as"),
        described(
            "項目の指定で使う名前(例: Account.ContractInfo.Plan__c)。",
            "The name by which paths walk it, as in Account.ContractInfo.Plan__c.",
        ),
    ]


class DateLiteral(FrozenModel):
    """A date relative to today, as a Salesforce date literal: ``TODAY``, ``LAST_N_DAYS:365``."""

    date: Annotated[
        DateLiteralName,
        described(
            "Salesforceの日付リテラル(例: TODAY、LAST_N_DAYS:365)。",
            "A date literal of Salesforce, such as TODAY or LAST_N_DAYS:365.",
        ),
    ]


Scalar = str | bool | DateLiteral
"""A condition's value. Numbers and dates are exact text, as written in the file."""


class Condition(FrozenModel):
    """``field`` compared with ``value``; ``in``-like operators take several values."""

    field: Annotated[
        FieldPath,
        described("項目のAPI参照名。参照先は「.」でたどります。", "A field's path of API names."),
    ]
    op: Annotated[Operator, described("演算子。", "The operator.")]
    value: Annotated[
        Scalar | tuple[Scalar, ...] | None,
        described(
            "比べる値。in などはリスト、日付は 2024-01-31 や {date: LAST_N_DAYS:365}。",
            "What to compare with: a list for in; dates as 2024-01-31 or {date: LAST_N_DAYS:365}.",
        ),
    ] = None


class AnyOf(FrozenModel):
    """Alternatives, of which at least one must be true."""

    any: Annotated[
        tuple[Condition, ...],
        Field(min_length=1),
        described("いずれかを満たせばよい条件。", "Alternatives; at least one must hold."),
    ]


def _kind_of_condition(value: object) -> Literal["one", "any_of"]:
    has_any = isinstance(value, AnyOf) or (isinstance(value, dict) and "any" in value)
    return "any_of" if has_any else "one"


class Source(FrozenModel):
    """The base object, its one-to-one objects, and the conditions (all must be true)."""

    object: Annotated[
        BaseObject,
        described(
            "起点のオブジェクト。取引先(Account)を推奨します。商談の場合、企業名は商談名になります。",
            "The base object. Account is recommended; with Opportunity a company is named after"
            " it.",
        ),
    ]
    one_to_one: Annotated[
        tuple[OneToOne, ...],
        described("1:1の関係にあるオブジェクト。", "Objects of which each record has at most one."),
    ] = ()
    conditions: Annotated[
        tuple[
            Annotated[
                Annotated[Condition, Tag("one")] | Annotated[AnyOf, Tag("any_of")],
                Discriminator(_kind_of_condition),
            ],
            ...,
        ],
        described(
            "取り込む条件。すべてを満たすレコードが対象です。",
            "Conditions, all of which must hold.",
        ),
    ] = ()


class FieldMapping(FrozenModel):
    """One Salesforce field (``from``, a path) to one custom field (``to``, its key).

    Without ``type``, the first Flyle type that the Salesforce type allows is used.
    """

    from_: Annotated[
        FieldPath,
        Field(alias="from"),
        described(
            "Salesforceの項目のAPI参照名。参照先は「.」で5段までたどれます。",
            "The Salesforce field: a path of API names over at most five lookups.",
        ),
    ]
    to: Annotated[
        FieldKey,
        described("Flyleのカスタムフィールドのキー。", "The key of the custom field in Flyle."),
    ]
    label: Annotated[
        ShortText, described("カスタムフィールドの表示名。", "The name that people read.")
    ]
    type: Annotated[
        FlyleType | None,
        described(
            "Flyleの型。省略すると項目の型から決まります。",
            "The type in Flyle; without it the field's type decides.",
        ),
    ] = None
    when_blank: Annotated[
        Literal["blank", "keep"],
        described(
            "Salesforceで空のとき: blank は空にし、keep は最後の値を残します。",
            "When blank in Salesforce: blank clears the value, keep leaves the last one.",
        ),
    ] = "blank"


class TenantSettings(FrozenModel):
    """Everything that one tenant asked for."""

    tenant: Annotated[
        TenantName,
        described(
            "テナント名。ファイル名と同じにします。",
            "The tenant's name; the same as the file's name.",
        ),
    ]
    display_name: Annotated[
        ShortText, described("画面に表示する名前。", "The name that people read.")
    ]
    plan: Annotated[
        str,
        described(
            "Flyleのプラン。Salesforce連携はエンタープライズとプロフェッショナルで利用できます。",
            "The plan in Flyle. Enterprise and Professional include the Salesforce link.",
        ),
    ]
    time_zone: Annotated[
        str,
        described(
            "日時を日付にするときのタイムゾーン(IANA名)。",
            "The IANA time zone in which a moment becomes a date.",
        ),
    ] = "Asia/Tokyo"
    connection: Annotated[
        Connection, described("Salesforce組織への接続。", "How to connect to the Salesforce org.")
    ]
    source: Annotated[
        Source,
        described(
            "どのオブジェクトの、どのレコードを企業として取り込むか。",
            "Which object's records become companies, and which of them.",
        ),
    ]
    mapping: Annotated[
        tuple[FieldMapping, ...],
        described(
            "Salesforceの項目とFlyleのカスタムフィールドの対応。",
            "Salesforce fields and the custom fields of Flyle that they fill.",
        ),
    ] = ()
    refresh: Annotated[Refresh, described("自動更新。", "The refresh that runs by itself.")] = (
        Refresh()
    )
    guard: Annotated[
        Guard,
        described(
            "一度に変わりすぎる更新を止める割合。",
            "Shares of the companies above which a run waits for approval.",
        ),
    ] = Guard()
    api_budget: Annotated[
        ApiBudget, described("API使用量の上限。", "How much of the org's API requests may be used.")
    ] = ApiBudget()
