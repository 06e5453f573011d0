"""Every pair of PRODUCT.md's type table, with the JSON that CONTRACT.md promises."""

from decimal import Decimal
from typing import Any

import pytest

STAGES = [("open", "商談中", True), ("won", "受注", True), ("lost", "失注", False)]

PAIRS: list[tuple[str, str, str, Any]] = [
    *[
        (source, "text", text, text)
        for source, text in {
            "string": '絵文字 😀 "引用" \\ \n改行\ttab',
            "textarea": "<p>rich &amp; <b>bold</b></p>",
            "email": "a+b@example.co.jp",
            "phone": "+81 3-1234-5678",
            "combobox": "自由入力",
            "id": "0015g00000XyZaBAAV",
            "reference": "0055g00000XyZaBAAV",
            "encryptedstring": "****1234",
            "url": "javascript:alert(1)",
        }.items()
    ],
    ("time", "text", "23:59:58.123Z", "23:59:58"),
    ("url", "url", "https://例え.jp/パス?q=1#x", "https://例え.jp/パス?q=1#x"),
    ("picklist", "single_select", "won", "won"),
    ("picklist", "text", "won", "受注"),
    ("multipicklist", "multi_select", "lost;open", ["open", "lost"]),
    ("multipicklist", "text", "lost;open", "商談中; 失注"),
    ("boolean", "checkbox", "true", True),
    ("boolean", "checkbox", "false", False),
    ("boolean", "text", "false", "false"),
    *[
        (source, target, text, Decimal(text) if target == "number" else text)
        for source in ("int", "long", "double", "currency", "percent")
        for target in ("number", "text")
        for text in ("-12", "0", "123456789012345678")
    ],
    ("currency", "number", "1234567890123456.78", Decimal("1234567890123456.78")),
    ("date", "date", "1969-12-31", "1969-12-31"),
    ("date", "text", "1969-12-31", "1969-12-31"),
    ("datetime", "datetime", "2024-02-29T15:00:00.123Z", "2024-02-29T15:00:00.123Z"),
    ("datetime", "date", "2024-02-29T15:00:00.000Z", "2024-03-01"),
    ("datetime", "text", "2024-02-29T15:00:00.000Z", "2024-02-29T15:00:00.000Z"),
]

TABLE_PAIRS = {
    *[
        (source, "text")
        for source in [
            "string",
            "textarea",
            "email",
            "phone",
            "combobox",
            "id",
            "reference",
            "time",
            "encryptedstring",
            "url",
            "picklist",
            "multipicklist",
            "boolean",
            "int",
            "long",
            "double",
            "currency",
            "percent",
            "date",
            "datetime",
        ]
    ],
    *[(source, "number") for source in ("int", "long", "double", "currency", "percent")],
    ("url", "url"),
    ("picklist", "single_select"),
    ("multipicklist", "multi_select"),
    ("boolean", "checkbox"),
    ("date", "date"),
    ("datetime", "datetime"),
    ("datetime", "date"),
}


def test_every_pair_of_the_table_has_a_case() -> None:
    """A pair that is added to the table must be added here, with its JSON."""
    assert {(source, target) for source, target, _, _ in PAIRS} == TABLE_PAIRS


@pytest.mark.parametrize(("source", "target", "text", "expected"), PAIRS)
def test_a_value_becomes_the_json_of_the_contract(
    run: Any, company_field: Any, source: str, target: str, text: str, expected: Any
) -> None:
    """Value and JSON type: a number is a number, a checkbox is true or false."""
    field = company_field(source, target, picklist=STAGES, precision=18, scale=2)
    outcome = run([{"Field__c": text}], [field])
    assert outcome.custom_fields == [{"field": expected}]
    assert type(outcome.custom_fields[0]["field"]) is type(expected)
    assert outcome.rejected == []


@pytest.mark.parametrize(("source", "target"), sorted(TABLE_PAIRS))
def test_a_blank_becomes_json_null_for_every_pair(
    run: Any, company_field: Any, source: str, target: str
) -> None:
    """A blank in Salesforce blanks the field."""
    outcome = run([{"Field__c": None}], [company_field(source, target)])
    assert outcome.custom_fields == [{"field": None}]
    assert outcome.rejected == []


@pytest.mark.parametrize(("source", "target"), sorted(TABLE_PAIRS))
def test_a_blank_is_left_out_for_every_pair_when_it_is_to_be_kept(
    run: Any, company_field: Any, source: str, target: str
) -> None:
    """``when_blank: keep``."""
    outcome = run([{"Field__c": None}], [company_field(source, target, when_blank="keep")])
    assert outcome.custom_fields == [{}]
    assert outcome.rejected == []


