"""What moves SystemModstamp, and what does not."""

import pytest

from flyle_sf_assets_tests.conformance import asking
from flyle_sf_assets_tests.conformance.cast import Cast
from flyle_sf_assets_tests.conformance.writing import Records, SandboxRecords


def stamps(org: asking.Org, sobject: str, ids: list[str]) -> list[str]:
    """The SystemModstamps of records, in the order of their ids."""
    listed = ", ".join(f"'{i}'" for i in ids)
    soql = f"SELECT Id, SystemModstamp FROM {sobject} WHERE Id IN ({listed})"
    found = {record["Id"]: str(record["SystemModstamp"]) for record in org.records(soql)}
    return [found[i] for i in ids]


def test_an_edit_moves_the_stamp(org: asking.Org, records: Records, cast: Cast) -> None:
    """Changing a record moves its SystemModstamp and its LastModifiedDate.

    Page: SOAP API Developer Guide, "System Fields"
    """
    record = records.create("Account", [{"Name": f"{cast.tag} edited"}])[0]
    before = stamps(org, "Account", [record])
    records.let_a_second_pass()
    records.update("Account", {record: {"NumberOfEmployees": 5}})
    soql = f"SELECT SystemModstamp, LastModifiedDate FROM Account WHERE Id = '{record}'"
    after = org.records(soql)[0]
    assert after["SystemModstamp"] > before[0]
    assert after["LastModifiedDate"] > before[0]
    assert after["SystemModstamp"] >= after["LastModifiedDate"]


def test_a_parents_change_does_not_move_its_child(
    org: asking.Org, records: Records, cast: Cast
) -> None:
    """Renaming an account shows in its contact's ``Account.Name``; the contact's stamp stays.

    Unverified: no page says so; it follows from the System Fields page and is known in practice.
    """
    parent = records.create("Account", [{"Name": f"{cast.tag} old name"}])[0]
    child = records.create("Contact", [{"LastName": cast.tag, "AccountId": parent}])[0]
    before = stamps(org, "Contact", [child])
    records.let_a_second_pass()
    records.update("Account", {parent: {"Name": f"{cast.tag} new name"}})
    soql = f"SELECT Account.Name FROM Contact WHERE Id = '{child}'"
    assert org.records(soql)[0]["Account"]["Name"] == f"{cast.tag} new name"
    assert stamps(org, "Contact", [child]) == before


def test_records_changed_together_share_stamps(
    org: asking.Org, records: Records, cast: Cast
) -> None:
    """Records that one request changes share SystemModstamps: a stamp is no unique cursor.

    Unverified: no page says so; stamps have seconds, and one request changes many records.
    """
    ids = records.create("Account", [{"Name": f"{cast.tag} mass {n}"} for n in range(20)])
    records.let_a_second_pass()
    records.update("Account", {i: {"NumberOfEmployees": 7} for i in ids})
    assert len(set(stamps(org, "Account", ids))) < len(ids) // 2


def test_stamps_have_whole_seconds(org: asking.Org, cast: Cast) -> None:
    """A stamp has a precision of one second; its milliseconds are zero.

    Page: Object Reference, "Primitive Data Types"
    """
    found = stamps(org, "Account", list(cast.accounts.values()))
    assert all(stamp.endswith(".000+0000") for stamp in found)


@pytest.mark.sandbox_only("only there is a formula whose inputs are known")
def test_a_formulas_change_does_not_move_the_stamp(twin: asking.Twin) -> None:
    """A cross-object formula shows its parent's change at once; no stamp of the child moves.

    Unverified: no page says so; formulas are computed when read.
    """
    parent = twin.inner.insert("Account", {"Name": "small", "NumberOfEmployees": 1})
    deal = {"Name": "deal", "AccountId": parent, "StageName": "x", "CloseDate": "2026-01-01"}
    child = twin.inner.insert("Opportunity", deal)
    soql = f"SELECT Account_Rank__c, SystemModstamp FROM Opportunity WHERE Id = '{child}'"
    before = twin.org.records(soql)[0]
    described = {f["name"]: f for f in twin.org.describe("Opportunity")["fields"]}
    assert described["Account_Rank__c"]["calculated"] is True
    SandboxRecords(twin.inner).let_a_second_pass()
    twin.inner.update("Account", parent, {"NumberOfEmployees": 100_000})
    after = twin.org.records(soql)[0]
    assert after["Account_Rank__c"] != before["Account_Rank__c"]
    assert after["SystemModstamp"] == before["SystemModstamp"]


@pytest.mark.sandbox_only("only there is a roll-up whose inputs are known")
def test_a_roll_ups_change_does_not_move_the_stamp(twin: asking.Twin) -> None:
    """A roll-up over opportunities changes with them; the account's stamp stays.

    Unverified: no page says so; real orgs are reported to differ by kind of roll-up.
    """
    parent = twin.inner.insert("Account", {"Name": "rolled up"})
    soql = f"SELECT Open_Amount__c, SystemModstamp FROM Account WHERE Id = '{parent}'"
    before = twin.org.records(soql)[0]
    SandboxRecords(twin.inner).let_a_second_pass()
    deal = {"Name": "deal", "AccountId": parent, "StageName": "x", "CloseDate": "2026-01-01"}
    twin.inner.insert("Opportunity", deal | {"Amount": "12.50"})
    after = twin.org.records(soql)[0]
    assert after["Open_Amount__c"] != before["Open_Amount__c"]
    assert after["SystemModstamp"] == before["SystemModstamp"]
