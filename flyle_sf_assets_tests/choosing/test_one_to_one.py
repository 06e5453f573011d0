"""One-to-one objects offered from the small org's child relationships."""

from dataclasses import replace

from flyle_sf_assets.check.fit import problems
from flyle_sf_assets.choosing.one_to_one import OneToOneChoice, one_to_one_choices
from flyle_sf_assets.choosing.walk import SchemaNeeded
from flyle_sf_assets.raw.plan import plan
from flyle_sf_assets.salesforce.schema.objects import ChildRelationship, FieldSchema
from flyle_sf_assets.settings.models import Source
from flyle_sf_assets_tests.check.small_org import SCHEMAS, settings_of
from flyle_sf_assets_tests.choosing.levels import OF_ACCOUNT

KNOWN = {**SCHEMAS, "Contract": None, "OpportunityLineItem": None}


def _offered(source: Source) -> dict[str, OneToOneChoice]:
    found = one_to_one_choices(source, KNOWN)
    assert not isinstance(found, SchemaNeeded)
    return {one.item.object: one for one in found}


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
    assert found[0].item.as_ == "ContractInfo2"


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
