"""Whole columns for orgs of up to millions of records: made by tiling, not record by record.

What does not belong here: the small demo orgs (``sample_records.py``).
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice, product

from flyle_sf_assets.sandbox.clock import wire_datetime
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.records.identifiers import base62, checksum
from flyle_sf_assets.sandbox.records.table import Column

_STARTED = datetime(2024, 1, 1, tzinfo=UTC)
_TIED = 20
"""How many records share a stamp."""

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def load_accounts(org: Org, number: int, users: Sequence[str]) -> list[str]:
    """Fill Account with ``number`` records; returns their ids."""
    ids = serial_ids("001", org.org_number, number)
    columns: dict[str, Column] = {
        "Id": list(ids),
        **_system(org, number),
        "OwnerId": _tiled(users, number),
        "Name": [f"株式会社サンプル {i}" for i in range(number)],
        "Type": _tiled(("Customer", "Prospect", None, "Partner"), number),
        "Industry": _tiled(("Technology", "Finance", "Retail", None, "Manufacturing"), number),
        "NumberOfEmployees": _tiled([str(n * 7) for n in range(997)], number),
        "AnnualRevenue": _tiled([f"{n * 10**6}.0" for n in range(1009)], number),
        "Exact_Revenue__c": [f"{i * 7919 % 10**15}.{i % 89 + 10}" for i in range(number)],
        "Score__c": _tiled([f"{n}.5" for n in range(100)], number),
        "ParentId": _parents(ids),
        "Phone": _tiled([f"03-0000-{n:04d}" for n in range(2003)], number),
        "Website": [f"https://company{i}.example.jp" for i in range(number)],
        "Contract_Plan__c": _tiled(("Free", "Standard", "Enterprise", None), number),
        "Regions__c": _tiled(("North;West", "East", None, "North;East;South", "Overseas"), number),
        "Is_Strategic__c": _tiled(("false", "false", "true"), number),
        "Founded_On__c": _tiled([f"19{n % 90 + 10}-0{n % 9 + 1}-15" for n in range(401)], number),
        "Last_Contact_At__c": _stamps(number, 3),
        "Memo__c": _tiled((None, '担当者と"面談"済み。\n次回は来月。', "特記事項なし"), number),
        "BillingCity": _tiled(("港区", "北区", None, "中央区"), number),
        "Customer_Number__c": [f"C-{i:07d}" for i in range(number)],
    }
    org.load("Account", columns)
    return ids


def load_opportunities(
    org: Org, number: int, accounts: Sequence[str], users: Sequence[str]
) -> list[str]:
    """Fill Opportunity with ``number`` records spread over the accounts; returns their ids."""
    ids = serial_ids("006", org.org_number, number)
    columns: dict[str, Column] = {
        "Id": list(ids),
        **_system(org, number),
        "OwnerId": _tiled(users, number),
        "AccountId": _tiled(accounts, number) if accounts else [None] * number,
        "Name": [f"案件 {i}" for i in range(number)],
        "StageName": _tiled(("Proposal", "Closed Won", "Prospecting", "Closed Lost"), number),
        "Amount": [f"{i * 104729 % 10**9}.{i % 89 + 10}" for i in range(number)],
        "Probability": _tiled(("10.0", "50.0", None, "90.0"), number),
        "CloseDate": _tiled(_DAYS, number),
        "Type": _tiled(("New", "Existing", None), number),
        "LeadSource": _tiled(("Web", None, "Phone", "Partner"), number),
        "IsClosed": _tiled(("false", "true", "false", "true"), number),
        "IsWon": _tiled(("false", "true", "false", "false"), number),
        "Product_Lines__c": _tiled(("Core", "Core;AI", None, "Analytics;Support"), number),
        "NextStep": _tiled(("見積もり送付", None, "再訪問"), number),
        "Contract_Start__c": _tiled(("2025-04-01", None, "2024-10-01"), number),
    }
    org.load("Opportunity", columns)
    return ids


def serial_ids(key_prefix: str, org_number: int, number: int) -> list[str]:
    """The ids of the first ``number`` records of an object, as `Org.insert` would give them."""
    head = f"{key_prefix}5i{base62(org_number, 3)}00"
    checked = checksum(head + "00000")[:2]
    return list(islice(_ids(head, checked), 1, number + 1))


def _ids(head: str, checked: str) -> Iterator[str]:
    capitals = {digit: "A" <= digit <= "Z" for digit in _DIGITS}
    for fifth, fourth in product(_DIGITS, _DIGITS):
        front = f"{head}{fifth}{fourth}"
        bits = capitals[fifth] + 2 * capitals[fourth]
        for third, second, first in product(_DIGITS, repeat=3):
            check = bits + 4 * capitals[third] + 8 * capitals[second] + 16 * capitals[first]
            yield f"{front}{third}{second}{first}{checked}{_CHECK[check]}"


def _system(org: Org, number: int) -> dict[str, Column]:
    stamps = _stamps(number, _TIED)
    user: Column = [org.connected_user_id] * number
    return {
        "IsDeleted": ["false"] * number,
        "CreatedDate": stamps,
        "CreatedById": user,
        "LastModifiedDate": stamps,
        "LastModifiedById": user,
        "SystemModstamp": stamps,
    }


def _stamps(number: int, tied: int) -> Column:
    """Stamps a second apart, each shared by ``tied`` consecutive records."""
    day, found = 86_400, []
    for start in range(0, number // tied + 1, day):
        date = wire_datetime(_STARTED + timedelta(seconds=start))[:11]
        found += [f"{date}{time}" for time in _TIMES[: number // tied + 1 - start]]
    stamps: Column = [stamp for stamp in found for _ in range(tied)]
    return stamps[:number]


_DAYS = [f"2025-{n % 12 + 1:02d}-{n % 28 + 1:02d}" for n in range(311)]
_TIMES = tuple(
    f"{h:02d}:{m:02d}:{s:02d}.000Z" for h, m, s in product(range(24), range(60), range(60))
)


def _tiled(values: Sequence[str | None], number: int) -> Column:
    repeats = number // len(values) + 1
    return (list(values) * repeats)[:number]


def _parents(ids: Sequence[str]) -> Column:
    """Every tenth record is the parent of the nine after it; every hundredth, of the tens."""
    return [
        None if i % 100 == 0 else ids[i - i % 100] if i % 10 == 0 else ids[i - i % 10]
        for i in range(len(ids))
    ]
