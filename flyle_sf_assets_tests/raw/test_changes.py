"""What an answer changes in stored records: statuses, last values, and nothing twice."""

from datetime import UTC, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from flyle_sf_assets.raw import changes
from flyle_sf_assets.raw.canonical import canonical
from flyle_sf_assets.raw.records import (
    RecordStatus,
    as_records,
    content_changed,
    empty,
    record_schema,
)
from flyle_sf_assets.raw.roles import in_scope_again, only_referenced
from flyle_sf_assets.salesforce.schema.objects import FieldSchema

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 4, 1, 13, tzinfo=UTC)
SCHEMA = record_schema(["City"])
CANONICAL = {name: SCHEMA[name] for name in ("Id", "SystemModstamp", "City")}

Row = tuple[str, str, str | None]


def records(*rows: Row, at: datetime = NOON, winner: str | None = None) -> pl.DataFrame:
    """Stored records: id, status, city."""
    made = [(name, at, status, winner, city) for name, status, city in rows]
    return pl.DataFrame(made, schema=SCHEMA, orient="row")


def came(*rows: tuple[str, str], at: datetime = LATER) -> pl.DataFrame:
    """Canonical rows of an answer: id and city."""
    return pl.DataFrame([(name, at, city) for name, city in rows], schema=CANONICAL, orient="row")


def statuses(*rows: tuple[str, str], winner: str | None = None) -> pl.DataFrame:
    """What `tombstones` says of records: id and status."""
    names = ("Id", "SystemModstamp", "_status", "_merged_into")
    made = [(name, LATER, status, winner) for name, status in rows]
    return pl.DataFrame(made, schema={name: SCHEMA[name] for name in names}, orient="row")


def shown(frame: pl.DataFrame) -> list[Row]:
    """Id, status and city of each row, by id."""
    return sorted(frame.select("Id", "_status", "City").rows())


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"IsDeleted": "false"}, ("out_of_scope", None)),
        ({"IsDeleted": "true"}, ("deleted", None)),
        ({"IsDeleted": "true", "MasterRecordId": ""}, ("deleted", None)),
        ({"IsDeleted": "true", "MasterRecordId": "002"}, ("merged", "002")),
        ({"IsDeleted": "false", "MasterRecordId": None}, ("out_of_scope", None)),
        ({}, ("out_of_scope", None)),
    ],
)
def test_an_answer_says_how_a_record_ended(
    answer: dict[str, str | None], expected: tuple[str, str | None]
) -> None:
    """Users have no Recycle Bin, and only some objects can be merged."""
    row = pl.DataFrame({"Id": "001", **answer}, schema=dict.fromkeys(["Id", *answer], pl.String))
    (found,) = changes.tombstones(row, else_status=RecordStatus.OUT_OF_SCOPE).rows()
    assert found == ("001", None, *expected)


def test_a_window_moves_records_into_the_scope_and_out_of_it() -> None:
    """One that left keeps its last values; one that others only refer to was never in scope."""
    held = records(("1", "linked", "Kyoto"), ("2", "linked", "Nara"), ("3", "referenced", "Osaka"))
    touched = statuses(("1", "out_of_scope"), ("2", "deleted"), ("3", "deleted"), ("4", "linked"))
    found = changes.scope_changes(held, came(("1", "Kobe"), ("4", "Tokyo")), touched)
    assert shown(found) == [
        ("1", "linked", "Kobe"),
        ("2", "deleted", "Nara"),
        ("4", "linked", "Tokyo"),
    ]


def test_an_answer_that_says_nothing_new_changes_nothing() -> None:
    """A poll with an overlap returns rows that are stored already."""
    held = records(("1", "linked", "Kyoto"))
    same = came(("1", "Kyoto"), at=NOON)
    assert changes.scope_changes(held, same, statuses()).is_empty()
    assert content_changed(as_records(came(("1", "Kyoto")), RecordStatus.LINKED), held) == 0
    assert content_changed(as_records(came(("1", "Nara")), RecordStatus.LINKED), held) == 1


def test_a_full_read_tells_what_became_of_the_rest() -> None:
    """Deleted, purged (nothing says so), or purged after it was deleted."""
    held = records(
        ("1", "linked", "Kyoto"),
        ("2", "linked", "Nara"),
        ("3", "deleted", "Kobe"),
        ("4", "referenced", "Osaka"),
        ("5", "linked", "Tokyo"),
    )
    absent = changes.absent_rows(held, came(("5", "Tokyo")))
    assert shown(absent) == shown(held.filter(pl.col("Id").is_in(["1", "2", "3"])))
    found = changes.absent_changes(absent, statuses(("1", "deleted")))
    assert shown(found) == [("1", "deleted", "Kyoto"), ("2", "missing", "Nara")]


def test_a_merged_record_names_its_winner() -> None:
    """The company of the loser points at the winner."""
    absent = records(("1", "linked", "Kyoto"))
    (found,) = changes.absent_changes(absent, statuses(("1", "merged"), winner="002")).rows()
    assert found == ("1", LATER, "merged", "002", "Kyoto")


