"""The field tree of a small org: what can be chosen, what cannot, and why not."""

from dataclasses import replace

from flyle_sf_assets.choosing.base_objects import base_object_choices
from flyle_sf_assets.choosing.tree import Branch, Level, level, sections
from flyle_sf_assets.choosing.walk import SchemaNeeded
from flyle_sf_assets.raw.plan import objects_missing, plan
from flyle_sf_assets.settings.models import Source
from flyle_sf_assets_tests.check.small_org import ACCOUNT, SCHEMAS, mapped, settings_of
from flyle_sf_assets_tests.check.small_org import ID as FIXED_ID
from flyle_sf_assets_tests.choosing.levels import (
    CONTRACT,
    OF_ACCOUNT,
    OF_OPPORTUNITY,
    field,
    opened,
)


def branch(one: Level, name: str) -> Branch:
    return next(branch for branch in one.branches if branch.name == name)


def test_a_level_has_every_field_by_label_with_its_path() -> None:
    found = opened(OF_OPPORTUNITY, "Account", "Owner")
    assert (found.object, found.label, found.depth) == ("User", "ユーザー", 2)
    mail = field(OF_OPPORTUNITY, "account.owner.EMAIL")
    assert (mail.path, mail.label_path) == ("Account.Owner.Email", "取引先 › 所有者 › メール")
    labels = [one.field.label for one in opened(OF_ACCOUNT).fields]
    assert labels == sorted(labels)
    assert len(labels) == len(ACCOUNT.fields)


def test_types_come_with_the_default_first() -> None:
    assert [str(t) for t in field(OF_ACCOUNT, "LastVisit__c").types] == ["datetime", "date", "text"]
    assert [str(t) for t in field(OF_ACCOUNT, "Industry").types] == ["single_select", "text"]


def test_what_cannot_be_mapped_says_why() -> None:
    """Greyed out without a reason, people searched for the switch that would allow it."""
    address = field(OF_ACCOUNT, "BillingAddress")
    assert not address.is_selectable
    assert address.why_not is not None
    assert "市区郡" in address.why_not.ja
    stamp = field(OF_ACCOUNT, "SystemModstamp")
    assert not stamp.is_selectable
    assert stamp.why_not_filterable is None
    assert stamp.why_not is not None
    assert "LastModifiedDate" in stamp.why_not.en
    assert field(OF_ACCOUNT, "Id").is_selectable


def test_long_text_can_be_mapped_but_not_filtered() -> None:
    description = field(OF_ACCOUNT, "Description")
    assert description.is_selectable
    assert description.why_not_filterable is not None


def test_lookups_and_declared_one_to_one_objects_lead_on() -> None:
    found = opened(OF_ACCOUNT)
    assert branch(found, "Parent").path == ("Parent",)
    contract = branch(found, "ContractInfo")
    assert (contract.is_one_to_one, contract.object, contract.why_closed) == (
        True,
        "Contract_Info__c",
        None,
    )
    assert branch(opened(OF_ACCOUNT, "Parent"), "ContractInfo").path == ("Parent", "ContractInfo")
    plan_field = field(OF_ACCOUNT, "ContractInfo.Plan__c")
    assert plan_field.label_path == "契約情報 › 契約プラン"


def test_a_lookup_to_several_objects_is_closed_with_the_reason() -> None:
    several = branch(opened(OF_ACCOUNT), "Partner__r")
    assert several.object == "Account, Contact, Lead, Case, Asset, Order"
    assert several.why_closed is not None
    assert level(OF_ACCOUNT, SCHEMAS, several.path) is None


def test_behind_an_owner_that_is_a_user_or_a_group_only_the_fields_of_name_are_offered() -> None:
    """Department was offered; SOQL has no such column there."""
    owner = branch(opened(OF_ACCOUNT, "ContractInfo"), "Owner")
    assert (owner.object, owner.why_closed) == ("Group, User", None)
    found = opened(OF_ACCOUNT, "ContractInfo", "Owner")
    assert {one.field.name for one in found.fields} == {"Name", "Type", "Email"}
    assert (found.branches, found.many_below) == ((), ())
    assert field(OF_ACCOUNT, "ContractInfo.Owner.Name").path == "ContractInfo.Owner.Name"
    without = {name: schema for name, schema in SCHEMAS.items() if name != "Group"}
    needed = level(OF_ACCOUNT, without, ("ContractInfo", "Owner"))
    assert needed == SchemaNeeded(("Group",))


def test_what_cannot_be_followed_is_closed_with_the_reason() -> None:
    """Neither by stamp nor by Id: it would be read once and never again."""
    fixed = replace(FIXED_ID, filterable=False)
    schemas = {**SCHEMAS, "User": replace(SCHEMAS["User"], fields=(fixed,))}
    root = level(OF_ACCOUNT, schemas)
    assert isinstance(root, Level)
    assert branch(root, "Owner").why_closed is not None
    assert level(OF_ACCOUNT, schemas, ("Owner",)) is None


