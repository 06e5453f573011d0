"""The HTTP side: which org answers, what is counted, which headers tell it."""

import json
import logging
import socket
import ssl
import time
from datetime import timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime

import pytest
import requests
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.clock import ManualClock
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.sandbox.wire import as_orgs_write
from flyle_sf_assets_tests.sandbox.conftest import NOON, Get


def test_the_token_decides_which_org_answers(clock: ManualClock) -> None:
    """One address, many orgs, as on a real instance."""
    orgs = samples.fleet(3)
    for org in orgs:
        org.insert("Account", {"Name": org.name})
    with SandboxServer(orgs) as server, requests.Session() as session:
        session.verify, session.trust_env = server.ca_file, False
        for org in orgs:
            grant = session.post(
                f"{server.url}/services/oauth2/token",
                data={"grant_type": "client_credentials"},
                auth=(org.consumer_key, org.consumer_secret),
                timeout=10,
            ).json()
            assert grant["id"].split("/")[-2] == org.org_id
            page = session.get(
                f"{grant['instance_url']}/services/data/v66.0/query",
                params={"q": "SELECT Name FROM Account ORDER BY CreatedDate DESC LIMIT 1"},
                headers={"Authorization": f"Bearer {grant['access_token']}"},
                timeout=10,
            )
            assert page.json()["records"][0]["Name"] == org.name


def test_date_and_usage_come_from_the_org(org: Org, get: Get) -> None:
    """Watermarks are taken from the Date header: it must be the org's clock, skew included."""
    org.set_clock_skew(90)
    answer = get("/query", params={"q": "SELECT COUNT() FROM Account"})
    assert parsedate_to_datetime(answer.headers["Date"]) == NOON + timedelta(seconds=90)
    assert answer.headers["Sforce-Limit-Info"] == "api-usage=1/100000"


def test_header_names_are_written_as_real_orgs_write_them(org: Org, get: Get) -> None:
    """Airbyte's source, which looks them up in a plain dict, could not read a job's results."""
    org.insert("Account", {"Name": "Hooli"})
    assert {"Content-Type", "Content-Length", "Date", "Sforce-Limit-Info", "Set-Cookie"} == set(
        get("/limits").headers
    )
    assert {"ETag", "Last-Modified"} <= set(get("/sobjects/Account/describe").headers)
    assert as_orgs_write(b"sforce-numberofrecords") == b"Sforce-NumberOfRecords"


