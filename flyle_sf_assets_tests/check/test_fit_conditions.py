"""Settings against a small org: the base, conditions, and one-to-one objects."""

import pytest

from flyle_sf_assets.check import fit
from flyle_sf_assets.raw.plan import plan
from flyle_sf_assets.settings.wording import LineMap
from flyle_sf_assets_tests.check.judging import (
    CONTRACT_INFO,
    Judge,
    condition,
    told,
)
from flyle_sf_assets_tests.check.small_org import (
    described,
    mapped,
    settings_of,
)


def test_opportunity_as_the_base_warns_about_names(judge: Judge) -> None:
    """The company's name becomes the opportunity's; the seed page recommends Account."""
    (problem,) = judge(object="Opportunity")
    assert (problem.code, problem.severity) == ("opportunity_names", "warning")
    assert "商談名" in problem.message.ja
    assert "取引先オブジェクトを起点に連携することを推奨" in problem.remedy.ja
    assert judge(object="Account") == []


@pytest.mark.parametrize(
    ("field", "op", "value", "code", "at"),
    [
        ("Description", "contains", "x", "field_not_filterable", "field"),
        ("BillingAddress", "not_null", None, "field_not_filterable", "field"),
        ("Industry", "includes", ["Retail"], "operator_not_possible", "op"),
        ("IsActive__c", "lt", "true", "operator_not_possible", "op"),
        ("AnnualRevenue", "contains", "1", "operator_not_possible", "op"),
        ("NumberOfEmployees", "starts_with", "1", "operator_not_possible", "op"),
        ("OwnerId", "contains", "005", "operator_not_possible", "op"),
        ("Products__c", "gt", "A", "operator_not_possible", "op"),
        ("AnnualRevenue", "ge", "1,000,000", "condition_value_wrong_type", "value"),
        ("AnnualRevenue", "ge", "百万", "condition_value_wrong_type", "value"),
        ("AnnualRevenue", "eq", True, "condition_value_wrong_type", "value"),
        ("AnnualRevenue", "eq", {"date": "TODAY"}, "condition_value_wrong_type", "value"),
        ("NumberOfEmployees", "in", ["1", "x"], "condition_value_wrong_type", "value[1]"),
        ("Founded__c", "ge", "2024-02-30", "condition_value_wrong_type", "value"),
        ("Founded__c", "ge", "2024/01/31", "condition_value_wrong_type", "value"),
        ("Founded__c", "ge", "2024-01-31T09:00:00Z", "condition_value_wrong_type", "value"),
        ("LastVisit__c", "ge", "yesterday", "condition_value_wrong_type", "value"),
        ("OpensAt__c", "ge", "25:00", "condition_value_wrong_type", "value"),
        ("IsActive__c", "eq", "yes", "condition_value_wrong_type", "value"),
        ("Name", "eq", True, "condition_value_wrong_type", "value"),
        ("Name", "eq", {"date": "TODAY"}, "condition_value_wrong_type", "value"),
        ("OwnerId", "eq", "Yamada", "condition_value_wrong_type", "value"),
        ("Owner.Nam", "eq", "x", "field_unknown", "field"),
        ("Opportunities.Amount", "gt", "1", "one_to_many", "field"),
    ],
)
def test_a_condition_that_the_org_cannot_answer(
    judge: Judge, field: str, op: str, value: object, code: str, at: str
) -> None:
    """Told before the first query fails with MALFORMED_QUERY or INVALID_FIELD."""
    alone = judge(conditions=[condition(field, op, value)])
    assert told(alone) == [(code, f"source.conditions[0].{at}")]
    grouped = judge(
        conditions=[{"any": [condition("Name", "not_null"), condition(field, op, value)]}]
    )
    assert told(grouped) == [(code, f"source.conditions[0].any[1].{at}")]
    assert all(p.message.ja and p.remedy.ja and p.severity == "error" for p in alone)


def test_the_possible_operators_are_listed(judge: Judge) -> None:
    """So that the next try is right."""
    (problem,) = judge(conditions=[condition("IsActive__c", "gt", "true")])
    assert problem.remedy.en == "Possible: eq, ne."


