"""Every reason why a path cannot be followed, in both languages, and what to write instead."""

import re
from dataclasses import replace
from typing import get_args

import pytest

from flyle_sf_assets.check.drift import drifts
from flyle_sf_assets.check.names import Org
from flyle_sf_assets.check.paths import path_problem
from flyle_sf_assets.companies.fields import company_fields
from flyle_sf_assets.raw.lookup_tree import Fault, PathFault
from flyle_sf_assets.raw.plan import plan
from flyle_sf_assets_tests.check.judging import CONTRACT_INFO
from flyle_sf_assets_tests.check.small_org import SCHEMAS, mapped, settings_of

FAULTS: dict[str, tuple[PathFault, str, str]] = {
    "object_unknown": (
        PathFault("Lost__r.Name", "Lost__r", "Lost__c", "object_unknown"),
        "Lost__c",
        "Read access",
    ),
    "field_unknown": (
        PathFault("Industri", "Industri", "Account", "field_unknown"),
        "Industri",
        "Industry (“業種”)",
    ),
    "lookup_unknown": (
        PathFault("Industry.Name", "Industry", "Account", "lookup_unknown"),
        "Industry",
        "is not a lookup",
    ),
    "one_to_many": (
        PathFault("Contracts.Name", "Contracts", "Account", "one_to_many", "Contract"),
        "many Contract records",
        "",
    ),
    "several_targets": (
        PathFault("Partner__r.Name", "Partner__r", "Account", "several_targets", "Case, Lead"),
        "Partner__r",
        "",
    ),
    "beyond_name": (
        PathFault("Owner.Email", "Email", "Contract_Info__c", "beyond_name", "Group, User"),
        "Email",
        "Name",
    ),
    "lookup_of_other_object": (
        PathFault(
            "ContractInfo.Plan__c", "Signer__c", "Contract_Info__c",
            "lookup_of_other_object", "Account",
        ),
        "does not point at Account",
        "points at Account",
    ),
    "external_lookup": (
        PathFault("Ext__r.Name", "Ext__r", "Account", "external_lookup", "Order__x"),
        "by an id of another system",
        "Keep the value in a field of Salesforce",
    ),
    "not_followed": (
        PathFault("Ext__r.Name", "Ext__r", "Order__x", "not_followed"),
        "Order__x",
        "another object",
    ),
    "too_deep": (
        PathFault("Parent.Parent.Parent.Parent.Parent.Parent.Name", "Parent", "Account",
                  "too_deep"),
        "at most five",
        "nearer",
    ),
    "system_field": (
        PathFault("SystemModstamp", "SystemModstamp", "Account", "system_field"),
        "SystemModstamp",
        "LastModifiedDate",
    ),
    "controller_unknown": (
        PathFault("Industry", "Region__c", "Account", "controller_unknown", "Industry"),
        "Region__c",
        "single_select",
    ),
}  # fmt: skip


def test_every_reason_is_here() -> None:
    """A new reason without a text of its own would be a KeyError before an administrator."""
    assert FAULTS.keys() == set(get_args(Fault))


@pytest.mark.parametrize("kind", FAULTS)
def test_a_reason_names_what_is_wrong_and_what_to_do(kind: str) -> None:
    fault, what, remedy = FAULTS[kind]
    found = path_problem(fault, "mapping[0].from", settings_of(), Org(SCHEMAS))
    assert found.path == "mapping[0].from"
    assert what in found.message.en
    assert remedy in found.remedy.en
    for text in (found.message.ja, found.remedy.ja):
        assert re.search(r"[぀-ヿ一-龯]", text)


def test_a_one_to_one_object_is_followed_from_its_own_object() -> None:
    """Declared of Account, and written as if it were of Opportunity."""
    settings = settings_of(object="Opportunity", one_to_one=[CONTRACT_INFO])
    fault = PathFault("ContractInfo.Plan__c", "ContractInfo", "Opportunity", "lookup_unknown")
    found = path_problem(fault, "mapping[0].from", settings, Org(SCHEMAS))
    assert "one-to-one object of Account" in found.remedy.en


def test_a_hidden_object_is_named_for_each_field_that_needs_it() -> None:
    """The permission watchdog: companies keep their last values, and the link says why."""
    settings = settings_of(mapping=[mapped("Owner.Email", "text", "mail")])
    schemas = {**SCHEMAS, "User": None}
    made = plan(settings, schemas)
    (found,) = drifts(made, company_fields(settings, made.leaves))
    assert (found.object, found.field) == ("User", "Owner.Email")
    assert "User" in found.message.en
    assert "User" in found.remedy.ja


def test_a_field_of_another_type_now_is_named_with_the_types_that_fit() -> None:
    """Its values cannot be converted any more: the last ones stay until a person chooses."""
    settings = settings_of(mapping=[mapped("IsActive__c", "checkbox", "active")])
    retyped = replace(
        SCHEMAS["Account"],
        fields=tuple(
            replace(field, type="date") if field.name == "IsActive__c" else field
            for field in SCHEMAS["Account"].fields
        ),
    )
    made = plan(settings, {"Account": retyped})
    (found,) = drifts(made, company_fields(settings, made.leaves))
    assert (found.object, found.field) == ("Account", "IsActive__c")
    assert "is now of type date" in found.message.en
    assert "date" in found.remedy.en
