"""Large answers: pages, locators, and what a bad one is answered."""

from typing import Any

import pytest

from flyle_sf_assets_tests.conformance import asking

SMALL_PAGE = 200
"""The least that Sforce-Query-Options accepts."""

MANY = 2_101
"""Enough records for a second page of the default size."""

OBJECTS = ("Account", "Contact", "Opportunity", "Task", "User")


@pytest.fixture(scope="module")
def crowd(org: asking.Org, request: pytest.FixtureRequest) -> str:
    """An object with more records than a small page holds; the sandbox is given them."""
    if org.target.is_sandbox:
        records = request.getfixturevalue("records")
        records.create("Contact", [{"LastName": f"crowd {n:04d}"} for n in range(MANY)])
        return "Contact"
    for sobject in OBJECTS:
        if org.count(sobject) > SMALL_PAGE:
            return sobject
    return str(pytest.skip(f"none of {', '.join(OBJECTS)} has more than {SMALL_PAGE} records"))


def pages(org: asking.Org, soql: str, *, all_rows: bool = False) -> list[dict[str, Any]]:
    """All pages of a query, asked for in small ones."""
    small = {"Sforce-Query-Options": f"batchSize={SMALL_PAGE}"}
    found = [asking.exact(org.ask(soql, all_rows=all_rows, headers=small))]
    while not found[-1]["done"]:
        found.append(asking.exact(org.get(found[-1]["nextRecordsUrl"], headers=small)))
    return found


def test_a_page_has_at_most_2000_records(org: asking.Org, crowd: str) -> None:
    """A page holds up to 2,000 records, perhaps fewer; ``totalSize`` counts all of them.

    Page: REST API Developer Guide, "Query"
    """
    total = org.count(crowd)
    page = org.page(f"SELECT Id FROM {crowd}")
    assert page["totalSize"] == total
    assert len(page["records"]) <= 2000
    assert page["done"] is (len(page["records"]) == total)


def test_pages_together_are_the_whole_answer(org: asking.Org, crowd: str) -> None:
    """Following nextRecordsUrl until ``done`` gives every record once.

    Page: REST API Developer Guide, "Execute a SOQL Query"
    Page: REST API Developer Guide, "Query Options Header"
    """
    found = pages(org, f"SELECT Id FROM {crowd} ORDER BY Id LIMIT 1000")
    ids = [record["Id"] for page in found for record in page["records"]]
    assert len(ids) == len(set(ids)) == found[0]["totalSize"]
    assert {page["totalSize"] for page in found} == {found[0]["totalSize"]}
    assert all("nextRecordsUrl" not in page for page in found if page["done"])


def test_batch_size_can_be_made_smaller(org: asking.Org, crowd: str) -> None:
    """Sforce-Query-Options batchSize asks for smaller pages (200 to 2,000).

    Page: REST API Developer Guide, "Query Options Header"
    Unverified: the page promises nothing about the actual size; this case asks for more than one.
    """
    assert len(pages(org, f"SELECT Id FROM {crowd}")) > 1


def test_next_records_url_is_below_query(org: asking.Org, crowd: str) -> None:
    """``nextRecordsUrl`` is a path on the instance: ``/services/data/vXX.X/query/<locator>-<n>``.

    Page: REST API Developer Guide, "Execute a SOQL Query"
    """
    first = pages(org, f"SELECT Id FROM {crowd}")[0]
    base = f"/services/data/v{asking.API_VERSION}/query/"
    assert first["nextRecordsUrl"].startswith(base)
    assert first["nextRecordsUrl"].endswith(f"-{len(first['records'])}")


def test_query_all_pages_like_query(org: asking.Org, crowd: str) -> None:
    """``queryAll``'s further pages go on including deleted records.

    Page: REST API Developer Guide, "QueryAll"
    """
    found = pages(org, f"SELECT Id FROM {crowd}", all_rows=True)
    ids = [record["Id"] for page in found for record in page["records"]]
    assert len(ids) == len(set(ids)) == org.count(crowd, all_rows=True)


def test_a_page_can_be_asked_for_again(org: asking.Org, crowd: str) -> None:
    """The same locator gives the same page again.

    Unverified: no page found; retries after a broken answer rely on it.
    """
    locator = pages(org, f"SELECT Id FROM {crowd} ORDER BY Id")[0]["nextRecordsUrl"]
    once, again = (asking.exact(org.get(locator))["records"] for _ in range(2))
    shared = min(len(once), len(again))
    assert shared > 0
    assert once[:shared] == again[:shared]


def test_a_bad_locator_is_invalid_query_locator(org: asking.Org) -> None:
    """A locator that is made up or too old is refused, not answered with no records.

    Page: REST API Developer Guide, "Status Codes and Error Responses"
    Unverified: the code (INVALID_QUERY_LOCATOR) is from users' reports, not from a page.
    """
    error = asking.refusal(org.get("query/01g000000000000AAA-2000"))
    assert error.status in {400, 404}
    assert error.code == "INVALID_QUERY_LOCATOR"


@pytest.mark.sandbox_only("a real locator dies of age, after two days")
def test_a_lost_locator_is_refused_amid_paging(twin: asking.Twin) -> None:
    """When a locator is lost between two pages, the next page is an error.

    Unverified: the code is from users' reports.
    """
    twin.inner.insert_many("Contact", [{"LastName": f"more {n}"} for n in range(SMALL_PAGE + 1)])
    small = {"Sforce-Query-Options": f"batchSize={SMALL_PAGE}"}
    page = asking.exact(twin.org.ask("SELECT Id FROM Contact", headers=small))
    from flyle_sf_assets.sandbox.faults import Fault, FaultKind

    twin.inner.faults.add(Fault(FaultKind.LOCATOR_LOST, path_prefix="/query"))
    error = asking.refusal(twin.org.get(page["nextRecordsUrl"]))
    assert error.code == "INVALID_QUERY_LOCATOR"
