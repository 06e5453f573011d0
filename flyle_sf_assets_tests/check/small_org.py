"""A small org, written by hand, and settings that ask something of it."""

from collections.abc import Mapping
from dataclasses import replace

from flyle_sf_assets.raw.plan import objects_missing
from flyle_sf_assets.salesforce.schema.objects import (
    ChildRelationship,
    FieldSchema,
    ObjectSchema,
    PicklistValue,
)
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.validation import validate


def _lookup(name: str, label: str, *targets: str) -> FieldSchema:
    relationship = name.removesuffix("Id") if name.endswith("Id") else name.replace("__c", "__r")
    return FieldSchema(
        name, label, "reference", reference_to=targets, relationship_name=relationship
    )


def _picklist(name: str, label: str, kind: str, *options: tuple[str, str, bool]) -> FieldSchema:
    values = tuple(PicklistValue(value, text, active) for value, text, active in options)
    return FieldSchema(name, label, kind, picklist_values=values)


ID, NAME = FieldSchema("Id", "ID", "id"), FieldSchema("Name", "名前", "string")
STAMP = FieldSchema("SystemModstamp", "最終更新日", "datetime")

ACCOUNT = ObjectSchema(
    "Account",
    "取引先",
    queryable=True,
    fields=(
        ID,
        FieldSchema("Name", "取引先名", "string"),
        FieldSchema("SystemModstamp", "最終更新日", "datetime"),
        FieldSchema("NumberOfEmployees", "従業員数", "int"),
        FieldSchema("AnnualRevenue", "年間売上", "currency", precision=18, scale=2),
        FieldSchema("Website", "Web サイト", "url"),
        FieldSchema("Description", "説明", "textarea", filterable=False),
        FieldSchema("BillingAddress", "住所(請求先)", "address", filterable=False),
        FieldSchema("BillingCity", "市区郡(請求先)", "string"),
        FieldSchema("IsActive__c", "有効", "boolean"),
        FieldSchema("Founded__c", "設立日", "date"),
        FieldSchema("LastVisit__c", "最終訪問", "datetime"),
        FieldSchema("OpensAt__c", "営業開始", "time"),
        FieldSchema("F12__c", "Temperature", "string"),
        _picklist(
            "Industry",
            "業種",
            "picklist",
            ("Manufacturing", "製造業", True),
            ("Retail", "小売業", True),
            ("Old", "旧区分", False),
        ),
        _picklist(
            "Products__c", "利用製品", "multipicklist", ("A", "製品A", True), ("B", "製品B", True)
        ),
        _lookup("OwnerId", "所有者", "User"),
        _lookup("ParentId", "親取引先", "Account"),
        _lookup("Partner__c", "パートナー", "Account", "Contact", "Lead", "Case", "Asset", "Order"),
    ),
    child_relationships=(
        ChildRelationship("Opportunity", "AccountId", "Opportunities"),
        ChildRelationship("Contract", "AccountId", "Contracts"),
        ChildRelationship("Contract_Info__c", "Account__c", "Contract_Infos__r"),
    ),
)
OPPORTUNITY = ObjectSchema(
    "Opportunity",
    "商談",
    queryable=True,
    fields=(
        ID,
        FieldSchema("Name", "商談名", "string"),
        FieldSchema("Amount", "売上高", "currency", precision=18, scale=2),
        FieldSchema("CloseDate", "完了予定日", "date"),
        _picklist("StageName", "フェーズ", "picklist", ("Proposal", "提案", True)),
        _lookup("AccountId", "取引先", "Account"),
    ),
    child_relationships=(
        ChildRelationship("OpportunityLineItem", "OpportunityId", "OpportunityLineItems"),
    ),
)
USER = ObjectSchema(
    "User",
    "ユーザー",
    queryable=True,
    fields=(
        ID,
        STAMP,
        NAME,
        FieldSchema("Email", "メール", "email"),
        FieldSchema("Department", "部署", "string"),
    ),
    key_prefix="005",
)
GROUP = ObjectSchema(
    "Group",
    "グループ",
    queryable=True,
    fields=(ID, STAMP, NAME, _picklist("Type", "種別", "picklist", ("Queue", "キュー", True))),
    key_prefix="00G",
)
CONTRACT_INFO = ObjectSchema(
    "Contract_Info__c",
    "契約情報",
    queryable=True,
    fields=(
        ID,
        STAMP,
        NAME,
        _lookup("OwnerId", "所有者", "Group", "User"),
        _lookup("Account__c", "取引先", "Account"),
        _lookup("Signer__c", "署名者", "User"),
        _picklist("Plan__c", "契約プラン", "picklist", ("Gold", "ゴールド", True)),
    ),
)

SCHEMAS: Mapping[str, ObjectSchema] = {
    schema.name: schema for schema in (ACCOUNT, OPPORTUNITY, USER, GROUP, CONTRACT_INFO)
}


def settings_of(**source: object) -> TenantSettings:
    """Settings without a file; ``mapping`` and the keys of ``source``."""
    mapping = source.pop("mapping", [])
    document = {
        "tenant": "acme",
        "display_name": "Acme",
        "plan": "enterprise",
        "connection": {
            "org_url": "https://acme.my.salesforce.com",
            "flow": "web_server",
            "consumer_key": {"env": "KEY"},
        },
        "source": {"object": "Account", **source},
        "mapping": mapping,
    }
    result = validate(document)
    assert result.settings is not None, result.problems
    return result.settings


def described(
    settings: TenantSettings, *, hidden: tuple[str, ...] = ()
) -> dict[str, ObjectSchema | None]:
    """The objects that a check would describe, one round after the other."""
    schemas: dict[str, ObjectSchema | None] = {}
    while missing := objects_missing(settings, schemas):
        schemas |= {name: None if name in hidden else SCHEMAS.get(name) for name in missing}
    return schemas


def mapped(from_: str, type_: str | None = None, to: str = "x") -> dict[str, object]:
    """One mapping."""
    whole: dict[str, object] = {"from": from_, "to": to, "label": "X"}
    return whole | ({"type": type_} if type_ else {})


def without_field(schema: ObjectSchema, name: str) -> ObjectSchema:
    """The object as field-level security shows it when that field is hidden."""
    return replace(schema, fields=tuple(f for f in schema.fields if f.name != name))
