"""The document that the store takes: its columns, its JSON text and its hash."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flyle_sf_assets.companies.document import DOCUMENT_SCHEMA, HASH_VERSION

PINNED_HASHES = [-4249611627349045470, -8471251964261946129]


def hash_of(run: Any, fields: Any, **record: Any) -> int:
    """Hash of one record."""
    (value,) = run([record], fields).documents["content_hash"].to_list()
    assert isinstance(value, int)
    return value


def test_the_columns_are_those_that_the_store_takes(run: Any, company_field: Any) -> None:
    """Names, order and types; the hash fits a signed bigint (ADBC wraps uint64 silently)."""
    outcome = run([{"Field__c": "x"}], [company_field("string", "text")])
    assert outcome.documents.schema == DOCUMENT_SCHEMA
    assert outcome.documents.columns == [
        "external_id",
        "name",
        "custom_fields",
        "status",
        "status_reason",
        "merged_into",
        "source_modified_at",
        "content_hash",
    ]
    assert outcome.documents.schema["content_hash"] == pl.Int64


def test_members_are_sorted_by_key_whatever_the_settings_order(
    run: Any, company_field: Any
) -> None:
    """Else reordering a settings file would change every hash."""
    fields = [company_field("string", "text", key=key) for key in ("b", "a", "c")]
    record = {"A__c": "1", "B__c": "2", "C__c": "3"}
    texts = [
        run([record], order).documents["custom_fields"].to_list()
        for order in (fields, fields[::-1])
    ]
    assert texts == [['{"a":"1","b":"2","c":"3"}']] * 2


@pytest.mark.parametrize(
    ("text", "json_text"),
    [
        ('say "hi"', r"say \"hi\""),
        ("back\\slash", r"back\\slash"),
        ("line\nfeed\r\ttab", r"line\u000afeed\u000d\u0009tab"),
        ("\x01\x1f\x7f", "\\u0001\\u001f\x7f"),
        ("\u2028</script>", "\u2028</script>"),
        ("👨‍👩‍👧‍👦𠮷", "👨‍👩‍👧‍👦𠮷"),
        (r"\u0000", r"\\u0000"),
        ("e\u0301", "e\u0301"),
    ],
    ids=["quote", "backslash", "breaks", "control", "separator", "emoji", "escape", "combining"],
)
def test_text_is_escaped_as_json_needs_and_no_further(
    run: Any, company_field: Any, text: str, json_text: str
) -> None:
    r"""A text that reads ``\u0000`` must not become the character that jsonb refuses."""
    outcome = run([{"Field__c": text}], [company_field("string", "text")])
    assert outcome.documents["custom_fields"].to_list() == [f'{{"field":"{json_text}"}}']


def test_the_hash_is_the_same_on_every_machine_and_day(run: Any, company_field: Any) -> None:
    """Stored hashes outlive releases. If this fails, raise HASH_VERSION and pin the new values."""
    fields = [
        company_field("currency", "number", key="amount", precision=18, scale=2),
        company_field("string", "text", key="memo"),
    ]
    frozen = {"_status": "deleted", "_status_reason": "deleted_in_salesforce"}
    records = [
        {"Name": "株式会社アクメ", "Amount__c": "12.5", "Memo__c": None},
        {"Name": "株式会社アクメ", **frozen},
    ]
    outcome = run(records, fields)
    assert HASH_VERSION == 1
    assert outcome.documents["content_hash"].to_list() == PINNED_HASHES


@pytest.mark.parametrize(
    "change",
    [
        {"Name": "B"},
        {"Field__c": "y"},
        {"Field__c": None},
        {"_status": "deleted", "_status_reason": "deleted_in_salesforce"},
    ],
    ids=["name", "value", "blank", "status"],
)
def test_the_hash_moves_with_the_content(run: Any, company_field: Any, change: Any) -> None:
    """Every part that the store writes is covered."""
    fields = [company_field("string", "text")]
    record = {"Name": "A", "Field__c": "x"}
    assert hash_of(run, fields, **record) != hash_of(run, fields, **{**record, **change})


def test_the_hash_moves_with_the_reason_and_the_winner(
    run: Any, company_field: Any, sf_id: Any
) -> None:
    """A second merge, another org: only status columns differ."""
    fields = [company_field("string", "text")]
    merged = {"_status": "merged", "_status_reason": "merged_in_salesforce"}
    hashes = {
        hash_of(run, fields, **merged, _merged_into=sf_id(1)),
        hash_of(run, fields, **merged, _merged_into=sf_id(2)),
        hash_of(run, fields, _status="unlinked", _status_reason="disconnected"),
        hash_of(run, fields, _status="unlinked", _status_reason="org_changed"),
    }
    assert len(hashes) == 4


def test_the_hash_does_not_move_with_the_modstamp_alone(run: Any, company_field: Any) -> None:
    """A picklist edit moves the stamp of every row: a mass change in which nothing changed."""
    fields = [company_field("string", "text")]
    later = datetime(2030, 1, 1, tzinfo=UTC)
    assert hash_of(run, fields, Field__c="x") == hash_of(
        run, fields, Field__c="x", SystemModstamp=later
    )


@given(names=st.lists(st.text(st.characters(codec="utf-8")), min_size=2, max_size=2))
@settings(max_examples=40, deadline=None)
def test_different_names_have_different_hashes(
    run: Any, company_field: Any, names: list[str]
) -> None:
    """No separator of the hashed text can be smuggled in by a name."""
    plain = [name.replace("\x00", "") for name in names]
    records = [{"Name": f"{name}.", "Field__c": "x"} for name in names]
    hashes = run(records, [company_field("string", "text")]).documents["content_hash"]
    assert (hashes[0] == hashes[1]) == (plain[0] == plain[1])


def test_a_document_does_not_depend_on_the_rows_beside_it(run: Any, company_field: Any) -> None:
    """Rows that write every member are joined another way than rows of which one omits some."""
    fields = [company_field("double", "number", key="n"), company_field("string", "text", key="t")]
    whole: dict[str, Any] = {"N__c": "1.50", "T__c": 'a "b"'}
    blank: dict[str, Any] = {"N__c": None, "T__c": None}
    alone = run([whole, blank], fields).documents.select("custom_fields", "content_hash")
    beside = run([whole, blank, {"N__c": "no number", "T__c": "x"}], fields).documents
    assert beside.select("custom_fields", "content_hash")[:2].equals(alone)
    assert beside["custom_fields"].to_list() == [
        '{"n":1.5,"t":"a \\"b\\""}',
        '{"n":null,"t":null}',
        '{"t":"x"}',
    ]
