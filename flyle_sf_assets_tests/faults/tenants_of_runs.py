"""The settings that the runs of the model begin with, and the org that each gets.

What does not belong here: changing them (``rules_settings.py``).
"""

from functools import cache
from typing import Any

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.sandbox.clock import ManualClock
from flyle_sf_assets.sandbox.metadata import Catalog
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.sandbox.standard.catalog import standard_catalog
from flyle_sf_assets_tests.faults import values
from flyle_sf_assets_tests.flows.owners import add_queue, with_regions
from flyle_sf_assets_tests.flows.tenants import ORG_NUMBERS, ORG_TIME, PLACEHOLDER, Tenant

Document = dict[str, Any]

SHARE_PERCENT = 2
"""What the settings allow of the org's daily requests."""

CONTRACT = {"object": "Contract_Info__c", "lookup": "Account__c", "of": "Account"}

OWN = {
    "Account": (
        ("Phone", "phone", "text"),
        ("Website", "website", "url"),
        ("Industry", "industry", "single_select"),
        ("BillingStateCode", "state", "text"),
        ("Regions__c", "regions", "multi_select"),
        ("Exact_Revenue__c", "revenue", "number"),
        ("Precise_Ratio__c", "ratio", "number"),
        ("Is_Strategic__c", "strategic", "checkbox"),
        ("Founded_On__c", "founded", "date"),
        ("Last_Contact_At__c", "contacted", "datetime"),
    ),
    "Opportunity": (
        ("Amount", "amount", "number"),
        ("StageName", "stage", "single_select"),
        ("CloseDate", "closes", "date"),
        ("Product_Lines__c", "lines", "multi_select"),
        ("NextStep", "next_step", "text"),
    ),
}
CALCULATED = {
    "Account": (
        ("Customer_Rank__c", "rank", "text"),
        ("Open_Amount__c", "open_amount", "number"),
    ),
    "Opportunity": (
        ("Account_Rank__c", "rank", "text"),
        ("HasOpenActivity", "open_activity", "checkbox"),
    ),
}
PARENTS = {
    "Account": (
        ("Owner.Name", "owner", "text"),
        ("Owner.Department", "department", "text"),
        ("Parent.Name", "parent", "text"),
        ("Parent.Industry", "parent_industry", "single_select"),
        ("Parent.Owner.Name", "parent_owner", "text"),
        ("Region__r.Owner.Name", "region_owner", "text"),
        ("Region__r.Owner.Email", "region_mail", "text"),
        ("Region__r.Owner.Type", "region_kind", "text"),
        ("ContractInfo.Plan__c", "plan", "single_select"),
        ("ContractInfo.Seats__c", "seats", "number"),
    ),
    "Opportunity": (
        ("Owner.Name", "owner", "text"),
        ("Account.Name", "account", "text"),
        ("Account.Industry", "industry", "single_select"),
        ("Account.BillingStateCode", "state", "text"),
        ("Account.Owner.Name", "account_owner", "text"),
        ("Account.Parent.Name", "group", "text"),
        ("Account.Region__r.Owner.Name", "region_owner", "text"),
        ("Account.Region__r.Owner.Type", "region_kind", "text"),
        ("Account.ContractInfo.Plan__c", "plan", "single_select"),
        ("Competitor__r.Name", "competitor", "text"),
    ),
}
MORE = {
    "Account": (
        ("Contract_Plan__c", "contract_plan", "single_select"),
        ("BillingStateCode", "state_code", "single_select"),
        ("Memo__c", "memo", "text"),
        ("Opens_At__c", "opens", "text"),
        ("Owner.Email", "owner_email", "text"),
        ("Parent.Parent.Name", "grandparent", "text"),
        ("ContractInfo.Notes__c", "notes", "text"),
        ("ContractInfo.Owner.Name", "contract_owner", "text"),
        ("Region__r.Supplier__r.Name", "supplier", "text"),
    ),
    "Opportunity": (
        ("Competitor__r.Industry", "competitor_industry", "single_select"),
        ("Account.Website", "website", "url"),
        ("Account.Owner.Email", "owner_email", "text"),
        ("Account.ContractInfo.Seats__c", "seats", "number"),
        ("Account.Region__r.Owner.IsActive", "is_active", "checkbox"),
        ("Account.Region__r.Supplier__r.Name", "supplier", "text"),
        ("Account.Last_Contact_At__c", "contacted", "datetime"),
    ),
}
"""What the settings may come to map later."""

CONDITIONS: dict[str, tuple[Document, ...]] = {
    "Account": (
        {"field": "Type", "op": "in", "value": ["Customer", "Partner"]},
        {"field": "Owner.Department", "op": "eq", "value": "Sales"},
        {"field": "Type", "op": "ne", "value": "Other"},
        {"field": "Founded_On__c", "op": "ge", "value": {"date": "LAST_N_DAYS:3"}},
        {"field": "Region__r.Owner.Name", "op": "in", "value": ["窓口0", "利用者1", "null"]},
        {
            "any": [
                {"field": "Industry", "op": "eq", "value": "Finance"},
                {"field": "NumberOfEmployees", "op": "ge", "value": "100"},
            ]
        },
    ),
    "Opportunity": (
        {"field": "StageName", "op": "in", "value": ["Proposal", "Closed Won"]},
        {"field": "Account.Type", "op": "eq", "value": "Customer"},
        {"field": "Account.Owner.Department", "op": "ne", "value": "Support"},
        {"field": "CloseDate", "op": "ge", "value": {"date": "LAST_N_DAYS:3"}},
        {"field": "Amount", "op": "not_null"},
        {"field": "Account.Region__r.Owner.Name", "op": "ne", "value": "窓口0"},
    ),
}


