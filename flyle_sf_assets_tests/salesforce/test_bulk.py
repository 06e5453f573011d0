"""Bulk 2.0 reads: whole or not at all, streamed, resumable, and tidy behind themselves."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from flyle_sf_assets import errors
from flyle_sf_assets.raw.canonical import canonical_texts
from flyle_sf_assets.salesforce import soql
from flyle_sf_assets.salesforce.connect import Org
from flyle_sf_assets.salesforce.frames import csv_to_parquet
from flyle_sf_assets.salesforce.schema.objects import FieldSchema, ObjectSchema
from flyle_sf_assets.sandbox.faults import FaultKind
from flyle_sf_assets_tests.salesforce.room import Room

if TYPE_CHECKING:
    from flyle_sf_assets.salesforce.bulk_progress import BulkProgress

Schemas = dict[str, ObjectSchema]
RESULTS = "/jobs/query/"


def readable(schemas: Schemas) -> list[FieldSchema]:
    """Every column that Bulk can read."""
    compound = ("address", "location", "base64")
    return [field for field in schemas["Account"].fields if field.type not in compound]


def everything(schemas: Schemas) -> soql.Statement:
    """All of them, and a parent's."""
    owner = soql.resolve("Owner.Name", schemas["Account"], soql.by_lower_name(schemas))
    assert owner
    return soql.select(schemas["Account"], [*readable(schemas), owner])


def ids_only(schemas: Schemas, *, deleted: bool = False) -> soql.Statement:
    """Ids of all accounts."""
    identifier = schemas["Account"].field("Id")
    assert identifier
    return soql.select(schemas["Account"], [identifier], include_deleted=deleted)


def test_bulk_and_rest_say_the_same(room: Room, org: Org, schemas: Schemas, tmp_path: Path) -> None:
    """Every type of field, quotes and newlines inside CSV; texts made one by the raw room."""
    statement = everything(schemas)
    read = org.reader.bulk(statement, tmp_path)
    by_rest = org.reader.rows(statement)
    by_bulk = read.scan().collect()
    assert by_bulk.columns == by_rest.columns == list(statement.columns)
    assert read.rows == by_bulk.height == 6
    rows = [
        canonical_texts(answer.lazy(), readable(schemas)).sort("Id").collect()
        for answer in (by_bulk, by_rest)
    ]
    assert rows[0].equals(rows[1])
    assert room.server.open_jobs(room.there) == 0


def test_a_large_result_comes_in_pages_of_bounded_size(
    room: Room, schemas: Schemas, tmp_path: Path, filled: Callable[[int], None]
) -> None:
    """One file a page; the CSV beside it is gone."""
    filled(995)
    with room.open(page_rows=300) as org:
        read = org.reader.bulk(ids_only(schemas), tmp_path)
        assert org.api_calls == room.counted == 7  # create, poll, four pages, delete
    assert [pl.scan_parquet(f).select(pl.len()).collect().item() for f in read.files] == [
        300, 300, 300, 101,
    ]  # fmt: skip
    assert read.scan().collect()["Id"].n_unique() == read.rows == 1001
    assert sorted(tmp_path.iterdir()) == sorted(read.files)


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.RESET,
        FaultKind.TRUNCATED,
        FaultKind.TRUNCATED_SILENTLY,
        FaultKind.WRONG_ROW_COUNT,
        FaultKind.STATUS,
        FaultKind.SESSION_EXPIRED,
    ],
)
def test_a_result_page_that_comes_wrong_is_read_again(
    room: Room, schemas: Schemas, tmp_path: Path, filled: Callable[[int], None], kind: FaultKind
) -> None:
    """A cut page without Content-Length is whole to HTTP: only the row count tells."""
    filled(995)
    fault = room.breaks(kind, RESULTS, method="GET", skip=2, times=1)
    with room.open(page_rows=300) as org:
        read = org.reader.bulk(ids_only(schemas), tmp_path)
    assert fault.hits == 1
    assert read.scan().collect()["Id"].n_unique() == read.rows == 1001
    assert room.server.open_jobs(room.there) == 0


