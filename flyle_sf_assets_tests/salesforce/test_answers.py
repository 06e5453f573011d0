"""An answer that can be read and cannot be true is an incomplete read, whole; nothing is taken."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flyle_sf_assets.errors import FlyleError, IncompleteRead, Text
from flyle_sf_assets.salesforce import soql
from flyle_sf_assets.salesforce.bulk_progress import BulkPace
from flyle_sf_assets.salesforce.query import Reader
from flyle_sf_assets.salesforce.schema.objects import FieldSchema, ObjectSchema
from flyle_sf_assets_tests.salesforce.wayward import Canned, wayward

ACCOUNT = ObjectSchema(
    name="Account",
    label="Account",
    queryable=True,
    fields=(
        FieldSchema("Id", "Id", "id"),
        FieldSchema("SystemModstamp", "SystemModstamp", "datetime"),
        FieldSchema("IsDeleted", "IsDeleted", "boolean"),
        FieldSchema("Name", "Name", "string"),
        FieldSchema("OwnerId", "OwnerId", "reference", reference_to=("User",)),
    ),
    key_prefix="001",
)
STATEMENT = soql.select(ACCOUNT, ACCOUNT.fields, include_deleted=True)
IDS = ("001000000000001AAA", "001000000000002AAA", "001000000000003AAA")


def _record(record_id: str) -> dict[str, Any]:
    return {
        "attributes": {"type": "Account"},
        "Id": record_id,
        "SystemModstamp": "2026-01-02T03:04:05.000+0000",
        "IsDeleted": False,
        "Name": "secret name",
        "OwnerId": "005000000000001AAA",
    }


def _page(records: list[Any], **members: Any) -> bytes:
    return json.dumps({"totalSize": 3, "done": True, "records": records, **members}).encode()


def _refused(folder: Path, *bodies: bytes, **headers: str) -> FlyleError:
    with wayward(folder, *(Canned(body=body, headers=headers) for body in bodies)) as there:
        with pytest.raises(FlyleError) as raised:
            Reader(there.session()).rows(STATEMENT)
        assert there.asked < 20
    return raised.value


Harm = Callable[[dict[str, Any]], object]
HARMS: dict[str, Harm] = {
    "id null": lambda record: record.update(Id=None),
    "id empty": lambda record: record.update(Id=""),
    "id a number": lambda record: record.update(Id=5),
    "id a path": lambda record: record.update(Id="/etc/passwd"),
    "id of 5,000 characters": lambda record: record.update(Id="0" * 5_000),
    "id of 15 characters": lambda record: record.update(Id="001000000000002"),
    "id with a wrong checksum": lambda record: record.update(Id="001000000000002AAB"),
    "id of another object": lambda record: record.update(Id="006000000000002AAA"),
    "id of another record": lambda record: record.update(Id=IDS[record["Id"] == IDS[0]]),
    "id an object": lambda record: record.update(Id={"a": 1}),
    "lookup a path": lambda record: record.update(OwnerId="../../x"),
    "lookup an injection": lambda record: record.update(OwnerId="x' OR Name != '"),
    "stamp null": lambda record: record.update(SystemModstamp=None),
    "stamp a word": lambda record: record.update(SystemModstamp="yesterday"),
    "stamp a number": lambda record: record.update(SystemModstamp=5),
    "deleted null": lambda record: record.update(IsDeleted=None),
    "deleted a word": lambda record: record.update(IsDeleted="maybe"),
    "column missing": lambda record: record.pop("Name"),
    "column a list": lambda record: record.update(Name=["a"]),
    "column an object": lambda record: record.update(Name={"a": 1}),
}


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("harm", HARMS)
def test_one_record_that_cannot_be_true_refuses_the_page(
    tmp_path: Path, harm: str, place: int
) -> None:
    """Only the first record's columns were looked at: 50 companies went blank without a word.

    An Id of ``5`` made the tenant fail for good, after the org had long been honest again.
    """
    records = [_record(record_id) for record_id in IDS]
    HARMS[harm](records[place])
    refused = _refused(tmp_path, _page(records))
    assert isinstance(refused, IncompleteRead)
    assert "secret name" not in str(refused)


@pytest.mark.parametrize(
    "records", [[1, 2, 3], [None] * 3, [[]] * 3], ids=["numbers", "nulls", "lists"]
)
def test_records_that_are_no_objects_refuse_the_page(tmp_path: Path, records: list[Any]) -> None:
    assert isinstance(_refused(tmp_path, _page(records)), IncompleteRead)


def test_a_parent_that_is_no_object_refuses_the_page(tmp_path: Path) -> None:
    """polars makes a blank of it, without an error."""
    owner = soql.FieldPath(FieldSchema("Name", "Name", "string"), ("Owner",))
    statement = soql.select(ACCOUNT, [ACCOUNT.fields[0], owner])
    records = [{"Id": record_id, "Owner": {"Name": "x"}} for record_id in IDS]
    records[2]["Owner"] = "Sato"
    with (
        wayward(tmp_path, Canned(body=_page(records))) as there,
        pytest.raises(IncompleteRead, match=r"Owner\. is no object"),
    ):
        Reader(there.session()).rows(statement)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/services/data/v64.0/query/01g",
        "/services/data/v64.0/query/../../../setup",
        "/services/data/v64.0/query/01g?x=1",
        "/services/data/v64.0/query/" + "a" * 5_000,
        "//evil.example/services/data/v64.0/query/01g-2000",
        "/services/data/v64.0/query/a\r\nX: y",
    ],
)
def test_the_next_page_is_an_address_of_the_query_resource(tmp_path: Path, address: str) -> None:
    body = _page([_record(IDS[0])], done=False, nextRecordsUrl=address)
    assert isinstance(_refused(tmp_path, body), IncompleteRead)


def test_pages_that_lead_back_come_to_an_end(tmp_path: Path) -> None:
    """The same nextRecordsUrl again and again: 562 requests without end."""
    address = "/services/data/v64.0/query/01g000000000001AAA-1"
    body = _page([_record(IDS[0])], done=False, nextRecordsUrl=address, totalSize=1_000)
    assert _refused(tmp_path, body).code == "answer_implausible"


def test_empty_pages_come_to_an_end(tmp_path: Path) -> None:
    bodies = [
        _page([], done=False, nextRecordsUrl=f"/services/data/v64.0/query/01g-{number}")
        for number in range(50)
    ]
    assert _refused(tmp_path, *bodies).code == "answer_implausible"


def test_more_rows_than_announced_end_at_once(tmp_path: Path) -> None:
    body = _page(
        [_record(record_id) for record_id in IDS],
        done=False,
        nextRecordsUrl="/services/data/v64.0/query/01g-3",
        totalSize=2,
    )
    assert _refused(tmp_path, body).code == "read_incomplete"


CSV_HEAD = '"Id","SystemModstamp","IsDeleted","Name","OwnerId"\n'
JOB = b'{"id": "750000000000001AAA", "state": "JobComplete"}'


def _bulk_refused(folder: Path, *answers: Canned) -> FlyleError:
    with wayward(folder, *answers) as there:
        reader = Reader(there.session(), pace=BulkPace(), sleep=lambda _: None)
        with pytest.raises(FlyleError) as raised:
            reader.bulk(STATEMENT, folder / "lake")
        assert there.asked < 40
    return raised.value


def _csv(*ids: str, locator: str = "null") -> Canned:
    rows = "".join(f'"{i}","2026-01-02T03:04:05.000Z","false","x",""\n' for i in ids)
    headers = {"Sforce-NumberOfRecords": str(len(ids)), "Sforce-Locator": locator}
    return Canned(body=(CSV_HEAD + rows).encode(), headers=headers)


@pytest.mark.parametrize(
    "job_id",
    [
        "/etc/cron.d/x",
        "../../../globex/*/*",
        "",
        "750",
        "7" * 5_000,
        "750000000000001AAA/x",
        "あ" * 15,
    ],
)
def test_a_job_is_named_by_an_id(tmp_path: Path, job_id: str) -> None:
    """An absolute path wrote a Parquet file there; a glob deleted another tenant's files."""
    body = json.dumps({"id": job_id, "state": "UploadComplete"}).encode()
    assert isinstance(_bulk_refused(tmp_path, Canned(body=body)), IncompleteRead)
    assert [path for path in tmp_path.rglob("*") if path.suffix != ".pem"] == []


