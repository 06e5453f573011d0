"""Comparing tells what writing then does, and writes nothing."""

import polars as pl

from flyle_sf_assets.store.companies.dry_run import (
    FieldDifference,
    ValueDifference,
    company_states,
    compare_companies,
)
from flyle_sf_assets.store.companies.type_changes import (
    blank_unconverted,
    count_unconverted,
)
from flyle_sf_assets.store.companies.upsert import Conversion, upsert_companies
from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets_tests.store.companies.company_rows import (
    DAY_1,
    DAY_2,
    history,
    rows,
    stored,
    write,
)

PLAIN = Conversion()


def test_differences_are_counted_as_the_history_has_them(
    database: Database, database_url: str
) -> None:
    """One renamed, one blanked, one with a value more, one as it was, one new, one frozen."""
    write(
        database,
        rows(
            {"id": "1", "name": "A", "fields": {"plan": "Gold"}},
            {"id": "2", "fields": {"plan": "Gold", "size": 1}},
            {"id": "3", "fields": {"plan": None}},
            {"id": "4", "fields": {"plan": "Gold"}},
            {"id": "5", "fields": {"plan": "Gold"}},
        ),
    )
    gone = {"status": "deleted", "reason": "deleted_in_salesforce", "fields": None}
    coming = rows(
        {"id": "1", "name": "B", "fields": {"plan": "Gold"}},
        {"id": "2", "fields": {"plan": None, "size": 2}},
        {"id": "3", "fields": {"plan": "Free"}},
        {"id": "4", "fields": {"plan": "Gold"}},
        {"id": "5", **gone},
        {"id": "6", "fields": {"plan": "Gold"}},
    )
    before = [stored(database_url, key) for key in "12345"]
    with database.tenant("acme") as tx:
        found = compare_companies(
            tx, coming, source_object="Account", conversion=PLAIN, foreign_keys=("size",)
        )
    assert [stored(database_url, key) for key in "12345"] == before
    assert history(database_url) == []
    assert (found.moved, found.blanked, found.overwritten) == (4, 1, 1)
    assert set(found.fields) == {
        FieldDifference("plan", changed=2, blanked=1, had_value=1),
        FieldDifference("size", changed=1, blanked=0, had_value=1),
    }
    assert (
        ValueDifference("2", "Acme", "plan", '"Gold"', "null", of_row=False, is_blanked=True)
        in found.changes
    )
    with database.tenant("acme") as tx:
        counts = upsert_companies(tx, coming, source_object="Account", sync_id=2, now=DAY_2)
    assert counts.changed + counts.gone == found.moved
    told = {(c.external_id, c.field) for c in found.changes}
    assert told == {(str(change[0]), str(change[1])) for change in history(database_url)}


def test_examples_are_few_and_blanked_ones_are_among_them(database: Database) -> None:
    ids = [f"{number:03d}" for number in range(50)]
    write(database, rows(*({"id": one, "fields": {"plan": "Gold"}} for one in ids)))
    coming = [{"id": one, "fields": {"plan": "Free"}} for one in ids[:-1]]
    blanked = {"id": ids[-1], "fields": {"plan": None}}
    with database.tenant("acme") as tx:
        found = compare_companies(
            tx, rows(*coming, blanked), source_object="Account", conversion=PLAIN, examples=2
        )
    assert found.moved == 50
    assert {change.external_id for change in found.changes} == {"000", "001", "049"}


def test_frozen_rows_differ_only_in_fields_of_a_new_type(database: Database) -> None:
    gone = {"id": "1", "status": "out_of_scope", "reason": "conditions_not_met"}
    write(database, rows({"id": "1", "fields": {"plan": "Gold", "size": 1}}))
    write(database, rows({**gone, "fields": None}), DAY_2)
    coming = rows({**gone, "fields": {"plan": "Free", "size": "1"}})
    with database.tenant("acme") as tx:
        plain = compare_companies(tx, coming, source_object="Account", conversion=PLAIN)
        retyped = Conversion(retyped=frozenset({"size"}))
        found = compare_companies(tx, coming, source_object="Account", conversion=retyped)
    assert plain.moved == 0
    assert [(change.field, change.old, change.new) for change in found.changes] == [
        ("size", "1", '"1"')
    ]


def test_states_are_one_tenants(database: Database) -> None:
    write(database, rows({"id": "1", "name": "A"}))
    with database.tenant("other") as tx:
        assert company_states(tx).is_empty()
    with database.tenant("acme") as tx:
        assert company_states(tx).rows() == [("1", "A", "linked", "Account")]


def test_rows_without_a_record_are_counted_as_they_will_be_blanked(database: Database) -> None:
    write(
        database,
        rows(
            *(
                {"id": one, "fields": {"size": size}}
                for one, size in (("1", 1), ("2", 2), ("3", None))
            )
        ),
    )
    held = pl.Series(["1"])
    with database.tenant("acme") as tx:
        counted = count_unconverted(tx, {"size"}, converted=held)
        assert counted == 1
        assert counted == blank_unconverted(tx, {"size"}, converted=held, sync_id=2, now=DAY_1)
