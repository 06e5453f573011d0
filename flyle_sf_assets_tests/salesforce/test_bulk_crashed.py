"""A Bulk job that breaks inside Salesforce: the same rows are read over REST."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flyle_sf_assets import errors
from flyle_sf_assets.raw.canonical import canonical_texts
from flyle_sf_assets.salesforce import query, soql
from flyle_sf_assets.salesforce.query import Reader
from flyle_sf_assets.salesforce.schema.objects import FieldSchema, ObjectSchema
from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets_tests.salesforce.room import Room

if TYPE_CHECKING:
    from flyle_sf_assets.salesforce.bulk_progress import BulkProgress

Schemas = dict[str, ObjectSchema]


def readable(schemas: Schemas) -> list[FieldSchema]:
    """Every column that both ways can read."""
    compound = ("address", "location", "base64")
    return [field for field in schemas["Account"].fields if field.type not in compound]


def crash(room: Room, language: str = "en", times: int = 1) -> Fault:
    """The next jobs break."""
    return room.breaks(
        FaultKind.RECORDED, "/jobs/query", answer="job_crashed", language=language, times=times
    )


def bulk_reader(room: Room) -> Reader:
    """Reads everything by Bulk."""
    return Reader(room.open().session, rest_rows_max=0, sleep=lambda _: None)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_job_that_broke_is_read_over_rest(
    room: Room, schemas: Schemas, tmp_path: Path, filled: Callable[[int], None],
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, language: str,
) -> None:  # fmt: skip
    """Before, the run failed, came back, and failed again: the job breaks each time."""
    filled(4494)
    monkeypatch.setattr(query, "_ROWS_PER_FILE", 2000)
    statement = soql.select(schemas["Account"], readable(schemas))
    reader = bulk_reader(room)
    whole = reader.read(statement, tmp_path / "bulk", expected_rows=4500)
    fault = crash(room, language)
    before = room.counted
    read = reader.read(statement, tmp_path / "rest", expected_rows=4500)
    assert (fault.hits, read.way, read.rows) == (1, "rest", 4500)
    ways = [
        canonical_texts(rows.frame, readable(schemas)).sort("Id").collect()
        for rows in (whole, read)
    ]
    assert ways[0].equals(ways[1])
    assert len(list((tmp_path / "rest").glob("*.parquet"))) == 3
    # Create, look, abort (refused), delete, and three pages: all of them are counted.
    calls = room.counted - before
    assert reader._session.api_calls == room.counted  # noqa: SLF001 - the ledger agrees
    assert calls == 7
    assert room.server.open_jobs(room.there) == 0
    captured = capsys.readouterr()
    assert "bulk_job_crashed" in captured.out + captured.err


def test_deleted_rows_are_read_as_well_where_they_were_asked_for(
    room: Room, schemas: Schemas, tmp_path: Path
) -> None:
    """A window that loses its deleted rows keeps companies that are gone."""
    room.there.delete("Account", room.there.ids("Account")[0])
    identifier = schemas["Account"].field("Id")
    assert identifier
    crash(room, times=2)
    for deleted, rows in ((True, 6), (False, 5)):
        statement = soql.select(schemas["Account"], [identifier], include_deleted=deleted)
        read = bulk_reader(room).read(statement, tmp_path / str(deleted), expected_rows=6)
        assert (read.way, read.frame.collect()["Id"].n_unique()) == ("rest", rows)


def test_other_failures_are_failures_as_before(
    room: Room, schemas: Schemas, tmp_path: Path
) -> None:
    """A job that ran into a limit would run into it by REST too."""
    room.breaks(FaultKind.JOB_FAILED, "/jobs/query")
    statement = soql.select(schemas["Account"], readable(schemas))
    with pytest.raises(errors.IncompleteRead) as caught:
        bulk_reader(room).read(statement, tmp_path, expected_rows=6)
    assert caught.value.code == "job_ended"


def test_a_job_that_is_refused_is_not_one_that_is_gone(
    room: Room, schemas: Schemas, tmp_path: Path
) -> None:
    """INVALIDJOB in answer to making a job (an object without Bulk) came back at every run."""
    room.breaks(FaultKind.RECORDED, "/jobs/query", method="POST", answer="job_gone")
    statement = soql.select(schemas["Account"], readable(schemas))
    with pytest.raises(errors.SalesforceRefused) as caught:
        bulk_reader(room).read(statement, tmp_path, expected_rows=6)
    assert caught.value.code == "job_refused"


def test_when_rest_fails_as_well_its_error_counts_and_nothing_is_left(
    room: Room, schemas: Schemas, tmp_path: Path, filled: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """It says what is wrong, which the job did not."""
    filled(4494)
    monkeypatch.setattr(query, "_ROWS_PER_FILE", 2000)
    crash(room)
    room.breaks(FaultKind.RECORDED, "/query", answer="too_many_ids", skip=2, times=9)
    statement = soql.select(schemas["Account"], readable(schemas))
    with pytest.raises(errors.NotPermitted) as caught:
        bulk_reader(room).read(statement, tmp_path, expected_rows=4500)
    assert caught.value.code == "view_all_missing"
    assert list(tmp_path.iterdir()) == []


def test_a_kept_job_that_broke_or_is_gone_is_read_all_the_same(
    room: Room, schemas: Schemas, tmp_path: Path, filled: Callable[[int], None]
) -> None:
    """A read that is taken up again meets INVALIDJOB where another org says NOT_FOUND."""
    filled(95)
    identifier = schemas["Account"].field("Id")
    assert identifier
    statement = soql.select(schemas["Account"], [identifier])
    kept: list[BulkProgress] = []
    with room.open(page_rows=50) as org:
        room.breaks(FaultKind.STATUS, "/jobs/query/", method="GET", skip=2, times=5)
        with pytest.raises(errors.OrgUnavailable):
            org.reader.bulk(statement, tmp_path, on_progress=kept.append)
        gone = room.breaks(FaultKind.RECORDED, "/jobs/query/", answer="job_gone", times=1)
        read = org.reader.read(
            statement, tmp_path, expected_rows=101, resume=kept[-1], on_progress=kept.append
        )
    assert gone.hits == 1
    assert (read.way, read.rows) == ("bulk", 101)
