"""The records that the SOQL cases ask about: made for them, told apart by a tag in the name.

Standard fields only, so that any org can hold them. What does not belong here: how records
are written (``writing.py``).
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flyle_sf_assets_tests.conformance import asking
from flyle_sf_assets_tests.conformance.writing import Records

CHAIN_LENGTH = 7
"""Accounts in a row of parents: enough for five levels up and one too many."""

CLOSE_DAYS = {"old": -400, "recent": -20, "yesterday": -1, "today": 0, "tomorrow": 1, "later": 40}
"""The opportunities, by name, and how many days from today they close."""


@dataclass(frozen=True)
class Cast:
    """The accounts and opportunities by their short names.

    ``first`` and ``second`` are two picklist values of Account.Industry: apple, percent and
    lookalike have the first, banana the second, the others none.
    """

    org: asking.Org
    tag: str
    accounts: dict[str, str]
    opportunities: dict[str, str]
    chain: tuple[str, ...]
    first: str
    second: str
    stage: str
    today: date

    @property
    def names(self) -> dict[str, str]:
        """The full account name by short name."""
        return {short: f"{self.tag} {name}" for short, name in ACCOUNT_NAMES.items()}

    def accounts_where(self, condition: str, *, all_rows: bool = False) -> set[str]:
        """The short names of the accounts that a condition finds."""
        soql = f"SELECT Id FROM Account WHERE Id IN ({quoted(self.accounts.values())})"
        return self._short(f"{soql} AND ({condition})", self.accounts, all_rows=all_rows)

    def opportunities_where(self, condition: str) -> set[str]:
        """The short names of the opportunities that a condition finds."""
        soql = f"SELECT Id FROM Opportunity WHERE Id IN ({quoted(self.opportunities.values())})"
        return self._short(f"{soql} AND ({condition})", self.opportunities)

    def _short(self, soql: str, ids: dict[str, str], *, all_rows: bool = False) -> set[str]:
        by_id = {record: short for short, record in ids.items()}
        return {by_id[record["Id"]] for record in self.org.records(soql, all_rows=all_rows)}


ACCOUNT_NAMES = {
    "apple": "Apple",
    "banana": "BANANA",
    "percent": "100%_off",
    "lookalike": "100 x off",
    "quote": "O'Hara \\ Sons",
    "japanese": "日本商事 🍣 株式会社",
    "blank": "blank",
}

DESCRIPTION = 'first line\nsecond "quoted", with a comma'


def quoted(values: Iterable[str]) -> str:
    """Plain ids or values as a SOQL list, without escapes."""
    return ", ".join(f"'{value}'" for value in values)


def gather(org: asking.Org, records: Records, today: date) -> Cast:
    """Makes the cast in the org."""
    tag = f"cnf{secrets.token_hex(4)}"
    first, second = options(org.describe("Account"), "Industry")[:2]
    stage = options(org.describe("Opportunity"), "StageName")[0]
    facts: dict[str, dict[str, Any]] = {
        "apple": {"Industry": first, "NumberOfEmployees": 10, "Description": DESCRIPTION},
        "banana": {"Industry": second, "NumberOfEmployees": 20},
        "percent": {"Industry": first, "NumberOfEmployees": 0},
        "lookalike": {"Industry": first, "NumberOfEmployees": 30},
    }
    rows = [{"Name": f"{tag} {name}", **facts.get(k, {})} for k, name in ACCOUNT_NAMES.items()]
    accounts = dict(zip(ACCOUNT_NAMES, records.create("Account", rows), strict=True))
    deals = [
        {
            "Name": f"{tag} {short}",
            "StageName": stage,
            "Probability": 40,
            "CloseDate": (today + timedelta(days=days)).isoformat(),
            **({"AccountId": accounts["apple"]} if short in {"old", "today"} else {}),
        }
        for short, days in CLOSE_DAYS.items()
    ]
    opportunities = dict(zip(CLOSE_DAYS, records.create("Opportunity", deals), strict=True))
    chain: list[str] = []
    for level in range(CHAIN_LENGTH):
        parent = {"ParentId": chain[-1]} if chain else {}
        chain += records.create("Account", [{"Name": f"{tag} level {level}", **parent}])
    return Cast(org, tag, accounts, opportunities, tuple(chain), first, second, stage, today)


def options(describe: dict[str, Any], field: str) -> list[str]:
    """The active values of a picklist that describe shows."""
    found = next(f for f in describe["fields"] if f["name"] == field)
    return [entry["value"] for entry in found["picklistValues"] if entry["active"]]
