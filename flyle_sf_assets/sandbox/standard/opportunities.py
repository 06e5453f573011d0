"""Opportunity and Contract_Info__c."""

from typing import Any

from flyle_sf_assets.sandbox.metadata import Field, RecordView, SObject
from flyle_sf_assets.sandbox.standard import kinds as k
from flyle_sf_assets.sandbox.standard.accounts import PLANS

STAGES = k.options(
    ("Prospecting", "見込み"),
    ("Qualification", "評価"),
    ("Proposal", "提案"),
    ("Negotiation", "交渉"),
    ("Closed Won", "成立"),
    ("Closed Lost", "不成立"),
    ("Id. Decision Makers", "意思決定者特定"),
    inactive=("Id. Decision Makers",),
)
PRODUCT_LINES = k.options(
    ("Core", "コア"),
    ("Analytics", "分析"),
    ("Support", "サポート"),
    ("AI", "AI"),
    ("Retired", "販売終了"),
    inactive=("Retired",),
)
FORECASTS = k.options("Omitted", "Pipeline", "Best Case", "Commit", "Closed")

_OF_THE_SYSTEM: dict[str, Any] = {"createable": False, "updateable": False}
"""Neither calculated nor writable: recorded of these fields, and of ExpectedRevenue."""
_OF_ACTIVITIES: dict[str, Any] = {**_OF_THE_SYSTEM, "filterable": False, "sortable": False}


def _account_rank(record: RecordView) -> object:
    return record["Account.Customer_Rank__c"]


def _expected_revenue(record: RecordView) -> object:
    amount: Any = record["Amount"]
    probability: Any = record["Probability"]
    if amount is None or probability is None:
        return None
    return amount * probability / 100


def _standard() -> tuple[Field, ...]:
    return (
        k.lookup(
            "AccountId",
            "取引先 ID",
            "Account",
            "Account",
            children="Opportunities",
            cascade_delete=True,
        ),
        k.text("Name", "商談名", 120, nillable=False, name_field=True, id_lookup=True),
        k.long_text("Description", "説明"),
        k.picklist("StageName", "フェーズ", STAGES, nillable=False),
        k.currency("Amount", "金額", 18, 2),
        k.percent("Probability", "確度(%)", 3, 0),
        k.currency("ExpectedRevenue", "期待収益", formula=_expected_revenue, **_OF_THE_SYSTEM),
        # A reference that SOQL cannot follow: recorded without a relationship name.
        k.lookup("ContactId", "取引先責任者 ID", "Contact", None, updateable=False),
        k.number("TotalOpportunityQuantity", "数量", 18, 2),
        k.date_field("CloseDate", "完了予定日", nillable=False),
        k.picklist("Type", "種別", k.options(("New", "新規"), ("Existing", "既存"))),
        k.text("NextStep", "次のステップ"),
        k.picklist(
            "LeadSource",
            "リードソース",
            k.options(("Web", "Web"), ("Phone", "電話"), ("Partner", "パートナー紹介")),
        ),
        k.boolean("IsClosed", "完了フラグ", **_OF_THE_SYSTEM),
        k.boolean("IsWon", "成立フラグ", **_OF_THE_SYSTEM),
        k.boolean("HasOpenActivity", "未完了の活動あり", **_OF_ACTIVITIES),
        k.boolean("HasOverdueTask", "期限切れの ToDo あり", **_OF_ACTIVITIES),
        k.picklist("ForecastCategoryName", "売上予測分類", FORECASTS),
    )


def opportunity() -> SObject:
    """The Opportunity object."""
    fields = (
        *k.system_fields(),
        *_standard(),
        k.multipicklist("Product_Lines__c", "製品ライン", PRODUCT_LINES),
        k.lookup(
            "Competitor__c", "競合", "Account", "Competitor__r", children="Competing_Deals__r"
        ),
        k.date_field("Contract_Start__c", "契約開始日"),
        k.formula(
            "Account_Rank__c", "取引先ランク", "string", "Account.Customer_Rank__c", _account_rank
        ),
    )
    return SObject("Opportunity", "商談", "商談", "006", fields)


def contract_info() -> SObject:
    """Contract_Info__c: at most one for each account, with a lookup to it."""
    fields = (
        *k.system_fields(owner=("Group", "User")),
        k.text(
            "Name",
            "契約番号",
            80,
            auto_number="CI-{00000}",
            name_field=True,
            id_lookup=True,
            createable=False,
            updateable=False,
            nillable=False,
        ),
        k.lookup("Account__c", "取引先", "Account", "Account__r", children="Contract_Infos__r"),
        k.picklist("Plan__c", "プラン", PLANS, restricted=True),
        k.number("Seats__c", "席数", 8, 0),
        k.currency("Monthly_Fee__c", "月額", 16, 2),
        k.date_field("Started_On__c", "開始日"),
        k.datetime_field("Renews_At__c", "更新日時"),
        k.text_area("Notes__c", "備考"),
    )
    return SObject("Contract_Info__c", "契約情報", "契約情報", "a01", fields)
