"""Which rows and members are written: statuses, blanks, rejections, several records, new types."""

import json
from typing import Any

import polars as pl
import pytest

from flyle_sf_assets.companies.convert import convert
from flyle_sf_assets.companies.document import documents
from flyle_sf_assets.companies.rejections import REJECTED_SCHEMA
from flyle_sf_assets.companies.rows import omitted_column, typed_schema
from flyle_sf_assets.options.catalog import OPTION_SCHEMA

GONE = [
    ("out_of_scope", "conditions_not_met"),
    ("deleted", "deleted_in_salesforce"),
    ("missing", "not_found"),
    ("unlinked", "disconnected"),
    ("unlinked", "base_object_changed"),
    ("unlinked", "org_changed"),
]
EMPTY_CATALOG = OPTION_SCHEMA.to_frame()


def test_a_row_carries_the_record_as_it_is(run: Any, company_field: Any, sf_id: Any) -> None:
    """Id, name, status and SystemModstamp go through unchanged."""
    record = {"Name": '株式会社😀 "A"\n', "Field__c": "x"}
    (row,) = run([record], [company_field("string", "text")]).documents.rows(named=True)
    assert row["external_id"] == sf_id(0)
    assert row["name"] == '株式会社😀 "A"\n'
    assert (row["status"], row["status_reason"], row["merged_into"]) == ("linked", None, None)
    assert row["source_modified_at"].isoformat() == "2024-05-06T07:08:09+00:00"


@pytest.mark.parametrize(("status", "reason"), GONE)
def test_a_frozen_row_writes_no_value_and_is_not_judged(
    run: Any, company_field: Any, status: str, reason: str
) -> None:
    """Whatever the record says now, its last values stay; a bad value of it is nobody's task."""
    record = {"_status": status, "_status_reason": reason, "Field__c": "bad", "Name": None}
    outcome = run([record], [company_field("int", "number")])
    assert outcome.custom_fields == [None]
    assert outcome.documents["status"].to_list() == [status]
    assert outcome.documents["status_reason"].to_list() == [reason]
    assert outcome.rejected == []


def test_a_merged_row_names_its_winner(run: Any, company_field: Any, sf_id: Any) -> None:
    """``merged_into`` is the winner's id."""
    record = {
        "_status": "merged",
        "_status_reason": "merged_in_salesforce",
        "_merged_into": sf_id(9),
    }
    outcome = run([record], [company_field("string", "text")])
    assert outcome.documents["merged_into"].to_list() == [sf_id(9)]
    assert outcome.custom_fields == [None]


@pytest.mark.parametrize(
    "record",
    [
        {"_status": "gone"},
        {"_status": None},
        {"_status": "linked", "_status_reason": "not_found"},
        {"_status": "deleted", "_status_reason": None},
        {"_status": "deleted", "_status_reason": "conditions_not_met"},
        {"_status": "merged", "_status_reason": "merged_in_salesforce", "_merged_into": None},
        {"_status": "merged", "_status_reason": "merged_in_salesforce", "_merged_into": "001"},
        {"_status": "linked", "_merged_into": "0015g00000XyZaBAAV"},
        {"_status": "linked", "_merged_into": "001"},
    ],
)
def test_a_status_outside_the_contract_rejects_the_row(
    run: Any, company_field: Any, sf_id: Any, record: dict[str, Any]
) -> None:
    """The words are fixed, each with its own reasons; a winner stands beside merged only."""
    outcome = run([record, {}], [company_field("string", "text")])
    assert outcome.documents["external_id"].to_list() == [sf_id(1)]
    assert [(row[0], row[1], row[3]) for row in outcome.rejected] == [
        (sf_id(0), None, "bad_status")
    ]


@pytest.mark.parametrize("name", [None, "", "  ", "\u3000\n", "\x00"])
def test_an_empty_name_rejects_the_whole_row_once(
    run: Any, company_field: Any, sf_id: Any, name: str | None
) -> None:
    """Its bad values are not told besides: the row is the problem."""
    fields = [company_field("int", "number"), company_field("url", "url", key="site")]
    outcome = run([{"Name": name, "Field__c": "bad", "Site__c": "bad"}, {}], fields)
    assert outcome.documents["external_id"].to_list() == [sf_id(1)]
    assert [(row[0], row[1], row[3]) for row in outcome.rejected] == [
        (sf_id(0), None, "empty_name")
    ]


@pytest.mark.parametrize(
    "record_id",
    [
        None,
        "",
        "0015g00000XyZaB",
        "0015g00000XyZaBAAA",
        "0015g00000XyZaBAAV ",
        "0015g-0000XyZaBAAV",
    ],
)
def test_a_bad_id_rejects_the_whole_row(
    run: Any, company_field: Any, sf_id: Any, record_id: str | None
) -> None:
    """15 characters, a wrong checksum, other characters: it would become a second company."""
    outcome = run([{"Id": record_id, "Field__c": "bad"}, {}], [company_field("int", "number")])
    assert outcome.documents["external_id"].to_list() == [sf_id(1)]
    assert [(row[0], row[1], row[3]) for row in outcome.rejected] == [
        (record_id or "", None, "bad_id")
    ]


