"""What moves a stamp, what does not, and what a deletion leaves behind."""

from datetime import UTC, datetime, timedelta

import pytest
from flyle_sf_assets.sandbox.clock import ManualClock
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.refusals import Refusal
from flyle_sf_assets.sandbox.soql.execution import execute
from flyle_sf_assets.sandbox.standard import kinds as k
from flyle_sf_assets_tests.sandbox.conftest import NOON


def found(org: Org, soql: str, *, include_deleted: bool = False) -> list[str | None]:
    """The values of the first selected field, row by row."""
    result = execute(org, soql, include_deleted=include_deleted)
    return list(result.chunk(0, result.total).values(result.columns[0].bound))


def account(org: Org, name: str = "A", **values: object) -> str:
    """A new account."""
    return org.insert("Account", {"Name": name} | values)


def deal(org: Org, **values: object) -> str:
    """A new opportunity."""
    return org.insert(
        "Opportunity",
        {"Name": "D", "StageName": "Proposal", "CloseDate": "2026-04-01"} | values,
    )


def test_an_update_moves_both_stamps_to_the_second(org: Org, clock: ManualClock) -> None:
    """Stamps have whole seconds, so ties are common."""
    record = account(org)
    clock.advance(90.7)
    org.update("Account", record, {"Name": "B"})
    row = org.record("Account", record)
    assert row["SystemModstamp"] == row["LastModifiedDate"] == NOON + timedelta(seconds=90)
    assert row["CreatedDate"] == NOON


def test_a_parents_update_leaves_the_childs_stamp(org: Org, clock: ManualClock) -> None:
    """X1: anyone who watches only the child's stamp misses it."""
    parent = account(org)
    child = deal(org, AccountId=parent)
    clock.advance(60)
    org.update("Account", parent, {"Name": "B"})
    assert org.record("Opportunity", child)["SystemModstamp"] == NOON
    assert found(org, "SELECT Account.Name FROM Opportunity") == ["B"]


def test_a_mass_update_shares_one_stamp(org: Org, clock: ManualClock) -> None:
    """More rows than a page holds can carry the same stamp."""
    records = [account(org) for _ in range(5)]
    clock.advance(10)
    stamp = org.mass_update("Account", records, {"Rating": "Hot"})
    assert set(found(org, "SELECT SystemModstamp FROM Account")) == {stamp}


def test_a_late_commit_is_stamped_before_it_is_seen(org: Org, clock: ManualClock) -> None:
    """A long transaction's rows appear below the newest stamp already seen."""
    old = account(org)
    late = org.insert("Account", {"Name": "late"}, late_s=120)
    org.update("Account", old, {"Name": "later"}, late_s=120)
    clock.advance(60)
    prompt = account(org, "prompt")
    assert found(org, "SELECT Name FROM Account") == ["A", "prompt"]
    clock.advance(60)
    assert sorted(map(str, found(org, "SELECT Name FROM Account"))) == ["late", "later", "prompt"]
    assert org.record("Account", late)["SystemModstamp"] == NOON
    assert org.record("Account", prompt)["SystemModstamp"] == NOON + timedelta(seconds=60)


def test_a_formula_follows_its_parent_without_a_stamp(org: Org, clock: ManualClock) -> None:
    """X3: cross-object formulas and roll-ups change silently."""
    parent = account(org, NumberOfEmployees=50)
    child = deal(org, AccountId=parent, Amount="10.5")
    clock.advance(60)
    org.update("Account", parent, {"NumberOfEmployees": 5000})
    deal(org, AccountId=parent, Amount="0.25")
    assert found(org, f"SELECT Account_Rank__c FROM Opportunity WHERE Id = '{child}'") == ["A"]
    assert org.record("Opportunity", child)["SystemModstamp"] == NOON
    assert found(org, "SELECT Open_Amount__c FROM Account") == ["10.75"]
    assert found(org, "SELECT Won_Count__c FROM Account") == ["2.0"]


def test_a_relative_formula_moves_with_the_day(org: Org, clock: ManualClock) -> None:
    """Days since … grow over night by themselves."""
    account(org, Last_Contact_At__c=datetime(2026, 3, 1, tzinfo=UTC))
    before = found(org, "SELECT Days_Since_Contact__c FROM Account")
    clock.advance(86_400)
    assert before == ["9.0"]
    assert found(org, "SELECT Days_Since_Contact__c FROM Account") == ["10.0"]


def test_a_stored_calculated_value_drifts_without_a_stamp(org: Org, clock: ManualClock) -> None:
    """The model-based test drives drifts through this."""
    drifting = k.formula("Health__c", "health", "double", "…", None, precision=18, scale=2)
    org.add_field("Account", drifting)
    record = account(org)
    clock.advance(60)
    org.set_computed("Account", record, "Health__c", "0.75")
    assert found(org, "SELECT Health__c FROM Account WHERE Health__c > 0.5") == ["0.75"]
    assert org.record("Account", record)["SystemModstamp"] == NOON


