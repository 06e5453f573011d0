"""Rows that leave and come back, their history, and any sequence of batches."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flyle_sf_assets.errors import StoreError
from flyle_sf_assets.store.companies.upsert import (
    UpsertCounts,
    unlink_companies,
    upsert_companies,
)
from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets_tests.postgres import admin
from flyle_sf_assets_tests.store.companies.company_rows import (
    DAY_1,
    DAY_2,
    DAY_3,
    DAY_4,
    history,
    rows,
    stored,
    write,
)


def test_a_row_that_is_not_linked_keeps_its_values(database: Database, database_url: str) -> None:
    """Every status but linked freezes the row."""
    write(database, rows({"id": "1", "name": "Acme", "fields": {"amount": 1}, "hash": 11}))
    gone = rows(
        {
            "id": "1",
            "name": "Other",
            "fields": {"amount": 2},
            "status": "out_of_scope",
            "reason": "conditions_not_met",
            "stamp": DAY_4,
        }
    )
    assert write(database, gone, DAY_2, sync_id=2) == UpsertCounts(gone=1)
    row = stored(database_url)
    assert (row["name"], row["custom_fields"]) == ("Acme", {"amount": 1})
    assert (row["status"], row["status_reason"]) == ("out_of_scope", "conditions_not_met")
    assert (row["updated_at"], row["status_changed_at"]) == (DAY_2, DAY_2)
    assert row["source_modified_at"] == DAY_1
    assert write(database, gone, DAY_3) == UpsertCounts(unchanged=1)
    assert stored(database_url)["updated_at"] == DAY_2


def test_a_row_comes_back_linked_with_what_it_has_now(
    database: Database, database_url: str
) -> None:
    """Also when its hash is the one that it had before it went."""
    first = {"id": "1", "fields": {"amount": 1}, "hash": 11}
    gone = {"id": "1", "status": "missing", "reason": "not_found", "fields": None, "name": None}
    write(database, rows(first))
    write(database, rows(gone), DAY_2)
    assert write(database, rows(first), DAY_3, sync_id=3) == UpsertCounts(changed=1, returned=1)
    row = stored(database_url)
    assert (row["status"], row["status_reason"], row["updated_at"]) == ("linked", None, DAY_3)
    assert row["status_changed_at"] == DAY_3
    assert history(database_url)[-2:] == [
        ("1", "status", "missing", "linked", 3),
        ("1", "status_reason", "not_found", None, 3),
    ]


def test_a_row_that_never_was_is_not_made_by_its_end(database: Database) -> None:
    """A record deleted before the first sync gets no row."""
    counts = write(
        database,
        rows({"id": "1", "status": "deleted", "reason": "deleted_in_salesforce", "fields": None}),
    )
    assert counts == UpsertCounts(unchanged=1)
    with database.tenant("acme") as tx:
        assert tx.execute("SELECT count(*) FROM companies").scalar() == 0


def test_history_tells_every_field_old_and_new(database: Database, database_url: str) -> None:
    """Also for a custom field that is called like a column of the row."""
    write(database, rows({"id": "1", "name": "Acme", "fields": {"amount": 1, "name": "inner"}}))
    write(
        database,
        rows({"id": "1", "name": "Apex", "fields": {"amount": None, "name": "x", "more": [1]}}),
        DAY_2,
        sync_id=7,
    )
    assert sorted(history(database_url), key=repr) == [
        ("1", "amount", 1, None, 7),
        ("1", "more", None, [1], 7),
        ("1", "name", "Acme", "Apex", 7),
        ("1", "name", "inner", "x", 7),
    ]
    with admin(database_url) as connection:
        found = connection.execute(
            "SELECT old #>> '{}', changed_at FROM flyle.company_changes WHERE of_row"
        ).fetchall()
        assert found == [("Acme", DAY_2)]
        blank = connection.execute(
            "SELECT jsonb_typeof(new) FROM flyle.company_changes WHERE field = 'amount'"
        ).fetchone()
        assert blank == ("null",), "blanked, which is not the same as taken away"


def test_one_transaction_may_write_several_batches(database: Database, database_url: str) -> None:
    """A large tenant is converted batch by batch and committed once."""
    with database.tenant("acme") as tx:
        for batch in (["1", "2"], ["3", "1"]):
            upsert_companies(
                tx,
                rows(*[{"id": one, "fields": {"seen": batch[0]}} for one in batch]),
                source_object="Account",
                sync_id=1,
                now=DAY_1,
            )
    assert stored(database_url, "1")["custom_fields"] == {"seen": "3"}
    assert stored(database_url, "2")["custom_fields"] == {"seen": "1"}


def test_the_work_is_linear_for_a_tenant_that_the_planner_does_not_know(
    database: Database, database_url: str
) -> None:
    """A new tenant's first load took hours: by old statistics it had one row, so plans looped.

    30,000 rows against 30,000 in such a loop are more than a minute; one by one, a second.
    """
    size = 30_000
    first = pl.concat([rows({"id": "x", "hash": 1})] * size).with_columns(
        external_id=pl.format("row {}", pl.int_range(size))
    )
    with database.tenant("elder") as tx:
        upsert_companies(tx, first.head(9000), source_object="Account", sync_id=1, now=DAY_1)
    with admin(database_url) as connection:
        connection.execute("ANALYZE flyle.companies")
    started = time.monotonic()
    write(database, first)
    moved = first.with_columns(source_modified_at=pl.lit(DAY_2).cast(pl.Datetime("us", "UTC")))
    assert write(database, moved, DAY_2) == UpsertCounts(unchanged=size)
    changed = first.with_columns(name=pl.lit("Other"), content_hash=pl.lit(None, dtype=pl.Int64))
    assert write(database, changed, DAY_3) == UpsertCounts(changed=size)
    assert time.monotonic() - started < 30


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (rows({"id": "1"}, {"id": "2"}, {"id": "1"}), "share their key"),
        (rows({"id": "1", "name": None}), "without name"),
        (rows({"id": "1", "name": ""}), "without name"),
        (rows({"id": "1", "fields": None}), "without name or custom fields"),
        (rows({"id": "1"}).drop("status_reason"), "status_reason"),
        (rows({"id": "1"}).with_columns(extra=1), "extra"),
        (rows({"id": "1"}).cast({"content_hash": pl.UInt64}), "content_hash"),
    ],
)
def test_rows_that_cannot_be_right_are_refused_before_anything_is_written(
    database: Database, frame: pl.DataFrame, says: str
) -> None:
    """Which of two rows with one key holds is not the store's to say."""
    with pytest.raises(StoreError, match=says):
        write(database, frame)
    with database.tenant("acme") as tx:
        assert tx.execute("SELECT count(*) FROM companies").scalar() == 0