def test_over_the_allowance_is_403_and_not_counted(org: Org, get: Get) -> None:
    """No 429, no Retry-After."""
    org.set_api_limit(10, used=10)
    answer = get("/limits")
    assert answer.status_code == 403
    assert answer.json()[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"
    assert "Retry-After" not in answer.headers
    assert org.usage.total == 0


def test_a_batch_counts_each_of_its_parts(
    org: Org, get: Get, session: requests.Session, served: SandboxServer
) -> None:
    """composite/batch is no bargain."""
    get("/limits")
    parts = [{"method": "GET", "url": "v66.0/query?q=SELECT+COUNT()+FROM+Account"}] * 3
    answer = session.post(
        f"{served.url}/services/data/v66.0/composite/batch",
        json={"batchRequests": parts},
        timeout=10,
    ).json()
    assert [part["statusCode"] for part in answer["results"]] == [200, 200, 200]
    assert org.usage.total == 1 + 3


def test_an_unchanged_describe_is_304(org: Org, clock: ManualClock, get: Get) -> None:
    """And a hidden field does not move Last-Modified: only the field's absence tells."""
    first = get("/sobjects/Account/describe")
    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert get("/sobjects/Account/describe", headers=since).status_code == 304
    org.hide_field("Account", "Rating")
    assert get("/sobjects/Account/describe", headers=since).status_code == 304
    clock.advance(0.2)
    org.add_option("Account", "Type", "Investor")
    again = get("/sobjects/Account/describe", headers=since)
    assert again.status_code == 200
    assert "Rating" not in {field["name"] for field in again.json()["fields"]}


def test_a_locator_goes_on_seeing_the_moment_of_its_query(org: Org, get: Get) -> None:
    """A record that changes between two pages is neither repeated nor half new."""
    records = [org.insert("Account", {"Name": f"A{i}"}) for i in range(5)]
    org.rest_page_rows = 2
    page = get("/query", params={"q": "SELECT Id, Name FROM Account ORDER BY Name"}).json()
    org.update("Account", records[4], {"Name": "A0"})
    org.delete("Account", records[3])
    names = [row["Name"] for row in page["records"]]
    while not page["done"]:
        page = get(page["nextRecordsUrl"].removeprefix("/services/data/v66.0")).json()
        names += [row["Name"] for row in page["records"]]
    assert names == ["A0", "A1", "A2", "A3", "A4"]


def test_an_old_locator_is_gone(
    org: Org, clock: ManualClock, get: Get, served: SandboxServer
) -> None:
    """Locators live two days."""
    for i in range(3):
        org.insert("Account", {"Name": f"A{i}"})
    org.rest_page_rows = 2
    page = get("/query", params={"q": "SELECT Id FROM Account"}).json()
    clock.advance(2 * 86_400 + 1)
    answer = get(page["nextRecordsUrl"].removeprefix("/services/data/v66.0"))
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_updated_and_deleted_ids(org: Org, clock: ManualClock, get: Get) -> None:
    """getUpdated leaves deleted rows to getDeleted; both say how far they reach."""
    kept, gone = (org.insert("Account", {"Name": name}) for name in "AB")
    clock.advance(60)
    org.delete("Account", gone)
    span = {"start": "2026-03-10T02:00:00+00:00", "end": "2026-03-10T05:00:00+00:00"}
    clock.advance(1)
    updated = get("/sobjects/Account/updated/", params=span).json()
    assert updated["ids"] == [kept]
    deleted = get("/sobjects/Account/deleted/", params=span).json()
    assert deleted["deletedRecords"] == [
        {"id": gone, "deletedDate": "2026-03-10T03:01:00.000+0000"}
    ]


def test_json_numbers_are_the_exact_digits(org: Org, get: Get) -> None:
    """Eighteen digits survive only if nobody ever makes a float of them."""
    money, ratio = "9999999999999999.99", "12345678.0123456789"
    values = {"Name": "A", "Exact_Revenue__c": money, "Precise_Ratio__c": ratio}
    org.insert("Account", values)
    answer = get("/query", params={"q": "SELECT Exact_Revenue__c, Precise_Ratio__c FROM Account"})
    row = json.loads(answer.text, parse_float=Decimal)["records"][0]
    assert row["Exact_Revenue__c"] == Decimal("9999999999999999.99")
    assert row["Precise_Ratio__c"] == Decimal("12345678.0123456789")


def test_the_server_starts_within_half_a_second(org: Org) -> None:
    """Every test that needs an org pays for this."""
    begun = time.thread_time()
    with SandboxServer([org]):
        used = time.thread_time() - begun
    assert used < 0.5


def test_a_revoked_token_is_401(org: Org, served: SandboxServer, session: requests.Session) -> None:
    """Disconnecting revokes at Salesforce."""
    token = org.issue_access_token()
    bearer = {"Authorization": f"Bearer {token}"}
    url = f"{served.url}/services/data/v66.0/limits"
    assert session.get(url, headers=bearer, timeout=10).status_code == 200
    revoke = f"{served.url}/services/oauth2/revoke"
    assert session.post(revoke, data={"token": token}, timeout=10).status_code == 200
    answer = session.get(url, headers=bearer, timeout=10)
    assert answer.status_code == 401
    assert answer.json() == [
        {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
    ]


def test_userinfo_tells_whose_token_it_is(
    org: Org, served: SandboxServer, session: requests.Session
) -> None:
    """The org id decides whether a tenant came back to the same org."""
    bearer = {"Authorization": f"Bearer {org.issue_access_token()}"}
    body = session.get(f"{served.url}/services/oauth2/userinfo", headers=bearer, timeout=10).json()
    assert body["organization_id"] == org.org_id
    assert body["zoneinfo"] == "Asia/Tokyo"


@pytest.mark.parametrize("path", ["/services/oauth2/token", "/services/data/v66.0/composite"])
def test_a_client_that_leaves_in_the_middle_of_its_request_is_no_error(
    org: Org,
    served: SandboxServer,
    get: Get,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
) -> None:
    """The sandbox printed a traceback when a sync was interrupted."""
    monkeypatch.setattr(logging.getLogger("uvicorn"), "propagate", True)
    trust = ssl.create_default_context(cafile=served.ca_file)
    head = f"POST {path} HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n"
    token = org.issue_access_token()
    with (
        socket.create_connection((served.host, served.port), timeout=10) as plain,
        trust.wrap_socket(plain, server_hostname=served.host) as connection,
    ):
        connection.sendall(f"{head}Authorization: Bearer {token}\r\n\r\nhalf".encode())
    time.sleep(0.3)
    assert get("/limits").ok
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