@pytest.mark.parametrize(
    ("field", "op", "value", "meant"),
    [
        ("Industry", "eq", "Manufacturng", "Manufacturing"),
        ("Industry", "in", ["Retail", "製造業"], "Manufacturing"),
        ("Products__c", "includes", ["A;製品B"], "B"),
        ("Industry", "ne", "zzz", "Manufacturing, Retail"),
    ],
)
def test_an_option_that_does_not_exist_is_a_warning(
    judge: Judge, field: str, op: str, value: object, meant: str
) -> None:
    """Records may hold values outside the list; a label is the common slip."""
    (problem,) = judge(conditions=[condition(field, op, value)])
    assert (problem.code, problem.severity) == ("picklist_value_unknown", "warning")
    assert meant in problem.remedy.en
    assert meant in problem.remedy.ja


@pytest.mark.parametrize(
    ("edit", "code", "path", "words"),
    [
        ({"object": "Contract_Inf__c"}, "object_unknown", "object", "__c"),
        ({"lookup": "Account__r"}, "field_unknown", "lookup", "Account__c"),
        ({"lookup": "Acount__c"}, "field_unknown", "lookup", "Account__c"),
        ({"lookup": "Signer__c"}, "one_to_one_lookup_of_other_object", "lookup", "Account__c"),
        ({"lookup": "Name"}, "one_to_one_lookup_of_other_object", "lookup", "Account__c"),
    ],
)
def test_a_declared_object_must_point_at_what_it_belongs_to(
    judge: Judge, edit: dict[str, str], code: str, path: str, words: str
) -> None:
    """Told at the declaration, once, and not again at every path that goes through it."""
    problems = judge(
        one_to_one=[CONTRACT_INFO | edit],
        mapping=[mapped("ContractInfo.Plan__c"), mapped("ContractInfo.Name", to="y")],
    )
    assert told(problems) == [(code, f"source.one_to_one[0].{path}")]
    assert words in problems[0].remedy.ja
    assert words in problems[0].remedy.en


def test_a_field_of_a_declared_object_that_does_not_exist(judge: Judge) -> None:
    """The declaration is right, the field is not."""
    (problem,) = judge(one_to_one=[CONTRACT_INFO], mapping=[mapped("ContractInfo.Pln__c")])
    assert (problem.code, problem.path) == ("field_unknown", "mapping[0].from")
    assert "Plan__c" in problem.remedy.en


@pytest.mark.parametrize("name", ["Contracts", "partner__r"])
def test_a_declared_name_must_not_hide_a_relationship(judge: Judge, name: str) -> None:
    """Else nobody could tell which of the two a path means."""
    problems = judge(one_to_one=[CONTRACT_INFO | {"as": name}], mapping=[mapped(f"{name}.Plan__c")])
    assert ("one_to_one_shadows", "source.one_to_one[0].as") in told(problems)


def test_alternatives_cannot_ask_a_one_to_one_object(judge: Judge) -> None:
    """SOQL has no semi-join inside OR."""
    asked = condition("ContractInfo.Plan__c", "eq", "Gold")
    problems = judge(
        one_to_one=[CONTRACT_INFO], conditions=[{"any": [asked, condition("Name", "not_null")]}]
    )
    assert told(problems) == [("one_to_one_in_any", "source.conditions[0].any[0].field")]


def test_every_problem_comes_at_once_in_the_order_of_the_file() -> None:
    """With file and line, as far as the file says."""
    settings = settings_of(
        mapping=[mapped("Nam"), mapped("Industry", "number", "y")],
        conditions=[condition("Description", "eq", "x"), condition("Industry", "eq", "zzz")],
    )
    schemas = described(settings)
    lines = LineMap(
        "acme.yaml",
        {"mapping[0]": 3, "mapping[1].type": 5, "source.conditions[0].field": 9, "source": 8},
    )
    problems = fit.problems(settings, plan(settings, schemas), schemas, lines)
    assert [(p.code, p.line, p.file) for p in problems] == [
        ("field_unknown", 3, "acme.yaml"),
        ("type_not_allowed", 5, "acme.yaml"),
        ("picklist_value_unknown", 8, "acme.yaml"),
        ("field_not_filterable", 9, "acme.yaml"),
    ]
