"""Setup changes: what describe and SOQL show of them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flyle_sf_assets.sandbox.clock import ManualClock
from flyle_sf_assets.sandbox.describe import describe_body
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.refusals import Refusal
from flyle_sf_assets.sandbox.soql.execution import execute
from flyle_sf_assets.sandbox.standard import kinds as k


def described(org: Org, name: str = "Account") -> dict[str, Any]:
    """Fields of the describe by name."""
    sobject = org.catalog.get(name)
    assert sobject is not None
    body = json.loads(describe_body(org.catalog, org.visibility, sobject, "66.0"))
    return {field["name"]: field for field in body["fields"]}


def first_value(org: Org, soql: str) -> str | None:
    """The first column of the first row."""
    result = execute(org, soql)
    return result.chunk(0, 1).values(result.columns[0].bound)[0]


@pytest.mark.parametrize(
    ("hide", "show"),
    [
        (
            lambda org: org.hide_field("Account", "Rating"),
            lambda org: org.show_field("Account", "rating"),
        ),
        (
            lambda org: org.rename_field("Account", "Rating", "Rank"),
            lambda org: org.rename_field("Account", "Rank", "Rating"),
        ),
    ],
    ids=["hidden", "renamed"],
)
def test_a_field_out_of_sight_is_no_such_column(
    org: Org, hide: Callable[[Org], None], show: Callable[[Org], None]
) -> None:
    """X9: hidden and gone look alike, and its values are still there when it comes back."""
    org.insert("Account", {"Name": "A", "Rating": "Hot"})
    hide(org)
    assert "Rating" not in described(org)
    with pytest.raises(Refusal, match="No such column 'Rating' on entity 'Account'"):
        execute(org, "SELECT Id, Rating FROM Account")
    show(org)
    assert first_value(org, "SELECT Rating FROM Account") == "Hot"


def test_a_hidden_object_is_not_supported(org: Org) -> None:
    """INVALID_TYPE, and its relationship is not understood."""
    org.hide_object("Account")
    with pytest.raises(Refusal, match="INVALID_TYPE"):
        execute(org, "SELECT Id FROM Account")
    with pytest.raises(Refusal, match="Didn't understand relationship 'Account'"):
        execute(org, "SELECT Account.Name FROM Opportunity")


def test_a_removed_field_comes_back_empty(org: Org) -> None:
    """Deleting a field deletes its values."""
    org.insert("Account", {"Name": "A", "Score__c": 5})
    field = org.remove_field("Account", "Score__c")
    org.add_field("Account", field)
    assert first_value(org, "SELECT Score__c FROM Account") is None


def test_a_type_change_keeps_what_fits(org: Org) -> None:
    """Text to number: what is no number is lost, as Setup warns."""
    org.add_field("Account", k.text("Size__c", "size"))
    org.insert("Account", {"Name": "A", "Size__c": "12"})
    org.insert("Account", {"Name": "B", "Size__c": "many"})
    org.change_field_type("Account", k.number("Size__c", "size", 18, 0))
    assert described(org)["Size__c"]["type"] == "double"
    assert first_value(org, "SELECT Size__c FROM Account WHERE Name = 'A'") == "12.0"
    assert first_value(org, "SELECT Size__c FROM Account WHERE Name = 'B'") is None


def test_an_edit_leaves_the_orgs_that_shared_the_schema_alone(org: Org) -> None:
    """Catalogs are copied on write."""
    twin = org.clone("twin", org_number=9, consumer_key="t", consumer_secret="t")
    org.add_option("Account", "Type", "Investor", "投資家")
    values = [option["value"] for option in described(twin)["Type"]["picklistValues"]]
    assert "Investor" not in values


def test_the_life_of_an_option(org: Org) -> None:
    """Added, relabelled, deactivated, reactivated, removed: the record keeps its value."""

    def option() -> dict[str, Any] | None:
        values = described(org)["Type"]["picklistValues"]
        return next((v for v in values if v["value"] == "Investor"), None)

    org.add_option("Account", "Type", "Investor", "投資家")
    org.insert("Account", {"Name": "A", "Type": "Investor"})
    org.relabel_option("Account", "Type", "Investor", "出資者")
    assert option() == {
        "active": True, "defaultValue": False, "label": "出資者", "validFor": None,
        "value": "Investor",
    }  # fmt: skip
    org.deactivate_option("Account", "Type", "Investor")
    assert (option() or {})["active"] is False
    org.reactivate_option("Account", "Type", "Investor")
    assert (option() or {})["active"] is True
    org.remove_option("Account", "Type", "Investor")
    assert option() is None
    assert first_value(org, "SELECT Type FROM Account") == "Investor"


def test_two_edits_in_one_second_have_different_last_modified(org: Org, clock: ManualClock) -> None:
    """HTTP dates have whole seconds: a 304 for the second edit would hide it for hours."""
    org.add_option("Account", "Type", "One")
    first = org.schema_changed_at["account"]
    org.add_option("Account", "Type", "Two")
    assert org.schema_changed_at["account"] > first


def test_describe_shows_dependent_values_as_a_bitset(org: Org) -> None:
    """validFor: the first controlling value is the highest bit of the first byte."""
    cities = {v["value"]: v for v in described(org)["City__c"]["picklistValues"]}
    assert described(org)["City__c"]["controllerName"] == "Prefecture__c"
    assert cities["Shibuya"]["validFor"] == "gA=="  # 1000 0000: Tokyo
    assert cities["Kita"]["validFor"] == "4A=="  # 1110 0000: all three
    assert cities["Gion"]["active"] is False


def test_every_field_type_is_described_somewhere(org: Org) -> None:
    """A mapping can meet any of them."""
    types = {
        field.type for sobject in org.catalog.objects.values() for field in sobject.fields
    }  # fmt: skip
    assert types == {
        "string", "textarea", "email", "phone", "url", "combobox", "id", "reference", "time",
        "encryptedstring", "picklist", "multipicklist", "boolean", "int", "long", "double",
        "currency", "percent", "date", "datetime", "address", "location", "base64", "anyType",
    }  # fmt: skip
