"""One change at a time around accounts and around deals, and how to pick what it happens to.

What does not belong here: whether it arrives (``test_incremental.py``) and changes that every
asset has to bring (``changes.py``).
"""

from collections.abc import Callable
from datetime import date

from flyle_sf_assets.sandbox.org import Org

Change = Callable[[Org], object]
LEFT = "left the conditions"


def account(org: Org, place: int = 0) -> str:
    """A live account; the places of `_parent` and `_owned` are others."""
    return org.ids("Account")[place]


def parent(org: Org) -> str:
    """An account that is the parent of others, and a child itself."""
    live = org.records("Account")
    parents = {record["ParentId"] for record in live}
    return next(str(r["Id"]) for r in live if r["Id"] in parents and r["ParentId"])


def with_contract(org: Org, place: int = 0) -> tuple[str, str]:
    """An account with exactly one contract, and the contract."""
    contracts = org.records("Contract_Info__c")
    owners = [c["Account__c"] for c in contracts if c["Account__c"]]
    single = [c for c in contracts if owners.count(c["Account__c"]) == 1]
    return str(single[place]["Account__c"]), str(single[place]["Id"])


def without_contract(org: Org) -> str:
    taken = {contract["Account__c"] for contract in org.records("Contract_Info__c")}
    return next(account for account in reversed(org.ids("Account")) if account not in taken)


def user(org: Org) -> str:
    """A user who owns accounts and manages other users."""
    managers = {user["ManagerId"] for user in org.records("User")}
    owners = {account["OwnerId"] for account in org.records("Account")}
    return next(user for user in org.ids("User") if user in managers and user in owners)


def given_another_owner(org: Org, of: str) -> None:
    """Whichever user owns the account now: which changes came before this one is not known."""
    owner = next(one["OwnerId"] for one in org.records("Account") if one["Id"] == of)
    others = [other for other in org.ids("User") if other != owner]
    org.update("Account", of, {"OwnerId": others[0]})


def deal(org: Org) -> str:
    """A deal in scope, with an account."""
    deals = org.records("Opportunity")
    return next(
        str(d["Id"])
        for d in deals
        if d["AccountId"] and d["StageName"] not in ("Closed Lost", None)
    )


def merged(org: Org) -> None:
    winner, loser = account(org, 20), parent(org)
    org.merge("Account", winner, [loser], {"Memo__c": "統合しました"})


def new_option(org: Org) -> None:
    org.add_option("Account", "Industry", "Space", "宇宙")
    org.update("Account", account(org, 11), {"Industry": "Space"})


def moved_abroad(org: Org) -> None:
    """The state code stays, and names another state from now on."""
    _moved_abroad(org, {str(one["Id"]) for one in org.records("Account")})


def account_moved_abroad(org: Org) -> None:
    """Nothing of the deal moves, and of its account only the country."""
    deals = [one for one in org.records("Opportunity") if one["StageName"] != "Closed Lost"]
    _moved_abroad(org, {str(one["AccountId"]) for one in deals})


def _moved_abroad(org: Org, among: set[str]) -> None:
    tokyo = [
        str(one["Id"])
        for one in org.records("Account")
        if (one["BillingCountryCode"], one["BillingStateCode"]) == ("JP", "13")
    ]
    here = next(one for one in tokyo if one in among)
    org.update("Account", here, {"BillingCountryCode": "CN"})


def contract_moved(org: Org) -> None:
    _, contract = with_contract(org)
    org.update("Contract_Info__c", contract, {"Account__c": without_contract(org)})