def test_an_id_that_comes_twice_is_not_written_at_all(
    run: Any, company_field: Any, sf_id: Any
) -> None:
    """Which of the two is right cannot be known here; one batch must not hold a key twice."""
    records = [{"Id": sf_id(5)}, {}, {"Id": sf_id(5)}]
    outcome = run(records, [company_field("string", "text")])
    assert outcome.documents["external_id"].to_list() == [sf_id(1)]
    assert [(row[0], row[1], row[3]) for row in outcome.rejected] == [
        (sf_id(5), None, "duplicate_id")
    ]


def test_each_bad_value_is_rejected_alone_with_a_remedy_in_both_languages(
    enriched_frame: Any, company_field: Any, sf_id: Any
) -> None:
    """Record, field, value, reason, remedy (X13)."""
    fields = [
        company_field("int", "number", key="size", path="Account.NumberOfEmployees"),
        company_field("date", "date", key="day"),
    ]
    records = [
        {"Account.NumberOfEmployees": "ten\x00", "Day__c": "soon"},
        {"Account.NumberOfEmployees": "10", "Day__c": "soon"},
        {"Account.NumberOfEmployees": "10", "Day__c": "2024-01-01"},
    ]
    frame = enriched_frame(records, fields)
    converted = convert(frame, fields, time_zone="UTC", catalog=EMPTY_CATALOG)
    rejected = converted.rejected
    assert rejected.schema == REJECTED_SCHEMA
    assert rejected.drop("remedy").rows() == [
        (sf_id(0), "size", "ten", "not_a_number"),
        (sf_id(0), "day", "soon", "not_a_date"),
        (sf_id(1), "day", "soon", "not_a_date"),
    ]
    remedy = rejected["remedy"][0]
    assert remedy.count("Account.NumberOfEmployees") == 2
    assert "Salesforceで値を直すか" in remedy
    assert "Correct it in Salesforce" in remedy
    assert [json.loads(text) for text in documents(converted.rows, fields)["custom_fields"]] == [
        {},
        {"size": 10},
        {"size": 10, "day": "2024-01-01"},
    ]


def test_fields_of_a_one_to_one_object_with_several_records_are_left_out(
    run: Any, company_field: Any, sf_id: Any
) -> None:
    """Which record counts cannot be known; only the rows and fields concerned are left out."""
    fields = [
        company_field("string", "text", key="plan", path="Contract.Plan__c"),
        company_field("string", "text", key="other", path="Contract.Other__c"),
    ]
    several = ["Contract.Plan__c"]
    records = [
        {"Contract.Plan__c": "A", "Contract.Other__c": "a", "_ambiguous": several},
        {"Contract.Plan__c": None, "Contract.Other__c": None, "_ambiguous": several},
        {"Contract.Plan__c": "C", "Contract.Other__c": "c", "_ambiguous": None},
    ]
    outcome = run(records, fields)
    assert outcome.custom_fields == [{"other": "a"}, {"other": None}, {"plan": "C", "other": "c"}]
    assert outcome.rejected == [
        (sf_id(0), "plan", "A", "several_records"),
        (sf_id(1), "plan", None, "several_records"),
    ]


def test_a_value_outside_the_catalog_is_rejected_alone(
    run: Any, company_field: Any, sf_id: Any
) -> None:
    """Companies refer only to values in the catalog; the next refresh follows the options."""
    fields = [
        company_field("picklist", "single_select", key="phase"),
        company_field("multipicklist", "multi_select", key="tags"),
    ]
    options = pl.DataFrame(
        {"field_key": ["phase", "tags", "tags"], "value": ["open", "x", "y"]},
    )
    records = [
        {"Phase__c": "open", "Tags__c": "y;x"},
        {"Phase__c": "x", "Tags__c": "x;open"},
        {"Phase__c": None, "Tags__c": None},
    ]
    outcome = run(records, fields, options=options)
    assert outcome.custom_fields == [
        {"phase": "open", "tags": ["y", "x"]},
        {},
        {"phase": None, "tags": None},
    ]
    assert outcome.rejected == [
        (sf_id(1), "phase", "x", "option_not_in_catalog"),
        (sf_id(1), "tags", "x;open", "option_not_in_catalog"),
    ]


