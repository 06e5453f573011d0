"""Several requests in one: what may go in, how errors come back, what it costs."""

import re
from typing import Any
from urllib.parse import quote

from flyle_sf_assets_tests.conformance import asking

BASE = f"/services/data/v{asking.API_VERSION}"
GOOD = f"{BASE}/query?q={quote('SELECT Id FROM User LIMIT 1')}"
BAD = f"{BASE}/query?q={quote('SELECT Nope__c FROM User')}"
DESCRIBE = f"{BASE}/sobjects/User"


def results(org: asking.Org, *subrequests: tuple[str, str], **more: Any) -> list[dict[str, Any]]:
    """The subresponses of a composite request that is answered as a whole with 200."""
    answer = org.composite(*subrequests, **more)
    assert answer.status_code == 200, answer.text[:500]
    return list(asking.exact(answer)["compositeResponse"])


def many(url: str, count: int) -> list[tuple[str, str]]:
    """The same subrequest many times, under different references."""
    return [(f"r{n}", url) for n in range(count)]


def test_answers_come_in_order_with_reference_status_and_body(org: asking.Org) -> None:
    """Each subresponse has referenceId, httpStatusCode, httpHeaders and body, in order.

    Page: REST API Developer Guide, "Composite Response Body"
    """
    found = results(org, ("users", GOOD), ("describe", DESCRIBE))
    assert [f["referenceId"] for f in found] == ["users", "describe"]
    assert [f["httpStatusCode"] for f in found] == [200, 200]
    assert all(isinstance(f["httpHeaders"], dict) for f in found)
    assert len(found[0]["body"]["records"]) == 1
    assert found[1]["body"]["objectDescribe"]["name"] == "User"


def test_five_queries_go_in_one_request(org: asking.Org) -> None:
    """Up to five subrequests may be queries.

    Page: REST API Developer Guide, "Send Multiple Requests Using Composite"
    """
    assert [f["httpStatusCode"] for f in results(org, *many(GOOD, 5))] == [200] * 5


def test_six_queries_are_too_many(org: asking.Org) -> None:
    """A sixth query is refused: the request as a whole or its subrequests, never answered.

    Page: REST API Developer Guide, "Send Multiple Requests Using Composite"
    Unverified: how it is refused (400 for the whole, or errors inside).
    """
    answer = org.composite(*many(GOOD, 6))
    if answer.ok:
        statuses = [f["httpStatusCode"] for f in answer.json()["compositeResponse"]]
        assert any(status >= 400 for status in statuses)
    else:
        assert asking.refusal(answer).status == 400


def test_twenty_five_subrequests_go_in_one_request(org: asking.Org) -> None:
    """Up to 25 subrequests are answered.

    Page: REST API Developer Guide, "Send Multiple Requests Using Composite"
    """
    found = results(org, *many(DESCRIBE, 25))
    assert [f["httpStatusCode"] for f in found] == [200] * 25


def test_twenty_six_subrequests_are_too_many(org: asking.Org) -> None:
    """A 26th subrequest is refused.

    Page: REST API Developer Guide, "Send Multiple Requests Using Composite"
    Unverified: the code of the error.
    """
    assert asking.refusal(org.composite(*many(DESCRIBE, 26))).status == 400


def test_all_of_it_counts_as_one_request(org: asking.Org) -> None:
    """The whole series counts as one call towards the API limit.

    Page: REST API Developer Guide, "Send Multiple Requests Using Composite"
    """

    def used(headers: Any) -> int:
        found = re.search(r"api-usage=(\d+)/", headers["Sforce-Limit-Info"])
        assert found
        return int(found[1])

    before = used(org.ask("SELECT Id FROM User LIMIT 1").headers)
    after = used(org.composite(*many(DESCRIBE, 20), *[(f"q{n}", GOOD) for n in range(5)]).headers)
    assert after == before + 1 if org.target.is_sandbox else 0 < after - before < 25


def test_an_error_inside_leaves_the_others_alone(org: asking.Org) -> None:
    """Without allOrNone a failed subrequest has its own status and error; the rest is answered.

    Page: REST API Developer Guide, "Composite Response Body"
    """
    first, wrong, last = results(org, ("a", GOOD), ("b", BAD), ("c", GOOD))
    assert (first["httpStatusCode"], last["httpStatusCode"]) == (200, 200)
    assert wrong["httpStatusCode"] == 400
    assert wrong["body"][0]["errorCode"] == "INVALID_FIELD"
    assert "No such column" in wrong["body"][0]["message"]


def test_all_or_none_fails_them_all(org: asking.Org) -> None:
    """With allOrNone a failed subrequest gives all the others status 400.

    Page: REST API Developer Guide, "Composite Response Body"
    """
    found = results(org, ("a", GOOD), ("b", BAD), ("c", GOOD), all_or_none=True)
    assert [f["httpStatusCode"] for f in found] == [400, 400, 400]
    assert found[1]["body"][0]["errorCode"] == "INVALID_FIELD"


def test_query_all_and_describe_may_be_inside(org: asking.Org) -> None:
    """QueryAll and sObject resources, describe among them, may be subrequests.

    Page: REST API Developer Guide, "Send Multiple Requests Using Composite"
    """
    whole = f"{BASE}/queryAll?q={quote('SELECT Id, IsDeleted FROM Account LIMIT 1')}"
    found = results(org, ("all", whole), ("describe", f"{DESCRIBE}/describe"))
    assert [f["httpStatusCode"] for f in found] == [200, 200]
    assert found[1]["body"]["fields"]