@pytest.mark.parametrize("record_id", ["", "5", "001000000000002AAB", "006000000000002AAA", IDS[0]])
def test_a_bulk_row_that_cannot_be_true_refuses_the_page(tmp_path: Path, record_id: str) -> None:
    answers = (Canned(body=JOB), Canned(body=JOB), _csv(IDS[0], record_id, IDS[2]))
    assert _bulk_refused(tmp_path, *answers).code == "answer_implausible"


def test_bulk_locators_that_lead_back_come_to_an_end(tmp_path: Path) -> None:
    answers = (
        Canned(body=JOB),
        Canned(body=JOB),
        _csv(IDS[0], locator="MTA"),
        _csv(IDS[1], locator="MTA"),
    )
    assert _bulk_refused(tmp_path, *answers).code == "answer_implausible"


def test_empty_bulk_pages_come_to_an_end(tmp_path: Path) -> None:
    answers = (Canned(body=JOB), Canned(body=JOB), _csv(locator="MTA"))
    assert _bulk_refused(tmp_path, *answers).code == "answer_implausible"


@pytest.mark.parametrize("locator", ["a b", "あ", "x" * 5_000, "a&maxRecords=1"])
def test_a_bulk_locator_is_one_word(tmp_path: Path, locator: str) -> None:
    answer = _csv(IDS[0])
    headers = {**answer.headers, "Sforce-Locator": locator.encode().decode("latin-1")}
    answers = (Canned(body=JOB), Canned(body=JOB), Canned(body=answer.body, headers=headers))
    assert isinstance(_bulk_refused(tmp_path, *answers), IncompleteRead)


