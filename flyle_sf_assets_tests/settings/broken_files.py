"""A hundred settings files that cannot be used, each with what must be said about it.

`EDITED` are single mistakes in the contract's example (its lines are those of
``contract_example.yaml``), `WHOLE` are files of their own. What does not belong here: files that
hold up the reader (``test_hostile_folder.py``).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Broken:
    """A mistake: ``before`` becomes ``after``; told by ``code`` at ``line`` with ``words``."""

    before: str
    after: str
    code: str
    line: int
    words: str


@dataclass(frozen=True)
class Whole:
    """A file of its own; ``line`` is None where none can be named."""

    content: bytes
    code: str
    line: int | None
    words: str


_HOST = "https://acme.my.salesforce.com"
_STAGE = "{field: StageName, op: in, value: [Proposal, Closed Won]}"
_TYPE = "{field: Account.Type, op: eq, value: Customer}"
_SECRET = "{env: ACME_SF_SECRET}"
_LONG = "x" * 4_001

HOSTS = (
    "https://evil.example",
    "https://acme.my.salesforce.com.evil.example",
    "https://evil.example.my.salesforce.com.co",
    "https://127.0.0.1",
    "https://127.1",
    "https://169.254.169.254",
    "https://localhost",
    "https://metadata.google.internal",
    "https://acme.my.salesforce.com:8443",
    "https://mysalesforce.com",
    "https://acme.my.site.com",
    "https://acme.my-salesforce.com",
)
ODD_HOSTS = (
    "http://acme.my.salesforce.com",
    "https://acme.my.salesforce.com]",
    "https://[::1]",
    "https://a@acme.my.salesforce.com",
    "https://acme.my.salesforce.com/services",
    "https://acme.my.salesforce.com?x=1",
    "https://acme.my.salesforce.com#x",
    "https://ａcme.my.salesforce.com",
    "javascript://acme.my.salesforce.com",
    "acme.my.salesforce.com",
)
PATHS = (
    "Site; DELETE",
    "Name FROM Account --",
    "Name, Id",
    "Id' OR Name != '",
    "(SELECT Id FROM Contacts)",
    "COUNT()",
    "toLabel(Industry)",
    "売上高",
    "Annual Revenue",
    "1st__c",
    "_Name",
    "Owner..Name",
    ".Name",
    "Name.",
    "Owner/Name",
    "Owner.Náme",
    "Ｎame",
    "a" * 101,
)
NAMES = ("Contract Info", "Contract_Info__c;", "契約情報", "1__c", "A.B", "*", "a" * 101)

EDITED: tuple[Broken, ...] = (
    *(
        Broken(_HOST, f'"{host}"', "org_url_not_allowed", 6, "not a Salesforce host")
        for host in HOSTS
    ),
    *(Broken(_HOST, f'"{host}"', "org_url_invalid", 6, "not an org URL") for host in ODD_HOSTS),
    Broken(
        "acme.my.salesforce", "acme.lightning.force", "org_url_not_my_domain", 6, "is not the org"
    ),
    Broken("acme.my.salesforce", "login.salesforce", "org_url_not_my_domain", 6, "is not the org"),
    *(
        Broken("from: Amount", f'from: "{path}"', "path_invalid", 20, "is not a field path")
        for path in PATHS
    ),
    *(
        Broken("field: StageName", f'field: "{path}"', "path_invalid", 16, "is not a field path")
        for path in PATHS[:4]
    ),
    Broken("from: Amount", "from: A.B.C.D.E.F.G", "path_too_deep", 20, "follows 6 relationships"),
    *(
        Broken(f"{key}: {value}", f'{key}: "{name}"', "api_name_invalid", 14, "is not an API name")
        for (key, value), name in zip(
            3 * (("object", "Contract_Info__c"), ("lookup", "Account__c"), ("as", "ContractInfo")),
            NAMES,
            strict=False,
        )
    ),
    Broken("as: ContractInfo", "as: Owner", "one_to_one_shadows", 14, "standard relationship"),
    Broken("株式会社アクメ", '"a\\nb"', "control_character", 2, "control character"),
    Broken("株式会社アクメ", '"a\\u202eb"', "control_character", 2, "control character"),
    Broken("株式会社アクメ", '"a\\x9bb"', "control_character", 2, "control character"),
    Broken("株式会社アクメ", '"a\\0b"', "control_character", 2, "control character"),
    Broken("売上,", '"\\ud800",', "control_character", 20, "control character"),
    Broken("label: 売上,", f"label: {'長' * 256},", "too_long", 20, "256 characters; at most 255"),
    Broken("株式会社アクメ", "x" * 256, "too_long", 2, "256 characters; at most 255"),
    Broken(_STAGE, f"{{field: Name, op: eq, value: {_LONG}}}", "too_long", 16, "at most 4000"),
    Broken(_SECRET, f"{{file: /{_LONG}{_LONG}}}", "too_long", 9, "at most 4096"),
    Broken("tenant: acme", "tenant: Acme", "tenant_invalid", 1, "is not a tenant name"),
    Broken("tenant: acme", "tenant: globex", "tenant_is_not_file_name", 1, '"acme.yaml"'),
    Broken("plan: enterprise", "plan: starter", "plan_not_eligible", 3, "Enterprise and"),
    Broken("Asia/Tokyo", "../../etc/passwd", "time_zone_unknown", 4, "no time zone"),
    Broken("Asia/Tokyo", "JST", "time_zone_unknown", 4, "no time zone"),
    Broken("client_credentials  ", "password  ", "value_not_allowed", 7, "Allowed: web_server"),
    Broken(_SECRET, "Sup3rS3cr3tValue", "secret_written_directly", 9, "not shown here"),
    Broken(_SECRET, "{vault: x}", "secret_ref_invalid", 9, "exactly one of env and file"),
    Broken("object: Opportunity", "object: Lead", "value_not_allowed", 12, "Account, Opportunity"),
    Broken(_STAGE, "{field: StageName, op: like, value: x}", "value_not_allowed", 16, '"like"'),
    Broken(
        _STAGE,
        "{field: StageName, op: in, value: x}",
        "condition_value_not_list",
        16,
        "takes a list",
    ),
    Broken(_TYPE, "{field: Type, op: eq}", "condition_value_missing", 17, "needs a value"),
    Broken(_TYPE, "{any: []}", "empty_value", 17, "has no value"),
    Broken("LAST_N_DAYS:365", "LAST_DAYS:365", "date_literal_unknown", 18, "not a date literal"),
    Broken("to: amount", "to: Amount", "to_invalid", 20, "is not a custom field key"),
    Broken("to: phase", "to: amount", "to_twice", 21, "also used at mapping[0].to"),
    Broken("売上, type: number", "売上, type: money", "value_not_allowed", 20, '"money"'),
    Broken("label: 売上,", "lable: 売上,", "unknown_key", 20, '"lable"'),
    Broken("every: 3h", "every: 90m", "every_invalid", 24, "not a refresh interval"),
    Broken("max_gone: 20%", "max_gone: 200%", "percent_invalid", 25, "is not a share"),
)

WHOLE: tuple[Whole, ...] = (
    Whole(b"", "empty_file", None, "no settings at all"),
    Whole(b"# nothing\n", "empty_file", None, "no settings at all"),
    Whole(b"- acme\n", "not_a_mapping", 1, "must be a mapping"),
    Whole(b"tenant: acme\nplan: [", "yaml_syntax", 2, "bracket is not closed"),
    Whole(b"tenant: 'acme\nplan: x", "yaml_syntax", 2, "not closed"),
    Whole(b"tenant: acme\n\tplan: x", "tab", 2, "tab character"),
    Whole(b"tenant: acme\ntenant: acme", "duplicate_key", 2, "first on line 1"),
    Whole(b"tenant: acme\n---\ntenant: b", "several_documents", 2, "second document"),
    Whole(b"tenant: &a acme\nplan: *a", "alias", 2, "aliases"),
    Whole(b"tenant: !!str acme", "tag", 1, "tags"),
    Whole(b"tenant: acme\nx:\n  <<: {a: b}", "merge_key", 3, "Merge keys"),
    Whole(b"? [a]\n: b", "key_not_text", 1, "must be plain text"),
    Whole("tenant: acme\ndisplay_name: 株".encode("shift_jis"), "not_utf8", 2, "not UTF-8"),
    Whole(b"tenant: \x07", "control_character", 1, "U+0007"),
    Whole(b"a: " + b"[" * 30 + b"]" * 30, "nested_too_deep", 1, "nested too deeply"),
    Whole(b"tenant: acme\n" * 1_000, "more_problems", 97, "and 903 more"),
)
