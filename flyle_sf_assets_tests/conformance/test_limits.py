"""Versions, limits, the usage header, and what is too long."""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import quote, quote_plus

import pytest

from flyle_sf_assets_tests.conformance import asking

USAGE = re.compile(r"api-usage=(\d+)/(\d+)")
LONG_SOQL = (
    "SELECT Id FROM User WHERE Username != '{}'".format("x" * 3900) + " OR Name != 'x'" * 600
)


def used(answer_headers: Mapping[str, str]) -> tuple[int, int]:
    """Used and allowed requests, from an answer's header."""
    found = USAGE.search(answer_headers["Sforce-Limit-Info"])
    assert found, answer_headers
    return int(found[1]), int(found[2])


def test_versions_are_listed_without_a_token(org: asking.Org) -> None:
    """``/services/data`` lists label, url and version of each API version; no token is needed.

    Page: REST API Developer Guide, "Versions"
    Page: REST API Developer Guide, "List Available REST API Versions"
    """
    answer = org.session.get(f"{org.grant['instance_url']}/services/data")
    assert answer.status_code == 200
    versions = answer.json()
    assert all(set(version) == {"label", "url", "version"} for version in versions)
    ours = next(v for v in versions if v["version"] == asking.API_VERSION)
    assert ours["url"] == f"/services/data/v{asking.API_VERSION}"


def test_asking_for_versions_is_not_counted(org: asking.Org) -> None:
    """The versions answer carries no usage header: it does not count towards the limit.

    Page: REST API Developer Guide, "Limit Info Header"
    """
    answer = org.session.get(f"{org.grant['instance_url']}/services/data/")
    assert answer.ok
    assert "Sforce-Limit-Info" not in answer.headers


@pytest.mark.parametrize(
    "limit", ["DailyApiRequests", "DailyBulkV2QueryJobs", "DailyBulkV2QueryFileStorageMB"]
)
def test_limits_tell_maximum_and_rest(org: asking.Org, limit: str) -> None:
    """The limits resource gives Max and Remaining of each limit, to users who may view Setup.

    Page: REST API Developer Guide, "Limits"
    Unverified: the keys Max and Remaining are from practice; the page tells what they hold.
    """
    limits = asking.exact(org.get("limits"))
    assert 0 <= limits[limit]["Remaining"] <= limits[limit]["Max"]


def test_every_answer_tells_the_usage(org: asking.Org) -> None:
    """Every REST answer carries ``Sforce-Limit-Info: api-usage=used/allowed``.

    Page: REST API Developer Guide, "Limit Info Header"
    """
    answers = [
        org.get("limits"),
        org.get("sobjects/Account/describe"),
        org.ask("SELECT Id FROM User LIMIT 1"),
        org.ask("SELECT Id FROM User LIMIT 1", all_rows=True),
    ]
    assert all(0 < used(a.headers)[0] <= used(a.headers)[1] for a in answers)


def test_a_request_counts_one(org: asking.Org) -> None:
    """A query raises the usage by one (on a shared org: at least by one).

    Page: REST API Developer Guide, "Limit Info Header"
    """
    before, _ = used(org.ask("SELECT Id FROM User LIMIT 1").headers)
    after, _ = used(org.ask("SELECT Id FROM User LIMIT 1").headers)
    assert after == before + 1 if org.target.is_sandbox else after > before


def test_every_answer_tells_the_server_time(org: asking.Org) -> None:
    """Every answer carries a Date header: the server's clock, to the second.

    Unverified: no Salesforce page promises it; HTTP asks it of every server with a clock.
    """
    moments = [
        parsedate_to_datetime(org.ask("SELECT Id FROM User LIMIT 1").headers["Date"])
        for _ in range(2)
    ]
    assert all(moment.tzinfo is not None for moment in moments)
    assert moments[0] <= moments[1]


def test_unknown_resource_is_404(org: asking.Org) -> None:
    """A resource that does not exist is 404, errorCode NOT_FOUND.

    Page: REST API Developer Guide, "Status Codes and Error Responses"
    Unverified: the code (NOT_FOUND) is from practice; the page promises 404.
    """
    error = asking.refusal(org.get("nothingOfTheKind"))
    assert (error.status, error.code) == (404, "NOT_FOUND")


def test_wrong_method_is_405(org: asking.Org) -> None:
    """A method that a resource does not have is 405.

    Page: REST API Developer Guide, "Status Codes and Error Responses"
    """
    assert org.call("DELETE", "limits").status_code == 405


def test_too_long_a_uri_is_414_or_431(org: asking.Org) -> None:
    """A query that makes the URI too long (16,384 bytes) is refused with 414 or 431.

    Page: REST API Developer Guide, "Status Codes and Error Responses"
    Unverified: the rows for 414 and 431 are known from users' reports of the page.
    """
    assert 16_500 < len(quote_plus(LONG_SOQL)) < 32_000  # beyond that the server hangs up
    assert org.ask(LONG_SOQL).status_code in {414, 431}


def test_a_long_query_passes_through_composite(org: asking.Org) -> None:
    """The same query in the body of a composite request is answered.

    Page: REST API Developer Guide, "Send Multiple Requests Using Composite"
    Unverified: that a subrequest's URL has no length limit of its own.
    """
    path = f"/services/data/v{asking.API_VERSION}/query?q={quote(LONG_SOQL)}"
    answer = asking.exact(org.composite(("long", path)))
    assert answer["compositeResponse"][0]["httpStatusCode"] == 200


@pytest.mark.sandbox_only("using up a real org's daily requests would stop its other apps")
def test_spent_allowance_is_403_request_limit_exceeded(twin: asking.Twin) -> None:
    """Over the daily allowance every request is 403 REQUEST_LIMIT_EXCEEDED.

    Page: REST API Developer Guide, "Status Codes and Error Responses"
    Unverified: that there is no Retry-After header, and that it is never 429.
    """
    assert twin.org.grant
    twin.inner.set_api_limit(1000, used=1000)
    for answer in (twin.org.get("limits"), twin.org.ask("SELECT Id FROM User")):
        error = asking.refusal(answer)
        assert (error.status, error.code) == (403, "REQUEST_LIMIT_EXCEEDED")
        assert "Retry-After" not in answer.headers
