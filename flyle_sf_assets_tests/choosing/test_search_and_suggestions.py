"""Fields found by what people type, and mappings offered before they type anything."""

import re
from dataclasses import replace

import pytest

from flyle_sf_assets.choosing.search import Found, search
from flyle_sf_assets.choosing.suggestions import (
    Suggestion,
    currency_suggestions,
    suggested_key,
    suggestions,
)
from flyle_sf_assets.choosing.type_words import salesforce_type
from flyle_sf_assets.choosing.walk import SchemaNeeded
from flyle_sf_assets.salesforce.schema.objects import FieldSchema
from flyle_sf_assets.settings.models import FieldMapping, Source
from flyle_sf_assets.settings.patterns import FIELD_KEY_PATTERN
from flyle_sf_assets_tests.check.small_org import SCHEMAS
from flyle_sf_assets_tests.choosing.levels import OF_ACCOUNT, OF_OPPORTUNITY, field


def _found(word: str, depth: int) -> list[str]:
    found = search(OF_OPPORTUNITY, SCHEMAS_WITH_HELP, word, depth)
    assert isinstance(found, Found)
    return [choice.path for choice in found.choices]


HELP = "締め日の金額です。税込みで入力してください。"
SCHEMAS_WITH_HELP = {
    **SCHEMAS,
    "Opportunity": replace(
        SCHEMAS["Opportunity"],
        fields=tuple(
            replace(one, help_text=HELP) if one.name == "Amount" else one
            for one in SCHEMAS["Opportunity"].fields
        ),
    ),
}


@pytest.mark.parametrize(
    ("word", "depth", "first"),
    [
        ("売上高", 0, "Amount"),
        ("amount", 0, "Amount"),
        ("AMOUNT", 0, "Amount"),
        ("税込み", 0, "Amount"),
        ("業種", 1, "Account.Industry"),
        ("account.owner.email", 2, "Account.Owner.Email"),
        ("取引先 従業員", 1, "Account.NumberOfEmployees"),
        ("所有者 メール", 2, "Account.Owner.Email"),
        ("web サイト", 1, "Account.Website"),
        ("契約プラン", 2, "Account.ContractInfo.Plan__c"),
    ],
)
def test_a_field_is_found_by_label_api_name_or_help_text(word: str, depth: int, first: str) -> None:
    assert _found(word, depth)[0] == first


def test_a_depth_has_only_its_own_fields() -> None:
    """The page asks for one after the other, and shows each as soon as it is there."""
    assert _found("年間売上", 0) == []
    assert _found("年間売上", 1) == ["Account.AnnualRevenue"]
    assert _found("年間売上", 2) == ["Account.Parent.AnnualRevenue"]
    assert "Account.Parent.Parent.Parent.Owner.Department" in _found("部署", 5)
    assert _found("部署", 6) == []


def test_a_label_comes_before_a_help_text_and_that_before_a_path() -> None:
    assert _found("金額", 0) == ["Amount"]
    assert _found("締め日", 0) == ["Amount"]
    assert _found("取引先", 1)[0] == "Account.Name"


@pytest.mark.parametrize("word", ["", "  ", "存在しない項目", "所有者 存在しない"])
def test_nothing_is_found_for_nothing(word: str) -> None:
    assert [_found(word, depth) for depth in range(6)] == [[]] * 6


def test_a_search_is_cut_off_and_says_so() -> None:
    found = search(OF_OPPORTUNITY, SCHEMAS, "a", 1, limit=3)
    assert isinstance(found, Found)
    assert (len(found.choices), found.is_cut) == (3, True)


def test_objects_that_are_not_described_are_asked_for_or_left_out() -> None:
    some = {name: SCHEMAS[name] for name in ("Opportunity", "Account")}
    needed = search(OF_OPPORTUNITY, some, "メール", 2)
    assert isinstance(needed, SchemaNeeded)
    assert {"User", "Contract_Info__c"} <= set(needed.objects)
    found = search(OF_OPPORTUNITY, some, "年間売上", 2, only_known=True)
    assert isinstance(found, Found)
    assert ([c.path for c in found.choices], found.is_cut) == (
        ["Account.Parent.AnnualRevenue"],
        True,
    )