REJECTED: list[tuple[str, str, str, str]] = [
    ("currency", "number", "abc", "not_a_number"),
    ("currency", "number", "1e5", "not_a_number"),
    ("currency", "number", "1,000", "not_a_number"),
    ("currency", "number", " 1", "not_a_number"),
    ("currency", "number", "NaN", "not_a_number"),
    ("currency", "number", "Infinity", "not_a_number"),
    ("currency", "number", "5.", "not_a_number"),
    ("currency", "number", ".5", "not_a_number"),
    ("currency", "number", "--5", "not_a_number"),
    ("currency", "number", "١٢", "not_a_number"),
    ("currency", "number", "１２", "not_a_number"),
    ("double", "number", "0." + "1" * 21, "too_many_digits"),
    ("double", "number", "1" * 19, "too_many_digits"),
    ("int", "number", "5.5", "too_many_digits"),
    ("int", "number", "1" * 39, "too_many_digits"),
    ("date", "date", "2023-02-29", "not_a_date"),
    ("date", "date", "1900-02-29", "not_a_date"),
    ("date", "date", "0000-01-01", "not_a_date"),
    ("date", "date", "2024-1-1", "not_a_date"),
    ("date", "date", "12024-01-01", "not_a_date"),
    ("date", "date", "2024-01-01T00:00:00.000Z", "not_a_date"),
    ("datetime", "datetime", "2016-12-31T23:59:60.000Z", "not_a_datetime"),
    ("datetime", "datetime", "2024-01-01T24:00:00.000Z", "not_a_datetime"),
    ("datetime", "datetime", "2024-01-01T00:00:00.000+0900", "not_a_datetime"),
    ("datetime", "datetime", "2023-02-29T00:00:00.000Z", "not_a_datetime"),
    ("datetime", "datetime", "0000-12-31T00:00:00.000Z", "not_a_datetime"),
    ("datetime", "text", "yesterday", "not_a_datetime"),
    ("datetime", "date", "yesterday", "not_a_datetime"),
    ("datetime", "date", "9999-12-31T15:00:00.000Z", "date_out_of_range"),
    ("time", "text", "24:00:00.000Z", "not_a_time"),
    ("time", "text", "7:00", "not_a_time"),
    ("boolean", "checkbox", "TRUE", "not_a_boolean"),
    ("boolean", "text", "1", "not_a_boolean"),
    ("url", "url", "javascript:alert(1)", "not_a_url"),
    ("url", "url", "localhost", "not_a_url"),
    ("url", "url", "ftp://example.com", "not_a_url"),
    ("url", "url", "not a url", "not_a_url"),
    ("url", "url", "http://", "not_a_url"),
    ("url", "url", "https:///path", "not_a_url"),
    ("url", "url", "https://user:secret@example.com/", "not_a_url"),
    ("url", "url", "https://example.com/a b", "not_a_url"),
    ("url", "url", 'https://example.com/"><script>', "not_a_url"),
    ("url", "url", "https://example.com\nevil", "not_a_url"),
    ("url", "url", "https://example.com\n", "not_a_url"),
    ("url", "url", "https://example.com\\@evil.com", "not_a_url"),
    ("url", "url", "https://example.com:port/", "not_a_url"),
]


@pytest.mark.parametrize(("source", "target", "text", "reason"), REJECTED)
def test_a_value_that_cannot_be_converted_is_left_out_and_recorded(
    run: Any, company_field: Any, sf_id: Any, source: str, target: str, text: str, reason: str
) -> None:
    """The last good value stays: the member is absent, not null; the rest of the row goes on."""
    fields = [
        company_field(source, target, key="bad"),
        company_field("string", "text", key="good"),
    ]
    outcome = run([{"Bad__c": text, "Good__c": "fine"}], fields)
    assert outcome.custom_fields == [{"good": "fine"}]
    assert outcome.rejected == [(sf_id(0), "bad", text, reason)]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "HTTPS://EXAMPLE.COM/",
        "https://[2001:db8::1]:8443/x",
        "https://medium.com/@someone",
        "https://xn--r8jz45g.jp?x=1",
        "https://example.com:8080#frag",
    ],
)
def test_a_web_address_is_taken_as_it_is(run: Any, company_field: Any, url: str) -> None:
    """Take http and https in any spelling; nothing is normalised."""
    outcome = run([{"Field__c": url}], [company_field("url", "url")])
    assert outcome.custom_fields == [{"field": url}]
    assert outcome.rejected == []
