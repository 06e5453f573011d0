"""What public recordings of real orgs answer, where no page says it or a page says otherwise."""

import re
from email.utils import parsedate_to_datetime

import pytest

from flyle_sf_assets_tests.conformance import asking
from flyle_sf_assets_tests.conformance.test_describe import field
from flyle_sf_assets_tests.conformance.test_limits import used

DESCRIBE = f"/services/data/v{asking.API_VERSION}/sobjects/Account/describe"


def test_the_day_of_last_modified_has_no_leading_zero(org: asking.Org) -> None:
    """Describe's Last-Modified reads ``Wed, 6 May 2026 …``, not ``06 May``.

    Recorded: NangoHQ/integration-templates
    """
    stamp = org.get("sobjects/Account/describe").headers["Last-Modified"]
    assert re.match(r"\w{3}, [1-9]\d? \w{3} \d{4} \d\d:\d\d:\d\d GMT$", stamp)
    assert parsedate_to_datetime(stamp).tzinfo is not None


def test_describe_has_an_etag_also_inside_composite(org: asking.Org) -> None:
    """ETag and Last-Modified come alone and among a subrequest's httpHeaders, and are the same.

    Recorded: NangoHQ/integration-templates
    """
    alone = org.get("sobjects/Account/describe").headers
    (inside,) = asking.exact(org.composite(("account", DESCRIBE)))["compositeResponse"]
    for name in ("ETag", "Last-Modified"):
        assert inside["httpHeaders"][name] == alone[name]


def test_answers_set_cookies(org: asking.Org) -> None:
    """Every answer sets cookies, ``BrowserId`` among them; a client need not send them back.

    Recorded: NangoHQ/integration-templates
    Recorded: SFDO-Tooling/CumulusCI
    """
    answer = org.get("sobjects/Account/describe", cookies={})
    assert "BrowserId" in answer.headers["Set-Cookie"]


def test_the_answer_to_the_creation_of_a_job_has_no_job_type(org: asking.Org) -> None:
    """``jobType`` is told when the job is asked for, not when it is made.

    Recorded: amp-labs/connectors
    """
    created = asking.exact(org.bulk_create("SELECT Id FROM User"))
    assert "jobType" not in created
    assert asking.exact(org.get(f"jobs/query/{created['id']}"))["jobType"] == "V2Query"
    org.bulk_wait(created["id"])
    org.bulk_delete(created["id"])


@pytest.mark.sandbox_only("it needs an org of as many records, and whose clock can be moved")
@pytest.mark.parametrize("prefix", ["0r8", "01g"])
def test_a_locator_is_followed_whatever_it_looks_like(twin: asking.Twin, prefix: str) -> None:
    """``nextRecordsUrl`` ends with an id (``0r8…`` now, ``01g…`` before) and the rows so far.

    Recorded: NangoHQ/integration-templates
    Recorded: amp-labs/connectors
    """
    twin.inner.rest_page_rows, twin.inner.locator_prefix = 7, prefix
    try:
        page = twin.org.page("SELECT Id FROM Account ORDER BY Id")
        assert re.search(rf"/query/{prefix}\w+-7$", page["nextRecordsUrl"])
        found = twin.org.records("SELECT Id FROM Account ORDER BY Id")
    finally:
        del twin.inner.rest_page_rows, twin.inner.locator_prefix
    assert len({one["Id"] for one in found}) == page["totalSize"]


@pytest.mark.sandbox_only("how long the number stands still in a real org is not known")
def test_the_usage_header_lags(twin: asking.Twin) -> None:
    """Calls seconds apart are told the same number; it is no count of one's own calls.

    Recorded: NangoHQ/integration-templates
    """
    twin.org.get("limits")
    twin.inner.limit_info_lag_s = 3600.0
    try:
        told = [used(twin.org.get("limits").headers)[0] for _ in range(3)]
        twin.inner.limit_info_lag_s = 0.0
        now = used(twin.org.get("limits").headers)[0]
    finally:
        twin.inner.limit_info_lag_s = 0.0
    assert len(set(told)) == 1
    assert now >= told[0] + 3


@pytest.mark.sandbox_only("it deactivates an option")
def test_inactive_options_may_be_absent(twin: asking.Twin) -> None:
    """None of 5,636 recorded options was inactive: describe leaves a deactivated one out.

    Recorded: NangoHQ/integration-templates
    Recorded: SFDO-Tooling/CumulusCI
    """
    twin.inner.lists_inactive_options = False
    try:
        options = field(twin.org.describe("Account"), "Regions__c")["picklistValues"]
    finally:
        twin.inner.lists_inactive_options = True
    assert "Closed" not in {one["value"] for one in options}
    assert all(one["active"] for one in options)


def test_an_option_may_be_listed_for_several_controlling_values(org: asking.Org) -> None:
    """State codes are unique within a country only; ``validFor`` has one bit for each country.

    Page: SOAP API Developer Guide, "DescribeSObjectResult"
    """
    found = org.describe("Account")["fields"]
    states = [f for f in found if f["name"] == "BillingStateCode"]
    if not states:
        pytest.skip("the org has no state and country picklists")
    assert states[0]["controllerName"] == "BillingCountryCode"
    values = [one["value"] for one in states[0]["picklistValues"]]
    assert len(set(values)) < len(values)
    assert all(isinstance(one["validFor"], str) for one in states[0]["picklistValues"])


def test_what_the_system_keeps_of_a_deal_is_not_calculated(org: asking.Org) -> None:
    """ExpectedRevenue is not ``calculated``; IsClosed and IsWon cannot be updated.

    HasOpenActivity and HasOverdueTask can be neither updated nor filtered by.

    Recorded: SFDO-Tooling/CumulusCI
    """
    describe = org.describe("Opportunity")
    for name in ("ExpectedRevenue", "IsClosed", "IsWon", "HasOpenActivity", "HasOverdueTask"):
        found = field(describe, name)
        assert (found["calculated"], found["updateable"]) == (False, False), name
        assert found["filterable"] is not name.startswith("Has"), name


def test_a_reference_may_have_no_relationship_name(org: asking.Org) -> None:
    """Opportunity.ContactId refers to Contact, and SOQL cannot follow it.

    Recorded: SFDO-Tooling/CumulusCI
    """
    contact = field(org.describe("Opportunity"), "ContactId")
    assert contact["type"] == "reference"
    assert contact["referenceTo"] == ["Contact"]
    assert contact["relationshipName"] is None


def test_child_relationships_may_have_no_name(org: asking.Org) -> None:
    """59 of 137 recorded child relationships have none: SOQL cannot walk down there.

    Recorded: NangoHQ/integration-templates
    Recorded: SFDO-Tooling/CumulusCI
    """
    children = org.describe("User")["childRelationships"]
    assert any(one["relationshipName"] is None for one in children)


def test_id_lookup_tells_what_upserts_may_match_by(org: asking.Org) -> None:
    """The Id and the name of an opportunity are an ``idLookup``, its account is none.

    Recorded: SFDO-Tooling/CumulusCI
    """
    describe = org.describe("Opportunity")
    found = {name: field(describe, name)["idLookup"] for name in ("Id", "Name", "AccountId")}
    assert found == {"Id": True, "Name": True, "AccountId": False}


def test_limits_have_fifty_members_and_more(org: asking.Org) -> None:
    """Which ones depends on the org; each has Max and Remaining.

    Recorded: NangoHQ/integration-templates
    """
    limits = asking.exact(org.get("limits"))
    assert 40 <= len(limits) <= 90
    assert all({"Max", "Remaining"} <= set(one) for one in limits.values())
