"""Sample orgs (first version: the two orgs by name, few records)."""

from flyle_sf_assets.sandbox.clock import Clock
from flyle_sf_assets.sandbox.org import Org


def account_org(*, clock: Clock | None = None) -> Org:
    """A Japanese org whose companies are its accounts."""
    org = Org("acme", consumer_key="3MVG9sandboxAcmeAccounts",
              consumer_secret="acme-consumer-secret", org_number=1, clock=clock)
    parent = org.insert("Account", {"Name": "株式会社アクメ", "NumberOfEmployees": 1200})
    for number in range(20):
        org.insert("Account", {"Name": f"アクメ子会社 {number}", "ParentId": parent})
    return org


def opportunity_org(*, clock: Clock | None = None) -> Org:
    """A Japanese org whose companies are its opportunities."""
    org = Org("globex", consumer_key="3MVG9sandboxGlobexOpportunities",
              consumer_secret="globex-consumer-secret", org_number=2, clock=clock)
    account = org.insert("Account", {"Name": "グローベックス"})
    for number in range(20):
        org.insert("Opportunity", {
            "Name": f"案件 {number}", "AccountId": account, "StageName": "Proposal",
            "CloseDate": "2026-12-31", "Amount": number,
        })
    return org
