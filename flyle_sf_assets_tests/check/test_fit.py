"""Settings against a small org: each misfit with its place, its remedy, and nothing else."""

from dataclasses import replace

import pytest

from flyle_sf_assets.check import fit
from flyle_sf_assets.raw.plan import Schemas, plan
from flyle_sf_assets.salesforce.schema.objects import FieldSchema
from flyle_sf_assets_tests.check.judging import (
    CONTRACT_INFO,
    Judge,
    condition,
    told,
)
from flyle_sf_assets_tests.check.small_org import (
    SCHEMAS,
    mapped,
    settings_of,
    without_field,
)


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
    assert "AnnualRevenue (“年間売上”)" in problem.remedy.en
    assert "項目レベルセキュリティ" in problem.remedy.ja


@pytest.mark.parametrize(
    ("written", "meant"),
    [("Temperature", "F12__c"), ("temperature", "F12__c"), ("Temperatures", "F12__c")],
)
def test_a_label_written_as_a_field_finds_the_api_name(
    judge: Judge, written: str, meant: str
) -> None:
    """People know labels; API names are what Salesforce wants.

    Labels that cannot be API names are refused before any org is asked.
    """
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
        ("Ownr.Name", "Owner (“所有者”)"),
        ("ContractInfo.Plan__c", "Owner"),
    ],
)
def test_a_lookup_that_does_not_exist_is_told_with_what_does(
    judge: Judge, path: str, words: str
) -> None:
    """The id field's name, a plain field, a slip, an undeclared object."""
    (problem,) = judge(mapping=[mapped(path)])
    assert (problem.code, problem.path) == ("lookup_unknown", "mapping[0].from")
    assert words in problem.remedy.en


def test_a_lookup_to_very_many_objects_cannot_be_followed(judge: Judge) -> None:
    """Each object would have to be asked on its own."""
    (problem,) = judge(mapping=[mapped("Partner__r.Name")])
    assert problem.code == "several_targets"
    assert "Contact" in problem.message.en
    assert judge(mapping=[mapped("Partner__c")]) == []


CONTRACT = {
    "one_to_one": [
        {
            "object": "Contract_Info__c",
            "lookup": "Account__c",
            "of": "Account",
            "as": "ContractInfo",
        }
    ]
}


@pytest.mark.parametrize("name", ["Name", "Email", "Type"])
def test_an_owner_that_is_a_user_or_a_group_has_the_fields_of_name(judge: Judge, name: str) -> None:
    path = f"ContractInfo.Owner.{name}"
    assert judge(mapping=[mapped(path)], conditions=[condition(path, "eq", "A")], **CONTRACT) == []


@pytest.mark.parametrize("rest", ["Department", "Region__c", "SystemModstamp", "Manager.Name"])
def test_nothing_else_can_be_read_of_an_owner_that_is_a_user_or_a_group(
    judge: Judge, rest: str
) -> None:
    """It passed the check, and the first sync ended in "No such column … on entity 'Name'"."""
    path = f"ContractInfo.Owner.{rest}"
    problems = judge(mapping=[mapped(path)], conditions=[condition(path, "eq", "A")], **CONTRACT)
    assert told(problems) == [
        ("beyond_name", "source.conditions[0].field"),
        ("beyond_name", "mapping[0].from"),
    ] or told(problems) == [
        ("beyond_name", "mapping[0].from"),
        ("beyond_name", "source.conditions[0].field"),
    ]
    assert "Email" in problems[0].remedy.en


def test_a_field_that_an_object_behind_a_lookup_hides_is_told_of_that_object(judge: Judge) -> None:
    """Half of the companies would have been blank without a word."""
    (problem,) = judge(mapping=[mapped("ContractInfo.Owner.Phone")], **CONTRACT)
    assert problem.code == "field_unknown"
    assert "User" in problem.message.en


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


CODE = FieldSchema("CurrencyIsoCode", "通貨", "picklist")
SEVERAL = {
    **SCHEMAS,
    **{
        name: replace(SCHEMAS[name], fields=(*SCHEMAS[name].fields, CODE))
        for name in ("Account", "Opportunity")
    },
}


def _currency_warnings(*paths: str, schemas: Schemas = SEVERAL) -> list[tuple[str, str, str]]:
    mapping = [mapped(path, to=f"f{place}") for place, path in enumerate(paths)]
    settings = settings_of(object="Opportunity", mapping=mapping)
    found = fit.problems(settings, plan(settings, schemas), schemas)
    return [
        (one.path, one.severity, one.remedy.en)
        for one in found
        if one.code == "currency_without_code"
    ]


def test_an_amount_never_arrives_without_its_currency_unnoticed() -> None:
    """X17: 1,000,000 may be yen or dollars. One warning for each code that is missing."""
    of_deal = ("mapping[0].from", "warning", "Map the currency as well: CurrencyIsoCode.")
    of_account = (
        "mapping[1].from",
        "warning",
        "Map the currency as well: Account.CurrencyIsoCode.",
    )
    assert _currency_warnings("Amount", "Account.AnnualRevenue") == [of_deal, of_account]
    assert _currency_warnings("Amount", "Account.AnnualRevenue", "CurrencyIsoCode") == [of_account]
    both = ("Amount", "Account.AnnualRevenue", "currencyisocode", "Account.CurrencyIsoCode")
    assert _currency_warnings(*both) == []
    assert _currency_warnings("Name", "Account.NumberOfEmployees") == []


def test_an_org_with_one_currency_is_not_warned() -> None:
    assert _currency_warnings("Amount", "Account.AnnualRevenue", schemas=SCHEMAS) == []
