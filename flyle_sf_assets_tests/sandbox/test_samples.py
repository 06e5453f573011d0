"""The sample orgs: the same each time, and as awkward as promised."""

import time
from collections import Counter
from datetime import UTC, datetime

import pytest
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.change_feed import ChangeFeed
from flyle_sf_assets.sandbox.clock import ManualClock
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.records.identifiers import record_id
from flyle_sf_assets.sandbox.sample_columns import serial_ids
from flyle_sf_assets.sandbox.soql.execution import execute
from flyle_sf_assets_tests.sandbox.conftest import NOON


def contents(org: Org) -> dict[str, list[dict[str, object]]]:
    """All records of all objects."""
    return {s.name: org.records(s.name) for s in org.catalog.objects.values()}


def test_the_same_seed_makes_the_same_org() -> None:
    """Anyone who reports a difference can be played again."""
    orgs = [samples.opportunity_org(clock=ManualClock(NOON)) for _ in range(2)]
    assert contents(orgs[0]) == contents(orgs[1])


def test_the_promised_credentials() -> None:
    """README.md names them; others rely on them."""
    orgs = (samples.account_org(), samples.opportunity_org())
    assert [(org.consumer_key, org.consumer_secret) for org in orgs] == [
        ("3MVG9sandboxAcmeAccounts", "acme-consumer-secret"),
        ("3MVG9sandboxGlobexOpportunities", "globex-consumer-secret"),
    ]


@pytest.mark.parametrize(
    "soql",
    [
        "SELECT COUNT() FROM Account WHERE Parent.Parent.Parent.Name != null",
        "SELECT COUNT() FROM Opportunity WHERE AccountId = null",
        "SELECT COUNT() FROM Opportunity WHERE Account.Parent.Owner.Name != null",
        "SELECT COUNT() FROM Account WHERE Exact_Revenue__c = 9999999999999999.99",
        "SELECT COUNT() FROM Account WHERE Founded_On__c < 1970-01-01",
        "SELECT COUNT() FROM Account WHERE Last_Contact_At__c < 1970-01-01T00:00:00Z",
        "SELECT COUNT() FROM Account WHERE Name LIKE '%😀%'",
        "SELECT COUNT() FROM Opportunity WHERE StageName = 'Id. Decision Makers'",
        "SELECT COUNT() FROM Opportunity WHERE CloseDate = LAST_N_DAYS:365",
    ],
)
def test_the_awkward_values_are_there(soql: str) -> None:
    """Nulls, emoji, 18 digits, old dates, deep parents, values outside the list."""
    assert execute(samples.opportunity_org(), soql).total > 0


def test_contracts_are_one_to_one() -> None:
    """An account has at most one, and not every account has one."""
    org = samples.account_org()
    owners = Counter(row["Account__c"] for row in org.records("Contract_Info__c"))
    assert max(owners.values()) == 1
    assert 0 < len(owners) < len(org.ids("Account"))


def test_serial_ids_are_those_of_insert() -> None:
    """Loaded and inserted records must not collide."""
    assert serial_ids("006", 3, 4000) == [record_id("006", 3, n) for n in range(1, 4001)]


def test_a_loaded_org_can_be_changed(clock: ManualClock) -> None:
    """Loaded columns are shared lists: a new record must not end up in one of them thrice."""
    org = samples.big_org(accounts=30, opportunities=30, clock=clock)
    before = org.records("Account")
    new = org.insert("Account", {"Name": "new", "Phone": "1"})
    org.update("Account", str(before[3]["Id"]), {"Fax": "2"})
    after = org.records("Account")
    assert [row["Id"] for row in after] == [row["Id"] for row in before] + [new]
    assert after[30]["Phone"] == "1"
    assert [row["Fax"] for row in after] == [None] * 3 + ["2"] + [None] * 27
    assert after[:3] + after[4:30] == before[:3] + before[4:]


def test_a_window_over_200_000_records_takes_milliseconds() -> None:
    """The idle check of a big tenant; a full scan would take a second."""
    org = samples.big_org(accounts=200_000, opportunities=10, clock=ManualClock(NOON))
    soql = (
        "SELECT Id, SystemModstamp FROM Account WHERE SystemModstamp >= 2024-01-01T00:01:00Z "
        "AND SystemModstamp < 2024-01-01T00:01:05Z"
    )
    execute(org, soql)  # makes the index
    taken_s = []
    for name in ("moved", "moved again", "moved once more"):
        org.update("Account", org.ids("Account")[0], {"Name": name})
        begun = time.thread_time()
        assert execute(org, soql).total == 100
        taken_s.append(time.thread_time() - begun)
    assert min(taken_s) < 0.02  # of several: another process may have emptied the caches


def test_a_fleet_shares_what_it_does_not_change() -> None:
    """A thousand orgs fit into one process; one's change is nobody else's."""
    base = samples.account_org(accounts=50, opportunities=50)
    orgs = samples.fleet(20, base=base)
    record = base.ids("Account")[0]
    orgs[3].update("Account", record, {"Name": "changed"})
    fresh = orgs[3].insert("Account", {"Name": "new"})
    names = [org.record("Account", record)["Name"] for org in orgs]
    assert names.count("changed") == 1
    assert all(fresh not in org.ids("Account") for org in orgs if org is not orgs[3])
    assert len({org.org_id for org in orgs}) == 20


def test_the_change_feed_changes_something_every_time() -> None:
    """And the same seed tells the same story."""

    def story() -> list[str]:
        org = samples.account_org(clock=ManualClock(datetime(2026, 5, 1, tzinfo=UTC)))
        feed = ChangeFeed(org, seed=3)
        return [feed.step() for _ in range(60)]

    first = story()
    assert first == story()
    kinds = {line.split(":")[1].split("→")[0].strip() for line in first}
    assert {"StageName", "Amount", "new", "deleted"} <= kinds


def test_the_change_feed_runs_by_itself() -> None:
    """make demo leaves it alone."""
    org = samples.account_org()
    feed = ChangeFeed(org, interval_s=0.01)
    feed.start()
    deadline = time.monotonic() + 5
    while len(feed.log) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    feed.stop()
    told = len(feed.log)
    time.sleep(0.05)
    assert len(feed.log) == told >= 3
