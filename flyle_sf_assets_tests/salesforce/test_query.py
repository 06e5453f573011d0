"""Reading rows by REST and composite: exact, complete, and by as few calls as promised."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from flyle_sf_assets import errors
from flyle_sf_assets.salesforce import soql
from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.salesforce.frames import of_records
from flyle_sf_assets.salesforce.query import Reader
from flyle_sf_assets.salesforce.schema.objects import FieldSchema, ObjectSchema
from flyle_sf_assets.sandbox.faults import FaultKind
from flyle_sf_assets_tests.salesforce.room import HOSTILE_NAMES, Room

Schemas = dict[str, ObjectSchema]


def select(schemas: Schemas, *names: str, deleted: bool = False) -> soql.Statement:
    """These columns of all accounts."""
    paths = [soql.resolve(name, schemas["Account"], soql.by_lower_name(schemas)) for name in names]
    assert all(paths)
    return soql.select(schemas["Account"], [p for p in paths if p], include_deleted=deleted)


def _decoded(body: bytes) -> Any:
    return msgspec.json.Decoder(float_hook=str).decode(body)


def test_values_are_what_the_org_holds(room: Room, org: Org, schemas: Schemas) -> None:
    """18 digits, quotes, newlines, emoji, blanks; compared with the org's own records."""
    statement = select(
        schemas, "Id", "Name", "Exact_Revenue__c", "Precise_Ratio__c", "NumberOfEmployees",
        "Regions__c", "Is_Strategic__c", "Founded_On__c", "Opens_At__c", "Owner.Name",
        "Parent.Name",
    )  # fmt: skip
    frame = org.reader.rows(statement)
    assert frame.schema == dict.fromkeys(statement.columns, pl.String)
    assert set(frame["Name"]) == set(HOSTILE_NAMES)
    for row in frame.iter_rows(named=True):
        held = room.there.record("Account", row["Id"])
        assert row["Name"] == held["Name"]
        assert Decimal(row["Exact_Revenue__c"]) == Decimal("1234567890123456.78")
        assert Decimal(row["Precise_Ratio__c"]) == Decimal("12345678.0123456789")
        assert int(row["NumberOfEmployees"]) == held["NumberOfEmployees"]
        assert row["Regions__c"] == held["Regions__c"]
        assert row["Is_Strategic__c"] == ("true" if held["Is_Strategic__c"] else "false")
        assert (row["Founded_On__c"], row["Opens_At__c"]) == ("1869-05-04", "09:30:00.000Z")
        assert row["Owner.Name"]
        assert row["Parent.Name"] is None


def test_numbers_keep_the_text_that_json_had() -> None:
    """Any float on the way would change them."""
    body = (
        b'[{"D": 12345678901234567.89, "E": 1.0E7, "I": 123456789012345678, "B": true, "N": null}]'
    )
    records = _decoded(body)
    frame = of_records(records, ["D", "E", "I", "B", "N"])
    assert frame.row(0) == ("12345678901234567.89", "1.0E7", "123456789012345678", "true", None)


def test_a_column_may_mix_whole_numbers_fractions_and_blanks() -> None:
    """JSON writes 5 and 5.5 in one column; so does Salesforce."""
    body = b'[{"D": null, "P": null}, {"D": 5, "P": {"X": 1}}, {"D": 5.50, "P": {"X": 0.1}}]'
    frame = of_records(_decoded(body), ["D", "P.X"])
    assert frame["D"].to_list() == [None, "5", "5.50"]
    assert frame["P.X"].to_list() == [None, "1", "0.1"]


def test_all_pages_are_read(
    room: Room, org: Org, schemas: Schemas, filled: Callable[[int], None]
) -> None:
    """The org may send smaller pages than 2,000 whenever it likes."""
    filled(995)
    room.there.rest_page_rows = 300
    frame = org.reader.rows(select(schemas, "Id"))
    assert frame["Id"].n_unique() == frame.height == 1001
    assert org.api_calls == room.counted == 4


@pytest.mark.parametrize(
    "kind", [FaultKind.RESET, FaultKind.TRUNCATED, FaultKind.TRUNCATED_SILENTLY]
)
def test_a_page_that_breaks_off_is_read_again(
    room: Room, org: Org, schemas: Schemas, filled: Callable[[int], None], kind: FaultKind
) -> None:
    """The second page's connection dies: nothing is lost, nothing comes twice."""
    filled(995)
    room.there.rest_page_rows = 300
    fault = room.breaks(kind, "/query/", times=1)
    assert org.reader.rows(select(schemas, "Id"))["Id"].n_unique() == 1001
    assert fault.hits == 1


def test_a_lost_locator_is_an_incomplete_read(
    room: Room, org: Org, schemas: Schemas, filled: Callable[[int], None]
) -> None:
    """Half of the rows must never pass for all of them."""
    filled(995)
    room.there.rest_page_rows = 300
    room.breaks(FaultKind.LOCATOR_LOST, "/query/")
    with pytest.raises(errors.IncompleteRead) as caught:
        org.reader.rows(select(schemas, "Id"))
    assert caught.value.retryable


def test_five_queries_cost_one_call(room: Room, org: Org, schemas: Schemas) -> None:
    """An idle tenant costs one call per five objects."""
    columns = ("Name", "Owner.Name", "Phone", "Fax", "Type")
    statements = [select(schemas, "Id", column) for column in columns]
    frames = org.reader.rows_by_composite(statements)
    assert org.api_calls == room.counted == 1
    for statement, frame in zip(statements, frames, strict=True):
        assert frame.equals(org.reader.rows(statement))


