"""What changes without a stamp: told by describe, by the table, or by nothing."""

import pytest

from flyle_sf_assets.raw.plan import Dataset, Leaf, Node, ReadPlan
from flyle_sf_assets.raw.sweep import census_columns, is_unstamped, needs_rescope, unstamped_columns
from flyle_sf_assets.raw.unstamped_fields import UNSTAMPED_FIELDS
from flyle_sf_assets.salesforce.schema.objects import FieldSchema
from flyle_sf_assets_tests.check.small_org import settings_of

COLUMNS = (
    FieldSchema("AccountId", "", "reference", relationship_name="Account"),
    FieldSchema("Description", "", "textarea", filterable=False),
    FieldSchema("HasOpenActivity", "", "boolean"),
    FieldSchema("IsWon", "", "boolean"),
    FieldSchema("Memo__c", "", "textarea", filterable=False),
    FieldSchema("NextStep", "", "string"),
    FieldSchema("Rank__c", "", "string", calculated=True),
    FieldSchema("Short__c", "", "textarea"),
)
DEALS = Dataset("opportunities", "opportunities", "Opportunity", COLUMNS, is_base=True)
ROOT = Node((), "Opportunity", "opportunities", "opportunities")


def plan_of(*asked: FieldSchema) -> ReadPlan:
    return ReadPlan(
        base_object="Opportunity",
        nodes=(ROOT,),
        datasets=(DEALS,),
        leaves={},
        condition_leaves={field.name: Leaf(field.name, ROOT, field) for field in asked},
    )


def names(columns: tuple[FieldSchema, ...]) -> list[str]:
    return [column.name for column in columns]


def test_a_sweep_reads_what_describe_and_the_table_name() -> None:
    """`HasOpenActivity` moved with activities, and no run ever found it."""
    assert names(unstamped_columns(DEALS)) == ["HasOpenActivity", "Rank__c"]


def test_a_census_compares_everything_that_is_believed_to_follow_the_stamp() -> None:
    """But long text, which people alone write; after an edit of metadata custom text as well."""
    plan = plan_of()
    usual = census_columns(plan, DEALS, is_edited=False)
    assert names(usual) == ["AccountId", "IsWon", "NextStep", "Short__c"]
    edited = census_columns(plan, DEALS, is_edited=True)
    assert set(names(edited)) == {*names(usual), "Memo__c", "Rank__c"}


def test_a_condition_on_such_a_field_moves_the_scope() -> None:
    settings = settings_of(object="Opportunity")
    assert needs_rescope(plan_of(COLUMNS[2]), settings)
    assert not needs_rescope(plan_of(COLUMNS[3]), settings)


@pytest.mark.parametrize(
    ("object_name", "field", "moves"),
    [
        ("Opportunity", "HasOverdueTask", True),
        ("opportunity", "hasopenactivity", True),
        ("Account", "LastActivityDate", True),
        ("Deal__c", "LastViewedDate", True),
        ("Account", "HasOpenActivity", False),
        ("Order", "Status", False),
        ("ContractLineItem", "Status", True),
        ("Opportunity", "ExpectedRevenue", False),
        ("Opportunity", "FiscalYear", False),
    ],
)
def test_the_table_is_asked_by_object_and_field(
    object_name: str, field: str, *, moves: bool
) -> None:
    """Status of a contract line item moves with the day; that of an order does not."""
    assert is_unstamped(object_name, FieldSchema(field, "", "string")) is moves


def test_every_row_of_the_table_has_a_reason_and_a_source() -> None:
    keys = [(one.object, one.field) for one in UNSTAMPED_FIELDS]
    assert len(set(keys)) == len(keys)
    assert all(one.why and one.source for one in UNSTAMPED_FIELDS)