def test_an_empty_catalog_rejects_and_does_not_fail(run: Any, company_field: Any) -> None:
    """A first run whose options could not be read."""
    fields = [
        company_field("picklist", "single_select", key="phase"),
        company_field("multipicklist", "multi_select", key="tags"),
    ]
    outcome = run([{"Phase__c": "open", "Tags__c": "x"}], fields, options=EMPTY_CATALOG)
    assert outcome.custom_fields == [{}]
    assert [row[3] for row in outcome.rejected] == ["option_not_in_catalog"] * 2


@pytest.mark.parametrize("text", [";", ";;;", "", "\x00", ";\x00;"])
def test_a_selection_of_nothing_is_a_blank(run: Any, company_field: Any, text: str) -> None:
    """Not an empty array, and not a bad value."""
    fields = [
        company_field("multipicklist", kind, key=kind, path="T__c")
        for kind in ("multi_select", "text")
    ]
    outcome = run([{"T__c": text}], fields)
    assert outcome.custom_fields == [{"multi_select": None, "text": None}]
    assert outcome.rejected == []


def test_a_field_that_cannot_be_read_is_neither_written_nor_blanked(
    run: Any, company_field: Any
) -> None:
    """X9: the enriched frame has no column for it; the other fields go on."""
    fields = [
        company_field("unknown", "number", key="hidden", readable=False),
        company_field("string", "text", key="seen"),
    ]
    assert run([{"Seen__c": None}], fields).custom_fields == [{"seen": None}]


def test_keys_may_be_named_like_a_companys_own_columns(run: Any, company_field: Any) -> None:
    """``to: name`` is a legal key and must not meet the company's name."""
    keys = ["name", "status", "external_id", "custom_fields", "content_hash", "text", "several"]
    fields = [company_field("string", "text", key=key, path=f"{key}__c") for key in keys]
    outcome = run([{"Name": "N", **{f"{key}__c": key.upper() for key in keys}}], fields)
    assert outcome.custom_fields == [{key: key.upper() for key in keys}]
    assert outcome.documents["name"].to_list() == ["N"]


def test_two_keys_may_take_one_salesforce_field(run: Any, company_field: Any) -> None:
    """A datetime as instant and as day, say."""
    fields = [
        company_field("datetime", kind, key=kind, path="At__c") for kind in ("datetime", "date")
    ]
    outcome = run([{"At__c": "2024-01-01T20:00:00.000Z"}], fields)
    assert outcome.custom_fields == [{"datetime": "2024-01-01T20:00:00.000Z", "date": "2024-01-02"}]


def test_no_mapping_at_all_still_gives_companies(run: Any) -> None:
    """Only names are followed."""
    outcome = run([{}, {"_status": "deleted", "_status_reason": "deleted_in_salesforce"}], [])
    assert outcome.custom_fields == [{}, None]


def test_no_records_give_no_rows_of_the_right_types(
    enriched_frame: Any, company_field: Any
) -> None:
    """An idle refresh of one asset."""
    fields = [
        company_field("currency", "number", key="a"),
        company_field("multipicklist", "multi_select", key="b"),
        company_field("picklist", "single_select", key="c"),
    ]
    frame = enriched_frame([], fields)
    converted = convert(frame, fields, time_zone="UTC", catalog=EMPTY_CATALOG)
    shown = list(typed_schema(fields))
    assert converted.rows.select(shown).schema == typed_schema(fields)
    assert converted.rows.columns == [*shown, *[omitted_column(key) for key in "abc"]]
    assert documents(converted.rows, fields).height == 0


def test_a_new_type_is_written_in_frozen_rows_too(run: Any, company_field: Any) -> None:
    """Types change: the old value is of another type, so frozen rows are converted as well."""
    fields = [
        company_field("string", "text", key="same"),
        company_field("int", "number", key="new"),
    ]
    frozen = {"_status": "deleted", "_status_reason": "deleted_in_salesforce"}
    records = [{**frozen, "Same__c": "s", "New__c": "5"}, {"Same__c": "s", "New__c": "5"}]
    outcome = run(records, fields, retyped=frozenset({"new"}))
    assert outcome.custom_fields == [{"new": 5}, {"same": "s", "new": 5}]


def test_what_cannot_be_converted_to_a_new_type_becomes_null(
    run: Any, company_field: Any, sf_id: Any
) -> None:
    """Its old value stands in the history; only linked rows can be repaired, so only they tell."""
    field = company_field("int", "number", when_blank="keep")
    frozen = {"_status": "deleted", "_status_reason": "deleted_in_salesforce"}
    records = [
        {"Field__c": "bad"},
        {**frozen, "Field__c": "bad"},
        {"Field__c": None},
        {"Field__c": "1", "_ambiguous": ["Field__c"]},
    ]
    outcome = run(records, [field], retyped=frozenset({"field"}))
    assert outcome.custom_fields == [{"field": None}] * 4
    assert outcome.rejected == [
        (sf_id(3), "field", "1", "several_records"),
        (sf_id(0), "field", "bad", "not_a_number"),
    ]
