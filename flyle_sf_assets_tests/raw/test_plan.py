"""The read plan: which objects, columns and lookups a tenant's settings need of its org."""

from dataclasses import replace
from typing import Any

import pytest

from flyle_sf_assets.check.drift import drifts
from flyle_sf_assets.companies.fields import company_fields
from flyle_sf_assets.raw.plan import objects_missing, objects_reached, plan
from flyle_sf_assets.salesforce.schema.objects import (
    ChildRelationship,
    FieldSchema,
    ObjectSchema,
    PicklistValue,
)
from flyle_sf_assets.settings.models import FlyleType, TenantSettings


def lookup(name: str, relationship: str, *targets: str) -> FieldSchema:
    return FieldSchema(
        name, name, "reference", relationship_name=relationship, reference_to=targets
    )


def text(name: str) -> FieldSchema:
    return FieldSchema(name, name, "string")


MANY = ("Case", "Solution", "Asset", "Order", "Campaign", "Contract")
SCHEMAS: dict[str, ObjectSchema | None] = {
    "Account": ObjectSchema(
        "Account",
        "取引先",
        queryable=True,
        fields=(
            text("Name"),
            text("Type"),
            text("SystemModstamp"),
            lookup("ParentId", "Parent", "Account"),
            lookup("OwnerId", "Owner", "User"),
        ),
        child_relationships=(ChildRelationship("Opportunity", "AccountId", "Opportunities"),),
    ),
    "Opportunity": ObjectSchema(
        "Opportunity",
        "商談",
        queryable=True,
        fields=(
            text("Name"),
            text("StageName"),
            lookup("AccountId", "Account", "Account"),
            lookup("Partner__c", "Partner__r", "Account"),
            lookup("WhatId", "What", *MANY),
        ),
    ),
    "User": ObjectSchema(
        "User",
        "ユーザー",
        queryable=True,
        fields=(text("Name"), text("Email"), text("SystemModstamp")),
        key_prefix="005",
    ),
    "Contract_Info__c": ObjectSchema(
        "Contract_Info__c",
        "契約情報",
        queryable=True,
        fields=(text("Name"), text("Plan__c"), lookup("Account__c", "Account__r", "Account")),
    ),
}


def settings(base: str, *paths: str, **source: Any) -> TenantSettings:
    return TenantSettings.model_validate(
        {
            "tenant": "acme",
            "display_name": "アクメ",
            "plan": "enterprise",
            "connection": {
                "org_url": "https://acme.my.salesforce.com",
                "flow": "client_credentials",
                "consumer_key": {"env": "KEY"},
            },
            "source": {"object": base, **source},
            "mapping": [
                {"from": path, "to": f"f{index}", "label": path} for index, path in enumerate(paths)
            ],
        }
    )


def columns_by_dataset(asked: TenantSettings) -> dict[str, list[str]]:
    made = plan(asked, SCHEMAS)
    return {d.name: [column.name for column in d.columns] for d in made.datasets}


def test_lookups_on_the_way_are_read_as_columns_of_the_object_before() -> None:
    assert columns_by_dataset(settings("Opportunity", "Account.Owner.Name", "StageName")) == {
        "opportunities": ["AccountId", "Name", "StageName"],
        "accounts": ["OwnerId"],
        "related/User": ["Name"],
    }


def test_parents_of_the_base_object_share_its_dataset() -> None:
    made = plan(settings("Account", "Parent.Parent.Type"), SCHEMAS)
    assert [node.path for node in made.nodes] == [(), ("Parent",), ("Parent", "Parent")]
    assert {node.dataset for node in made.nodes} == {"accounts"}
    assert made.dataset("accounts").is_base


def test_an_account_behind_a_custom_lookup_is_a_related_record() -> None:
    """The accounts asset runs before the related records, so it could not keep them."""
    assert columns_by_dataset(settings("Opportunity", "Partner__r.Type")) == {
        "opportunities": ["Name", "Partner__c"],
        "related/Account": ["Type"],
    }


def test_a_one_to_one_object_carries_the_lookup_on_its_own_side() -> None:
    asked = settings(
        "Opportunity",
        "Account.ContractInfo.Plan__c",
        one_to_one=[
            {
                "object": "Contract_Info__c",
                "lookup": "Account__c",
                "of": "Account",
                "as": "ContractInfo",
            }
        ],
    )
    assert columns_by_dataset(asked) == {
        "opportunities": ["AccountId", "Name"],
        "accounts": [],
        "related/Contract_Info__c": ["Account__c", "Plan__c"],
    }


def test_condition_fields_are_found_but_their_parents_are_not_held() -> None:
    """Salesforce judges conditions; holding the parents would cost reads for nothing."""
    made = plan(
        settings(
            "Opportunity",
            conditions=[{"any": [{"field": "Account.Type", "op": "eq", "value": "Customer"}]}],
        ),
        SCHEMAS,
    )
    assert [d.name for d in made.datasets] == ["opportunities"]
    assert made.condition_leaves["Account.Type"].field.name == "Type"


