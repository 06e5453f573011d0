"""Records of the demo orgs: plain ones, and all values that ever broke an import.

The first accounts and opportunities carry the awkward values (``_AWKWARD_…``); the rest are
drawn from a seeded generator. What does not belong here: orgs of many records
(``sample_columns.py``).
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from flyle_sf_assets.sandbox.org import Org

_STARTED = datetime(2024, 4, 1, 0, 0, 0, tzinfo=UTC)
"""Stamps are in the year and a half after this."""

_HEADS = ("東京", "大阪", "北海", "富士", "さくら", "みどり", "日の出", "大和", "銀河", "青空")
_TAILS = (
    "商事",
    "製作所",
    "電機",
    "ソリューションズ",
    "物流",
    "食品",
    "製薬",
    "銀行",
    "ホールディングス",
)
_PEOPLE = (("佐藤", "花子"), ("鈴木", "一郎"), ("高橋", "美咲"), ("田中", "健"), ("渡辺", None))
_PLANS = ("Free", "Standard", "Professional", "Enterprise")
_STAGES = ("Prospecting", "Qualification", "Proposal", "Negotiation", "Closed Won", "Closed Lost")
_REGIONS = ("North", "East", "West", "South", "Overseas")
_LINES = ("Core", "Analytics", "Support", "AI")
_TYPES = ("Prospect", "Customer", "Partner", None)
_INDUSTRIES = ("Technology", "Manufacturing", "Finance", "Retail", "Healthcare", None)
_CITIES = {"Tokyo": ("Shibuya", "Chiyoda", "Kita"), "Osaka": ("Namba", "Kita"), "Kyoto": ("Kita",)}
_STATES = (("JP", "13"), ("CN", "13"), ("JP", "11"), ("US", "CA"), ("CN", "11"), ("JP", None))
"""Country and state codes; the same state code is another state in another country."""

Values = dict[str, object]

_AWKWARD_ACCOUNTS: tuple[Values, ...] = (
    {
        "Name": '株式会社"引用"とカンマ, 改行\nのある社名 😀',
        "Exact_Revenue__c": "1234567890123456.78",
        "Precise_Ratio__c": "12345678.0123456789",
        "NumberOfEmployees": 1200,
        "AnnualRevenue": 999_999_999_999_999,
        "Score__c": "99.99",
        "Founded_On__c": date(1923, 9, 1),
        "Last_Contact_At__c": datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),
        "Opens_At__c": time(9, 30),
        "Regions__c": ["Overseas", "North", "West"],
        "Contract_Plan__c": "Enterprise",
        "Is_Strategic__c": True,
        "Memo__c": '一行目\r\n二行目\n\n"四行目"\t, 終わり',
        "Rich_Memo__c": "<p>太字<b>です</b>&amp;<br>改行</p>",
        "Secret_Code__c": "X-12345",
        "BillingStreet": "神宮前1-2-3\nフライルビル 4F",
        "BillingCity": "渋谷区",
        "BillingState": "東京都",
        "BillingPostalCode": "150-0001",
        "BillingCountry": "日本",
        "BillingStateCode": "13",
        "BillingCountryCode": "JP",
        "BillingLatitude": "35.670168",
        "BillingLongitude": "139.702687",
        "Location__Latitude__s": "35.5",
        "Location__Longitude__s": "139.25",
        "Prefecture__c": "Tokyo",
        "City__c": "Shibuya",
        "Support_Email__c": "support@example.jp",
        "Website": "https://example.jp/?q=%E6%97%A5%E6%9C%AC&x=1",
        "Portal_Url__c": "https://portal.example.jp/",
    },
    {"Name": "何もない株式会社"},
    {
        "Name": "負の数とゼロ",
        "Exact_Revenue__c": "-0.01",
        "Precise_Ratio__c": "0.0000000001",
        "NumberOfEmployees": 0,
        "Score__c": "-12.5",
        "AnnualRevenue": 0,
        "Founded_On__c": date(1700, 1, 1),
        "Opens_At__c": time(0, 0),
        "Contract_Plan__c": "Free",
    },
    {
        "Name": "絵文字👨‍👩‍👧‍👦と𠮷野家と合字か゚",
        "Exact_Revenue__c": "9999999999999999.99",
        "Last_Contact_At__c": datetime(2024, 12, 31, 15, 0, 0, tzinfo=UTC),
        "Founded_On__c": date(2000, 2, 29),
        "Short_Memo__c": " 前後に空白 ",
        "Industry": "リスト外の業種",
        "Contract_Plan__c": "Standard",
        "Regions__c": ["South"],
    },
    {
        "Name": "O'Reilly \\バックスラッシュ\\ 100% _下線_",
        "Type": "Customer",
        "Description": "x" * 5000,
        "Exact_Revenue__c": "0.10",
        "Last_Contact_At__c": datetime(2024, 6, 30, 14, 59, 59, tzinfo=UTC),
    },
    {"Name": "=cmd|'/c calc'!A1", "Phone": "+81-3-1234-5678", "Fax": "03-1234-5679"},
    {"Name": "ＡＢＣ株式会社（全角）", "Type": "Partner", "Exact_Revenue__c": "100000000000000.5"},
)

_AWKWARD_DEALS: tuple[Values, ...] = (
    {
        "Name": '大型"案件"\n(改行) 🚀',
        "Amount": "1234567890123456.78",
        "StageName": "Negotiation",
        "Product_Lines__c": ["AI", "Core"],
        "Contract_Start__c": date(1969, 7, 20),
        "TotalOpportunityQuantity": "0.01",
    },
    {"Name": "取引先のない案件", "StageName": "Prospecting", "AccountId": None},
    {"Name": "リスト外フェーズ", "StageName": "旧フェーズ", "Amount": 0},
    {"Name": "無効フェーズ", "StageName": "Id. Decision Makers", "Amount": "-500.5"},
)


def add_users(org: Org) -> list[str]:
    """Users besides the connected one, no administrators: a chain of managers, one inactive."""
    users: list[str] = []
    profile = org.insert("Profile", {"Name": "標準ユーザ", "PermissionsApiEnabled": True})
    for number, (last, first) in enumerate(_PEOPLE):
        user: Values = {
            "Username": f"user{number}@{org.name}.example", "LastName": last, "FirstName": first,
            "Email": f"user{number}@{org.name}.example", "Alias": f"user{number}",
            "IsActive": number != len(_PEOPLE) - 1, "TimeZoneSidKey": "Asia/Tokyo",
            "LocaleSidKey": "ja_JP", "LanguageLocaleKey": "ja", "UserType": "Standard",
            "Department": ("営業", "開発", None)[number % 3],
            "ManagerId": users[-1] if users else org.connected_user_id, "ProfileId": profile,
        }  # fmt: skip
        users.append(org.insert("User", user | _stamped(number)))
    return users


def add_accounts(org: Org, random: Random, number: int, users: Sequence[str]) -> list[str]:
    """Accounts in families up to four levels deep; the awkward ones come first."""
    accounts: list[str] = []
    for i in range(number):
        values = dict(_AWKWARD_ACCOUNTS[i]) if i < len(_AWKWARD_ACCOUNTS) else _account(random, i)
        values.setdefault("OwnerId", users[i % len(users)])
        if i % 3 and i > len(_AWKWARD_ACCOUNTS):
            values.setdefault("ParentId", accounts[(i * 2) // 3])
        values["Customer_Number__c"] = f"C-{i:05d}"
        accounts.append(org.insert("Account", values | _stamped(i * 3)))
    return accounts


def _account(random: Random, i: int) -> Values:
    country, state = _STATES[i % len(_STATES)]
    prefecture = random.choice((*_CITIES, None))
    return {
        "Name": f"{random.choice(_HEADS)}{random.choice(_TAILS)}株式会社 {i}",
        "Type": random.choice(_TYPES),
        "Industry": random.choice(_INDUSTRIES),
        "NumberOfEmployees": random.choice((None, 5, 45, 320, 4_800, 61_000)),
        "AnnualRevenue": random.choice((None, random.randrange(10**6, 10**11))),
        "Exact_Revenue__c": f"{random.randrange(10**12)}.{random.randrange(100):02d}",
        "Score__c": f"{random.randrange(10_000) / 100}",
        "Contract_Plan__c": random.choice((*_PLANS, None)),
        "Regions__c": random.sample(_REGIONS, random.randrange(4)),
        "Prefecture__c": prefecture,
        "City__c": random.choice(_CITIES[prefecture]) if prefecture else None,
        "Is_Strategic__c": random.randrange(5) == 0,
        "Founded_On__c": random.choice((None, date(1950 + i % 70, 1 + i % 12, 1 + i % 28))),
        "Last_Contact_At__c": _STARTED + timedelta(hours=random.randrange(12_000)),
        "Phone": f"03-{random.randrange(10_000):04d}-{random.randrange(10_000):04d}",
        "Website": f"https://company{i}.example.jp",
        "Support_Email__c": f"info@company{i}.example.jp",
        "Opens_At__c": random.choice((None, time(9), time(8, 45))),
        "Memo__c": random.choice((None, "担当者と面談済み。\n次回は来月。")),
        "BillingCity": random.choice(("港区", "北区", None)),
        "BillingCountryCode": country,
        "BillingStateCode": state,
    }


def add_queues(org: Org) -> list[str]:
    """Queues: groups that may own custom records instead of a user."""
    names = ("契約窓口", "更新窓口")
    return [
        org.insert("Group", {"Name": name, "Type": "Queue"} | _stamped(place))
        for place, name in enumerate(names)
    ]


def add_contract_infos(
    org: Org, random: Random, accounts: Sequence[str], owners: Sequence[str]
) -> list[str]:
    """At most one contract for each account; about two thirds have one.

    ``owners`` are users and queues, who own them in turn.
    """
    contracts = []
    without = accounts[2::3]
    for i, account in enumerate(a for a in accounts if a not in without):
        values: Values = {
            "Account__c": account,
            "OwnerId": owners[i % len(owners)],
            "Plan__c": random.choice(_PLANS),
            "Seats__c": random.choice((None, 10, 250)),
            "Monthly_Fee__c": f"{random.randrange(10**7)}.5",
            "Started_On__c": date(2020 + i % 5, 4, 1),
            "Renews_At__c": _STARTED + timedelta(days=random.randrange(700), hours=3),
            "Notes__c": random.choice((None, "年額契約", "複数年\n割引あり")),
        }
        contracts.append(org.insert("Contract_Info__c", values | _stamped(i * 5)))
    return contracts


def add_contacts(org: Org, random: Random, accounts: Sequence[str]) -> list[str]:
    """One contact for every second account."""
    contacts = []
    for i, account in enumerate(accounts[::2]):
        values: Values = {
            "LastName": random.choice(_HEADS),
            "FirstName": random.choice(("翔", "葵", None)),
            "AccountId": account,
            "Email": f"contact{i}@example.jp",
        }
        contacts.append(org.insert("Contact", values | _stamped(i * 7)))
    return contacts


def add_opportunities(
    org: Org, random: Random, number: int, accounts: Sequence[str], users: Sequence[str]
) -> list[str]:
    """Opportunities around today, by the org's clock; the awkward ones come first."""
    today = org.now().date()
    deals = []
    for i in range(number):
        values = dict(_AWKWARD_DEALS[i]) if i < len(_AWKWARD_DEALS) else _deal(random, i)
        stage = values["StageName"]
        values.setdefault("AccountId", accounts[(i * 7) % len(accounts)])
        values |= {
            "OwnerId": users[i % len(users)],
            "CloseDate": today + timedelta(days=random.randrange(-500, 200)),
            "IsClosed": stage in ("Closed Won", "Closed Lost"),
            "IsWon": stage == "Closed Won",
        }
        deals.append(org.insert("Opportunity", values | _stamped(i * 2)))
    return deals


def _deal(random: Random, i: int) -> Values:
    return {
        "Name": f"{random.choice(_HEADS)}{random.choice(_TAILS)}_案件{i}",
        "StageName": random.choice(_STAGES),
        "Amount": random.choice((None, f"{random.randrange(10**9)}.{random.randrange(100):02d}")),
        "Probability": random.choice((None, 10, 50, 90)),
        "Type": random.choice(("New", "Existing", None)),
        "LeadSource": random.choice(("Web", "Phone", "Partner", None)),
        "Product_Lines__c": random.sample(_LINES, random.randrange(3)),
        "Contract_Start__c": random.choice((None, date(2025, 1 + i % 12, 1))),
        "NextStep": random.choice((None, "見積もり送付", "再訪問")),
        "ForecastCategoryName": random.choice(("Pipeline", "Commit", "Omitted")),
    }


def _stamped(hours: int) -> Values:
    moment = _STARTED + timedelta(hours=hours)
    return {"CreatedDate": _STARTED, "LastModifiedDate": moment, "SystemModstamp": moment}