def test_a_deleted_record_is_seen_by_query_all_alone(org: Org, clock: ManualClock) -> None:
    """The deletion moves the stamp: the idle check finds it there."""
    record, kept = account(org), account(org, "kept")
    clock.advance(60)
    org.delete("Account", record)
    assert found(org, "SELECT Id FROM Account") == [kept]
    soql = "SELECT Id FROM Account WHERE IsDeleted = true AND SystemModstamp > 2026-03-10T03:00:30Z"
    assert found(org, soql, include_deleted=True) == [record]


def test_deleting_an_account_takes_its_deals_along_and_brings_them_back(org: Org) -> None:
    """Cascade and undelete keep ids."""
    parent = account(org)
    child, other = deal(org, AccountId=parent), deal(org)
    assert org.delete("Account", parent) == [parent, child]
    assert found(org, "SELECT Id FROM Opportunity") == [other]
    org.undelete("Account", parent)
    assert found(org, "SELECT Account.Name FROM Opportunity WHERE AccountId != null") == ["A"]


def test_a_lookup_that_does_not_cascade_becomes_blank_silently(
    org: Org, clock: ManualClock
) -> None:
    """The child's stamp stays: only a join with the parents notices."""
    parent = account(org)
    contract = org.insert("Contract_Info__c", {"Account__c": parent})
    clock.advance(60)
    org.delete("Account", parent)
    row = org.record("Contract_Info__c", contract)
    assert (row["Account__c"], row["SystemModstamp"]) == (None, NOON)
    org.undelete("Account", parent)
    assert org.record("Contract_Info__c", contract)["Account__c"] == parent


def test_a_purged_record_leaves_no_trace(org: Org) -> None:
    """Only a census of ids finds it gone."""
    first, second = account(org), account(org)
    org.hard_delete("Account", first)
    org.delete("Account", second)
    assert org.empty_recycle_bin() == 1
    assert found(org, "SELECT Id FROM Account", include_deleted=True) == []
    with pytest.raises(Refusal):
        org.undelete("Account", second)


def test_a_merge_names_the_winner_and_moves_the_children(org: Org, clock: ManualClock) -> None:
    """MasterRecordId of the losers, stamps of the children."""
    winner, loser = account(org, "W"), account(org, "L")
    child = deal(org, AccountId=loser)
    contact = org.insert("Contact", {"LastName": "C", "AccountId": loser})
    clock.advance(60)
    org.merge("Account", winner, [loser], {"Rating": "Hot"})
    soql = "SELECT MasterRecordId FROM Account WHERE IsDeleted = true"
    assert found(org, soql, include_deleted=True) == [winner]
    assert org.record("Opportunity", child)["AccountId"] == winner
    assert org.record("Contact", contact)["AccountId"] == winner
    assert org.record("Opportunity", child)["SystemModstamp"] == NOON + timedelta(seconds=60)
    assert org.record("Account", winner)["Rating"] == "Hot"


def test_an_unshared_record_looks_gone_and_moves_nothing(org: Org) -> None:
    """Losing sharing is no deletion: queryAll does not show it either."""
    record = account(org)
    child = deal(org, AccountId=record)
    org.hide_record("Account", record)
    assert found(org, "SELECT Id FROM Account", include_deleted=True) == []
    assert found(org, "SELECT Account.Name FROM Opportunity") == [None]
    org.show_record("Account", record)
    assert found(org, "SELECT Id FROM Account") == [record]
    assert org.record("Opportunity", child)["SystemModstamp"] == NOON


def test_a_formula_sees_a_parent_that_is_not_shared(org: Org) -> None:
    """Salesforce Help, "Tips for Working with Cross-Object Formulas": access does not matter."""
    record = account(org, NumberOfEmployees=5)
    deal(org, AccountId=record)
    org.hide_record("Account", record)
    assert found(org, "SELECT Account_Rank__c FROM Opportunity") == ["C"]


def test_a_formula_over_a_deleted_parent_is_blank_however_it_is_asked(org: Org) -> None:
    """The value is the record's: query and queryAll differ in rows, not in values."""
    record = account(org, NumberOfEmployees=5)
    child = deal(org, AccountId=record)
    org.delete("Account", record)
    org.undelete("Opportunity", child)
    soql = f"SELECT Account_Rank__c FROM Opportunity WHERE Id = '{child}'"
    assert found(org, soql) == [None]
    assert found(org, soql, include_deleted=True) == [None]


def test_upsert_finds_its_record_by_the_external_id(org: Org) -> None:
    """The second upsert updates."""
    values = {"Name": "A", "Customer_Number__c": "C-1"}
    first = org.upsert("Account", "Customer_Number__c", values)
    second = org.upsert("Account", "Customer_Number__c", values | {"Name": "B"})
    assert first == second
    assert found(org, "SELECT Name FROM Account") == ["B"]


def test_clock_skew_moves_the_orgs_stamps_only(org: Org, clock: ManualClock) -> None:
    """The org's own time is what its stamps show."""
    org.set_clock_skew(-3600)
    record = account(org)
    assert org.record("Account", record)["SystemModstamp"] == NOON - timedelta(hours=1)
    assert clock.now() == NOON
