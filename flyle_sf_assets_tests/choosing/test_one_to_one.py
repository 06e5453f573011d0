"""One-to-one objects offered from the small org's child relationships."""

from dataclasses import replace

from flyle_sf_assets.check.fit import problems
from flyle_sf_assets.choosing.one_to_one import (
    OBJECTS_MAX,
    OneToOneChoice,
    OneToOneChoices,
    one_to_one_choices,
)
from flyle_sf_assets.choosing.walk import SchemaNeeded, Schemas
from flyle_sf_assets.raw.plan import plan
from flyle_sf_assets.salesforce.schema.objects import ChildRelationship, FieldSchema
from flyle_sf_assets.settings.models import Source
from flyle_sf_assets_tests.check.small_org import SCHEMAS, settings_of
from flyle_sf_assets_tests.choosing.levels import OF_ACCOUNT

KNOWN = {**SCHEMAS, "Contract": None, "OpportunityLineItem": None}


def _offered(source: Source) -> dict[str, OneToOneChoice]:
    found = one_to_one_choices(source, KNOWN)
    assert not isinstance(found, SchemaNeeded)
    return {one.item.object: one for one in found.choices}


def test_children_are_offered_with_labels_and_a_name_for_paths() -> None:
    """They were typed: four API names, each of which could be wrong."""
    offered = _offered(Source(object="Account"))
    assert list(offered) == ["Contract_Info__c"]
    item = offered["Contract_Info__c"].item
    assert (item.lookup, item.of, item.as_) == ("Account__c", "Account", "ContractInfo")
    assert offered["Contract_Info__c"].label == "契約情報"
    assert offered["Contract_Info__c"].lookup_label == "取引先"


def test_with_opportunity_the_accounts_children_are_offered_too() -> None:
    assert "Contract_Info__c" in _offered(Source(object="Opportunity"))


def test_what_is_declared_is_not_offered_again() -> None:
    assert "Contract_Info__c" not in _offered(OF_ACCOUNT)


def test_what_is_offered_fits_the_org() -> None:
    item = _offered(Source(object="Account"))["Contract_Info__c"].item
    mapping = [{"from": f"{item.as_}.Plan__c", "to": "plan", "label": "プラン"}]
    declared = item.model_dump(by_alias=True)
    settings = settings_of(one_to_one=[declared], mapping=mapping)
    assert problems(settings, plan(settings, KNOWN), KNOWN) == ()


def test_a_name_that_the_object_has_already_gets_a_number() -> None:
    account = SCHEMAS["Account"]
    taken = replace(
        account, fields=(*account.fields, FieldSchema("ContractInfo", "契約", "string"))
    )
    found = one_to_one_choices(Source(object="Account"), {**KNOWN, "Account": taken})
    assert not isinstance(found, SchemaNeeded)
    assert found.choices[0].item.as_ == "ContractInfo2"


def test_objects_that_salesforce_keeps_beside_each_object_are_never_described() -> None:
    account = replace(
        SCHEMAS["Account"],
        child_relationships=(
            ChildRelationship("AccountHistory", "AccountId", "Histories"),
            ChildRelationship("AccountShare", "AccountId", "Shares"),
            ChildRelationship("Hidden__c", "Account__c", None),
            ChildRelationship("Site__c", "Account__c", "Sites__r"),
        ),
    )
    needed = one_to_one_choices(Source(object="Account"), {"Account": account})
    assert needed == SchemaNeeded(("Site__c",))
    assert one_to_one_choices(Source(object="Account"), {}) == SchemaNeeded(("Account",))


def _crowded() -> tuple[Schemas, Schemas]:
    """An account with more child objects than are described: itself, and all of them known."""
    names = [f"Child{number:03d}__c" for number in range(OBJECTS_MAX + 5)]
    account = replace(
        SCHEMAS["Account"],
        child_relationships=tuple(ChildRelationship(n, "Account__c", f"{n[:-1]}r") for n in names),
    )
    extra = SCHEMAS["Contract_Info__c"]
    assert extra is not None
    known = {name: replace(extra, name=name, label=f"子{name[5:8]}") for name in names}
    return {"Account": account}, {"Account": account, **known}


def test_an_object_after_the_described_ones_is_found_by_its_name() -> None:
    """The list was cut first and filtered afterwards: what was cut could never be chosen."""
    org, known = _crowded()
    needed = one_to_one_choices(Source(object="Account"), org, "CHILD079")
    assert isinstance(needed, SchemaNeeded)
    assert needed.objects[0] == "Child079__c"
    assert len(needed.objects) == OBJECTS_MAX
    found = one_to_one_choices(Source(object="Account"), known, "ｃｈｉｌｄ079")
    assert isinstance(found, OneToOneChoices)
    assert [one.item.object for one in found.choices] == ["Child079__c"]


def test_a_list_that_is_cut_says_so() -> None:
    _, known = _crowded()
    found = one_to_one_choices(Source(object="Account"), known)
    assert isinstance(found, OneToOneChoices)
    assert (len(found.choices), found.is_cut) == (OBJECTS_MAX, True)
    labelled = one_to_one_choices(Source(object="Account"), known, "子007")
    assert isinstance(labelled, OneToOneChoices)
    assert [one.label for one in labelled.choices] == ["子007"]
    few = one_to_one_choices(Source(object="Account"), KNOWN)
    assert isinstance(few, OneToOneChoices)
    assert not few.is_cut
