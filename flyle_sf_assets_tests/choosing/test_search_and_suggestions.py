"""Fields found by what people type, and mappings offered before they type anything."""

import re

import pytest

from flyle_sf_assets.choosing.search import search
from flyle_sf_assets.choosing.suggestions import Suggestion, suggested_key, suggestions
from flyle_sf_assets.choosing.walk import SchemaNeeded
from flyle_sf_assets.settings.models import FieldMapping, Source
from flyle_sf_assets.settings.patterns import FIELD_KEY_PATTERN
from flyle_sf_assets_tests.check.small_org import SCHEMAS
from flyle_sf_assets_tests.choosing.levels import OF_ACCOUNT, OF_OPPORTUNITY, field, opened

LEVELS = [
    opened(OF_OPPORTUNITY),
    opened(OF_OPPORTUNITY, "Account"),
    opened(OF_OPPORTUNITY, "Account", "Owner"),
    opened(OF_OPPORTUNITY, "Account", "Parent"),
]


@pytest.mark.parametrize(
    ("word", "first"),
    [
        ("売上高", "Amount"),
        ("amount", "Amount"),
        ("AMOUNT", "Amount"),
        ("業種", "Account.Industry"),
        ("account.owner.email", "Account.Owner.Email"),
        ("取引先 従業員", "Account.NumberOfEmployees"),
        ("所有者 メール", "Account.Owner.Email"),
        ("web サイト", "Account.Website"),
    ],
)
def test_a_field_is_found_by_label_or_api_name(word: str, first: str) -> None:
    found = search(LEVELS, word)
    assert found[0].path == first


def test_the_nearer_of_two_alike_comes_first() -> None:
    found = [choice.path for choice in search(LEVELS, "年間売上")]
    assert found == ["Account.AnnualRevenue", "Account.Parent.AnnualRevenue"]


@pytest.mark.parametrize("word", ["", "  ", "存在しない項目", "所有者 存在しない"])
def test_nothing_is_found_for_nothing(word: str) -> None:
    assert search(LEVELS, word) == ()


def test_a_search_is_cut_off() -> None:
    assert len(search(LEVELS, "a", limit=3)) == 3


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