@pytest.mark.parametrize(
    "kind", [FaultKind.TRUNCATED, FaultKind.TRUNCATED_SILENTLY, FaultKind.WRONG_ROW_COUNT]
)
def test_a_page_that_stays_wrong_is_an_incomplete_read(
    room: Room, schemas: Schemas, tmp_path: Path, filled: Callable[[int], None], kind: FaultKind
) -> None:
    """Nothing of it is kept, and the job is not left behind."""
    filled(995)
    room.breaks(kind, RESULTS, method="GET", skip=2, times=5)
    with room.open(page_rows=300) as org, pytest.raises(errors.IncompleteRead):
        org.reader.bulk(ids_only(schemas), tmp_path)
    assert room.server.open_jobs(room.there) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (FaultKind.JOB_ABORTED, "/jobs/query"),
        (FaultKind.LOCATOR_LOST, RESULTS),
    ],
)
def test_a_job_that_can_give_no_more_is_not_kept_for_a_resume(
    room: Room, schemas: Schemas, tmp_path: Path, filled: Callable[[int], None],
    kind: FaultKind, path: str,
) -> None:  # fmt: skip
    """Taking up a dead job would fail at every run from then on."""
    filled(95)
    kept: list[BulkProgress] = []
    room.breaks(kind, path)
    with room.open(page_rows=50) as org:
        with pytest.raises(errors.IncompleteRead):
            org.reader.bulk(ids_only(schemas), tmp_path, on_progress=kept.append)
        assert room.server.open_jobs(room.there) == 0
        assert list(tmp_path.iterdir()) == []
        read = org.reader.bulk(
            ids_only(schemas), tmp_path, resume=kept[-1], on_progress=kept.append
        )
    assert read.scan().collect()["Id"].n_unique() == read.rows == 101


@pytest.mark.parametrize("kind", [FaultKind.JOB_FAILED, FaultKind.JOB_ABORTED])
def test_a_job_that_does_not_end_well_is_no_empty_result(
    room: Room, org: Org, schemas: Schemas, tmp_path: Path, kind: FaultKind
) -> None:
    """simple_salesforce's bulk query once gave nothing back, and no error."""
    room.breaks(kind, "/jobs/query", method="POST")
    with pytest.raises(errors.FlyleError) as caught:
        org.reader.bulk(ids_only(schemas), tmp_path)
    assert "job " in caught.value.came_back.en
    assert room.server.open_jobs(room.there) == 0


def test_a_refused_query_is_refused_by_bulk_too(org: Org, schemas: Schemas, tmp_path: Path) -> None:
    """At the creation of the job."""
    ghost = FieldSchema("Ghost__c", "?", "string")
    with pytest.raises(errors.FieldRefused) as caught:
        org.reader.bulk(soql.select(schemas["Account"], [ghost]), tmp_path)
    assert caught.value.field == "Ghost__c"


def test_waiting_grows(room: Room, org: Org, schemas: Schemas, tmp_path: Path) -> None:
    """Every poll is a counted call: an hour at one a second would be 3,600."""
    room.there.bulk_delay_s = 0.3
    org.reader.bulk(ids_only(schemas), tmp_path)
    assert len(room.waits_s) > 2
    assert room.waits_s == sorted(room.waits_s)
    assert room.waits_s[0] == 0.5
    assert max(room.waits_s) <= 20.0


def test_a_job_that_takes_too_long_is_given_up(
    room: Room, schemas: Schemas, tmp_path: Path
) -> None:
    """And aborted, so that it does not go on for nobody."""
    room.there.bulk_delay_s = 60
    with room.open(wait_total_s=30) as org, pytest.raises(errors.OrgUnavailable) as caught:
        org.reader.bulk(ids_only(schemas), tmp_path)
    assert caught.value.code == "timed_out"
    assert room.server.open_jobs(room.there) == 0


def test_deleted_rows_come_by_query_all(
    room: Room, org: Org, schemas: Schemas, tmp_path: Path
) -> None:
    """simple_salesforce never sends it."""
    room.there.delete("Account", room.there.ids("Account")[0])
    assert org.reader.bulk(ids_only(schemas), tmp_path / "living").rows == 5
    assert org.reader.bulk(ids_only(schemas, deleted=True), tmp_path / "all").rows == 6


def test_nothing_found_is_a_frame_with_its_columns(
    org: Org, schemas: Schemas, tmp_path: Path
) -> None:
    """A header, no rows; not an error."""
    name = schemas["Account"].field("Name")
    assert name
    statement = soql.select(schemas["Account"], [name], soql.Predicate("Name = 'nobody'"))
    read = org.reader.bulk(statement, tmp_path)
    assert read.rows == 0
    assert read.scan().collect().equals(pl.DataFrame(schema={"Name": pl.String}))