def test_custom_fields_that_are_no_object_are_refused(database: Database) -> None:
    """PostgreSQL would append a list to an object without a word."""
    with pytest.raises(StoreError):
        write(database, rows({"id": "1", "fields": "[1, 2]"}))


def test_no_rows_are_no_work(database: Database) -> None:
    """An idle asset calls with an empty frame."""
    assert write(database, rows()) == UpsertCounts()


def test_unlinking_freezes_linked_rows_of_the_other_object(
    database: Database, database_url: str
) -> None:
    """Rows that are frozen already keep their own state: it says more than `unlinked`."""
    deleted = {"id": "2", "status": "deleted", "reason": "deleted_in_salesforce", "fields": None}
    write(database, rows({"id": "1", "hash": 5}, {"id": "2"}))
    write(database, rows(deleted), DAY_2)
    with database.tenant("acme") as tx:
        for base_object, unlinked in (("Account", 0), ("Opportunity", 1)):
            counts = unlink_companies(
                tx,
                reason="base_object_changed",
                sync_id=9,
                now=DAY_3,
                other_than_object=base_object,
            )
            assert counts == unlinked
    row = stored(database_url)
    assert (row["status"], row["status_reason"]) == ("unlinked", "base_object_changed")
    assert (row["updated_at"], row["last_sync_id"], row["content_hash"]) == (DAY_3, 9, None)
    assert stored(database_url, "2")["status"] == "deleted"
    assert sorted(history(database_url)[-2:], key=repr) == [
        ("1", "status", "linked", "unlinked", 9),
        ("1", "status_reason", None, "base_object_changed", 9),
    ]


@dataclass
class Expected:
    """The rules of the upsert, told again in plain Python; ``at`` is when a row last moved."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)

    def write(self, batch: Sequence[Mapping[str, Any]], now: datetime) -> None:
        """A linked row is made or merged, another one only changes its status."""
        for row in batch:
            key, status = str(row["id"]), row["status"]
            held = self.rows.get(key)
            if held is None:
                if status == "linked":
                    self.rows[key] = {**row, "fields": dict(row["fields"]), "at": now}
                continue
            new = {**held, "status": status, "reason": row["reason"]}
            if status == "linked":
                new |= {"name": row["name"], "fields": held["fields"] | row["fields"]}
            if _content(new) != _content(held):
                new["at"] = now
            self.rows[key] = new


def _content(row: Mapping[str, Any]) -> dict[str, Any]:
    """A blank in a field that had no value is stored, and is no change."""
    filled = {key: value for key, value in row["fields"].items() if value is not None}
    return {**row, "fields": filled}


STATUSES = st.sampled_from(
    [
        ("linked", None),
        ("linked", None),
        ("deleted", "deleted_in_salesforce"),
        ("missing", "not_found"),
    ]
)
COMPANY = st.tuples(
    st.sampled_from("abcd"),
    st.sampled_from(["Acme", "Apex"]),
    st.dictionaries(st.sampled_from(["x", "y"]), st.sampled_from([None, 1, "1", ""])),
    STATUSES,
).map(lambda t: {"id": t[0], "name": t[1], "fields": t[2], "status": t[3][0], "reason": t[3][1]})
BATCHES = st.lists(st.lists(COMPANY, max_size=4, unique_by=lambda row: str(row["id"])), max_size=6)


@settings(max_examples=40, deadline=None)
@given(batches=BATCHES)
def test_any_sequence_of_batches_ends_as_the_rules_say(
    module_database: Database, batches: list[list[dict[str, object]]]
) -> None:
    """With the hash that the content has, as the product sends it."""
    expected = Expected()
    tenant = f"t{datetime.now(UTC).timestamp()}"
    for day, batch in enumerate(batches):
        now = DAY_1 + timedelta(days=day)
        hashed = [
            {**row, "hash": hash((row["name"], json.dumps(row["fields"], sort_keys=True)))}
            for row in batch
        ]
        expected.write(batch, now)
        with module_database.tenant(tenant) as tx:
            upsert_companies(tx, rows(*hashed), source_object="Account", sync_id=1, now=now)
    with module_database.tenant(tenant) as tx:
        found = tx.execute(
            "SELECT external_id, name, custom_fields, status, status_reason, updated_at"
            " FROM companies"
        ).all()
    assert {row[0]: tuple(row)[1:] for row in found} == {
        key: (row["name"], row["fields"], row["status"], row["reason"], row["at"])
        for key, row in expected.rows.items()
    }
