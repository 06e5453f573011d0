"""Paths to parents, counting, ordering, and what a wrong query is answered."""

import pytest

from flyle_sf_assets_tests.conformance import asking
from flyle_sf_assets_tests.conformance.cast import Cast, quoted


def test_parents_are_walked_up_to_five_levels(cast: Cast) -> None:
    """A path may go up five lookups; each level is an object within the record.

    Page: SOQL and SOSL Reference, "Understanding Relationship Query Limitations"
    Page: SOQL and SOSL Reference, "Using Relationship Queries"
    """
    lowest = cast.chain[-1]
    path = "Parent." * 5 + "Name"
    record = cast.org.records(f"SELECT {path} FROM Account WHERE Id = '{lowest}'")[0]
    for _ in range(5):
        record = record["Parent"]
    assert record["Name"] == f"{cast.tag} level {len(cast.chain) - 6}"


def test_six_levels_are_refused(org: asking.Org) -> None:
    """A path of six lookups is an error.

    Page: SOQL and SOSL Reference, "Understanding Relationship Query Limitations"
    Unverified: the code and the words of the error.
    """
    assert org.refused(f"SELECT {'Parent.' * 6}Name FROM Account").status == 400


def test_conditions_may_name_parents_and_grandparents(cast: Cast) -> None:
    """WHERE walks lookups as SELECT does.

    Page: SOQL and SOSL Reference, "Using Relationship Queries"
    """
    name = f"{cast.tag} level 0"
    found = cast.org.records(f"SELECT Id FROM Account WHERE Parent.Parent.Name = '{name}'")
    assert [record["Id"] for record in found] == [cast.chain[2]]


def test_a_missing_parent_is_null(cast: Cast) -> None:
    """Where a lookup is empty, the record holds null for the whole parent.

    Page: SOQL and SOSL Reference, "Using Relationship Queries"
    Unverified: the page does not show the JSON of a missing parent.
    """
    soql = f"SELECT Name, Parent.Name FROM Account WHERE Id = '{cast.chain[0]}'"
    assert cast.org.records(soql)[0]["Parent"] is None


def test_records_tell_type_and_url(cast: Cast) -> None:
    """Every record, parents included, carries ``attributes`` with its type and URL.

    Page: REST API Developer Guide, "Execute a SOQL Query"
    """
    child, parent = cast.chain[1], cast.chain[0]
    soql = f"SELECT Id, Parent.Id FROM Account WHERE Id = '{child}'"
    record = cast.org.records(soql)[0]
    base = f"/services/data/v{asking.API_VERSION}/sobjects/Account"
    assert record["attributes"] == {"type": "Account", "url": f"{base}/{child}"}
    assert record["Parent"]["attributes"] == {"type": "Account", "url": f"{base}/{parent}"}


def test_names_of_fields_and_objects_ignore_case(cast: Cast) -> None:
    """Field and object names are found in any spelling; answers use the official one.

    Unverified: no page found; accepted in practice.
    """
    apple = cast.accounts["apple"]
    record = cast.org.records(f"select id, NAME from account where ID = '{apple}'")[0]
    assert record["Name"] == cast.names["apple"]


def test_count_is_the_total_without_records(cast: Cast) -> None:
    """``SELECT COUNT()`` gives the number in ``totalSize`` and no records.

    Page: SOQL and SOSL Reference, "COUNT() and COUNT(fieldName)"
    """
    page = cast.org.page(f"SELECT COUNT() FROM Opportunity WHERE Name LIKE '{cast.tag} %'")
    assert page["totalSize"] == len(cast.opportunities)
    assert page["done"] is True
    assert not page["records"]


def test_count_with_order_by_is_refused(org: asking.Org) -> None:
    """COUNT() cannot be combined with ORDER BY.

    Page: SOQL and SOSL Reference, "COUNT() and COUNT(fieldName)"
    """
    assert org.refused("SELECT COUNT() FROM Account ORDER BY Name").status == 400


def test_limit_bounds_the_answer(cast: Cast) -> None:
    """LIMIT bounds the number of records, and totalSize with it.

    Page: REST API Developer Guide, "Query"
    Unverified: that totalSize counts after LIMIT.
    """
    page = cast.org.page(f"SELECT Id FROM Opportunity WHERE Name LIKE '{cast.tag} %' LIMIT 2")
    assert len(page["records"]) == page["totalSize"] == 2


def ordered(cast: Cast, order: str) -> list[int | None]:
    """The numbers of employees of the cast in an order."""
    ids = quoted(cast.accounts.values())
    soql = f"SELECT NumberOfEmployees FROM Account WHERE Id IN ({ids}) ORDER BY {order}"
    return [record["NumberOfEmployees"] for record in cast.org.records(soql)]


