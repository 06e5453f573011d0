"""The upsert: what moves, what stays, and what is remembered of it."""

import pytest
import sqlalchemy as sa

from flyle_sf_assets.store.companies import upsert as companies
from flyle_sf_assets.store.companies.dry_run import compare_companies
from flyle_sf_assets.store.companies.upsert import (
    Conversion,
    UpsertCounts,
    has_companies,
    insert_first_companies,
    upsert_companies,
)
from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets_tests.postgres import admin
from flyle_sf_assets_tests.store.companies.company_rows import (
    DAY_1,
    DAY_2,
    DAY_3,
    DAY_4,
    NASTY,
    history,
    rows,
    stored,
    write,
)


def test_a_new_company_has_everything_it_came_with(database: Database, database_url: str) -> None:
    """And no history: its creation is in its own columns."""
    counts = write(
        database, rows({"id": "1", "name": "Acme", "fields": {"plan": "Gold", "size": None}})
    )
    assert counts == UpsertCounts(created=1)
    row = stored(database_url)
    assert row["name"] == "Acme"
    assert row["custom_fields"] == {"plan": "Gold", "size": None}
    assert (row["status"], row["status_reason"], row["source_object"]) == (
        "linked",
        None,
        "Account",
    )
    assert row["created_at"] == row["updated_at"] == row["source_modified_at"] == DAY_1
    assert (row["last_sync_id"], row["created_sync_id"]) == (1, 1)
    assert history(database_url) == []


def test_a_first_load_writes_what_any_other_would(database: Database, database_url: str) -> None:
    """Without looking for rows that cannot be there; a record that ended makes none."""
    ended = {"id": "2", "status": "deleted", "reason": "deleted_in_salesforce", "fields": None}
    batch = rows({"id": "1", "name": "Acme", "fields": {"plan": "Gold"}, "hash": 7}, ended)
    with database.tenant("acme") as tx:
        assert not has_companies(tx)
        counts = insert_first_companies(tx, batch, source_object="Account", sync_id=1, now=DAY_1)
        assert has_companies(tx)
    assert counts == UpsertCounts(created=1, unchanged=1)
    first = stored(database_url)
    with admin(database_url) as connection:
        connection.execute("DELETE FROM flyle.companies")
    assert write(database, batch, DAY_1) == counts
    assert stored(database_url) == first
    assert history(database_url) == []


def test_a_first_load_takes_no_id_twice(database: Database) -> None:
    batch = rows({"id": "1", "name": "Acme", "fields": {}})
    with database.tenant("acme") as tx:
        insert_first_companies(tx, batch, source_object="Account", sync_id=1, now=DAY_1)
        with pytest.raises(sa.exc.IntegrityError):
            insert_first_companies(tx, batch, source_object="Account", sync_id=1, now=DAY_1)
        tx.connection.rollback()


@pytest.mark.parametrize("text", NASTY)
def test_any_text_arrives_as_it_was(database: Database, database_url: str, text: str) -> None:
    """COPY has its own ideas about backslashes, empty texts and a line with a point."""
    name = f"<{text}>"
    write(database, rows({"id": "1", "name": name, "fields": {"note": text}, "reason": None}))
    row = stored(database_url)
    assert row["name"] == name
    assert row["custom_fields"] == {"note": text}
    assert row["status_reason"] is None


def test_an_empty_text_and_an_absent_one_differ(database: Database, database_url: str) -> None:
    """In CSV both look like nothing unless one of them is quoted."""
    write(database, rows({"id": "1", "fields": {"note": "x"}}))
    gone = {"id": "1", "status": "merged", "reason": "merged_in_salesforce", "fields": None}
    write(database, rows({**gone, "merged_into": None}), DAY_2)
    assert stored(database_url)["merged_into"] is None
    write(database, rows({**gone, "merged_into": ""}), DAY_3)
    assert stored(database_url)["merged_into"] == ""