def mapping(entry: tuple[str, str, str]) -> Document:
    """One mapping of the settings."""
    source, key, kind = entry
    return {"from": source, "to": key, "label": f"{key} ラベル", "type": kind}


def one_to_one(base: str) -> list[Document]:
    """The one-to-one object, on the account that is the base or stands above it."""
    return [{**CONTRACT, "as": "ContractInfo"}]


def document(tenant: str, base: str, *, calculated: bool) -> Document:
    """Settings with every own field and parent of the base object, without conditions."""
    entries = [*OWN[base], *PARENTS[base], *(CALCULATED[base] if calculated else ())]
    return {
        "tenant": tenant,
        "display_name": tenant,
        "plan": "enterprise",
        "time_zone": "Asia/Tokyo",
        "connection": {
            "org_url": PLACEHOLDER,
            "flow": "client_credentials",
            "consumer_key": {"env": f"{tenant.upper()}_SF_KEY"},
            "consumer_secret": {"env": f"{tenant.upper()}_SF_SECRET"},
        },
        "source": {"object": base, "one_to_one": one_to_one(base), "conditions": []},
        "mapping": [mapping(entry) for entry in entries],
        "guard": {"max_gone": "100%", "max_blanked": "100%"},
        "api_budget": {"max_share": f"{SHARE_PERCENT}%"},
    }


def small_org(rest_page_rows: int) -> Org:
    """A few records of every object, so that pages, ties and hops all occur."""
    number = next(ORG_NUMBERS)
    org = Org(
        f"model{number}",
        consumer_key=f"3MVG9.model.{number}",
        consumer_secret=f"secret-of-model-{number}",
        org_number=number,
        catalog=_catalog(),
        clock=ManualClock(ORG_TIME),
    )
    org.rest_page_rows = rest_page_rows
    users = [add_user(org, place) for place in range(3)]
    regions = add_regions(org, users)
    accounts = [
        org.insert(
            "Account",
            {
                "Name": values.NAMES[place],
                "Type": values.TYPES[place % 5],
                "Industry": values.INDUSTRIES[place % 4],
                "NumberOfEmployees": 50 * place,
                "BillingCountryCode": ("JP", "CN")[place % 2],
                "BillingStateCode": "13",
                "OwnerId": users[place % 3],
                "Region__c": regions[place % 4] if place else None,
            },
        )
        for place in range(6)
    ]
    for child, parent in ((1, 0), (2, 0), (3, 1)):
        org.update("Account", accounts[child], {"ParentId": accounts[parent]})
    for account in accounts[:3]:
        org.insert("Contract_Info__c", {"Account__c": account, "Plan__c": "Standard"})
    for place in range(6):
        org.insert(
            "Opportunity",
            {
                "Name": values.NAMES[-1 - place],
                "StageName": "Proposal" if place % 2 else "Prospecting",
                "CloseDate": "2026-03-01",
                "Amount": place * 100,
                "AccountId": accounts[place % 6] if place else None,
                "Competitor__c": accounts[-1 - place],
                "OwnerId": users[place % 3],
            },
        )
    return org


@cache
def _catalog() -> Catalog:
    """One for all runs, so that describe is put down once."""
    return with_regions(standard_catalog())


def add_regions(org: Org, users: list[str]) -> list[str]:
    """Four regions of two suppliers, owned by queues and users in turn."""
    groups = [add_queue(org, f"窓口{place}") for place in range(2)]
    suppliers = [org.insert("Supplier__x", {"Name": f"仕入先{place}"}) for place in range(2)]
    return [
        org.insert(
            "Region__c",
            {"Name": f"地域{place}", "OwnerId": owner, "Supplier__c": suppliers[place % 2]},
        )
        for place, owner in enumerate((groups[0], users[0], groups[1], users[1]))
    ]


def add_user(org: Org, place: int) -> str:
    """One more user."""
    return org.insert(
        "User",
        {
            "Username": f"user{place}@{org.name}.example",
            "LastName": f"利用者{place}",
            "Alias": f"u{place}",
            "Department": ("Sales", "Support", None)[place % 3],
            "IsActive": True,
            "TimeZoneSidKey": "Asia/Tokyo",
            "LocaleSidKey": "ja_JP",
            "LanguageLocaleKey": "ja",
        },
    )


def linked(server: SandboxServer, installation: Installation, org: Org, name: str) -> Tenant:
    """A tenant with an org of its own; its settings are still to be applied."""
    server.add(org)
    tenant = Tenant(name, org, server, installation, "")
    tenant.give_credentials()
    return tenant
