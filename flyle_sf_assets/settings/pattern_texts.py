"""The message of each pattern of the models, with the refused value."""

from flyle_sf_assets.errors import Problem, Text
from flyle_sf_assets.settings.patterns import (
    API_NAME_PATTERN,
    EVERY_PATTERN,
    FIELD_KEY_PATTERN,
    FIELD_PATH_PATTERN,
    ORG_URL_PATTERN,
    PERCENT_PATTERN,
    RELATIONSHIP_LEVELS_MAX,
    TENANT_PATTERN,
)
from flyle_sf_assets.settings.wording import named_value

_TEXTS: dict[str, tuple[str, Text, Text]] = {
    TENANT_PATTERN: (
        "tenant_invalid",
        Text("テナント名として使えません。", "is not a tenant name."),
        Text(
            "英小文字か数字で始め、英小文字・数字・「_」・「-」だけで63文字以内にしてください。",
            "Start with a-z or 0-9; use a-z, 0-9, _ and - only; at most 63 characters.",
        ),
    ),
    FIELD_KEY_PATTERN: (
        "to_invalid",
        Text("カスタムフィールドのキーとして使えません。", "is not a custom field key."),
        Text(
            "英小文字で始め、英小文字・数字・「_」だけで63文字以内にしてください。"
            "表示名は label に書きます。",
            "Start with a-z; use a-z, 0-9 and _ only; at most 63 characters. "
            "What people read goes into label.",
        ),
    ),
    FIELD_PATH_PATTERN: (
        "path_invalid",
        Text("項目の指定として読めません。", "is not a field path."),
        Text(
            "API参照名を「.」でつないで書いてください(例: Account.Owner.Name)。"
            "表示ラベルは使えません。"
            "API参照名はSalesforceの「設定」>「オブジェクトマネージャー」で確認できます。",
            "Write API names joined by dots, such as Account.Owner.Name, not labels. Setup > Object"
            " Manager shows them.",
        ),
    ),
    API_NAME_PATTERN: (
        "api_name_invalid",
        Text("API参照名ではありません。", "is not an API name."),
        Text(
            "Salesforceの設定画面にある「API参照名」(例: Contract_Info__c)を書いてください。",
            "Write the API name as Salesforce Setup shows it, such as Contract_Info__c.",
        ),
    ),
    ORG_URL_PATTERN: (
        "org_url_invalid",
        Text("Salesforceの組織URLとして使えません。", "is not an org URL."),
        Text(
            "https:// で始まるホスト名だけを書いてください(例: https://acme.my.salesforce.com)。",
            "Write https:// and the host only, such as https://acme.my.salesforce.com.",
        ),
    ),
    EVERY_PATTERN: (
        "every_invalid",
        Text("更新の間隔として使えません。", "is not a refresh interval."),
        Text(
            "1h から 24h までを時間単位で書いてください(例: 3h)。",
            "Write whole hours from 1h to 24h, such as 3h.",
        ),
    ),
    PERCENT_PATTERN: (
        "percent_invalid",
        Text("割合として使えません。", "is not a share."),
        Text(
            "0% から 100% までを % 付きで書いてください(例: 20%)。",
            "Write 0% to 100%, such as 20%.",
        ),
    ),
}


def problem(path: str, pattern: str, value: str) -> Problem:
    """The problem of a value that does not match one of the models' patterns."""
    levels = value.count(".")
    if pattern == FIELD_PATH_PATTERN and levels > RELATIONSHIP_LEVELS_MAX:
        return _too_deep(path, value, levels)
    code, message, remedy = _TEXTS[pattern]
    shown = named_value(path, value)
    return Problem(
        code,
        path,
        Text(f"{shown.ja}は{message.ja}", f"{shown.en} {message.en}"),
        remedy,
    )


def too_long(path: str, value: str, max_length: int) -> Problem:
    """The problem of a text with too many characters."""
    shown = named_value(path, value)
    return Problem(
        "too_long",
        path,
        Text(
            f"{shown.ja}は長すぎます({len(value)}文字、上限 {max_length}文字)。",
            f"{shown.en} is too long ({len(value)} characters; at most {max_length}).",
        ),
        Text(f"{max_length}文字以内にしてください。", f"Use at most {max_length} characters."),
    )


def _too_deep(path: str, value: str, levels: int) -> Problem:
    shown = named_value(path, value)
    return Problem(
        "path_too_deep",
        path,
        Text(
            f"{shown.ja}は参照を{levels}段たどっています。たどれるのは{RELATIONSHIP_LEVELS_MAX}段までです。",
            f"{shown.en} follows {levels} relationships; Salesforce follows at most "
            f"{RELATIONSHIP_LEVELS_MAX}.",
        ),
        Text(
            "より近いオブジェクトの項目を選ぶか、Salesforceに数式項目を作成してください。",
            "Choose a field that is nearer, or make a formula field in Salesforce.",
        ),
    )
