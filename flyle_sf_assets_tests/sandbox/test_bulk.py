"""Bulk 2.0 query jobs: states, pages, and CSV that an independent reader understands."""

import csv
import gzip
import io
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from flyle_sf_assets.sandbox.clock import ManualClock
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.sandbox.conftest import Get

Post = Callable[..., requests.Response]


@pytest.fixture
def create(get: Get, session: requests.Session, served: SandboxServer) -> Post:
    """Create a query job."""
    get("/limits")

    def post(soql: str, **more: str) -> requests.Response:
        return session.post(
            f"{served.url}/services/data/v66.0/jobs/query",
            json={"operation": "query", "query": soql} | more,
            timeout=10,
        )

    return post


def all_pages(get: Get, job: str, size: int) -> tuple[list[dict[str, str]], list[int]]:
    """The rows of all pages, and the announced size of each page."""
    rows: list[dict[str, str]] = []
    sizes: list[int] = []
    locator: str | None = None
    while locator != "null":
        parameters: dict[str, Any] = {"maxRecords": size} | (
            {"locator": locator} if locator else {}
        )
        answer = get(f"/jobs/query/{job}/results", params=parameters)
        rows += csv.DictReader(io.StringIO(answer.content.decode()))
        sizes.append(int(answer.headers["Sforce-NumberOfRecords"]))
        locator = answer.headers["Sforce-Locator"]
    return rows, sizes


def test_a_job_goes_through_its_states(org: Org, create: Post, get: Get) -> None:
    """Results are refused until it is complete."""
    org.bulk_delay_s = 0.4
    job = create("SELECT Id FROM Account").json()
    assert job["state"] == "UploadComplete"
    assert get(f"/jobs/query/{job['id']}/results").status_code == 400
    seen = set()
    deadline = time.monotonic() + 5
    while "JobComplete" not in seen and time.monotonic() < deadline:
        seen.add(get(f"/jobs/query/{job['id']}").json()["state"])
        time.sleep(0.02)
    assert seen == {"UploadComplete", "InProgress", "JobComplete"}


def test_pages_hold_every_row_once_and_say_how_many(org: Org, create: Post, get: Get) -> None:
    """The header row is on every page; the locator ends as the text null."""
    records = [org.insert("Account", {"Name": f"A{i}"}) for i in range(7)]
    job = create("SELECT Id FROM Account").json()["id"]
    rows, sizes = all_pages(get, job, 3)
    assert [row["Id"] for row in rows] == records
    assert sizes == [3, 3, 1]
    assert get(f"/jobs/query/{job}").json()["numberRecordsProcessed"] == 7


def test_an_empty_result_is_a_header_alone(create: Post, get: Get) -> None:
    """Not an empty body: a client that expects a header would trip."""
    job = create("SELECT Id, Name FROM Account").json()["id"]
    answer = get(f"/jobs/query/{job}/results", headers={"Accept-Encoding": "identity"})
    assert answer.content == b'"Id","Name"\n'
    assert answer.headers["Sforce-NumberOfRecords"] == "0"


def test_csv_quotes_every_field_and_keeps_every_character(org: Org, create: Post, get: Get) -> None:
    """Python's own csv reader is the judge."""
    texts = ['"', '""', "a\nb", "a\r\nb", ",", "😀 日本", "'", "\\", " x "]
    for text in texts:
        org.insert("Account", {"Name": f"<{text}>"})
    org.insert("Account", {"Name": "blank", "Phone": None, "Is_Strategic__c": True})
    job = create("SELECT Name, Phone, Is_Strategic__c, SystemModstamp FROM Account").json()["id"]
    body = get(f"/jobs/query/{job}/results").content.decode()
    rows = list(csv.reader(io.StringIO(body, newline="")))
    assert [row[0] for row in rows[1:-1]] == [f"<{text}>" for text in texts]
    assert rows[-1] == ["blank", "", "true", "2026-03-10T03:00:00.000Z"]
    assert '"blank","","true","2026-03-10T03:00:00.000Z"\n' in body


def test_parent_fields_have_their_path_as_column_name(org: Org, create: Post, get: Get) -> None:
    """Three levels up; a missing parent is blank."""
    top = org.insert("Account", {"Name": "top"})
    mid = org.insert("Account", {"Name": "mid", "ParentId": top})
    for account in (mid, None):
        org.insert(
            "Opportunity",
            {"Name": "D", "StageName": "Proposal", "CloseDate": "2026-01-01", "AccountId": account},
        )
    job = create("SELECT Account.Parent.Name, Account.Owner.Name FROM Opportunity").json()["id"]
    rows, _ = all_pages(get, job, 10)
    assert rows == [
        {"Account.Parent.Name": "top", "Account.Owner.Name": "連携 太郎"},
        {"Account.Parent.Name": "", "Account.Owner.Name": ""},
    ]


def test_a_job_sees_the_org_of_its_creation(org: Org, create: Post, get: Get) -> None:
    """Pages read later are of the same moment."""
    record = org.insert("Account", {"Name": "before"})
    job = create("SELECT Name FROM Account").json()["id"]
    org.update("Account", record, {"Name": "after"})
    org.insert("Account", {"Name": "new"})
    assert all_pages(get, job, 1)[0] == [{"Name": "before"}]


def test_gzip_when_asked(
    org: Org, create: Post, session: requests.Session, get: Get, served: SandboxServer
) -> None:
    """And only then."""
    org.insert("Account", {"Name": "A" * 200})
    job = create("SELECT Name FROM Account").json()["id"]
    url = f"{served.url}/services/data/v66.0/jobs/query/{job}/results"
    plain = session.get(url, headers={"Accept-Encoding": "identity"}, timeout=10).content
    with session.get(url, headers={"Accept-Encoding": "gzip"}, stream=True, timeout=10) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(answer.raw.read(decode_content=False)) == plain


@pytest.mark.parametrize(
    "soql",
    [
        "SELECT COUNT(Id) FROM Account",
        "SELECT COUNT() FROM Account",
        "SELECT Type FROM Account GROUP BY Type",
        "SELECT Id FROM Account LIMIT 5 OFFSET 5",
        "SELECT TYPEOF What WHEN Account THEN Name END FROM Task",
        "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
        "SELECT BillingAddress FROM Account",
        "SELECT Location__c FROM Account",
        "SELECT Id FROM AccountHistory",
        "SELECT Nonsense FROM Account",
    ],
)
def test_bulk_refuses_what_bulk_refuses(create: Post, soql: str) -> None:
    """Bulk API 2.0 Developer Guide, "SOQL Considerations"."""
    assert create(soql).status_code == 400


def test_results_are_gone_after_a_week(create: Post, get: Get, clock: ManualClock) -> None:
    """A refresh that was interrupted longer than that has to ask again."""
    job = create("SELECT Id FROM Account").json()["id"]
    clock.advance(7 * 86_400 + 1)
    assert get(f"/jobs/query/{job}/results").status_code == 404


def test_a_finished_job_can_be_deleted(
    create: Post, get: Get, session: requests.Session, served: SandboxServer, org: Org
) -> None:
    """204, and then it is unknown."""
    job = create("SELECT Id FROM Account").json()["id"]
    assert served.open_jobs(org) == 1
    url = f"{served.url}/services/data/v66.0/jobs/query/{job}"
    assert session.delete(url, timeout=10).status_code == 204
    assert get(f"/jobs/query/{job}").status_code == 404
    assert served.open_jobs(org) == 0
