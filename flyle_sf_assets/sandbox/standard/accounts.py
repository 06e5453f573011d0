"""Account, with every kind of custom field that a mapping or a condition can contain."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from flyle_sf_assets.sandbox.metadata import Field, PicklistEntry, RecordView, RollUp, SObject
from flyle_sf_assets.sandbox.standard import kinds as k

LARGE_FROM, MEDIUM_FROM = 1000, 100
"""From how many employees on the formulas call a company large or medium."""

TYPES = k.options(
    ("Prospect", "見込み客"), ("Customer", "顧客"), ("Partner", "パートナー"), ("Other", "その他")
)
INDUSTRIES = k.options(
    ("Technology", "情報通信"),
    ("Manufacturing", "製造"),
    ("Finance", "金融"),
    ("Retail", "小売"),
    ("Healthcare", "医療"),
    ("Other", "その他"),
)
PLANS = k.options(
    ("Free", "フリー"),
    ("Standard", "スタンダード"),
    ("Professional", "プロフェッショナル"),
    ("Enterprise", "エンタープライズ"),
    ("Legacy", "旧プラン"),
    inactive=("Legacy",),
)
REGIONS = k.options(
    ("North", "北日本"),
    ("East", "東日本"),
    ("West", "西日本"),
    ("South", "南日本"),
    ("Overseas", "海外"),
    ("Closed", "廃止"),
    inactive=("Closed",),
)
PREFECTURES = k.options(("Tokyo", "東京都"), ("Osaka", "大阪府"), ("Kyoto", "京都府"))
COUNTRIES = k.options(("JP", "日本"), ("CN", "中国"), ("US", "アメリカ合衆国"))
STATES = (
    PicklistEntry("CA", "カリフォルニア州", valid_for=(2,)),
    PicklistEntry("11", "埼玉県", valid_for=(0,)),
    PicklistEntry("27", "大阪府", valid_for=(0,)),
    PicklistEntry("13", "東京都", valid_for=(0,)),
    PicklistEntry("11", "北京市", valid_for=(1,)),
    PicklistEntry("13", "河北省", valid_for=(1,)),
)
"""State codes are unique within a country only."""

CITIES = (
    PicklistEntry("Shibuya", "渋谷区", valid_for=(0,)),
    PicklistEntry("Chiyoda", "千代田区", valid_for=(0,)),
    PicklistEntry("Kita", "北区", valid_for=(0, 1, 2)),
    PicklistEntry("Namba", "難波", valid_for=(1,)),
    PicklistEntry("Gion", "祇園", active=False, valid_for=(2,)),
)


def _rank(record: RecordView) -> object:
    employees = record["NumberOfEmployees"]
    if not isinstance(employees, Decimal):
        return None
    return "A" if employees >= LARGE_FROM else "B" if employees >= MEDIUM_FROM else "C"


def _doubled(record: RecordView) -> object:
    employees = record["NumberOfEmployees"]
    return employees * 2 if isinstance(employees, Decimal) else None


def _is_large(record: RecordView) -> object:
    employees = record["NumberOfEmployees"]
    return isinstance(employees, Decimal) and employees >= LARGE_FROM


def _days_since_contact(record: RecordView) -> object:
    contact, today = record["Last_Contact_At__c"], record.today
    if not isinstance(contact, datetime) or not isinstance(today, date):
        return None
    return (today - contact.date()).days


def _renewal_month(record: RecordView) -> object:
    founded = record["Founded_On__c"]
    return founded.replace(day=1) if isinstance(founded, date) else None


def _billing() -> tuple[Field, ...]:
    return (
        k.text_area("BillingStreet", "町名・番地(請求先)"),
        k.text("BillingCity", "市区郡(請求先)", 40),
        k.text("BillingState", "都道府県(請求先)", 80),
        k.text("BillingPostalCode", "郵便番号(請求先)", 20),
        k.text("BillingCountry", "国(請求先)", 80),
        k.picklist(
            "BillingStateCode", "都道府県コード(請求先)", STATES, controller="BillingCountryCode"
        ),
        k.picklist("BillingCountryCode", "国コード(請求先)", COUNTRIES),
        k.number("BillingLatitude", "緯度(請求先)", 18, 15),
        k.number("BillingLongitude", "経度(請求先)", 18, 15),
        k.compound(
            "BillingAddress",
            "住所(請求先)",
            "address",
            (
                ("city", "BillingCity"),
                ("country", "BillingCountry"),
                ("countryCode", "BillingCountryCode"),
                ("geocodeAccuracy", ""),
                ("latitude", "BillingLatitude"),
                ("longitude", "BillingLongitude"),
                ("postalCode", "BillingPostalCode"),
                ("state", "BillingState"),
                ("stateCode", "BillingStateCode"),
                ("street", "BillingStreet"),
            ),
        ),
    )


def _standard() -> tuple[Field, ...]:
    return (
        k.master_record("Account"),
        k.text("Name", "取引先名", 255, nillable=False, name_field=True),
        k.picklist("Type", "種別", TYPES),
        k.lookup("ParentId", "親取引先 ID", "Account", "Parent", children="ChildAccounts"),
        *_billing(),
        k.phone("Phone", "電話"),
        Field("Fax", "Fax", "phone", length=40),
        k.url("Website", "Web サイト"),
        k.picklist("Industry", "業種", INDUSTRIES),
        k.currency("AnnualRevenue", "年間売上", 18, 0),
        k.integer("NumberOfEmployees", "従業員数"),
        k.picklist("Rating", "評価", k.options(("Hot", "高"), ("Warm", "中"), ("Cold", "低"))),
        k.long_text("Description", "説明"),
    )


def _custom() -> tuple[Field, ...]:
    return (
        k.picklist("Contract_Plan__c", "契約プラン", PLANS, restricted=True),
        k.multipicklist("Regions__c", "展開地域", REGIONS),
        k.picklist("Prefecture__c", "都道府県", PREFECTURES, restricted=True),
        k.picklist("City__c", "市区", CITIES, restricted=True, controller="Prefecture__c"),
        k.currency("Exact_Revenue__c", "正確な売上", 18, 2),
        k.number("Precise_Ratio__c", "精密比率", 18, 10),
        k.percent("Score__c", "スコア"),
        k.boolean("Is_Strategic__c", "戦略顧客"),
        k.date_field("Founded_On__c", "設立日"),
        k.datetime_field("Last_Contact_At__c", "最終接触日時"),
        k.time_field("Opens_At__c", "始業時刻"),
        k.email("Support_Email__c", "サポートメール"),
        k.url("Portal_Url__c", "ポータル URL"),
        k.long_text("Memo__c", "メモ"),
        k.long_text("Rich_Memo__c", "リッチメモ", html=True),
        k.text_area("Short_Memo__c", "短いメモ"),
        k.encrypted("Secret_Code__c", "秘密コード"),
        k.number("Location__Latitude__s", "所在地(緯度)", 18, 15),
        k.number("Location__Longitude__s", "所在地(経度)", 18, 15),
        k.compound(
            "Location__c",
            "所在地",
            "location",
            (("latitude", "Location__Latitude__s"), ("longitude", "Location__Longitude__s")),
        ),
        k.text("Customer_Number__c", "顧客番号", 20, external_id=True, unique=True, id_lookup=True),
    )


def _calculated() -> tuple[Field, ...]:
    return (
        replace(
            k.formula(
                "Customer_Rank__c",
                "顧客ランク",
                "string",
                'IF(NumberOfEmployees >= 1000, "A", IF(NumberOfEmployees >= 100, "B", "C"))',
                _rank,
            ),
            help_text="従業員数から自動で決まります。基準は審査部が管理しています。",
        ),
        k.formula(
            "Employees_Doubled__c",
            "従業員数×2",
            "double",
            "NumberOfEmployees * 2",
            _doubled,
            precision=18,
        ),
        k.formula(
            "Days_Since_Contact__c",
            "接触からの日数",
            "double",
            "TODAY() - DATEVALUE(Last_Contact_At__c)",
            _days_since_contact,
            precision=18,
        ),
        k.formula("Is_Large__c", "大企業", "boolean", "NumberOfEmployees >= 1000", _is_large),
        k.formula(
            "Renewal_Month__c",
            "更新月",
            "date",
            "DATE(YEAR(Founded_On__c), MONTH(Founded_On__c), 1)",
            _renewal_month,
        ),
        k.roll_up(
            "Open_Amount__c",
            "商談合計金額",
            "currency",
            RollUp("Opportunity", "AccountId", "SUM", "Amount"),
            2,
        ),
        k.roll_up(
            "Won_Count__c", "商談件数", "double", RollUp("Opportunity", "AccountId", "COUNT")
        ),
    )


def account() -> SObject:
    """The Account object."""
    fields = (*k.system_fields(), *_standard(), *_custom(), *_calculated())
    return SObject("Account", "取引先", "取引先", "001", fields, mergeable=True)