@pytest.mark.parametrize(
    "number",
    [
        "12345678901234567890.123456789012345678",
        "-99999999999999999999999999999999999999",
        "0.00000000000000000000000000000000000001",
        "123456789012345678",
        "0.1",
    ],
)
def test_decimals_of_38_digits_are_exact(
    database: Database, database_url: str, number: str
) -> None:
    """Anything that passes through a float keeps fifteen digits."""
    write(database, rows({"id": "1", "fields": f'{{"amount": {number}}}'}))
    with admin(database_url) as connection:
        found = connection.execute(
            "SELECT custom_fields ->> 'amount' FROM flyle.companies"
        ).fetchone()
    assert found == (number,)
    last = "8" if number[-1] == "9" else "9"
    write(database, rows({"id": "1", "fields": f'{{"amount": {number[:-1]}{last}}}'}), DAY_2)
    assert stored(database_url)["updated_at"] == DAY_2, "the last digit is content"


def test_fields_that_are_not_written_stay(database: Database, database_url: str) -> None:
    """A custom field that is not mapped is never touched."""
    write(database, rows({"id": "1", "fields": {"amount": 1}}))
    with admin(database_url) as connection:
        connection.execute(
            'UPDATE flyle.companies SET custom_fields = custom_fields || \'{"by_hand": "yes"}\''
        )
    write(database, rows({"id": "1", "fields": {"amount": 2}}), DAY_2)
    assert stored(database_url)["custom_fields"] == {"amount": 2, "by_hand": "yes"}


@pytest.mark.parametrize(
    ("change", "moves"),
    [
        ({"name": "Other"}, True),
        ({"fields": {"amount": 2, "plan": None}}, True),
        ({"fields": {"amount": None, "plan": None}}, True),
        ({"fields": {"amount": 1, "plan": "Gold"}}, True),
        ({"fields": {"more": 1}}, True),
        ({"status": "deleted", "reason": "deleted_in_salesforce"}, True),
        ({}, False),
        ({"hash": 12}, False),
        ({"stamp": DAY_4}, False),
        ({"hash": 12, "stamp": DAY_4}, False),
        ({"fields": {}}, False),
        ({"fields": '{"plan": null, "amount": 1.0}'}, False),
        ({"fields": {"amount": 1, "plan": None, "more": None}}, False),
        ({"fields": {"more": None}, "hash": 12}, False),
        ({"fields": {"amount": 1, "more": []}}, True),
    ],
)
def test_updated_at_moves_exactly_when_content_changed(
    database: Database, database_url: str, change: dict[str, object], *, moves: bool
) -> None:
    """People sort by it and other systems poll it; a stamp or a hash is not content."""
    first = {"id": "1", "name": "Acme", "fields": {"amount": 1, "plan": None}, "hash": 11}
    write(database, rows(first))
    counts = write(database, rows({**first, "hash": None, **change}), DAY_2, sync_id=2)
    row = stored(database_url)
    assert (row["updated_at"], row["last_sync_id"]) == ((DAY_2, 2) if moves else (DAY_1, 1))
    assert bool(history(database_url)) == moves
    assert counts.changed + counts.gone == int(moves)
    assert counts.unchanged == int(not moves)
    if "status" not in change:
        assert row["source_modified_at"] == change.get("stamp", DAY_1)
        assert row["content_hash"] == change.get("hash")


