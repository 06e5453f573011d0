"""What describe says of objects and fields, and when it says "not changed"."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import pytest

from flyle_sf_assets_tests.conformance import asking

FIELD_TYPES = {
    "address", "anyType", "base64", "boolean", "combobox", "complexvalue", "currency",
    "datacategorygroupreference", "date", "datetime", "double", "email", "encryptedstring",
    "id", "int", "json", "location", "long", "multipicklist", "percent", "phone", "picklist",
    "reference", "string", "textarea", "time", "url",
}  # fmt: skip
"""describe's words for types; Apex Reference, DisplayType, in describe's spelling."""


def field(describe: dict[str, Any], name: str) -> dict[str, Any]:
    """One field of a describe; KeyError if it is left out."""
    fields: dict[str, dict[str, Any]] = {f["name"]: f for f in describe["fields"]}
    return fields[name]


@pytest.mark.parametrize("sobject", ["Account", "Opportunity", "Contact", "User"])
def test_describe_has_the_keys_of_an_object(org: asking.Org, sobject: str) -> None:
    """Describe tells name, label, queryable, key prefix, fields and child relationships.

    Page: REST API Developer Guide, "sObject Describe"
    Unverified: the page leaves the keys to the SOAP guide; these are from client libraries.
    """
    found = org.describe(sobject)
    assert found["name"] == sobject
    assert found["queryable"] is True
    assert len(found["keyPrefix"]) == 3
    assert isinstance(found["label"], str)
    assert found["fields"]
    assert isinstance(found["childRelationships"], list)


def test_describe_has_the_keys_of_a_field(org: asking.Org) -> None:
    """Describe tells of every field its type, size, and what may be done with it.

    Page: REST API Developer Guide, "sObject Describe"
    Unverified: the page leaves the keys to the SOAP guide; these are from client libraries.
    """
    for f in org.describe("Account")["fields"]:
        assert f["type"] in FIELD_TYPES, f["name"]
        for key in ("length", "precision", "scale", "digits"):
            assert isinstance(f[key], int), (f["name"], key)
        for key in ("nillable", "filterable", "sortable", "calculated", "restrictedPicklist"):
            assert isinstance(f[key], bool), (f["name"], key)
        assert isinstance(f["htmlFormatted"], bool)
        assert isinstance(f["picklistValues"], list)
        assert isinstance(f["referenceTo"], list)
        assert {"name", "label", "relationshipName", "controllerName"} <= set(f)


def test_lookup_tells_target_and_relationship(org: asking.Org) -> None:
    """A lookup field names its targets and the name by which SOQL walks it.

    Page: REST API Developer Guide, "sObject Describe"
    Page: SOQL and SOSL Reference, "Using Relationship Queries"
    """
    account = field(org.describe("Opportunity"), "AccountId")
    assert account["type"] == "reference"
    assert account["referenceTo"] == ["Account"]
    assert account["relationshipName"] == "Account"


def test_lookup_may_have_several_targets(org: asking.Org) -> None:
    """A polymorphic lookup lists all its targets: a task may belong to a user or a group.

    Page: REST API Developer Guide, "sObject Describe"
    """
    owner = field(org.describe("Task"), "OwnerId")
    assert {"User", "Group"} <= set(owner["referenceTo"])


def test_child_relationships_name_child_and_its_field(org: asking.Org) -> None:
    """ChildRelationships tells which object points here, through which field, by which name.

    Page: REST API Developer Guide, "sObject Describe"
    Unverified: the page leaves the keys to the SOAP guide; these are from client libraries.
    """
    children = org.describe("Account")["childRelationships"]
    assert all({"childSObject", "field", "relationshipName"} <= set(c) for c in children)
    found = {(c["childSObject"], c["field"]): c["relationshipName"] for c in children}
    assert found["Opportunity", "AccountId"] == "Opportunities"
    assert found["Contact", "AccountId"] == "Contacts"


def test_picklist_values_tell_value_label_and_active(org: asking.Org) -> None:
    """Each option tells API value, label, and whether it is active and the default.

    Page: REST API Developer Guide, "sObject Describe"
    Unverified: the page leaves the keys to the SOAP guide; these are from client libraries.
    """
    options = field(org.describe("Opportunity"), "StageName")["picklistValues"]
    assert options
    for option in options:
        assert isinstance(option["value"], str)
        assert isinstance(option["label"], str)
        assert isinstance(option["active"], bool)
        assert isinstance(option["defaultValue"], bool)
        assert "validFor" in option


@pytest.mark.sandbox_only("it needs a picklist with a value known to be inactive")
def test_inactive_picklist_values_are_listed_as_inactive(twin: asking.Twin) -> None:
    """A deactivated option stays in describe with ``active`` false, and on its records.

    Page: REST API Developer Guide, "sObject Describe"
    Unverified: that describe lists inactive values of every picklist (standard ones too).
    """
    options = field(twin.org.describe("Account"), "Contract_Plan__c")["picklistValues"]
    value = next(option["value"] for option in options if option["active"])
    account = twin.inner.insert("Account", {"Name": "holder", "Contract_Plan__c": value})
    twin.inner.deactivate_option("Account", "Contract_Plan__c", value)
    after = field(twin.org.describe("Account"), "Contract_Plan__c")["picklistValues"]
    assert {o["value"]: o["active"] for o in after}[value] is False
    held = twin.org.records(f"SELECT Contract_Plan__c FROM Account WHERE Id = '{account}'")
    assert held[0]["Contract_Plan__c"] == value


def test_dependent_picklist_names_its_controller(org: asking.Org) -> None:
    """A field that is no dependent picklist has no controller name.

    Page: REST API Developer Guide, "sObject Describe"
    """
    assert field(org.describe("Opportunity"), "StageName")["controllerName"] is None


def test_unknown_object_is_404(org: asking.Org) -> None:
    """Describing an object that the org does not have is 404 NOT_FOUND.

    Page: REST API Developer Guide, "Status Codes and Error Responses"
    Unverified: the code (NOT_FOUND) is from practice; the page promises 404.
    """
    error = asking.refusal(org.get("sobjects/Nothing_Of_The_Kind__c/describe"))
    assert (error.status, error.code) == (404, "NOT_FOUND")


def test_unchanged_metadata_is_304_without_a_body(org: asking.Org) -> None:
    """If-Modified-Since later than the last change gives 304 and no body.

    Page: REST API Developer Guide, "Get Object Metadata Changes"
    """
    now = parsedate_to_datetime(org.get("sobjects/Account/describe").headers["Date"])
    later = format_datetime(now.astimezone(UTC) + timedelta(days=1), usegmt=True)
    answer = org.get("sobjects/Account/describe", headers={"If-Modified-Since": later})
    assert answer.status_code == 304
    assert answer.content == b""


def test_changed_metadata_comes_whole(org: asking.Org) -> None:
    """If-Modified-Since earlier than the last change gives 200 and the whole describe.

    Page: REST API Developer Guide, "Get Object Metadata Changes"
    """
    long_ago = format_datetime(datetime(2000, 1, 1, tzinfo=UTC), usegmt=True)
    answer = org.get("sobjects/Account/describe", headers={"If-Modified-Since": long_ago})
    assert asking.exact(answer)["name"] == "Account"


def test_last_modified_of_describe_makes_the_next_one_304(org: asking.Org) -> None:
    """Describe's own Last-Modified, sent back, gives 304.

    Page: REST API Developer Guide, "Get Object Metadata Changes"
    Unverified: that describe answers with Last-Modified at all.
    """
    stamp = org.get("sobjects/Account/describe").headers["Last-Modified"]
    answer = org.get("sobjects/Account/describe", headers={"If-Modified-Since": stamp})
    assert answer.status_code == 304


@pytest.mark.sandbox_only("it takes a field away from the connected user")
def test_hidden_field_is_left_out_of_describe(twin: asking.Twin) -> None:
    """Describe leaves out a field that field-level security hides from the user.

    Unverified: no page found; it is common knowledge among integrators.
    """
    assert field(twin.org.describe("Account"), "Fax")
    twin.inner.hide_field("Account", "Fax")
    try:
        names = {f["name"] for f in twin.org.describe("Account")["fields"]}
        error = twin.org.refused("SELECT Id, Fax FROM Account")
    finally:
        twin.inner.show_field("Account", "Fax")
    assert "Fax" not in names
    assert (error.status, error.code) == (400, "INVALID_FIELD")
    assert "No such column 'Fax' on entity 'Account'" in error.message
