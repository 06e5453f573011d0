"""What SOQL shows through a lookup to several objects (the pseudo-object Name), and odd lookups."""

import pytest

from flyle_sf_assets_tests.conformance import asking
from flyle_sf_assets_tests.conformance.writing import Records


def test_a_lookup_to_several_objects_shows_fields_of_name(
    org: asking.Org, records: Records
) -> None:
    """Name, Email and Type of an owner can be selected and filtered, whatever it is.

    Page: Object Reference, "Name"
    """
    (task,) = records.create("Task", [{"Subject": "Call", "Status": "Not Started"}])
    found = "SELECT Owner.Name, Owner.Email, Owner.Type FROM Task"
    (record,) = org.records(f"{found} WHERE Id = '{task}' AND Owner.Type = 'User'")
    assert record["Owner"]["Type"] == "User"
    name, email = record["Owner"]["Name"], record["Owner"]["Email"]
    (user,) = org.records(f"SELECT Name, Email FROM User WHERE Id = '{org.user_id}'")
    assert (name, email) == (user["Name"], user["Email"])


@pytest.mark.parametrize("column", ["Department", "SystemModstamp", "Nowhere__c"])
def test_name_has_no_other_column(org: asking.Org, column: str) -> None:
    """Another field of User, a stamp or a custom field is no column on entity 'Name' (recorded).

    Page: Object Reference, "Name"
    """
    for soql in (
        f"SELECT Owner.{column} FROM Task",
        f"SELECT Id FROM Task WHERE Owner.{column} = null",
    ):
        refused = org.refused(soql)
        assert refused.code == "INVALID_FIELD"
        assert column in refused.message
        assert "'Name'" in refused.message


def test_name_cannot_be_selected_from(org: asking.Org) -> None:
    """Name stands behind a lookup only.

    Page: Object Reference, "Name"
    """
    assert org.refused("SELECT Id FROM Name").code == "INVALID_TYPE"


def test_a_reference_may_have_no_relationship_name(org: asking.Org) -> None:
    """The contact of an opportunity is an id that SOQL does not walk.

    Unverified: no page says it; it is so in every public describe that was recorded.
    """
    fields = {one["name"]: one for one in org.describe("Opportunity")["fields"]}
    assert fields["ContactId"]["type"] == "reference"
    assert fields["ContactId"]["relationshipName"] is None
    assert org.refused("SELECT Contact.Name FROM Opportunity").code == "INVALID_FIELD"


def test_child_relationships_may_have_no_name(org: asking.Org) -> None:
    """Many of the objects that point at a record cannot be asked for from there.

    Unverified: no page says it; recorded describes have 59 without a name among 137.
    """
    children = org.describe("User")["childRelationships"]
    assert any(child["relationshipName"] is None for child in children)