def offered(source: Source, *mapped: FieldMapping) -> dict[str, str]:
    found = suggestions(source, SCHEMAS, mapped)
    assert not isinstance(found, SchemaNeeded)
    return {one.mapping.from_: one.mapping.to for one in found}


def test_obvious_fields_are_offered_as_the_org_has_them() -> None:
    assert offered(OF_ACCOUNT) == {
        "AnnualRevenue": "revenue",
        "NumberOfEmployees": "employees",
        "Industry": "industry",
        "Owner.Name": "owner",
        "Parent.Name": "parent",
        "Website": "website",
    }
    assert offered(OF_OPPORTUNITY)["StageName"] == "phase"
    assert "Account.NumberOfEmployees" in offered(OF_OPPORTUNITY)


def test_what_is_mapped_is_not_offered_and_a_taken_key_gives_way() -> None:
    taken = FieldMapping(from_="Website", to="industry", label="サイト")
    found = offered(OF_ACCOUNT, taken)
    assert "Website" not in found
    assert found["Industry"] not in ("industry", "")


def test_parents_are_asked_for_before_anything_is_offered() -> None:
    only = {"Opportunity": SCHEMAS["Opportunity"]}
    assert suggestions(OF_OPPORTUNITY, only) == SchemaNeeded(("Account",))


def test_suggestions_are_mappings_of_the_default_type() -> None:
    found = suggestions(OF_ACCOUNT, SCHEMAS)
    assert isinstance(found, tuple)
    for one in found:
        assert isinstance(one, Suggestion)
        assert one.mapping.type == one.choice.types[0]
        assert one.mapping.label


@pytest.mark.parametrize(
    ("path", "taken", "key"),
    [
        ("NumberOfEmployees", (), "number_of_employees"),
        ("IsActive__c", (), "is_active"),
        ("Parent.Name", ("name",), "parent_name"),
        ("Parent.Name", ("name", "parent_name"), "parent_name_2"),
        ("Name", ("name", "name_2"), "name_3"),
    ],
)
def test_a_key_is_made_from_the_api_name(path: str, taken: tuple[str, ...], key: str) -> None:
    made = suggested_key(field(OF_ACCOUNT, path), taken)
    assert made == key
    assert re.fullmatch(FIELD_KEY_PATTERN, made)


def test_the_currency_code_of_a_mapped_amount_is_offered_once() -> None:
    code = FieldSchema("CurrencyIsoCode", "通貨", "picklist")
    amounts = SCHEMAS["Opportunity"]
    many = {**SCHEMAS, "Opportunity": replace(amounts, fields=(*amounts.fields, code))}
    source = Source(object="Opportunity")
    amount = FieldMapping(from_="Amount", to="amount", label="売上")
    found = currency_suggestions(source, many, [amount])
    assert isinstance(found, tuple)
    assert [one.mapping.from_ for one in found] == ["CurrencyIsoCode"]
    assert currency_suggestions(source, many, [amount, found[0].mapping]) == ()
    assert currency_suggestions(source, SCHEMAS, [amount]) == ()
    assert isinstance(currency_suggestions(source, {}, [amount]), SchemaNeeded)


def test_types_are_named_in_words() -> None:
    """A formula says so; a type that is newer than this code keeps the API's word."""
    assert salesforce_type(FieldSchema("A", "a", "picklist")).ja == "選択リスト"
    formula = salesforce_type(FieldSchema("A", "a", "double", calculated=True))
    assert (formula.ja, formula.en) == ("数式(数値)", "Formula (Number)")
    assert salesforce_type(FieldSchema("A", "a", "hologram")).en == "hologram"
