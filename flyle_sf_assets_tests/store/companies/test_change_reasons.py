"""Why a value changed, beside the change; and what a mapping's new type writes in frozen rows."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from flyle_sf_assets.store.companies.history import company_history, company_name
from flyle_sf_assets.store.companies.type_changes import blank_unconverted
from flyle_sf_assets.store.companies.upsert import (
    REASON_SCHEMA,
    ROW_SCHEMA,
    Conversion,
    UpsertCounts,
    upsert_companies,
)
from flyle_sf_assets.store.postgres.database import Database

DAY_1, DAY_2, DAY_3 = (datetime(2026, 4, day, tzinfo=UTC) for day in (1, 2, 3))
DELETED = {"status": "deleted", "status_reason": "deleted_in_salesforce"}


def write(
    database: Database,
    *rows: Mapping[str, Any],
    now: datetime = DAY_1,
    conversion: Conversion = Conversion(),  # noqa: B008 - it is frozen
    source_object: str = "Account",
) -> UpsertCounts:
    """Rows of tenant acme; ``fields`` is what of the custom fields is written."""
    made = [
        {
            "name": "Acme",
            "status": "linked",
            "source_modified_at": DAY_1,
            **{name: value for name, value in row.items() if name != "fields"},
            "custom_fields": None if row.get("fields") is None else json.dumps(row["fields"]),
        }
        for row in rows
    ]
    with database.tenant("acme") as tx:
        return upsert_companies(
            tx,
            pl.DataFrame(made, schema=ROW_SCHEMA),
            source_object=source_object,
            sync_id=now.day,
            now=now,
            conversion=conversion,
        )


def because(*reasons: tuple[str, str, str]) -> Conversion:
    """(external_id, field, reason) of each."""
    return Conversion(reasons=pl.DataFrame(reasons, schema=REASON_SCHEMA, orient="row"))


def told(database: Database, external_id: str = "1") -> list[tuple[object, ...]]:
    """(field, old, new, reason) of every change, the newest first."""
    with database.tenant("acme") as tx:
        changes = company_history(tx, external_id)
    return [
        (change.field, _parsed(change.old), _parsed(change.new), change.reason)
        for change in changes
    ]


def _parsed(text: str | None) -> object:
    return None if text is None else json.loads(text)


def fields_of(database: Database, external_id: str = "1") -> tuple[object, datetime]:
    """The custom fields and when the row last moved."""
    with database.tenant("acme") as tx:
        row = tx.execute(
            "SELECT custom_fields, updated_at FROM companies WHERE external_id = :id",
            id=external_id,
        ).one()
    return row.custom_fields, row.updated_at


def test_a_blanked_value_says_which_parent_is_gone(database: Database) -> None:
    """Only the fields that it blanked: others of the row changed for reasons of their own."""
    write(database, {"external_id": "1", "fields": {"industry": "IT", "owner": "Sato", "n": 1}})
    blank = {"industry": None, "owner": None, "n": None}
    reasons = because(
        ("1", "industry", "parent_deleted:Account"),
        ("1", "owner", "parent_missing:Account.Owner"),
        ("1", "name", "parent_deleted:Account"),
        ("9", "n", "parent_deleted:Account"),
    )
    row = {"external_id": "1", "name": "Apex", "fields": blank}
    assert write(database, row, now=DAY_2, conversion=reasons) == UpsertCounts(changed=1)
    assert sorted(told(database), key=repr) == [
        ("industry", "IT", None, "parent_deleted:Account"),
        ("n", 1, None, None),
        ("name", "Acme", "Apex", None),
        ("owner", "Sato", None, "parent_missing:Account.Owner"),
    ]


def test_a_reason_alone_changes_nothing(database: Database) -> None:
    """A parent that was empty and is now deleted: no history, and updated_at stays."""
    row = {"external_id": "1", "fields": {"industry": None}, "content_hash": 5}
    write(database, row)
    for compare in (row, {**row, "content_hash": 6}):
        reasons = because(("1", "industry", "parent_deleted:Account"))
        assert write(database, compare, now=DAY_2, conversion=reasons) == UpsertCounts(unchanged=1)
    assert told(database) == []
    assert fields_of(database)[1] == DAY_1


def test_a_value_that_is_there_has_no_reason_to_be_blank(database: Database) -> None:
    write(database, {"external_id": "1", "fields": {"industry": "IT"}})
    reasons = because(("1", "industry", "parent_deleted:Account"))
    write(database, {"external_id": "1", "fields": {"industry": "Bank"}}, conversion=reasons)
    assert told(database) == [("industry", "IT", "Bank", None)]


def test_a_new_type_is_written_in_frozen_rows_and_nothing_else_is(database: Database) -> None:
    """Types change: old and new values of one field must not stand side by side."""
    write(database, {"external_id": "1", "fields": {"amount": 5, "plan": "Gold"}})
    frozen = {"external_id": "1", **DELETED}
    write(database, frozen, now=DAY_2)
    given = {"amount": "5", "plan": "Silver", "never": "x"}
    retyped = Conversion(retyped=frozenset({"amount", "never"}))
    row = {**frozen, "name": "Other", "fields": given}
    assert write(database, row, now=DAY_3, conversion=retyped) == UpsertCounts(changed=1)
    assert fields_of(database) == ({"amount": "5", "plan": "Gold"}, DAY_3)
    assert told(database)[0] == ("amount", 5, "5", "type_changed")
    assert write(database, row, now=DAY_3, conversion=retyped) == UpsertCounts(unchanged=1)


def test_a_frozen_value_that_cannot_be_converted_stands_in_the_history(database: Database) -> None:
    write(database, {"external_id": "1", "fields": {"amount": "a lot"}})
    frozen = {"external_id": "1", **DELETED, "fields": {"amount": None}}
    retyped = Conversion(retyped=frozenset({"amount"}))
    assert write(database, frozen, now=DAY_2, conversion=retyped) == UpsertCounts(gone=1)
    assert fields_of(database) == ({"amount": None}, DAY_2)
    assert ("amount", "a lot", None, "type_changed") in told(database)


def test_rows_that_no_conversion_reaches_lose_values_of_the_old_type(database: Database) -> None:
    """Rows of the other base object, or of another org: nothing is held to convert them from."""
    write(database, {"external_id": "1", "fields": {"amount": 5, "plan": "Gold"}})
    write(database, {"external_id": "2", "fields": {"amount": 7}}, source_object="Opportunity")
    write(database, {"external_id": "3", "fields": {"amount": None, "plan": "Gold"}})
    with database.tenant("acme") as tx:
        blanked = blank_unconverted(
            tx, frozenset({"amount"}), converted=pl.Series(["2"]), sync_id=3, now=DAY_3
        )
    assert blanked == 1
    assert fields_of(database, "1") == ({"amount": None, "plan": "Gold"}, DAY_3)
    assert fields_of(database, "2") == ({"amount": 7}, DAY_1)
    assert fields_of(database, "3") == ({"amount": None, "plan": "Gold"}, DAY_1)
    assert told(database, "1") == [("amount", 5, None, "type_changed")]


def test_history_is_newest_first_and_exact(database: Database) -> None:
    """Numbers come as they are written; a member that was not there differs from a blank one."""
    number = "12345678901234567890.123456789"
    write(database, {"external_id": "1", "fields": {"name": "x", "n": None}})
    row = {
        "external_id": "1",
        "name": "Acme",
        "status": "linked",
        "custom_fields": f'{{"n": {number}, "m": 1}}',
    }
    with database.tenant("acme") as tx:
        upsert_companies(
            tx,
            pl.DataFrame([row], schema=ROW_SCHEMA),
            source_object="Account",
            sync_id=2,
            now=DAY_2,
        )
    write(database, {"external_id": "1", "name": "Apex", "fields": {"name": "y"}}, now=DAY_3)
    with database.tenant("acme") as tx:
        changes = company_history(tx, "1")
        assert (company_name(tx, "1"), company_name(tx, "none")) == ("Apex", None)
        assert company_history(tx, "none") == ()
    assert [change.changed_at for change in changes] == [DAY_3, DAY_3, DAY_2, DAY_2]
    assert {(c.field, c.of_row, c.old, c.new) for c in changes} == {
        ("name", False, '"x"', '"y"'),
        ("name", True, '"Acme"', '"Apex"'),
        ("n", False, "null", number),
        ("m", False, None, "1"),
    }
    assert {change.sync_id for change in changes} == {2, 3}
    assert Decimal(next(c.new or "" for c in changes if c.field == "n")) == Decimal(number)


def test_history_of_another_tenant_is_not_there(database: Database) -> None:
    write(database, {"external_id": "1", "fields": {"n": 1}})
    write(database, {"external_id": "1", "fields": {"n": 2}}, now=DAY_2)
    with database.tenant("other") as tx:
        assert company_history(tx, "1") == ()
        assert company_name(tx, "1") is None
