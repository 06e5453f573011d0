"""simple-salesforce, unmodified, against the sandbox: what a newcomer would try first."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
import requests
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceMalformedRequest,
)

VERSION = "66.0"


@pytest.fixture
def sf(org: Org, served: SandboxServer, session: requests.Session) -> Salesforce:
    """A client that logged in with consumer key and secret."""
    return Salesforce(
        consumer_key="hooli-key",
        consumer_secret="hooli-secret",
        domain=served.login_domain,
        session=session,
        version=VERSION,
    )


@pytest.fixture
def accounts(org: Org) -> list[str]:
    """Five accounts, the last four children of the first."""
    first = org.insert(
        "Account", {"Name": '親"会社"\n改行 😀', "Exact_Revenue__c": "1234567890123456.78"}
    )
    rest = [org.insert("Account", {"Name": f"子 {i}", "ParentId": first}) for i in range(4)]
    return [first, *rest]


def test_it_logs_in_with_client_credentials(sf: Salesforce, served: SandboxServer) -> None:
    """The instance that the token answer names is the server itself."""
    assert f"https://{sf.sf_instance}" == served.url


def test_a_wrong_secret_is_told(served: SandboxServer, session: requests.Session) -> None:
    """The library passes the OAuth error on."""
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid_client"):
        Salesforce(
            consumer_key="hooli-key",
            consumer_secret="wrong",
            domain=served.login_domain,
            session=session,
        )


def test_it_works_with_a_token_at_hand(
    org: Org, served: SandboxServer, session: requests.Session
) -> None:
    """session_id and instance_url, as the product uses it."""
    sf = Salesforce(
        session_id=org.issue_access_token(), instance_url=served.url, session=session,
        version=VERSION,
    )  # fmt: skip
    assert sf.limits()["DailyApiRequests"]["Max"] == 100_000


def test_it_describes(sf: Salesforce) -> None:
    """Global and single describes."""
    every: Any = sf.describe()  # its hints say Optional
    names = {sobject["name"] for sobject in every["sobjects"]}
    assert {"Account", "Opportunity", "Contract_Info__c"} <= names
    one: Any = sf.Account
    labels = {field["name"]: field["label"] for field in one.describe()["fields"]}
    assert labels["Name"] == "取引先名"


def test_it_pages_to_the_end(org: Org, sf: Salesforce, accounts: list[str]) -> None:
    """query_all follows nextRecordsUrl."""
    org.rest_page_rows = 2
    result = sf.query_all("SELECT Id, Name, Parent.Name FROM Account")
    assert [row["Id"] for row in result["records"]] == accounts
    assert result["records"][0]["Name"] == '親"会社"\n改行 😀'
    assert result["records"][0]["Parent"] is None
    assert result["records"][4]["Parent"]["Name"] == '親"会社"\n改行 😀'
    assert org.usage.by_kind == {"query": 1, "query_more": 2}


def test_numbers_arrive_with_all_their_digits(sf: Salesforce, accounts: list[str]) -> None:
    """With parse_float the library hands out what is on the wire."""
    client: Any = sf
    client._parse_float = str  # noqa: SLF001 - its own parameter is lost on the way here
    row = sf.query("SELECT Exact_Revenue__c FROM Account WHERE Exact_Revenue__c != null")
    assert row["records"][0]["Exact_Revenue__c"] == "1234567890123456.78"


def test_it_sees_deleted_rows_when_asked(org: Org, sf: Salesforce, accounts: list[str]) -> None:
    """include_deleted is queryAll."""
    org.delete("Account", accounts[4])
    assert sf.query_all("SELECT Id FROM Account")["totalSize"] == 4
    rows = sf.query_all("SELECT Id, IsDeleted FROM Account", include_deleted=True)["records"]
    assert [row["Id"] for row in rows if row["IsDeleted"]] == [accounts[4]]


def test_composite_is_one_call(org: Org, sf: Salesforce, accounts: list[str]) -> None:
    """Five queries for the price of one; an error stays inside its part."""
    soql = ["SELECT COUNT() FROM Account", "SELECT Nonsense FROM Account"]
    requests_ = [
        {"method": "GET", "url": f"/services/data/v66.0/query?q={q}", "referenceId": f"r{i}"}
        for i, q in enumerate(soql)
    ]
    answer: Any = sf.restful("composite", method="POST", json={"compositeRequest": requests_})
    good, bad = answer["compositeResponse"]
    assert (good["httpStatusCode"], good["body"]["totalSize"]) == (200, 5)
    assert (bad["httpStatusCode"], bad["body"][0]["errorCode"]) == (400, "INVALID_FIELD")
    assert org.usage.total == 1


def test_an_invalid_field_is_a_malformed_request(sf: Salesforce) -> None:
    """400 with Salesforce's own words."""
    with pytest.raises(SalesforceMalformedRequest) as caught:
        sf.query("SELECT Id, Nonsense__c FROM Account")
    errors: Any = caught.value.content
    assert errors[0] == {
        "errorCode": "INVALID_FIELD",
        "message": "\nSELECT Id, Nonsense__c FROM Account\n           ^\nERROR at Row:1:Column:12\n"
        "No such column 'Nonsense__c' on entity 'Account'. If you are attempting to use a custom "
        "field, be sure to append the '__c' after the custom field name. Please reference your "
        "WSDL or the describe call for the appropriate names.",
    }


def test_bulk2_reads_page_by_page(sf: Salesforce, accounts: list[str]) -> None:
    """query in memory and download to files (the library waits half a second at least)."""
    bulk: Any = sf.bulk2
    soql = "SELECT Id, Name FROM Account"
    pages = list(bulk.Account.query(soql, max_records=2, wait=0))
    rows = [row for page in pages for row in csv.DictReader(io.StringIO(page))]
    assert [row["Id"] for row in rows] == accounts
    assert rows[0]["Name"] == '親"会社"\n改行 😀'
    assert len(pages) == 3


def test_bulk2_downloads_to_files(sf: Salesforce, accounts: list[str], tmp_path: Path) -> None:
    """The files together hold every record once."""
    bulk: Any = sf.bulk2
    soql = "SELECT Id FROM Account"
    results = bulk.Account.download(soql, path=str(tmp_path), max_records=3, wait=0)
    assert [result["number_of_records"] for result in results] == [3, 2]
    ids = []
    for result in results:
        with Path(result["file"]).open(encoding="utf-8") as file:
            ids += [row["Id"] for row in csv.DictReader(file)]
    assert ids == accounts


def test_an_expired_session_is_renewed(org: Org, sf: Salesforce, accounts: list[str]) -> None:
    """The library logs in again by itself on 401 INVALID_SESSION_ID."""
    org.expire_sessions()
    assert sf.query("SELECT COUNT() FROM Account")["totalSize"] == 5
