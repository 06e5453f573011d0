"""The type table against PRODUCT.md's, written out by hand."""

import pytest

from flyle_sf_assets.companies.types import allowed_types, default_type, unsupported_reason
from flyle_sf_assets.salesforce.schema.objects import FieldSchema

TABLE = {
    "string": ["text"],
    "textarea": ["text"],
    "email": ["text"],
    "phone": ["text"],
    "combobox": ["text"],
    "id": ["text"],
    "reference": ["text"],
    "time": ["text"],
    "encryptedstring": ["text"],
    "url": ["url", "text"],
    "picklist": ["single_select", "text"],
    "multipicklist": ["multi_select", "text"],
    "boolean": ["checkbox", "text"],
    "int": ["number", "text"],
    "long": ["number", "text"],
    "double": ["number", "text"],
    "currency": ["number", "text"],
    "percent": ["number", "text"],
    "date": ["date", "text"],
    "datetime": ["datetime", "date", "text"],
    "address": [],
    "location": [],
    "base64": [],
    "anyType": [],
    "complexvalue": [],
    "json": [],
}


def field(
    source_type: str, *, calculated: bool = False, html_formatted: bool = False
) -> FieldSchema:
    """One field as describe tells it."""
    return FieldSchema(
        "F__c", "F", source_type, calculated=calculated, html_formatted=html_formatted
    )


@pytest.mark.parametrize("source_type", TABLE)
def test_a_salesforce_type_may_become_exactly_the_types_of_the_table(source_type: str) -> None:
    """Nothing else can be chosen, and the first is what a mapping without type takes."""
    assert [str(t) for t in allowed_types(field(source_type))] == TABLE[source_type]
    default = default_type(field(source_type))
    assert (str(default) if default else None) == next(iter(TABLE[source_type]), None)


@pytest.mark.parametrize("source_type", [name for name, types in TABLE.items() if types])
def test_a_formula_follows_the_type_of_its_result(source_type: str) -> None:
    """Describe gives a formula its result's type; ``calculated`` changes nothing."""
    assert [str(t) for t in allowed_types(field(source_type, calculated=True))] == TABLE[
        source_type
    ]


def test_a_rich_text_area_is_text() -> None:
    """Its HTML is taken as it is."""
    assert [str(t) for t in allowed_types(field("textarea", html_formatted=True))] == ["text"]


def test_a_type_that_salesforce_adds_later_is_not_supported() -> None:
    """An unknown word must not be taken for text."""
    assert allowed_types(field("hologram")) == ()
    assert "hologram" in unsupported_reason(field("hologram")).en


@pytest.mark.parametrize("source_type", [name for name, types in TABLE.items() if not types])
def test_an_unsupported_type_says_why_in_both_languages(source_type: str) -> None:
    """The reason is shown beside the greyed-out field."""
    reason = unsupported_reason(field(source_type))
    assert reason.ja
    assert reason.en
    assert not reason.ja.isascii()
    assert reason.en.isascii()
