"""The field map as the data team reads it in the UI."""

from dataclasses import replace
from typing import Any

import pytest

from flyle_sf_assets.companies.field_map import (
    column_descriptions,
    column_types,
    field_map,
    field_map_markdown,
)
from flyle_sf_assets.companies.rows import typed_schema


@pytest.fixture
def fields(company_field: Any) -> Any:
    """Five fields: plain, converted, kept, hidden, as they are."""
    return [
        company_field("currency", "number", key="amount", path="Amount"),
        company_field("datetime", "date", key="day", path="Account.CreatedDate"),
        company_field("int", "number", key="size", path="Account.Size__c", when_blank="keep"),
        company_field("unknown", "text", key="hidden", path="Secret__c", readable=False),
        company_field("string", "text", key="memo", path="Memo__c"),
    ]


def test_a_row_says_where_from_how_and_where_to(fields: Any) -> None:
    """Flyle field ← conversion ← object path, in the order of the settings."""
    rows = field_map(fields, base_object="Opportunity", time_zone="Asia/Tokyo")
    assert [(row.key, row.source_path, row.conversion.en) for row in rows] == [
        ("amount", "Opportunity.Amount", "exact decimal (up to 20 decimals, never rounded)"),
        ("day", "Opportunity.Account.CreatedDate", "date in Asia/Tokyo"),
        (
            "size",
            "Opportunity.Account.Size__c",
            "whole number; a blank keeps the last value",
        ),
        (
            "hidden",
            "Opportunity.Secret__c",
            "not readable for the connected user: not updated, the last value stays",
        ),
        ("memo", "Opportunity.Memo__c", "as it is"),
    ]
    assert [row.source_type for row in rows] == ["currency", "datetime", "int", "", "string"]


def test_both_languages_have_words_for_every_conversion(fields: Any) -> None:
    """An English sentence in the Japanese table would be a missing translation."""
    for row in field_map(fields, base_object="Account", time_zone="UTC"):
        assert not row.conversion.ja.isascii()
        assert row.conversion.en.isascii()


def test_the_markdown_table_has_one_line_per_field(fields: Any) -> None:
    """Header, rule, rows."""
    rows = field_map(fields, base_object="Opportunity", time_zone="Asia/Tokyo")
    for language in ("ja", "en"):
        lines = field_map_markdown(rows, language).splitlines()
        assert len(lines) == 2 + len(fields)
        assert {line.count("|") for line in lines} == {5}


def test_a_label_cannot_break_the_table_or_become_markup(company_field: Any) -> None:
    """Labels come from people: pipes, line breaks, HTML, links."""
    field = replace(
        company_field("string", "text"), label="a|b\n<img src=x onerror=y> [x](javascript:y) `c`"
    )
    rows = field_map([field], base_object="Account", time_zone="UTC")
    lines = field_map_markdown(rows).splitlines()
    assert len(lines) == 3
    assert lines[2].replace("\\|", "").count("|") == 5
    assert "<img" not in lines[2]
    assert "[x](" not in lines[2]


def test_every_column_of_the_typed_frame_has_a_description(fields: Any) -> None:
    """And so has a field that cannot be read now: it is still a column of the companies."""
    rows = field_map(fields, base_object="Opportunity", time_zone="Asia/Tokyo")
    described = column_descriptions(rows, base_object="Opportunity")
    assert set(described) == set(typed_schema(fields)) | {"custom_fields.hidden"}
    assert described["external_id"] == "external id (18-character id) ← Opportunity.Id"
    assert (
        described["custom_fields.day"]
        == "day ← date in Asia/Tokyo ← Opportunity.Account.CreatedDate"
    )
    assert "企業名" in column_descriptions(rows, base_object="Account", language="ja")["name"]


def test_columns_have_the_types_of_the_settings(fields: Any) -> None:
    """The type in polars' own words was so long that the descriptions fell off the page."""
    types = column_types(field_map(fields, base_object="Opportunity", time_zone="Asia/Tokyo"))
    assert set(types) == set(typed_schema(fields)) | {"custom_fields.hidden"}
    assert types["source_modified_at"] == "datetime"
    assert types["custom_fields.size"] == "number"
    assert types["external_id"] == "text"