def test_every_fault_is_reported_and_the_rest_goes_on() -> None:
    made = plan(
        settings(
            "Account", "Nope", "Nix.Name", "Opportunities.Amount", "SystemModstamp", "Owner.Email"
        ),
        SCHEMAS,
    )
    assert [(f.path, f.fault, f.detail) for f in made.faults] == [
        ("Nope", "field_unknown", ""),
        ("Nix.Name", "lookup_unknown", ""),
        ("Opportunities.Amount", "one_to_many", "Opportunity"),
        ("SystemModstamp", "system_field", ""),
    ]
    assert list(made.leaves) == ["Owner.Email"]


def test_a_lookup_to_more_than_five_objects_cannot_be_followed() -> None:
    made = plan(settings("Opportunity", "What.Name"), SCHEMAS)
    assert [(f.fault, f.detail) for f in made.faults] == [("several_targets", ", ".join(MANY))]


def test_objects_are_asked_for_step_by_step_until_none_is_missing() -> None:
    asked = settings("Opportunity", "Account.Owner.Name")
    known: dict[str, ObjectSchema | None] = {}
    rounds = []
    while missing := objects_missing(asked, known):
        rounds.append(missing)
        known |= {name: SCHEMAS.get(name) for name in missing}
    assert rounds == [("Opportunity",), ("Account",), ("User",)]


@pytest.mark.parametrize("unknown", [(), ("User",), ("Account", "User")])
def test_the_objects_reached_are_those_asked_for_step_by_step(unknown: tuple[str, ...]) -> None:
    asked = settings("Opportunity", "Owner.Name", "Account.Owner.Name", "Account.Name")
    schemas = {name: None if name in unknown else one for name, one in SCHEMAS.items()}
    known: dict[str, ObjectSchema | None] = {}
    while missing := objects_missing(asked, known):
        known |= {name: schemas.get(name) for name in missing}
    reached = objects_reached(asked, schemas)
    assert reached[0] == "Opportunity"
    assert sorted(reached) == sorted(known)


def test_an_object_that_the_org_does_not_know_is_a_fault_not_an_endless_question() -> None:
    known = {**SCHEMAS, "User": None}
    made = plan(settings("Account", "Owner.Name", "Type"), known)
    assert [(f.object, f.fault) for f in made.faults] == [("User", "object_unknown")]
    assert objects_missing(settings("Account", "Owner.Name"), known) == ()


def _state_schemas(*, is_country_seen: bool = True) -> dict[str, ObjectSchema | None]:
    """Account with state codes that are unique within a country only."""
    options = tuple(
        PicklistValue("13", label, active=True, valid_for=bits)
        for label, bits in (("東京都", b"\x80"), ("河北省", b"\x40"))
    )
    state = FieldSchema(
        "StateCode", "州", "picklist", controller_name="CountryCode", picklist_values=options
    )
    account = SCHEMAS["Account"]
    assert account is not None
    country = (FieldSchema("CountryCode", "国", "picklist"),) if is_country_seen else ()
    return {**SCHEMAS, "Account": replace(account, fields=(*account.fields, state, *country))}


def _typed(asked: TenantSettings, *types: str) -> TenantSettings:
    typed = [
        m.model_copy(update={"type": FlyleType(t)})
        for m, t in zip(asked.mapping, types, strict=True)
    ]
    return asked.model_copy(update={"mapping": tuple(typed)})


def test_a_label_that_needs_the_controlling_field_makes_it_one_more_column() -> None:
    """Only the value of the country tells which state 13 is; the code itself needs nothing."""
    schemas, path = _state_schemas(), "Account.StateCode"
    asked = settings("Opportunity", path)
    as_text = plan(_typed(asked, "text"), schemas)
    as_code = plan(_typed(asked, "single_select"), schemas)
    assert [c.name for c in as_text.dataset("accounts").columns] == ["CountryCode", "StateCode"]
    assert [c.name for c in as_code.dataset("accounts").columns] == ["StateCode"]
    controller = as_text.leaves[path].controller
    assert controller is not None
    assert controller.name == "CountryCode"
    assert as_code.leaves[path].controller is None


def test_a_path_mapped_twice_keeps_its_controlling_field() -> None:
    """As text and as code, in whichever order they are written."""
    for types in (("text", "single_select"), ("single_select", "text")):
        made = plan(_typed(settings("Account", "StateCode", "StateCode"), *types), _state_schemas())
        assert made.leaves["StateCode"].controller is not None


def test_a_hidden_controlling_field_is_a_fault_of_the_labels_alone() -> None:
    """It must not turn every label into a code: the mapping stops, and says what is missing."""
    schemas = _state_schemas(is_country_seen=False)
    asked = _typed(settings("Account", "StateCode"), "text")
    made = plan(asked, schemas)
    assert [(f.path, f.segment, f.fault, f.detail) for f in made.faults] == [
        ("StateCode", "CountryCode", "controller_unknown", "StateCode")
    ]
    (field,) = company_fields(asked, made.leaves)
    assert not field.readable
    (drift,) = drifts(made, [field])
    told = (drift.code, drift.object, drift.field)
    assert told == ("field_not_readable", "Account", "CountryCode")
    code = _typed(asked, "single_select")
    assert plan(code, schemas).faults == ()
    assert company_fields(code, plan(code, schemas).leaves)[0].readable