def test_large_results_in_a_composite_are_followed_together(
    room: Room, org: Org, schemas: Schemas, filled: Callable[[int], None]
) -> None:
    """Seven queries of four pages each: 28 pages by six calls."""
    filled(995)
    room.there.rest_page_rows = 300
    statements = [select(schemas, "Id", "Name") for _ in range(7)]
    frames = org.reader.rows_by_composite(statements)
    assert org.api_calls == room.counted == 6
    assert all(frame.sort("Id").equals(frames[0].sort("Id")) for frame in frames)
    assert frames[0].height == 1001


def test_deleted_rows_come_only_when_asked_for(room: Room, org: Org, schemas: Schemas) -> None:
    """queryAll beside query in one composite; merge losers tell their winner."""
    winner, loser, gone = room.there.ids("Account")[:3]
    room.there.merge("Account", winner, [loser])
    room.there.delete("Account", gone)
    columns = ("Id", "IsDeleted", "MasterRecordId")
    living, all_rows = org.reader.rows_by_composite(
        [select(schemas, *columns), select(schemas, *columns, deleted=True)]
    )
    assert org.api_calls == 1
    assert living.height == 4
    assert all_rows.height == 6
    tombstones = {row[0]: row[1:] for row in all_rows.iter_rows()}
    assert tombstones[loser] == ("true", winner)
    assert tombstones[gone] == ("true", None)
    assert tombstones[winner] == ("false", None)


def test_a_refused_query_in_a_composite_is_raised(org: Org, schemas: Schemas) -> None:
    """Its composite answers 200: the refusal stands inside."""
    ghost = FieldSchema("Ghost__c", "?", "string")
    statements = [select(schemas, "Id"), soql.select(schemas["Account"], [ghost])]
    with pytest.raises(errors.FieldRefused) as caught:
        org.reader.rows_by_composite(statements)
    assert (caught.value.field, caught.value.object) == ("Ghost__c", "Account")
    with pytest.raises(errors.FieldRefused):
        org.reader.rows(statements[1])


def test_a_field_hidden_while_reading_is_named(room: Room, org: Org, schemas: Schemas) -> None:
    """The whole query is refused: the watchdog must learn which field to leave out."""
    room.there.hide_field("Account", "Rating")
    with pytest.raises(errors.FieldRefused) as caught:
        org.reader.rows(select(schemas, "Id", "Rating"))
    assert caught.value.field == "Rating"


def test_a_hidden_object_is_refused(room: Room, org: Org, schemas: Schemas) -> None:
    """INVALID_TYPE."""
    room.there.hide_object("Account")
    with pytest.raises(errors.ObjectRefused) as caught:
        org.reader.rows(select(schemas, "Id"))
    assert caught.value.object == "Account"


def test_a_query_too_long_for_a_url_travels_in_a_body(
    room: Room, org: Org, schemas: Schemas
) -> None:
    """A GET of 40,000 characters is answered 414; a list of ids gets that long."""
    account = schemas["Account"]
    identifier = account.field("Id")
    assert identifier
    ids = [*room.there.ids("Account"), *(f"001{n:012d}" for n in range(2000))]
    (predicate,) = soql.id_in(identifier, ids)
    statement = soql.select(account, [identifier], predicate)
    assert len(statement.text) > 40_000
    assert org.reader.rows(statement).height == 6
    assert org.api_calls == 1


def test_a_value_that_looks_like_a_reference_is_no_reference(
    room: Room, org: Org, schemas: Schemas
) -> None:
    """Composite replaces @{ref.field} in URLs: a company may be called so."""
    name = schemas["Account"].field("Name")
    assert name
    odd = "@{r0.totalSize}"
    room.there.insert("Account", {"Name": odd})
    where = soql.Predicate(f"Name = '{odd}'")
    statement = soql.select(schemas["Account"], [name], where)
    assert [f["Name"].to_list() for f in org.reader.rows_by_composite([statement] * 2)] == [
        [odd]
    ] * 2


def test_nothing_found_is_a_frame_with_its_columns(org: Org, schemas: Schemas) -> None:
    """The packages behind rely on the columns."""
    name = schemas["Account"].field("Name")
    assert name
    statement = soql.select(schemas["Account"], [name], soql.Predicate("Name = 'nobody'"))
    for frame in (org.reader.rows(statement), org.reader.rows_by_composite([statement])[0]):
        assert frame.equals(pl.DataFrame(schema={"Name": pl.String}))
    assert org.reader.rows_by_composite([]) == []


def test_counting_costs_one_call_for_five(room: Room, org: Org, schemas: Schemas) -> None:
    """For previews and forecasts."""
    statements = [soql.count(schemas[name]) for name in ("Account", "User", "Opportunity") * 2]
    assert org.reader.counts(statements)[:1] == [6]
    assert org.api_calls == room.counted == 2


@pytest.mark.parametrize(
    ("rows", "expected_rows", "way"),
    [(10, None, "rest"), (10, 10, "rest"), (60, None, "bulk"), (60, 60, "bulk"), (60, 3, "bulk")],
)
def test_the_way_follows_the_true_number_of_rows(
    room: Room, schemas: Schemas, tmp_path: Path, filled: Callable[[int], None],
    rows: int, expected_rows: int | None, way: str,
) -> None:  # fmt: skip
    """A guess that was too low is corrected by the first page."""
    filled(rows - 6)
    with room.open() as org:
        reader = Reader(org.session, rest_rows_max=20, sleep=lambda _: None)
        found = reader.read(select(schemas, "Id", "Name"), tmp_path, expected_rows=expected_rows)
    assert (found.way, found.rows) == (way, rows)
    frame = found.frame.collect()
    assert frame.columns == ["Id", "Name"]
    assert frame["Id"].n_unique() == rows
