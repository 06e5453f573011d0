"""Changes in an org that every asset has to bring.

What does not belong here: one change at a time (``test_incremental.py``).
"""

from flyle_sf_assets.sandbox.org import Org

METADATA_S = 7 * 3600
"""After so long describe is asked again, whatever happens."""


def change_everything(org: Org) -> None:
    """Something that each asset has to bring: records, parents, contracts, people, options."""
    deals = [
        d for d in org.records("Opportunity") if d["AccountId"] and d["StageName"] == "Proposal"
    ]
    first, second, third = (str(deal["Id"]) for deal in deals[:3])
    account = str(deals[0]["AccountId"])
    manager = org.insert("User", {"LastName": "新部長", "Username": "m@x.example", "Alias": "m"})
    owner = {"LastName": "新人", "Username": "o@x.example", "Alias": "o", "ManagerId": manager}
    customer = {"Name": "新しい会社", "OwnerId": org.insert("User", owner)}
    org.add_option("Opportunity", "StageName", "Trial", "試用")
    org.update("Opportunity", first, {"Amount": "1.23", "StageName": "Trial"})
    org.update("Opportunity", second, {"StageName": "Closed Lost"})
    org.delete("Opportunity", third)
    org.insert(
        "Opportunity",
        {"Name": "新案件", "StageName": "Proposal", "AccountId": org.insert("Account", customer)},
    )
    org.update("Account", account, {"Name": "改名した会社"})
    org.update("User", org.ids("User")[1], {"Email": "moved@example.jp"})
    contract = org.records("Contract_Info__c")[0]
    org.update("Contract_Info__c", str(contract["Id"]), {"Plan__c": "Standard"})


def change_accounts(org: Org) -> None:
    """The same for a tenant whose base object is Account: one new, one deleted, four changed."""
    blanked, deleted, moved, claimed = (str(a["Id"]) for a in org.records("Account")[3:7])
    manager = org.insert("User", {"LastName": "新部長", "Username": "m@x.example", "Alias": "m"})
    owner = org.insert(
        "User",
        {"LastName": "新人", "Username": "o@x.example", "Alias": "o", "ManagerId": manager},
    )
    org.add_option("Account", "Industry", "Space", "宇宙")
    new = {"Name": "新しい会社", "OwnerId": owner, "Industry": "Space", "NumberOfEmployees": 700}
    org.insert("Account", new)
    org.update("Account", blanked, {"Website": "", "Phone": "123"})
    org.delete("Account", deleted)
    org.update("Account", moved, {"OwnerId": owner})
    org.update("User", org.ids("User")[1], {"LastName": "改姓"})
    contract = str(org.records("Contract_Info__c")[0]["Id"])
    org.update("Contract_Info__c", contract, {"Plan__c": "Standard", "Account__c": claimed})
    org.insert("Contract_Info__c", {"Account__c": moved, "Plan__c": "Free"})