ACCOUNTS: dict[str, Change] = {
    "undeleted": lambda org: org.undelete("Account", *deleted(org, "Account")),
    "updated": lambda org: org.update("Account", account(org), {"AnnualRevenue": 7}),
    "blanked": lambda org: org.update(
        "Account", account(org), {"AnnualRevenue": None, "Regions__c": None, "Memo__c": ""}
    ),
    "blank is kept": lambda org: org.update("Account", account(org), {"NumberOfEmployees": None}),
    "only the country of a state code changed": moved_abroad,
    "renamed": lambda org: org.update("Account", account(org, 3), {"Name": "改名\n😀\"'\\"}),
    "inserted": lambda org: org.insert(
        "Account", {"Name": "新しい会社", "Founded_On__c": date(1969, 12, 31), "Score__c": "0.5"}
    ),
    "inserted below a parent that is new too": lambda org: org.insert(
        "Account", {"Name": "子", "ParentId": org.insert("Account", {"Name": "親"})}
    ),
    "deleted": lambda org: org.delete("Account", account(org, 9)),
    "a parent deleted": lambda org: org.delete("Account", parent(org)),
    "merged": merged,
    "moved to another parent": lambda org: org.update(
        "Account", account(org, 12), {"ParentId": parent(org)}
    ),
    "taken from its parent": lambda org: org.update("Account", parent(org), {"ParentId": None}),
    "owner changed": lambda org: given_another_owner(org, account(org, 5)),
    "owner of a parent changed": lambda org: given_another_owner(org, parent(org)),
    "parent renamed": lambda org: org.update("Account", parent(org), {"Name": "親の新社名"}),
    "owner renamed": lambda org: org.update("User", user(org), {"Name": "改姓 花子"}),
    "owner given another manager": lambda org: org.update(
        "User", user(org), {"ManagerId": org.ids("User")[-1]}
    ),
    "owner who was never seen": lambda org: org.update(
        "Account",
        account(org, 6),
        {
            "OwnerId": org.insert(
                "User", {"LastName": "新人", "Username": "n@x.example", "Alias": "n"}
            )
        },
    ),
    "one-to-one object changed": lambda org: org.update(
        "Contract_Info__c", with_contract(org)[1], {"Monthly_Fee__c": "99999999999999.99"}
    ),
    "one-to-one object moved": contract_moved,
    "one-to-one object deleted": lambda org: org.delete("Contract_Info__c", with_contract(org)[1]),
    "one-to-one object undeleted": lambda org: org.undelete(
        "Contract_Info__c", *deleted(org, "Contract_Info__c")
    ),
    "one-to-one object that is new": lambda org: org.insert(
        "Contract_Info__c", {"Account__c": without_contract(org), "Plan__c": "Free"}
    ),
    "option added and used": new_option,
    "option relabelled": lambda org: org.relabel_option("Account", "Type", "Customer", "お客様"),
    "option not offered any more": lambda org: org.deactivate_option(
        "Account", "Contract_Plan__c", "Free"
    ),
    "unmapped field updated": lambda org: org.update("Account", account(org), {"Fax": "1"}),
    "stamp moved alone": lambda org: org.touch("Account"),
    "all changed in one transaction": lambda org: org.mass_update(
        "Account", org.ids("Account"), {"Opens_At__c": "08:00:00.000Z"}
    ),
}

DEALS: dict[str, Change] = {
    "only the country of an account's state code changed": account_moved_abroad,
    "account undeleted with its deals": lambda org: org.undelete(
        "Account", *deleted(org, "Account")
    ),
    "left the conditions": lambda org: org.update(
        "Opportunity", deal(org), {"StageName": "Closed Lost"}
    ),
    "came back": lambda org: org.mass_update(
        "Opportunity", lost(org)[:2], {"StageName": "Proposal"}
    ),
    "left the conditions, then deleted": lambda org: org.delete(
        "Opportunity",
        *[str(d["Id"]) for d in org.records("Opportunity") if d["NextStep"] == LEFT],
    ),
    "moved to another account": lambda org: org.update(
        "Opportunity", deal(org), {"AccountId": account(org, 30)}
    ),
    "taken from its account": lambda org: org.update("Opportunity", deal(org), {"AccountId": None}),
    "custom lookup set": lambda org: org.update(
        "Opportunity", deal(org), {"Competitor__c": account(org, 2)}
    ),
    "account that is new": lambda org: org.update(
        "Opportunity", deal(org), {"AccountId": org.insert("Account", {"Name": "新規"})}
    ),
    "account renamed": lambda org: org.update("Account", account(org), {"Name": "改名"}),
    "account's employees blanked": lambda org: org.update(
        "Account", account(org), {"NumberOfEmployees": None}
    ),
    "account's grandparent renamed": lambda org: org.mass_update(
        "Account", org.ids("Account"), {"Name": "一斉改名"}
    ),
    "account's owner changed": lambda org: given_another_owner(org, account(org)),
    "manager's address changed": lambda org: org.update(
        "User", user(org), {"Email": "moved@example.jp"}
    ),
    "account's contract moved": contract_moved,
    "account deleted with its deals": lambda org: org.delete("Account", account(org, 4)),
    "accounts merged": merged,
    "won": lambda org: org.update(
        "Opportunity", deal(org), {"StageName": "Closed Won", "IsWon": True}
    ),
}

NOTHING_MOVES = {
    "account's employees blanked",
    "option not offered any more",
    "unmapped field updated",
    "stamp moved alone",
}


def deleted(org: Org, object_name: str) -> list[str]:
    """What lies in the Recycle Bin and was not merged."""
    return [
        str(record["Id"])
        for record in org.records(object_name, include_deleted=True)
        if record["IsDeleted"] and not record.get("MasterRecordId")
    ]


def lost(org: Org) -> list[str]:
    found = org.records("Opportunity")
    return [str(deal["Id"]) for deal in found if deal["StageName"] == "Closed Lost"]