def test_a_blank_in_a_new_field_is_stored_and_is_no_change(
    database: Database, database_url: str
) -> None:
    """A mapping was added: the history of 50,000 companies got a line from nothing to nothing."""
    first = {"id": "1", "name": "Acme", "fields": {"amount": None}, "hash": 11}
    write(database, rows(first))
    again = {**first, "fields": {"amount": None, "plan": None, "size": 3}, "hash": 12}
    with database.tenant("acme") as tx:
        told = compare_companies(tx, rows(again), source_object="Account", conversion=Conversion())
    assert [(one.field, one.old, one.new) for one in told.changes] == [("size", None, "3")]
    assert {one.field for one in told.fields} == {"size"}
    counts = write(database, rows(again), DAY_2, sync_id=2)
    assert counts == UpsertCounts(changed=1)
    assert stored(database_url)["custom_fields"] == {"amount": None, "plan": None, "size": 3}
    assert history(database_url) == [("1", "size", None, 3, 2)]
    gone = {**again, "fields": {"amount": None, "plan": None, "size": 3, "more": None}, "hash": 13}
    with database.tenant("acme") as tx:
        told = compare_companies(tx, rows(gone), source_object="Account", conversion=Conversion())
    assert (told.moved, told.fields, told.changes) == (0, (), ())
    assert write(database, rows(gone), DAY_3, sync_id=3) == UpsertCounts(unchanged=1)
    row = stored(database_url)
    assert row["custom_fields"] == {"amount": None, "plan": None, "size": 3, "more": None}
    assert (row["updated_at"], row["content_hash"]) == (DAY_2, 13)


def test_a_known_hash_saves_comparing_and_the_stamp_is_stored_all_the_same(
    database: Database, database_url: str
) -> None:
    """A picklist edit in Salesforce moves the stamp of every record, and nothing else."""
    first = {"id": "1", "fields": {"amount": 1}, "hash": 11}
    write(database, rows(first))
    counts = write(database, rows({**first, "stamp": DAY_4}), DAY_2)
    row = stored(database_url)
    assert counts == UpsertCounts(unchanged=1)
    assert (row["updated_at"], row["source_modified_at"]) == (DAY_1, DAY_4)


def test_comparing_all_finds_what_a_hash_hides(database: Database, database_url: str) -> None:
    """The census trusts nothing that a refresh trusts: the row may have been changed by hand."""
    first = {"id": "1", "fields": {"amount": 1}, "hash": 11}
    write(database, rows(first))
    with admin(database_url) as connection:
        connection.execute("UPDATE flyle.companies SET custom_fields = '{\"amount\": 5}'")
    assert write(database, rows(first), DAY_2) == UpsertCounts(unchanged=1)
    with database.tenant("acme") as tx:
        counts = upsert_companies(
            tx, rows(first), source_object="Account", sync_id=2, now=DAY_3, compare_all=True
        )
    assert counts == UpsertCounts(changed=1)
    assert stored(database_url)["custom_fields"] == {"amount": 1}


def test_a_hash_of_another_version_says_nothing(database: Database, database_url: str) -> None:
    """A new way of hashing may give an old number by chance."""
    write(database, rows({"id": "1", "fields": {"amount": 1}, "hash": 11}))
    with database.tenant("acme") as tx:
        upsert_companies(
            tx,
            rows({"id": "1", "fields": {"amount": 2}, "hash": 11}),
            source_object="Account",
            sync_id=2,
            now=DAY_2,
            conversion=Conversion(hash_version=2),
        )
    assert stored(database_url)["custom_fields"] == {"amount": 2}


@pytest.mark.parametrize("looked_up_rows_max", [0, 100])
def test_hashes_are_found_by_id_or_all_at_once(
    database: Database,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    looked_up_rows_max: int,
) -> None:
    """Small batches look theirs up, large ones read all; both must tell the same."""
    monkeypatch.setattr(companies, "LOOKED_UP_ROWS_MAX", looked_up_rows_max)
    first = [{"id": str(i), "name": f"c,{i}", "fields": {"n": i}, "hash": -i} for i in range(50)]
    assert write(database, rows(*first)).created == 50
    first[7] = {**first[7], "fields": {"n": -1}, "hash": 999}
    new = {"id": "new", "hash": 1}
    assert write(database, rows(*first, new), DAY_2) == UpsertCounts(
        created=1, changed=1, unchanged=49
    )
    assert history(database_url) == [("7", "n", 7, -1, 1)]