def test_a_read_that_broke_off_is_taken_up_where_it_stopped(
    room: Room, schemas: Schemas, tmp_path: Path, filled: Callable[[int], None]
) -> None:
    """The pages read before the outage are not read again; the job waits for us."""
    filled(995)
    kept: list[BulkProgress] = []
    room.breaks(FaultKind.STATUS, RESULTS, method="GET", skip=3, times=5)
    with room.open(page_rows=300) as org, pytest.raises(errors.OrgUnavailable):
        org.reader.bulk(ids_only(schemas), tmp_path, on_progress=kept.append)
    assert [progress.rows for progress in kept] == [0, 300, 600]
    assert room.server.open_jobs(room.there) == 1
    with room.open(page_rows=300) as org:
        read = org.reader.bulk(
            ids_only(schemas), tmp_path, resume=kept[-1], on_progress=kept.append
        )
        assert org.api_calls == 4  # poll, two pages, delete
    assert read.scan().collect()["Id"].n_unique() == read.rows == 1001
    assert room.server.open_jobs(room.there) == 0


def test_a_resume_that_is_not_possible_starts_anew(
    room: Room, schemas: Schemas, tmp_path: Path, filled: Callable[[int], None]
) -> None:
    """Another statement or folder, files that are gone, or a job that Salesforce has forgotten."""
    filled(95)
    kept: list[BulkProgress] = []
    with room.open(page_rows=50) as org:
        org.reader.bulk(ids_only(schemas), tmp_path, on_progress=kept.append)
        gone_job = kept[1]
        again = org.reader.bulk(ids_only(schemas), tmp_path, resume=gone_job)
        assert again.scan().collect()["Id"].n_unique() == again.rows == 101
        other = org.reader.bulk(everything(schemas), tmp_path / "b", resume=gone_job)
        assert other.rows == 101
        elsewhere = org.reader.bulk(ids_only(schemas), tmp_path / "c", resume=gone_job)
        assert {file.parent for file in elsewhere.files} == {tmp_path / "c"}
        # Nobody can take up what lies in files that are gone.
        gone_job.files[0].unlink()
        assert not gone_job.is_of(ids_only(schemas))
    assert room.server.open_jobs(room.there) == 0


def test_a_job_that_cannot_be_deleted_does_not_spoil_the_read(
    room: Room, org: Org, schemas: Schemas, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Salesforce forgets it after seven days; the rows are here."""
    room.breaks(FaultKind.STATUS, RESULTS, method="DELETE", times=5)
    assert org.reader.bulk(ids_only(schemas), tmp_path).rows == 6
    captured = capsys.readouterr()
    assert "bulk_job_not_deleted" in captured.out + captured.err


def test_blanks_quotes_and_newlines_of_csv(tmp_path: Path) -> None:
    """Bulk quotes every value and cannot tell blank from empty."""
    page = tmp_path / "page.csv"
    page.write_text('"Id","Account.Name"\n"1",""\n"2","a ""b"",\nc\r\n d"\n"3"," "\n"","NULL"\n')
    parquet = tmp_path / "page.parquet"
    assert csv_to_parquet(page, parquet, ["Id", "Account.Name"]) == 4
    assert pl.read_parquet(parquet).rows() == [
        ("1", None), ("2", 'a "b",\nc\r\n d'), ("3", " "), (None, "NULL"),
    ]  # fmt: skip


def test_one_blank_column_keeps_its_rows(tmp_path: Path) -> None:
    """A line with nothing but a quoted blank is a row, not an empty line."""
    page, parquet = tmp_path / "page.csv", tmp_path / "page.parquet"
    page.write_text('"Fax"\n""\n"1"\n""\n')
    assert csv_to_parquet(page, parquet, ["Fax"]) == 3
    assert pl.read_parquet(parquet)["Fax"].to_list() == [None, "1", None]


def test_a_page_with_other_columns_is_refused(tmp_path: Path) -> None:
    """Its values would land under the wrong names."""
    page = tmp_path / "page.csv"
    page.write_text('"Id","Fax"\n"1","2"\n')
    with pytest.raises(ValueError, match="columns"):
        csv_to_parquet(page, tmp_path / "page.parquet", ["Id", "Phone"])