def test_a_count_is_a_plain_number(tmp_path: Path) -> None:
    """``"²".isdigit()`` is true, and ``int("²")`` raises."""
    answer = _csv(IDS[0])
    for announced in ("²", "9" * 5_000, "-1", "1e3", ""):
        headers = {**answer.headers, "Sforce-NumberOfRecords": announced}
        answers = (Canned(body=JOB), Canned(body=JOB), Canned(body=answer.body, headers=headers))
        assert isinstance(_bulk_refused(tmp_path, *answers), IncompleteRead)


def test_a_page_of_large_rows_is_asked_for_in_smaller_pages(tmp_path: Path) -> None:
    """100,000 rows of long texts would not fit; the same rows in pages of fewer do."""
    pages = [_csv(*IDS), _csv(IDS[0], locator="MTA"), _csv(IDS[1], IDS[2])]
    with wayward(tmp_path, Canned(body=JOB), Canned(body=JOB), *pages, Canned(body=b"")) as there:
        session = there.session()
        bounds = replace(session.network.bounds, page_bytes=len(pages[0].body) - 1)
        session.network = replace(session.network, bounds=bounds)
        read = Reader(session, sleep=lambda _: None).bulk(STATEMENT, tmp_path / "lake")
    assert read.scan().collect()["Id"].to_list() == list(IDS)


def test_texts_of_an_answer_carry_no_control_characters(tmp_path: Path) -> None:
    """An escape sequence in an error's message moved the operator's cursor."""
    message = "\x1b[2J\x07gone\r\nINFO forged line\u2028\x9b31m"
    body = json.dumps([{"errorCode": "MALFORMED_QUERY", "message": message}]).encode()
    with wayward(tmp_path, Canned(400, body)) as there, pytest.raises(FlyleError) as raised:
        Reader(there.session()).rows(STATEMENT)
    assert raised.value.came_back.en == "“HTTP 400 MALFORMED_QUERY [2J gone INFO forged line 31m”"
    assert isinstance(raised.value.tried, Text)
