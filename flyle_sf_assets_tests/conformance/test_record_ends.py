"""Deleted, undeleted and merged records, as query and queryAll show them."""

from flyle_sf_assets_tests.conformance import asking
from flyle_sf_assets_tests.conformance.cast import Cast
from flyle_sf_assets_tests.conformance.writing import Records


def account(records: Records, cast: Cast, name: str) -> str:
    """A new account for one case."""
    return records.create("Account", [{"Name": f"{cast.tag} {name}"}])[0]


def seen(org: asking.Org, record: str, *, all_rows: bool) -> list[bool]:
    """The IsDeleted of the record as query or queryAll shows it; empty when it does not."""
    soql = f"SELECT IsDeleted FROM Account WHERE Id = '{record}'"
    return [found["IsDeleted"] for found in org.records(soql, all_rows=all_rows)]


def test_query_all_shows_deleted_records(org: asking.Org, records: Records, cast: Cast) -> None:
    """A deleted record is gone from query and in queryAll with IsDeleted true.

    Page: REST API Developer Guide, "QueryAll"
    Page: SOAP API Developer Guide, "queryAll()"
    Page: SOAP API Developer Guide, "System Fields"
    """
    record = account(records, cast, "to delete")
    assert seen(org, record, all_rows=False) == seen(org, record, all_rows=True) == [False]
    records.delete("Account", [record])
    assert seen(org, record, all_rows=False) == []
    assert seen(org, record, all_rows=True) == [True]
    deleted = f"IsDeleted = true AND Id = '{record}'"
    assert org.count("Account", deleted, all_rows=True) == 1
    assert org.count("Account", deleted) == 0


def test_deletion_moves_the_stamp(org: asking.Org, records: Records, cast: Cast) -> None:
    """A deleted record's SystemModstamp is not older than its deletion.

    Unverified: no page says that deletion moves the stamp; the window of queryAll relies on it.
    """
    record = account(records, cast, "to delete later")
    before = stamp(org, record)
    records.let_a_second_pass()
    records.delete("Account", [record])
    assert stamp(org, record) > before


def stamp(org: asking.Org, record: str) -> str:
    """The SystemModstamp of an account, deleted or not."""
    soql = f"SELECT SystemModstamp FROM Account WHERE Id = '{record}'"
    return str(org.records(soql, all_rows=True)[0]["SystemModstamp"])


def test_undelete_brings_back_the_same_id(org: asking.Org, records: Records, cast: Cast) -> None:
    """An undeleted record has its old id and IsDeleted false again.

    Page: SOAP API Developer Guide, "undelete()"
    Unverified: the page says "restore"; that the id stays is our reading.
    """
    record = account(records, cast, "to bring back")
    records.delete("Account", [record])
    records.undelete("Account", [record])
    assert seen(org, record, all_rows=False) == [False]


def test_undelete_moves_the_stamp(org: asking.Org, records: Records, cast: Cast) -> None:
    """An undeleted record's SystemModstamp is not older than its return.

    Unverified: no page says so; without it only the census would find the return.
    """
    record = account(records, cast, "to bring back later")
    records.delete("Account", [record])
    gone = stamp(org, record)
    records.let_a_second_pass()
    records.undelete("Account", [record])
    assert stamp(org, record) > gone


def test_merge_loser_names_its_master(org: asking.Org, records: Records, cast: Cast) -> None:
    """A merged-away account is deleted and names the winner in MasterRecordId.

    Page: SOAP API Developer Guide, "queryAll()"
    """
    winner = account(records, cast, "winner")
    loser = account(records, cast, "loser")
    records.merge("Account", winner, loser)
    soql = "SELECT Id, IsDeleted, MasterRecordId FROM Account WHERE Id IN ('{}', '{}')"
    found = {r["Id"]: r for r in org.records(soql.format(winner, loser), all_rows=True)}
    assert (found[winner]["IsDeleted"], found[winner]["MasterRecordId"]) == (False, None)
    assert (found[loser]["IsDeleted"], found[loser]["MasterRecordId"]) == (True, winner)
    assert seen(org, loser, all_rows=False) == []


def test_merge_moves_children_to_the_master(org: asking.Org, records: Records, cast: Cast) -> None:
    """The loser's children point at the winner after a merge.

    Page: SOAP API Developer Guide, "undelete()"
    """
    winner = account(records, cast, "winner of children")
    loser = account(records, cast, "loser of children")
    contact = records.create("Contact", [{"LastName": cast.tag, "AccountId": loser}])[0]
    records.merge("Account", winner, loser)
    found = org.records(f"SELECT AccountId FROM Contact WHERE Id = '{contact}'")
    assert found[0]["AccountId"] == winner


def test_deleting_an_account_deletes_its_contacts(
    org: asking.Org, records: Records, cast: Cast
) -> None:
    """Deletion cascades from an account to its contacts, and undeletion with it.

    Page: SOAP API Developer Guide, "undelete()"
    """
    parent = account(records, cast, "parent to delete")
    contact = records.create("Contact", [{"LastName": cast.tag, "AccountId": parent}])[0]
    records.delete("Account", [parent])
    soql = f"SELECT IsDeleted FROM Contact WHERE Id = '{contact}'"
    assert org.records(soql) == []
    assert org.records(soql, all_rows=True)[0]["IsDeleted"] is True
    records.undelete("Account", [parent])
    assert org.records(soql)[0]["IsDeleted"] is False
