"""Demo orgs, the same from the same seed, and big ones that load fast.

Names and credentials are in ``README.md``; they stay. What does not belong here: the records'
contents (``sample_records.py``, ``sample_columns.py``).
"""

from random import Random

from flyle_sf_assets.sandbox.clock import Clock
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.sample_columns import load_accounts, load_opportunities
from flyle_sf_assets.sandbox.sample_records import (
    add_accounts,
    add_contacts,
    add_contract_infos,
    add_opportunities,
    add_queues,
    add_users,
)
from flyle_sf_assets.sandbox.standard import kinds as k

CURRENCIES = k.options(("JPY", "日本円"), ("USD", "米ドル"), ("EUR", "ユーロ"))


def account_org(
    *, seed: int = 1, accounts: int = 60, opportunities: int = 90, clock: Clock | None = None
) -> Org:
    """A Japanese org whose companies are its accounts (``acme``)."""
    org = Org(
        "acme",
        consumer_key="3MVG9sandboxAcmeAccounts",
        consumer_secret="acme-consumer-secret",  # noqa: S106 - a secret of no real org
        org_number=1,
        clock=clock,
    )
    return _filled(org, seed, accounts, opportunities)


def opportunity_org(
    *, seed: int = 2, accounts: int = 40, opportunities: int = 120, clock: Clock | None = None
) -> Org:
    """A Japanese org whose companies are its opportunities (``globex``)."""
    org = Org(
        "globex",
        consumer_key="3MVG9sandboxGlobexOpportunities",
        consumer_secret="globex-consumer-secret",  # noqa: S106 - a secret of no real org
        org_number=2,
        clock=clock,
    )
    return _filled(org, seed, accounts, opportunities)


def with_currencies(org: Org) -> Org:
    """Turns on several currencies, as Setup does: amounts are in their record's currency."""
    code = k.picklist("CurrencyIsoCode", "通貨", CURRENCIES, restricted=True, nillable=False)
    for name in ("Account", "Opportunity", "Contract_Info__c"):
        org.add_field(name, code)
        ids = org.ids(name)
        for place, entry in enumerate(CURRENCIES):
            if some := ids[place :: len(CURRENCIES)]:
                org.mass_update(name, some, {"CurrencyIsoCode": entry.value})
    return org


def big_org(
    name: str = "initech",
    *,
    accounts: int = 5_000,
    opportunities: int = 10_000,
    org_number: int = 3,
    clock: Clock | None = None,
) -> Org:
    """An org of very many records, loaded by columns; its key and secret follow from its name."""
    org = Org(
        name,
        consumer_key=f"3MVG9sandbox{name}",
        consumer_secret=f"{name}-consumer-secret",
        org_number=org_number,
        clock=clock,
    )
    users = add_users(org)
    account_ids = load_accounts(org, accounts, users)
    load_opportunities(org, opportunities, account_ids, users)
    return org


def fleet(number: int, *, base: Org | None = None, first_org_number: int = 100) -> list[Org]:
    """Many orgs with the records of ``base`` (a small Account org by default), sharing them.

    They are called ``tenant0000`` and so on; keys and secrets follow from the names.
    """
    base = base or account_org(accounts=5, opportunities=5)
    names = [f"tenant{i:04d}" for i in range(number)]
    return [
        base.clone(
            name,
            org_number=first_org_number + i,
            consumer_key=f"3MVG9sandbox{name}",
            consumer_secret=f"{name}-consumer-secret",
        )
        for i, name in enumerate(names)
    ]


def _filled(org: Org, seed: int, accounts: int, opportunities: int) -> Org:
    random = Random(seed)
    users = add_users(org)
    account_ids = add_accounts(org, random, accounts, users)
    add_contract_infos(org, random, account_ids, (*add_queues(org), *users[:3]))
    add_contacts(org, random, account_ids)
    add_opportunities(org, random, opportunities, account_ids, users)
    return org