def test_order_by_puts_nulls_first(cast: Cast) -> None:
    """ORDER BY is ascending with nulls first unless it says otherwise.

    Page: SOQL and SOSL Reference, "ORDER BY"
    """
    blank: list[int | None] = [None, None, None]
    assert ordered(cast, "NumberOfEmployees") == [*blank, 0, 10, 20, 30]
    assert ordered(cast, "NumberOfEmployees ASC NULLS LAST") == [0, 10, 20, 30, *blank]
    assert ordered(cast, "NumberOfEmployees DESC NULLS LAST") == [30, 20, 10, 0, *blank]
    assert ordered(cast, "NumberOfEmployees DESC NULLS FIRST") == [*blank, 30, 20, 10, 0]


def test_ties_are_broken_by_a_second_field(cast: Cast) -> None:
    """Only with Id as a second field is the order of equal values certain.

    Page: SOQL and SOSL Reference, "ORDER BY"
    """
    soql = f"SELECT Id, Industry FROM Account WHERE Name LIKE '{cast.tag} %' ORDER BY Industry, Id"
    found = cast.org.records(soql)
    for industry in (cast.first, cast.second, None):
        ids = [record["Id"] for record in found if record["Industry"] == industry]
        assert ids == sorted(ids)


@pytest.mark.parametrize(
    ("soql", "code", "words"),
    [
        (
            "SELECT Id, Nope__c FROM Account",
            "INVALID_FIELD",
            "No such column 'Nope__c' on entity 'Account'",
        ),
        (
            "SELECT Id FROM Account WHERE Nope__c = 'x'",
            "INVALID_FIELD",
            "No such column 'Nope__c' on entity 'Account'",
        ),
        ("SELECT Id FROM Account ORDER BY Nope__c", "INVALID_FIELD", "Nope__c"),
        ("SELECT Id, Nope__r.Name FROM Account", "INVALID_FIELD", "Nope__r"),
        ("SELECT Id FROM Nope__c", "INVALID_TYPE", "sObject type 'Nope__c' is not supported"),
        ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY", ""),
        ("SELECT FROM Account", "MALFORMED_QUERY", ""),
        ("SELECT Id FROM Account WHERE Name = 'open", "MALFORMED_QUERY", ""),
        ("SELEKT Id FROM Account", "MALFORMED_QUERY", ""),
        ("SELECT Id FROM Account WHERE Name LIKE 5", "INVALID_FIELD", ""),
    ],
)
def test_wrong_queries_are_400_with_a_code(
    org: asking.Org, soql: str, code: str, words: str
) -> None:
    """A wrong query is 400 with an array of errorCode and message that name what is wrong.

    Page: REST API Developer Guide, "Status Codes and Error Responses"
    Page: REST API Developer Guide, "Query"
    Unverified: the words of the messages, and INVALID_FIELD for a number after LIKE.
    """
    error = org.refused(soql)
    assert (error.status, error.code) == (400, code)
    assert words in error.message


def test_a_missing_query_is_400(org: asking.Org) -> None:
    """The query resource without ``q`` is 400.

    Page: REST API Developer Guide, "Status Codes and Error Responses"
    """
    assert asking.refusal(org.get("query")).status == 400


def test_a_malformed_id_is_refused(org: asking.Org) -> None:
    """Comparing Id with something that is no id is an error, not an empty answer.

    Unverified: no page found; the code (INVALID_QUERY_FILTER_OPERATOR) is from practice.
    """
    error = org.refused("SELECT Id FROM Account WHERE Id = 'abc'")
    assert (error.status, error.code) == (400, "INVALID_QUERY_FILTER_OPERATOR")


def test_long_text_areas_cannot_be_filtered_or_sorted(org: asking.Org) -> None:
    """A long text area may be read, but not named in WHERE or ORDER BY.

    Page: SOQL and SOSL Reference, "fieldExpression Syntax"
    Page: SOQL and SOSL Reference, "ORDER BY"
    Unverified: the codes (INVALID_FIELD, MALFORMED_QUERY).
    """
    described = {f["name"]: f for f in org.describe("Account")["fields"]}["Description"]
    assert described["filterable"] is False
    filtered = org.refused("SELECT Id FROM Account WHERE Description = 'x'")
    assert (filtered.status, filtered.code) == (400, "INVALID_FIELD")
    assert org.refused("SELECT Id FROM Account ORDER BY Description").status == 400
