"""Settings against a small org: each misfit with its place, its remedy, and nothing else."""

from collections.abc import Callable

import pytest

from flyle_sf_assets.check import fit
from flyle_sf_assets.errors import Problem
from flyle_sf_assets.raw.plan import Schemas, plan
from flyle_sf_assets.settings.yaml_reading import LineMap
from flyle_sf_assets_tests.check.small_org import (
    SCHEMAS,
    described,
    mapped,
    settings_of,
    without_field,
)

Judge = Callable[..., list[Problem]]

CONTRACT_INFO = {
    "object": "Contract_Info__c",
    "lookup": "Account__c",
    "of": "Account",
    "as": "ContractInfo",
}


def told(problems: list[Problem]) -> list[tuple[str, str]]:
    """Code and path of each."""
    return [(p.code, p.path) for p in problems]


def condition(field: str, op: str, value: object = None, /) -> dict[str, object]:
    """One condition."""
    return {"field": field, "op": op} | ({} if value is None else {"value": value})


def test_settings_that_fit_have_no_problem(judge: Judge) -> None:
    """No false alarm: every kind of path, type, operator and value that the org allows."""
    problems = judge(
        one_to_one=[CONTRACT_INFO],
        conditions=[
            condition("Industry", "in", ["Manufacturing", "old"]),
            condition("Products__c", "includes", ["A;B"]),
            {"field": "IsActive__c", "op": "eq", "value": True},
            condition("AnnualRevenue", "ge", "1000000.50"),
            condition("Founded__c", "lt", {"date": "LAST_N_YEARS:3"}),
            condition("LastVisit__c", "ge", "2024-01-31T09:00:00+09:00"),
            condition("LastVisit__c", "ge", "2024-01-31"),
            condition("OpensAt__c", "lt", "09:30:00"),
            condition("OwnerId", "eq", "005000000000001AAA"),
            condition("Name", "contains", "株式会社"),
            condition("Website", "is_null"),
            {"any": [condition("Owner.Email", "not_null"), condition("Parent.Name", "ne", "x")]},
            condition("ContractInfo.Plan__c", "eq", "Gold"),
        ],
        mapping=[
            mapped("Name", "text", "a"),
            mapped("AnnualRevenue", None, "b"),
            mapped("Products__c", "multi_select", "c"),
            mapped("Parent.Parent.Owner.Email", "text", "d"),
            mapped("ContractInfo.Signer__r.Name", "text", "e"),
            mapped("LastVisit__c", "date", "f"),
            mapped("OwnerId", "text", "g"),
        ],
    )
    assert told(problems) == []


def test_an_unknown_field_is_told_with_the_nearest_names(judge: Judge) -> None:
    """A slip of the keyboard, in both languages."""
    (problem,) = judge(mapping=[mapped("AnualRevenue")])
    assert (problem.code, problem.path) == ("field_unknown", "mapping[0].from")
    assert "取引先(Account)" in problem.message.ja
    assert "AnnualRevenue(年間売上)" in problem.remedy.ja
    assert "AnnualRevenue (年間売上)" in problem.remedy.en
    assert "項目レベルセキュリティ" in problem.remedy.ja


@pytest.mark.parametrize(
    ("written", "meant"),
    [("年間売上", "AnnualRevenue"), ("売上", "AnnualRevenue"), ("業種区分", "Industry")],
)
def test_a_label_written_as_a_field_finds_the_api_name(
    judge: Judge, written: str, meant: str
) -> None:
    """People know labels; API names are what Salesforce wants."""
    (problem,) = judge(mapping=[mapped(written)])
    assert problem.code == "field_unknown"
    assert meant in problem.remedy.ja
    assert meant in problem.remedy.en


def test_a_field_of_a_parent_is_found_there(judge: Judge) -> None:
    """With Opportunity as the base, the account's fields stand one lookup up."""
    problems = judge(
        object="Opportunity", mapping=[mapped("NumberOfEmployees"), mapped("Account.Name", to="y")]
    )
    problem = next(p for p in problems if p.severity == "error")
    assert "Account.NumberOfEmployees" in problem.remedy.en


def test_a_field_hidden_from_the_user_is_told_like_an_unknown_one() -> None:
    """Describe leaves it out: only the remedy can name the missing right."""
    settings = settings_of(mapping=[mapped("AnnualRevenue")])
    account = SCHEMAS["Account"]
    schemas: Schemas = {"Account": without_field(account, "AnnualRevenue")}
    (problem,) = fit.problems(settings, plan(settings, schemas), schemas)
    assert problem.code == "field_unknown"
    assert "field-level security" in problem.remedy.en


