"""How each object of a plan is followed, and what stands behind a lookup to several objects."""

from dataclasses import replace

from flyle_sf_assets.raw.plan import ReadPlan, Schemas, objects_missing, plan
from flyle_sf_assets.raw.sweep import needs_rescope, needs_sweep, unstamped_columns
from flyle_sf_assets.salesforce.schema.objects import FieldSchema, ObjectSchema
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets_tests.check.judging import condition
from flyle_sf_assets_tests.check.small_org import mapped, settings_of

ID = FieldSchema("Id", "ID", "id")
NAME = FieldSchema("Name", "名前", "string")
STAMP = FieldSchema("SystemModstamp", "更新", "datetime")


def lookup(name: str, relationship: str, *targets: str, extra: str | None = None) -> FieldSchema:
    return FieldSchema(
        name,
        name,
        "reference",
        reference_to=targets,
        relationship_name=relationship,
        extra_type_info=extra,
    )


def described(name: str, *fields: FieldSchema, prefix: str = "a00") -> ObjectSchema:
    return ObjectSchema(name, name, queryable=True, fields=(ID, *fields), key_prefix=prefix)


ORG: dict[str, ObjectSchema | None] = {
    "Account": described("Account", STAMP, NAME, lookup("Region__c", "Region__r", "Region__c")),
    "Region__c": described(
        "Region__c",
        STAMP,
        NAME,
        lookup("OwnerId", "Owner", "Group", "User"),
        lookup("Supplier__c", "Supplier__r", "Supplier__x"),
        lookup("Mirror__c", "Mirror__r", "Supplier__x", extra="externallookup"),
    ),
    "Supplier__x": described("Supplier__x", NAME, prefix="x01"),
    "User": described("User", STAMP, NAME, FieldSchema("Email", "メール", "email"), prefix="005"),
    "Group": described("Group", STAMP, NAME, FieldSchema("Type", "種別", "picklist"), prefix="00G"),
}
OWNER = ("Region__r", "Owner")


def made(*paths: str, org: Schemas = ORG, **source: object) -> tuple[ReadPlan, TenantSettings]:
    mapping = [mapped(path, to=f"x{number}") for number, path in enumerate(paths)]
    settings = settings_of(mapping=mapping, **source)
    return plan(settings, org), settings


def faults(*paths: str, org: Schemas = ORG) -> list[tuple[str, str]]:
    return [(fault.fault, fault.object) for fault in made(*paths, org=org)[0].faults]


def test_an_owner_that_is_a_user_or_a_group_is_asked_of_both_by_their_ids() -> None:
    """Only User was asked: 26 of 55 companies were blank, and nothing said so."""
    found, settings = made("Region__r.Owner.Name", "Region__r.Owner.Type", "Region__r.Owner.Email")
    owners = [node for node in found.nodes if node.relationships == OWNER]
    assert [(n.object, n.dataset, n.key_prefix, n.followed) for n in owners] == [
        ("Group", "related/Group", "00G", "stamp"),
        ("User", "related/User", "005", "stamp"),
    ]
    columns = {d.name: [c.name for c in d.columns] for d in found.datasets}
    assert columns["related/Group"] == ["Name", "Type"]
    assert columns["related/User"] == ["Email", "Name"]
    assert columns["related/Region__c"] == ["OwnerId"]
    of_type = found.leaves["Region__r.Owner.Type"].sources
    assert [(t.node.object, t.field is not None, t.literal) for t in of_type] == [
        ("Group", True, None),
        ("User", False, "User"),
    ]
    assert not needs_sweep(found, settings)


def test_the_objects_behind_a_lookup_are_described_before_the_plan_is_made() -> None:
    _, settings = made("Region__r.Owner.Name")
    known = {name: ORG[name] for name in ("Account", "Region__c")}
    assert objects_missing(settings, known) == ("Group", "User")
    hidden = {**ORG, "Group": None}
    assert faults("Region__r.Owner.Name", org=hidden) == [("object_unknown", "Group")]


def test_a_condition_on_such_an_owner_is_a_sweeps_to_follow() -> None:
    """Its SystemModstamp was asked for: every refresh but the first ended in INVALID_FIELD."""
    found, settings = made("Name", conditions=[condition("Region__r.Owner.Name", "eq", "A")])
    assert found.condition_leaves["Region__r.Owner.Name"].followed == "reread"
    assert needs_rescope(found, settings)
    assert {node.object for node in found.nodes} == {"Account"}


def test_an_object_without_a_stamp_to_filter_by_is_read_again_whole() -> None:
    """External objects have none; asked for SystemModstamp, no refresh ever ended."""
    found, settings = made("Region__r.Supplier__r.Name")
    supplier = found.dataset("related/Supplier__x")
    assert supplier.followed == "reread"
    assert [column.name for column in unstamped_columns(supplier)] == ["Name"]
    assert needs_sweep(found, settings)
    region = ORG["Region__c"]
    assert region is not None
    fixed = replace(STAMP, filterable=False)
    unfilterable = {
        **ORG,
        "Region__c": replace(
            region, fields=tuple(fixed if f is STAMP else f for f in region.fields)
        ),
    }
    assert made("Region__r.Name", org=unfilterable)[0].dataset("related/Region__c").followed == (
        "reread"
    )
    asked = made("Name", org=unfilterable, conditions=[condition("Region__r.Name", "eq", "A")])
    assert needs_rescope(*asked)


def test_what_can_be_followed_in_no_way_is_refused() -> None:
    id_alone = replace(ID, filterable=False)
    org = {
        **ORG,
        "Supplier__x": ObjectSchema("Supplier__x", "x", queryable=True, fields=(id_alone, NAME)),
    }
    assert faults("Region__r.Supplier__r.Name", org=org) == [("not_followed", "Supplier__x")]


def test_a_lookup_that_holds_another_systems_id_is_refused() -> None:
    """An external lookup's value is no Salesforce Id: no record could be asked for by it."""
    assert faults("Region__r.Mirror__r.Name") == [("external_lookup", "Region__c")]
    assert faults("Region__r.Mirror__c") == []


def test_a_lookup_to_an_object_that_describe_does_not_name_is_a_fault() -> None:
    """Of an object that the user may not see referenceTo is empty."""
    org = {**ORG, "Account": described("Account", STAMP, NAME, lookup("Secret__c", "Secret__r"))}
    assert faults("Secret__r.Name", org=org) == [("lookup_unknown", "Account")]


def test_an_object_that_is_not_mapped_costs_nothing_by_its_neighbour() -> None:
    found, _ = made("Region__r.OwnerId")
    assert {node.object for node in found.nodes} == {"Account", "Region__c"}
