"""simple-salesforce, unmodified, against the same org: the client the product builds on."""

from typing import Any

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
)

from flyle_sf_assets_tests.conformance import asking

VERSION = asking.API_VERSION


@pytest.fixture
def client(org: asking.Org, http: requests.Session) -> Salesforce:
    """A client that is given the token."""
    return Salesforce(
        session_id=org.grant["access_token"],
        instance_url=org.grant["instance_url"],
        session=http,
        version=VERSION,
    )


def test_it_logs_in_with_client_credentials(
    org: asking.Org, http: requests.Session, login_domain: str
) -> None:
    """simple-salesforce gets its own token with key and secret, and reads with it.

    Page: Salesforce Help, "OAuth 2.0 Client Credentials Flow for Server-to-Server Integration"
    """
    client = Salesforce(
        consumer_key=org.target.consumer_key,
        consumer_secret=org.target.consumer_secret,
        domain=login_domain,
        session=http,
        version=VERSION,
    )
    assert client.query("SELECT COUNT() FROM User")["totalSize"] == org.count("User")


def test_it_raises_on_a_wrong_secret(
    org: asking.Org, http: requests.Session, login_domain: str
) -> None:
    """A refused login is SalesforceAuthenticationFailed with OAuth's code.

    Page: Salesforce Help, "OAuth 2.0 Authorization Errors"
    """
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid_client"):
        Salesforce(
            consumer_key=org.target.consumer_key,
            consumer_secret="wrong",
            domain=login_domain,
            session=http,
            version=VERSION,
        )


def test_it_reads_the_same_as_plain_requests(client: Any, org: asking.Org) -> None:
    """Its queries, over all pages, hold what plain requests read; usage is noted.

    Page: REST API Developer Guide, "Execute a SOQL Query"
    Page: REST API Developer Guide, "Limit Info Header"
    """
    soql = "SELECT Id, Name FROM User ORDER BY Id"
    theirs = [(record["Id"], record["Name"]) for record in client.query_all_iter(soql)]
    assert theirs == [(record["Id"], record["Name"]) for record in org.records(soql)]
    assert client.api_usage["api-usage"].used > 0


def test_it_describes_and_reads_limits(client: Any) -> None:
    """Describe and limits have the shapes that it expects.

    Page: REST API Developer Guide, "sObject Describe"
    Page: REST API Developer Guide, "Limits"
    """
    assert client.Account.describe()["name"] == "Account"
    assert client.limits()["DailyApiRequests"]["Max"] > 0


def test_it_knows_an_expired_session_and_a_wrong_query(
    client: Any, org: asking.Org, http: requests.Session
) -> None:
    """401 is SalesforceExpiredSession, 400 is SalesforceMalformedRequest with the codes.

    Page: REST API Developer Guide, "Status Codes and Error Responses"
    """
    with pytest.raises(SalesforceMalformedRequest) as wrong:
        client.query("SELECT Nope__c FROM Account")
    assert "INVALID_FIELD" in str(wrong.value.content)
    stale = Salesforce(
        session_id="00Dstale!token",
        instance_url=org.grant["instance_url"],
        session=http,
        version=VERSION,
    )
    with pytest.raises(SalesforceExpiredSession):
        stale.query("SELECT Id FROM Account")


def test_its_bulk_query_reads_the_same(client: Any, org: asking.Org) -> None:
    """Its Bulk API 2.0 query runs a job to its end and yields CSV texts.

    Page: Bulk API 2.0 and Bulk API Developer Guide, "Get Results for a Query Job"
    """
    texts = list(client.bulk2.User.query("SELECT Id FROM User", wait=1))
    ids = {row["Id"] for text in texts for row in asking.rows_of(text)}
    assert ids == {record["Id"] for record in org.records("SELECT Id FROM User")}
