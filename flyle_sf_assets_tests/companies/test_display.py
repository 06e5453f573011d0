"""Values as people read them: in the preview, on the console, in a history."""

from collections.abc import Callable

import polars as pl
import pytest

from flyle_sf_assets.companies.convert import convert
from flyle_sf_assets.companies.display import option_labels, shown, shown_change, shown_rows
from flyle_sf_assets.companies.fields import CompanyField

LABELS = {"A": "製品A"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ""),
        ("null", ""),
        ('""', ""),
        ('"x \\"y\\""', 'x "y"'),
        ('"A"', "製品A"),
        ('["A","B"]', "製品A, B"),
        ("[]", ""),
        ("12345678901234567890.10", "12345678901234567890.10"),
        ("true", "true"),
    ],
)
def test_a_value_is_shown_without_quotes_and_with_all_digits(
    text: str | None, expected: str
) -> None:
    """Options by their label; a number is not parsed."""
    assert shown(text, LABELS) == expected


def test_a_change_of_the_type_alone_is_visible() -> None:
    """5 became "5": without quotes both would look the same."""
    assert shown_change("5", '"5"') == ("5", '"5"')
    assert shown_change("5", '"6"') == ("5", "6")
    assert shown_change(None, '""') == ("", "")


def test_rows_have_values_and_reasons_by_field(company_field: Callable[..., CompanyField]) -> None:
    """A hidden field has no column, and a rejected value its reason."""
    rank = company_field("picklist", "single_select", key="rank", picklist=[("A", "上", True)])
    size = company_field("double", "number", key="size")
    hidden = company_field("string", "text", key="hidden", readable=False)
    fields = [rank, size, hidden]
    enriched = pl.DataFrame(
        {
            "Id": ["001000000000001AAA", "001000000000002AAA"],
            "Name": ["Acme", "Globex"],
            "SystemModstamp": [None, None],
            "_status": ["linked", "linked"],
            "_status_reason": [None, None],
            "_merged_into": [None, None],
            "_ambiguous": [[], []],
            "Rank__c": ["A", None],
            "Size__c": ["1.50", "many"],
        },
        schema_overrides={
            "SystemModstamp": pl.Datetime("us", "UTC"),
            "_status_reason": pl.String,
            "_merged_into": pl.String,
            "_ambiguous": pl.List(pl.String),
        },
    )
    catalog = pl.DataFrame({"field_key": ["rank"], "value": ["A"]})
    converted = convert(enriched, fields, time_zone="Asia/Tokyo", catalog=catalog)
    found = shown_rows(enriched, converted, fields)
    assert found.records == (("001000000000001AAA", "Acme"), ("001000000000002AAA", "Globex"))
    assert found.values_of("rank") == (("上", None), ("", None))
    (good, bad) = found.values_of("size")
    assert good == ("1.5", None)
    assert bad[0] == ""
    assert bad[1]
    assert found.values_of("hidden") == ()
    assert option_labels(size) == {}