def test_a_one_to_one_object_whose_lookup_points_elsewhere_is_closed() -> None:
    wrong = CONTRACT.model_copy(update={"lookup": "Signer__c"})
    source = Source(object="Account", one_to_one=(wrong,))
    assert branch(opened(source), "ContractInfo").why_closed is not None
    assert level(source, SCHEMAS, ("ContractInfo",)) is None


def test_five_relationships_and_no_more() -> None:
    deepest = opened(OF_ACCOUNT, *["Parent"] * 5)
    assert deepest.depth == 5
    assert all(one.why_closed is not None for one in deepest.branches)
    assert level(OF_ACCOUNT, SCHEMAS, ("Parent",) * 6) is None


def test_one_to_many_is_shown_closed_with_what_would_make_it_possible() -> None:
    """〈単数→多数〉はできません: the page must say which base object would."""
    found = {one.object: one for one in opened(OF_ACCOUNT).many_below}
    assert found.keys() == {"Opportunity", "Contract"}
    assert "商談を起点にすると" in found["Opportunity"].why_closed.ja
    assert "1:1" in found["Contract"].why_closed.ja
    seen_from_child = {o.object: o for o in opened(OF_OPPORTUNITY, "Account").many_below}
    assert "起点ですので" in seen_from_child["Opportunity"].why_closed.ja


def test_only_the_objects_on_the_path_are_asked_for() -> None:
    """Opening one level of a real org must not describe a hundred objects."""
    assert level(OF_OPPORTUNITY, {}) == SchemaNeeded(("Opportunity",))
    known = {"Opportunity": SCHEMAS["Opportunity"]}
    assert isinstance(level(OF_OPPORTUNITY, known), Level)
    assert level(OF_OPPORTUNITY, known, ("Account",)) == SchemaNeeded(("Account",))


def test_a_hidden_object_is_closed_and_cannot_be_opened() -> None:
    schemas = {**SCHEMAS, "User": None}
    found = level(OF_ACCOUNT, schemas)
    assert isinstance(found, Level)
    assert branch(found, "Owner").why_closed is not None
    assert level(OF_ACCOUNT, schemas, ("Owner",)) is None


def test_what_can_be_chosen_is_what_the_read_plan_can_walk() -> None:
    """The tree and the plan walk separately; a field offered here must be readable there."""
    for source in (OF_ACCOUNT, OF_OPPORTUNITY):
        waiting: list[tuple[str, ...]] = [()]
        while waiting:
            found = opened(source, *waiting.pop())
            paths = [one.path for one in found.fields if one.is_selectable]
            settings = settings_of(
                object=source.object,
                one_to_one=[CONTRACT.model_dump(by_alias=True)],
                mapping=[mapped(path, to=f"x{n}") for n, path in enumerate(paths)],
            )
            assert objects_missing(settings, SCHEMAS) == ()
            made = plan(settings, SCHEMAS)
            assert made.faults == ()
            assert list(made.leaves) == paths
            if found.depth < 3:
                waiting += [b.path for b in found.branches if b.why_closed is None]


def test_account_is_recommended_and_opportunity_warns() -> None:
    account, opportunity = base_object_choices(SCHEMAS)
    assert (account.name, account.is_recommended, account.warning) == ("Account", True, None)
    assert opportunity.warning is not None
    assert "企業名" in opportunity.warning.ja
    assert "推奨" in opportunity.warning.ja
    assert (account.why_not, opportunity.why_not) == (None, None)


def test_a_base_object_that_is_hidden_says_so() -> None:
    account, opportunity = base_object_choices(
        {"Account": replace(ACCOUNT, queryable=False), "Opportunity": None}
    )
    assert account.why_not is not None
    assert opportunity.why_not is not None


def test_useful_fields_come_first_then_parents_and_what_salesforce_keeps_for_itself_last() -> None:
    """An administrator looks for 業種, not for the stamp that sorts before it."""
    parts = sections(opened(OF_ACCOUNT), is_filter=False)
    useful = [one.field.name for one in parts.useful]
    assert "Industry" in useful
    assert not {"Id", "SystemModstamp", "OwnerId", "ParentId", "BillingAddress"} & set(useful)
    assert [one.field.name for one in parts.closed] == ["BillingAddress"]
    assert {one.field.name for one in parts.system} == {
        "Id",
        "SystemModstamp",
        "OwnerId",
        "ParentId",
        "Partner__c",
    }
    filtered = sections(opened(OF_ACCOUNT), is_filter=True)
    assert {one.field.name for one in filtered.closed} == {"BillingAddress", "Description"}
    assert {branch.name for branch in parts.branches} >= {"Owner", "Parent", "ContractInfo"}