@pytest.mark.parametrize(
    ("from_", "type_", "allowed"),
    [
        ("Industry", "number", "single_select, text"),
        ("AnnualRevenue", "single_select", "number, text"),
        ("Name", "single_select", "text"),
        ("Name", "multi_select", "text"),
        ("Website", "checkbox", "url, text"),
        ("LastVisit__c", "number", "datetime, date, text"),
    ],
)
def test_a_type_pair_that_is_not_supported_tells_what_is(
    judge: Judge, from_: str, type_: str, allowed: str
) -> None:
    """Only supported type pairs can be chosen."""
    (problem,) = judge(mapping=[mapped(from_, type_)])
    assert (problem.code, problem.path) == ("type_not_allowed", "mapping[0].type")
    assert problem.remedy.en == f"Allowed: {allowed}."
    assert allowed in problem.remedy.ja


def test_a_field_that_cannot_be_linked_at_all_says_why(judge: Judge) -> None:
    """Compound addresses are the common case."""
    (problem,) = judge(mapping=[mapped("BillingAddress", "text")])
    assert (problem.code, problem.path) == ("field_not_supported", "mapping[0].from")
    assert "住所" in problem.message.ja


def test_one_to_many_names_the_base_object_that_makes_it_possible(judge: Judge) -> None:
    """An account has many opportunities; with Opportunity as the base both can be linked."""
    (problem,) = judge(mapping=[mapped("Opportunities.Amount")])
    assert (problem.code, problem.path) == ("one_to_many", "mapping[0].from")
    assert "取引先(Account)と商談(Opportunity)は 1:多数 の関係" in problem.message.ja
    assert "〈単数→多数〉" in problem.message.ja
    assert "source.object: Opportunity" in problem.remedy.ja
    assert "Amount" in problem.remedy.en
    assert "Account.…" in problem.remedy.en


def test_one_to_many_to_another_object_tells_of_one_to_one(judge: Judge) -> None:
    """A contract cannot be the base object; a 1:1 object may be declared."""
    (problem,) = judge(mapping=[mapped("Contracts.Status")])
    assert problem.code == "one_to_many"
    assert "one_to_one" in problem.remedy.en
    assert "source.object: Opportunity" not in problem.remedy.en


def test_one_to_many_back_to_the_base_says_to_write_it_plainly(judge: Judge) -> None:
    """``Account.Opportunities.Amount`` with Opportunity as the base is a detour."""
    problems = judge(object="Opportunity", mapping=[mapped("Account.Opportunities.Amount")])
    problem = next(p for p in problems if p.code == "one_to_many")
    assert "Amount" in problem.remedy.ja
    assert "起点" in problem.remedy.ja


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("OwnerId.Name", "write Owner.Name"),
        ("Industry.Name", "not a lookup"),
        ("Ownr.Name", "Owner (所有者)"),
        ("所有者.Name", "Owner (所有者)"),
        ("ContractInfo.Plan__c", "Owner"),
    ],
)
def test_a_lookup_that_does_not_exist_is_told_with_what_does(
    judge: Judge, path: str, words: str
) -> None:
    """The id field's name, a plain field, a slip, a label, an undeclared object."""
    (problem,) = judge(mapping=[mapped(path)])
    assert (problem.code, problem.path) == ("lookup_unknown", "mapping[0].from")
    assert words in problem.remedy.en


def test_a_polymorphic_lookup_cannot_be_followed(judge: Judge) -> None:
    """Salesforce cannot tell which object's fields are meant."""
    (problem,) = judge(mapping=[mapped("Partner__r.Name")])
    assert problem.code == "several_targets"
    assert "Contact" in problem.message.en
    assert judge(mapping=[mapped("Partner__c")]) == []


def test_a_system_field_cannot_be_mapped_but_may_be_asked(judge: Judge) -> None:
    """SystemModstamp as a condition is sensible; as a company's field it moves for no reason."""
    problems = judge(
        mapping=[mapped("SystemModstamp")],
        conditions=[condition("SystemModstamp", "ge", {"date": "LAST_YEAR"})],
    )
    assert told(problems) == [("system_field", "mapping[0].from")]


def test_an_object_that_the_user_cannot_see_is_told_where_it_is_named(judge: Judge) -> None:
    """The missing right is on the Salesforce side."""
    (problem,) = judge(mapping=[mapped("Owner.Name")], hidden=("User",))
    assert (problem.code, problem.path) == ("object_unknown", "mapping[0].from")
    assert "参照" in problem.remedy.ja


def test_a_base_object_that_cannot_be_seen_is_told_once(judge: Judge) -> None:
    """Not once per mapping: it is one missing right."""
    problems = judge(
        mapping=[mapped("Name"), mapped("Owner.Name", to="y")],
        conditions=[condition("Industry", "eq", "Retail")],
        hidden=("Account",),
    )
    assert told(problems) == [("object_unknown", "source.object")]


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