def test_parents_change_their_values_and_keep_their_role() -> None:
    """A parent that is a company too keeps its status; one that is deleted keeps its values."""
    held = records(
        ("1", "linked", "Kyoto"),
        ("2", "referenced", "Nara"),
        ("3", "referenced", "Kobe"),
        ("4", "referenced_missing", "Osaka"),
    )
    told = statuses(("1", "referenced"), ("2", "referenced"), ("3", "deleted"), ("4", "referenced"))
    answer = came(("1", "Uji"), ("2", "Ikoma"), ("3", "Himeji"), ("4", "Sakai"))
    assert shown(changes.parent_changes(held, answer, told)) == [
        ("1", "linked", "Uji"),
        ("2", "referenced", "Ikoma"),
        ("3", "referenced_deleted", "Kobe"),
        ("4", "referenced", "Sakai"),
    ]
    assert changes.parent_changes(held, answer.clear(), statuses()).is_empty()


def test_parents_read_by_id_are_stored_also_when_nobody_sees_them() -> None:
    """Else each refresh would ask for a hidden parent again."""
    held = records(("1", "referenced", "Kyoto"), ("2", "referenced", "Nara"))
    asked = pl.Series(["1", "2", "3", "4", "5"])
    answer = came(("1", "Uji"), ("3", "Kobe"), ("4", "Osaka"))
    told = statuses(("1", "referenced"), ("3", "referenced"), ("4", "deleted"))
    assert shown(changes.fetched_parents(asked, answer, told, held)) == [
        ("1", "referenced", "Uji"),
        ("2", "referenced_missing", "Nara"),
        ("3", "referenced", "Kobe"),
        ("4", "referenced_deleted", "Osaka"),
        ("5", "referenced_missing", None),
    ]


@pytest.mark.parametrize("says_deleted", [True, False])
def test_the_first_parents_are_those_that_the_step_by_step_way_stores(
    *, says_deleted: bool
) -> None:
    """Every column and type, of living, deleted and hidden ones."""
    sent = pl.DataFrame(
        {
            "Id": ["1", "2", "3"],
            "SystemModstamp": ["2026-04-01T00:00:00.000Z", "2026-04-02T00:00:00.000+0000", None],
            "IsDeleted": ["false", "true", None],
            "MasterRecordId": [None, "1", None],
            "Employees": ["1.0E3", "5.0", ""],
            "City": ["Kyoto", "", "Nara"],
        },
        schema_overrides={"MasterRecordId": pl.String},
    )
    if not says_deleted:
        sent = sent.drop("IsDeleted", "MasterRecordId")
    columns = [
        FieldSchema("City", "City", "string"),
        FieldSchema("Employees", "Employees", "int"),
    ]
    asked = pl.Series("Id", ["1", "2", "3", "4", "5"])
    first = changes.first_parents(sent.lazy(), pl.Series("Id", ["4", "5"]), columns).collect()
    told = changes.tombstones(sent, else_status=RecordStatus.REFERENCED)
    answer = canonical(sent.lazy(), columns).collect()
    expected = changes.fetched_parents(asked, answer, told, empty(columns))
    assert_frame_equal(first.sort("Id"), expected.sort("Id"))
    by_id = dict(first.select("Id", "_status").rows())
    assert by_id["2"] == ("referenced_deleted" if says_deleted else "referenced")


def test_records_of_a_former_base_object_become_no_company() -> None:
    """How they ended is kept as far as others need it."""
    held = records(*[(status, status, None) for status in map(str, RecordStatus)])
    found = dict(only_referenced(held.lazy()).collect().select("Id", "_status").rows())
    assert found == {
        "linked": "referenced",
        "out_of_scope": "referenced",
        "missing": "referenced_missing",
        "deleted": "referenced_deleted",
        "merged": "referenced_deleted",
        "referenced": "referenced",
        "referenced_deleted": "referenced_deleted",
        "referenced_missing": "referenced_missing",
    }


def test_records_of_a_base_object_that_returns_end_as_they_had_ended() -> None:
    """A record purged in between is never returned: its company would stay linked."""
    rows = records(
        ("1", "referenced", "Kyoto"),
        ("2", "referenced_deleted", "Nara"),
        ("3", "referenced_missing", "Kobe"),
        ("4", "referenced", "Osaka"),
    )
    former = pl.DataFrame(
        [("1", "deleted", None), ("2", "merged", "9"), ("3", "linked", None)],
        schema=["Id", "_status", "_merged_into"],
        orient="row",
    )
    found = in_scope_again(rows.lazy(), former.lazy()).collect()
    assert sorted(found.select("Id", "_status", "_merged_into").rows()) == [
        ("1", "out_of_scope", None),
        ("2", "merged", "9"),
        ("3", "out_of_scope", None),
        ("4", "referenced", None),
    ]


def test_an_empty_record_frame_has_its_columns_sorted() -> None:
    assert empty(["Name", "City"]).columns == [
        "Id", "SystemModstamp", "_status", "_merged_into", "City", "Name",
    ]  # fmt: skip
