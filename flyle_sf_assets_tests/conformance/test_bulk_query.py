"""Bulk API 2.0 query jobs: their life, their CSV, their sets, what they refuse."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest

from flyle_sf_assets_tests.conformance import asking
from flyle_sf_assets_tests.conformance.cast import DESCRIPTION, Cast
from flyle_sf_assets_tests.conformance.writing import Records

USERS = "SELECT Id, Name FROM User"


@pytest.fixture
def job_id(org: asking.Org) -> Iterator[str]:
    """A finished job over all users."""
    created = str(asking.exact(org.bulk_create(USERS))["id"])
    assert org.bulk_wait(created)["state"] == "JobComplete"
    yield created
    org.bulk_delete(created)


def results(org: asking.Org, job_id: str, **wanted: Any) -> Any:
    """One result set."""
    return org.get(f"jobs/query/{job_id}/results", params=wanted)


def test_a_new_job_tells_what_it_will_do(org: asking.Org) -> None:
    """Creating a job answers with its id, state UploadComplete and its CSV format.

    Page: Bulk API 2.0 and Bulk API Developer Guide, "Step 6: Query Jobs"
    """
    job = asking.exact(org.bulk_create(USERS))
    assert job["state"] == "UploadComplete"
    assert (job["operation"], job["object"]) == ("query", "User")
    assert (job["contentType"], job["lineEnding"], job["columnDelimiter"]) == ("CSV", "LF", "COMMA")
    assert job["concurrencyMode"] == "Parallel"
    assert float(job["apiVersion"]) == float(asking.API_VERSION)
    assert job["createdById"] == org.user_id
    for name in ("createdDate", "systemModstamp"):
        assert re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000$", job[name])
    org.bulk_wait(job["id"])
    org.bulk_delete(job["id"])


def test_a_job_ends_complete_and_counts_its_records(org: asking.Org, job_id: str) -> None:
    """A finished job has state JobComplete and numberRecordsProcessed.

    Page: Bulk API 2.0 and Bulk API Developer Guide, "Step 6: Query Jobs"
    """
    job = asking.exact(org.get(f"jobs/query/{job_id}"))
    assert job["state"] == "JobComplete"
    assert job["numberRecordsProcessed"] == org.count("User")


def test_results_are_csv_with_their_row_count(org: asking.Org, job_id: str) -> None:
    """Results come as text/csv; Sforce-NumberOfRecords counts this set's rows.

    Page: Bulk API 2.0 and Bulk API Developer Guide, "Get Results for a Query Job"
    """
    answer = results(org, job_id)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/csv")
    answer.encoding = "utf-8"
    rows = asking.rows_of(answer.text)
    assert len(rows) == int(answer.headers["Sforce-NumberOfRecords"]) == org.count("User")
    assert answer.headers["Sforce-Locator"] == "null"


def test_every_csv_field_is_quoted(org: asking.Org, job_id: str) -> None:
    """Header and values stand in double quotes, separated by commas, lines by LF.

    Page: Bulk API 2.0 and Bulk API Developer Guide, "Get Results for a Query Job"
    Unverified: that every field is always quoted; the page's example is.
    """
    lines = results(org, job_id).text.split("\n")
    assert lines[0] == '"Id","Name"'
    assert all(re.match(r'^"[^"]*","', line) for line in lines[1:] if line)


def test_sets_can_be_made_smaller_and_read_again(org: asking.Org) -> None:
    """``maxRecords`` splits the results; Sforce-Locator leads on, and can be used again.

    Page: Bulk API 2.0 and Bulk API Developer Guide, "Get Results for a Query Job"
    """
    sobject, total = several(org)
    step = (total + 1) // 2
    job_id = asking.exact(org.bulk_create(f"SELECT Id FROM {sobject}"))["id"]
    org.bulk_wait(job_id)
    first = results(org, job_id, maxRecords=step)
    assert int(first.headers["Sforce-NumberOfRecords"]) == step
    locator = first.headers["Sforce-Locator"]
    assert locator != "null"
    once, again = (results(org, job_id, maxRecords=step, locator=locator) for _ in range(2))
    assert once.text == again.text
    assert once.text.split("\n")[0] == first.text.split("\n")[0]
    assert once.headers["Sforce-Locator"] == "null"
    org.bulk_delete(job_id)
    ids = [row["Id"] for part in (first, once) for row in asking.rows_of(part.text)]
    assert len(ids) == len(set(ids)) == total


def several(org: asking.Org) -> tuple[str, int]:
    """An object with at least two records, and how many it has."""
    counts = {sobject: org.count(sobject) for sobject in ("User", "Account", "Contact")}
    found = next(((name, count) for name, count in counts.items() if count >= 2), None)
    if found is None:
        assert not org.target.is_sandbox
        pytest.skip(f"this org has no object with two records: {counts}")
    return found


def test_results_need_the_version_of_the_job(org: asking.Org, job_id: str) -> None:
    """Results asked for with another API version than the job's are 409.

    Page: Bulk API 2.0 and Bulk API Developer Guide, "Get Results for a Query Job"
    """
    answer = org.get(f"jobs/query/{job_id}/results", version="62.0")
    assert answer.status_code == 409


def test_csv_keeps_quotes_commas_newlines_and_japanese(cast: Cast) -> None:
    """Quotes are doubled; commas and newlines stand within quotes; the text is UTF-8.

    Page: Bulk API 2.0 and Bulk API Developer Guide, "Get Results for a Query Job"
    Unverified: the page shows no such values; RFC 4180 is assumed.
    """
    ids = f"('{cast.accounts['apple']}', '{cast.accounts['japanese']}')"
    soql = f"SELECT Id, Name, Description FROM Account WHERE Id IN {ids}"
    answer = cast.org.bulk(soql)
    found = {row["Id"]: row for row in answer.rows}
    assert found[cast.accounts["japanese"]]["Name"] == cast.names["japanese"]
    described = found[cast.accounts["apple"]]["Description"]
    assert described.replace("\r\n", "\n") == DESCRIPTION
    assert 'second ""quoted"", with a comma' in answer.text


def test_blank_is_an_empty_field(cast: Cast) -> None:
    """A blank value is the empty text ``""``: CSV cannot tell blank from empty.

    Page: Bulk API 2.0 and Bulk API Developer Guide, "Get Results for a Query Job"
    Unverified: no page says how a blank is written.
    """
    soql = (
        f"SELECT Id, Industry, NumberOfEmployees FROM Account WHERE Id = '{cast.accounts['blank']}'"
    )
    answer = cast.org.bulk(soql)
    assert answer.text.split("\n")[1] == f'"{cast.accounts["blank"]}","",""'


def test_csv_values_are_those_of_rest(cast: Cast) -> None:
    """Numbers, dates and checkboxes have the same texts as in REST; datetimes the same moment.

    Page: Bulk API 2.0 and Bulk API Developer Guide, "Get Results for a Query Job"
    Unverified: that datetimes end in Z here and in +0000 in REST.
    """
    where = f"Id = '{cast.opportunities['today']}'"
    fields = ("CloseDate", "IsClosed", "Probability", "StageName", "AccountId")
    soql = f"SELECT {', '.join(fields)}, SystemModstamp FROM Opportunity WHERE {where}"
    bulk = cast.org.bulk(soql).rows[0]
    rest = cast.org.records(soql)[0]
    assert bulk["CloseDate"] == rest["CloseDate"]
    assert bulk["IsClosed"] == str(rest["IsClosed"]).lower()
    assert float(bulk["Probability"]) == float(rest["Probability"])
    assert (bulk["StageName"], bulk["AccountId"]) == (rest["StageName"], rest["AccountId"])
    assert re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", bulk["SystemModstamp"])
    assert bulk["SystemModstamp"].replace("Z", "+0000") == rest["SystemModstamp"]


def test_parents_are_columns_with_dotted_names(cast: Cast) -> None:
    """Child-to-parent paths work; their columns are named as in the query.

    Page: Bulk API 2.0 and Bulk API Developer Guide, "Understanding Bulk API 2.0 Query"
    """
    ids = f"('{cast.opportunities['today']}', '{cast.opportunities['later']}')"
    answer = cast.org.bulk(
        f"SELECT Id, Account.Name, Account.Parent.Name FROM Opportunity WHERE Id IN {ids}"
    )
    header = next(csv.reader(io.StringIO(answer.text)))
    assert header == ["Id", "Account.Name", "Account.Parent.Name"]
    found = {row["Id"]: row["Account.Name"] for row in answer.rows}
    assert found[cast.opportunities["today"]] == cast.names["apple"]
    assert found[cast.opportunities["later"]] == ""


def test_an_empty_result_has_a_header_and_no_rows(org: asking.Org) -> None:
    """A query that finds nothing completes with zero records.

    Page: Bulk API 2.0 and Bulk API Developer Guide, "Get Results for a Query Job"
    Unverified: that the header line is there.
    """
    answer = org.bulk(f"{USERS} WHERE Name = 'nobody is called this'")
    assert answer.job["numberRecordsProcessed"] == 0
    assert answer.rows == []
    assert answer.text.split("\n")[0] == '"Id","Name"'


def test_query_all_includes_deleted_records(org: asking.Org, records: Records, cast: Cast) -> None:
    """The operation queryAll also reads deleted records; query does not.

    Page: Bulk API 2.0 and Bulk API Developer Guide, "Understanding Bulk API 2.0 Query"
    Page: SOAP API Developer Guide, "queryAll()"
    """
    record = records.create("Account", [{"Name": f"{cast.tag} bulk deleted"}])[0]
    records.delete("Account", [record])
    soql = f"SELECT Id, IsDeleted FROM Account WHERE Id = '{record}'"
    assert org.bulk(soql).rows == []
    assert org.bulk(soql, "queryAll").rows == [{"Id": record, "IsDeleted": "true"}]


@pytest.mark.parametrize(
    "soql",
    [
        "SELECT Industry, COUNT(Id) FROM Account GROUP BY Industry",
        "SELECT COUNT() FROM Account",
        "SELECT MAX(AnnualRevenue) FROM Account",
        "SELECT Id FROM Account OFFSET 5",
        "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
        "SELECT Id, BillingAddress FROM Account",
        "SELECT TYPEOF Owner WHEN User THEN Name END FROM Account",
    ],
)
def test_what_bulk_does_not_support_is_refused(org: asking.Org, soql: str) -> None:
    """GROUP BY, aggregates, OFFSET, subqueries for children, compound fields, TYPEOF: refused.

    Page: Bulk API 2.0 and Bulk API Developer Guide, "Understanding Bulk API 2.0 Query"
    Unverified: whether at creation or by a Failed job, and with which code.
    """
    answer = org.bulk_create(soql)
    if answer.ok:
        job = org.bulk_wait(answer.json()["id"])
        org.bulk_delete(job["id"])
        assert job["state"] == "Failed"
        assert job["errorMessage"]
    else:
        assert asking.refusal(answer).status == 400


def test_an_unknown_field_is_named(org: asking.Org) -> None:
    """A query that names an unknown field fails with that field's name.

    Page: Bulk API 2.0 and Bulk API Developer Guide, "Understanding Bulk API 2.0 Query"
    Unverified: whether at creation or by a Failed job, and with which code.
    """
    answer = org.bulk_create("SELECT Id, Nope__c FROM Account")
    if answer.ok:
        job = org.bulk_wait(answer.json()["id"])
        org.bulk_delete(job["id"])
        message = job["errorMessage"]
    else:
        error = asking.refusal(answer)
        assert error.code in {"INVALID_FIELD", "API_ERROR", "INVALIDENTITY"}
        message = error.message
    assert "Nope__c" in message


def test_a_deleted_job_is_gone(org: asking.Org, job_id: str) -> None:
    """Deleting a finished job is 204; afterwards the job is 404.

    Page: Bulk API 2.0 and Bulk API Developer Guide, "Delete a Query Job"
    """
    assert org.bulk_delete(job_id).status_code == 204
    assert org.get(f"jobs/query/{job_id}").status_code == 404


@pytest.mark.sandbox_only("a real job cannot be made to fail or to take its time")
class TestJobsThatDoNotComplete:
    """States that no case can bring about on a real org."""

    def test_a_failed_job_says_why(self, twin: asking.Twin) -> None:
        """A failed job has state Failed and an errorMessage.

        Page: Bulk API 2.0 and Bulk API Developer Guide, "Bulk API 2.0 Query"
        Unverified: the words of the message.
        """
        from flyle_sf_assets.sandbox.faults import Fault, FaultKind

        twin.inner.faults.add(Fault(FaultKind.JOB_FAILED, path_prefix="/jobs/query"))
        job = twin.org.bulk_wait(asking.exact(twin.org.bulk_create(USERS))["id"])
        assert job["state"] == "Failed"
        assert job["errorMessage"]

    def test_an_unfinished_job_has_no_results_and_cannot_be_deleted(
        self, twin: asking.Twin
    ) -> None:
        """Results need JobComplete; deleting needs a final state (API_ERROR otherwise).

        Page: Bulk API 2.0 and Bulk API Developer Guide, "Get Results for a Query Job"
        Page: Bulk API 2.0 and Bulk API Developer Guide, "Delete a Query Job"
        """
        twin.inner.bulk_delay_s = 60.0
        try:
            job_id = asking.exact(twin.org.bulk_create(USERS))["id"]
            states = asking.exact(twin.org.get(f"jobs/query/{job_id}"))["state"]
            early = twin.org.get(f"jobs/query/{job_id}/results")
            deleted = asking.refusal(twin.org.bulk_delete(job_id))
        finally:
            twin.inner.bulk_delay_s = 0.0
        assert states in {"UploadComplete", "InProgress"}
        assert early.status_code != 200
        assert (deleted.status, deleted.code) == (400, "API_ERROR")

    def test_an_unfinished_job_can_be_aborted(self, twin: asking.Twin) -> None:
        """PATCH with state Aborted ends a job; then it can be deleted.

        Page: Bulk API 2.0 and Bulk API Developer Guide, "Understanding Bulk API 2.0 Query"
        """
        twin.inner.bulk_delay_s = 60.0
        try:
            job_id = asking.exact(twin.org.bulk_create(USERS))["id"]
            body = {"state": "Aborted"}
            assert twin.org.call("PATCH", f"jobs/query/{job_id}", json=body).ok
        finally:
            twin.inner.bulk_delay_s = 0.0
        assert twin.org.bulk_wait(job_id)["state"] == "Aborted"
        assert twin.org.bulk_delete(job_id).status_code == 204
