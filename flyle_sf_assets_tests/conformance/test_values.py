"""How values look in REST's JSON: numbers, dates, times, texts, lists, compounds."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from flyle_sf_assets_tests.conformance import asking
from flyle_sf_assets_tests.conformance.cast import DESCRIPTION, Cast
from flyle_sf_assets_tests.conformance.writing import Records


def test_money_is_a_number_with_its_exact_digits(
    org: asking.Org, records: Records, cast: Cast
) -> None:
    """Currency comes as a JSON number that, read as a decimal, is the exact value.

    Page: Object Reference, "Primitive Data Types"
    Unverified: the page says double; whether 15 digits and more come back unharmed.
    """
    amounts = [Decimal("0.01"), Decimal("-12.5"), Decimal("1234567890123.45"), Decimal(600000000)]
    deal = {"StageName": cast.stage, "CloseDate": cast.today.isoformat()}
    ids = records.create(
        "Opportunity",
        [deal | {"Name": f"{cast.tag} {a}", "Amount": str(a)} for a in amounts],
    )
    listed = ", ".join(f"'{i}'" for i in ids)
    found = org.records(f"SELECT Id, Amount FROM Opportunity WHERE Id IN ({listed})")
    by_id = {record["Id"]: record["Amount"] for record in found}
    assert [Decimal(by_id[i]) for i in ids] == amounts


@pytest.mark.sandbox_only("standard fields have no 18 digits with decimals")
def test_eighteen_digits_come_exactly(twin: asking.Twin) -> None:
    """A custom number of 18 digits comes with all of them.

    Page: Object Reference, "Primitive Data Types"
    Unverified: a real org stores doubles in places and may round beyond 15 digits.
    """
    amount = Decimal("1234567890123456.78")
    record = twin.inner.insert("Account", {"Name": "exact", "Exact_Revenue__c": amount})
    soql = f"SELECT Exact_Revenue__c FROM Account WHERE Id = '{record}'"
    assert twin.org.records(soql)[0]["Exact_Revenue__c"] == amount
    assert twin.org.bulk(soql).rows[0]["Exact_Revenue__c"] == str(amount)


def test_percent_five_is_five(org: asking.Org, records: Records, cast: Cast) -> None:
    """A percentage of 5 % is the number 5, not 0.05.

    Page: Object Reference, "Primitive Data Types"
    Unverified: no page says it in these words.
    """
    deal = {"StageName": cast.stage, "CloseDate": cast.today.isoformat(), "Probability": 5}
    record = records.create("Opportunity", [deal | {"Name": f"{cast.tag} percent"}])[0]
    found = org.records(f"SELECT Probability FROM Opportunity WHERE Id = '{record}'")
    assert found[0]["Probability"] == 5


def test_whole_numbers_are_json_integers(cast: Cast) -> None:
    """An int field is a JSON number without a fraction; blank is null.

    Page: Object Reference, "Primitive Data Types"
    Unverified: how JSON shows an int is from practice.
    """
    ids = f"('{cast.accounts['apple']}', '{cast.accounts['blank']}')"
    soql = f"SELECT NumberOfEmployees FROM Account WHERE Id IN {ids} ORDER BY NumberOfEmployees"
    assert [r["NumberOfEmployees"] for r in cast.org.records(soql)] == [None, 10]


def test_dates_have_no_time_and_no_zone(cast: Cast) -> None:
    """A date is ``YYYY-MM-DD``, the same day for every reader.

    Page: Object Reference, "Primitive Data Types"
    """
    soql = f"SELECT CloseDate FROM Opportunity WHERE Id = '{cast.opportunities['tomorrow']}'"
    tomorrow = (cast.today + timedelta(days=1)).isoformat()
    assert cast.org.records(soql)[0]["CloseDate"] == tomorrow


def test_dates_before_1970_are_kept(org: asking.Org, records: Records, cast: Cast) -> None:
    """A date long before 1970 comes back as it was written, and compares as a date.

    Page: Object Reference, "Primitive Data Types"
    """
    deal = {"Name": f"{cast.tag} ancient", "StageName": cast.stage, "CloseDate": "1912-07-30"}
    record = records.create("Opportunity", [deal])[0]
    soql = f"SELECT CloseDate FROM Opportunity WHERE Id = '{record}' AND CloseDate < 1970-01-01"
    assert org.records(soql)[0]["CloseDate"] == "1912-07-30"


def test_datetimes_are_utc_with_offset_zero(cast: Cast) -> None:
    """A datetime is UTC, ``YYYY-MM-DDThh:mm:ss.000+0000``.

    Page: Object Reference, "Primitive Data Types"
    Page: REST API Developer Guide, "Limit Info Header"
    """
    record = cast.org.records(
        f"SELECT CreatedDate FROM Account WHERE Id = '{cast.accounts['apple']}'"
    )[0]
    assert re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000$", record["CreatedDate"])


def test_checkboxes_are_json_booleans(org: asking.Org) -> None:
    """A checkbox is true or false, never null.

    Page: Object Reference, "Primitive Data Types"
    """
    values = {record["IsActive"] for record in org.records("SELECT IsActive FROM User LIMIT 200")}
    assert values <= {True, False}
    assert all(isinstance(value, bool) for value in values)


def test_texts_keep_newlines_quotes_and_emoji(cast: Cast) -> None:
    """Long texts keep their newlines and quotes; names keep Japanese and emoji.

    Page: Object Reference, "Primitive Data Types"
    Unverified: that a newline is not turned into CR LF.
    """
    described = cast.org.records(
        f"SELECT Description FROM Account WHERE Id = '{cast.accounts['apple']}'"
    )[0]["Description"]
    assert described.replace("\r\n", "\n") == DESCRIPTION
    named = cast.org.records(f"SELECT Name FROM Account WHERE Id = '{cast.accounts['japanese']}'")
    assert named[0]["Name"] == cast.names["japanese"]


def test_compound_address_is_an_object(org: asking.Org, records: Records, cast: Cast) -> None:
    """An address comes as an object of its parts; the parts are fields of their own too.

    Page: Bulk API 2.0 and Bulk API Developer Guide, "Understanding Bulk API 2.0 Query"
    Unverified: the keys of the object.
    """
    row = {"Name": f"{cast.tag} address", "BillingCity": "京都市"}
    record = records.create("Account", [row])[0]
    found = org.records(f"SELECT BillingCity, BillingAddress FROM Account WHERE Id = '{record}'")[0]
    assert found["BillingCity"] == found["BillingAddress"]["city"] == "京都市"


@pytest.mark.sandbox_only("no standard object has a time field or a multi-select in known order")
def test_times_and_multi_selects(twin: asking.Twin) -> None:
    """A time is ``hh:mm:ss.sssZ``; a multi-select joins its values with ``;`` in the org's order.

    Page: Object Reference, "Primitive Data Types"
    Page: SOQL and SOSL Reference, "Query Multi-Select Picklists"
    Unverified: that the values come in the order of the picklist, not of entry.
    """
    described = {f["name"]: f for f in twin.org.describe("Account")["fields"]}
    a, b = [o["value"] for o in described["Regions__c"]["picklistValues"] if o["active"]][:2]
    values = {"Name": "clock", "Opens_At__c": "09:30:00.000Z", "Regions__c": f"{b};{a}"}
    record = twin.inner.insert("Account", values)
    soql = f"SELECT Opens_At__c, Regions__c FROM Account WHERE Id = '{record}'"
    found = twin.org.records(soql)[0]
    assert found["Opens_At__c"] == "09:30:00.000Z"
    assert found["Regions__c"] == f"{a};{b}"
