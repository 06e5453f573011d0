"""Faults on demand, as a client meets them on the wire."""

import csv
import io

import pytest
import requests
from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.sandbox.conftest import Get

COUNT = {"q": "SELECT COUNT() FROM Account"}


def test_a_fault_strikes_the_next_n_matching_requests(org: Org, get: Get) -> None:
    """Other paths and later requests are answered."""
    fault = org.faults.add(Fault(FaultKind.STATUS, "/query", times=2, skip=1, status=503))
    statuses = [get("/query", params=COUNT).status_code for _ in range(4)]
    assert get("/limits").status_code == 200
    assert statuses == [200, 503, 503, 200]
    assert fault.hits == 2
    assert org.faults.pending() == []


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault(FaultKind.SESSION_EXPIRED), 401, "INVALID_SESSION_ID"),
        (Fault(FaultKind.LIMIT_EXCEEDED), 403, "REQUEST_LIMIT_EXCEEDED"),
        (Fault(FaultKind.STATUS, status=500), 500, "UNKNOWN_EXCEPTION"),
        (Fault(FaultKind.STATUS, status=429), 429, "TOO_MANY_REQUESTS"),
    ],
)
def test_error_answers(org: Org, get: Get, fault: Fault, status: int, code: str) -> None:
    """Each with Salesforce's error list."""
    org.faults.add(fault)
    answer = get("/limits")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)


def test_an_expired_session_stays_expired(
    org: Org, served: SandboxServer, session: requests.Session
) -> None:
    """Only a new token helps, as on a real org."""
    org.faults.add(Fault(FaultKind.SESSION_EXPIRED))
    bearer = {"Authorization": f"Bearer {org.issue_access_token()}"}
    url = f"{served.url}/services/data/v66.0/limits"
    assert session.get(url, headers=bearer, timeout=10).status_code == 401
    assert session.get(url, headers=bearer, timeout=10).status_code == 401
    bearer = {"Authorization": f"Bearer {org.issue_access_token()}"}
    assert session.get(url, headers=bearer, timeout=10).status_code == 200


def test_a_reset_is_a_connection_error(org: Org, get: Get) -> None:
    """The request was never answered."""
    org.faults.add(Fault(FaultKind.RESET))
    with pytest.raises(requests.exceptions.ConnectionError):
        get("/limits")
    assert get("/limits").status_code == 200


def test_an_announced_truncation_is_noticed_by_requests(org: Org, get: Get) -> None:
    """Content-Length tells."""
    org.faults.add(Fault(FaultKind.TRUNCATED))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get("/sobjects/Account/describe")


def test_a_silent_truncation_is_noticed_by_nobody_but_a_row_count(
    org: Org, get: Get, session: requests.Session, served: SandboxServer
) -> None:
    """Only Sforce-NumberOfRecords says that rows are missing."""
    for i in range(100):
        org.insert("Account", {"Name": f"A{i}"})
    get("/limits")
    url = f"{served.url}/services/data/v66.0/jobs/query"
    job = session.post(
        url, json={"operation": "query", "query": "SELECT Id FROM Account"}, timeout=10
    ).json()["id"]
    org.faults.add(Fault(FaultKind.TRUNCATED_SILENTLY, "/jobs/query"))
    answer = get(f"/jobs/query/{job}/results", headers={"Accept-Encoding": "identity"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.status_code == 200
    assert len(rows) < int(answer.headers["Sforce-NumberOfRecords"]) == 100


@pytest.mark.parametrize(
    ("kind", "state"), [(FaultKind.JOB_FAILED, "Failed"), (FaultKind.JOB_ABORTED, "Aborted")]
)
def test_a_doomed_job(
    org: Org,
    get: Get,
    session: requests.Session,
    served: SandboxServer,
    kind: FaultKind,
    state: str,
) -> None:
    """The creation succeeds; the end does not, and says why when it failed."""
    get("/limits")
    org.faults.add(Fault(kind, "/jobs/query"))
    job = session.post(
        f"{served.url}/services/data/v66.0/jobs/query",
        json={"operation": "query", "query": "SELECT Id FROM Account"},
        timeout=10,
    ).json()["id"]
    info = get(f"/jobs/query/{job}").json()
    assert info["state"] == state
    assert ("errorMessage" in info) == (state == "Failed")
    assert get(f"/jobs/query/{job}/results").status_code == 400


def test_a_lost_locator_and_a_wrong_row_count(
    org: Org, get: Get, session: requests.Session, served: SandboxServer
) -> None:
    """They strike only requests that have a locator, or results."""
    for i in range(3):
        org.insert("Account", {"Name": f"A{i}"})
    org.rest_page_rows = 2
    org.faults.add(Fault(FaultKind.LOCATOR_LOST))
    org.faults.add(Fault(FaultKind.WRONG_ROW_COUNT))
    page = get("/query", params={"q": "SELECT Id FROM Account"}).json()
    lost = get(page["nextRecordsUrl"].removeprefix("/services/data/v66.0"))
    assert lost.json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
    job = session.post(
        f"{served.url}/services/data/v66.0/jobs/query",
        json={"operation": "query", "query": "SELECT Id FROM Account"},
        timeout=10,
    ).json()["id"]
    answer = get(f"/jobs/query/{job}/results")
    assert answer.headers["Sforce-NumberOfRecords"] == "10"
    assert len(answer.text.splitlines()) == 4


def test_a_slow_answer_is_an_answer(org: Org, get: Get) -> None:
    """For time limits."""
    org.faults.add(Fault(FaultKind.SLOW, seconds=0.3))
    answer = get("/limits")
    assert answer.ok
    assert answer.elapsed.total_seconds() >= 0.3


def test_the_token_endpoint_can_fail_too(
    org: Org, served: SandboxServer, session: requests.Session
) -> None:
    """A tenant whose login server is down is no tenant with a wrong key."""
    org.faults.add(Fault(FaultKind.STATUS, "/services/oauth2/token", status=503))
    form = {
        "grant_type": "client_credentials", "client_id": "hooli-key",
        "client_secret": "hooli-secret",
    }  # fmt: skip
    url = f"{served.url}/services/oauth2/token"
    assert session.post(url, data=form, timeout=10).status_code == 503
    assert session.post(url, data=form, timeout=10).status_code == 200
