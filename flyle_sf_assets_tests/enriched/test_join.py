"""The join along the lookup tree, and which rows a change touches."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl

from flyle_sf_assets.enriched.affected import affected_ids
from flyle_sf_assets.enriched.gone import what_blanked, with_former_parents
from flyle_sf_assets.enriched.join import enrich, enriched_columns, enriched_schema, gone_column
from flyle_sf_assets.raw.plan import Dataset, Leaf, Node, ReadPlan
from flyle_sf_assets.raw.records import record_schema
from flyle_sf_assets.salesforce.schema.objects import FieldSchema

ROOT = Node((), "Opportunity", "opportunities", "opportunities")
ACCOUNT = Node(("Account",), "Account", "accounts", "accounts", "AccountId")
PARENT = Node(("Account", "Parent"), "Account", "accounts", "accounts", "ParentId")
INFO = Node(
    ("Account", "Info"),
    "Info__c",
    "related_records",
    "related/Info__c",
    "Account__c",
    one_to_one=True,
)


def text(name: str) -> FieldSchema:
    return FieldSchema(name, name, "string")


PLAN = ReadPlan(
    base_object="Opportunity",
    nodes=(ROOT, ACCOUNT, INFO, PARENT),
    datasets=(
        Dataset("opportunities", "opportunities", "Opportunity", (text("Name"),), is_base=True),
        Dataset("accounts", "accounts", "Account", (text("Type"),), is_base=False),
        Dataset("related/Info__c", "related_records", "Info__c", (text("Plan__c"),), is_base=False),
    ),
    leaves={
        "Account.Type": Leaf("Account.Type", ACCOUNT, text("Type")),
        "Account.Parent.Type": Leaf("Account.Parent.Type", PARENT, text("Type")),
        "Account.Info.Plan__c": Leaf("Account.Info.Plan__c", INFO, text("Plan__c")),
    },
    condition_leaves={},
)
STAMP = datetime(2026, 1, 1, tzinfo=UTC)


def records(columns: list[str], *rows: Mapping[str, str | None]) -> pl.LazyFrame:
    full = [
        {"SystemModstamp": STAMP, "_status": "referenced", "_merged_into": None, **row}
        for row in rows
    ]
    return pl.DataFrame(full, schema=record_schema(columns)).lazy()


def held(**changes: pl.LazyFrame) -> dict[str, pl.LazyFrame]:
    frames = {
        "opportunities": records(
            ["AccountId", "Name"],
            {"Id": "o1", "Name": "A", "AccountId": "a1", "_status": "linked"},
            {"Id": "o2", "Name": "B", "AccountId": "a2", "_status": "linked"},
            {"Id": "o3", "Name": "C", "AccountId": None, "_status": "deleted"},
        ),
        "accounts": records(
            ["ParentId", "Type"],
            {"Id": "a1", "Type": "Customer", "ParentId": "p1"},
            {"Id": "a2", "Type": "Partner", "ParentId": None},
            {"Id": "p1", "Type": "Holding", "ParentId": None},
        ),
        "related/Info__c": records(
            ["Account__c", "Plan__c"], {"Id": "i1", "Account__c": "a1", "Plan__c": "gold"}
        ),
    }
    return frames | {name.replace("__slash__", "/"): frame for name, frame in changes.items()}


def joined(frames: dict[str, pl.LazyFrame]) -> dict[str, dict[str, object]]:
    return {row["Id"]: row for row in enrich(PLAN, frames).collect().iter_rows(named=True)}


def test_values_come_from_every_hop_and_from_the_one_to_one_object() -> None:
    row = joined(held())["o1"]
    assert (row["Account.Type"], row["Account.Parent.Type"], row["Account.Info.Plan__c"]) == (
        "Customer",
        "Holding",
        "gold",
    )
    assert (row["_id:Account"], row["_id:Account.Parent"], row["_id:Account.Info"]) == (
        "a1",
        "p1",
        "i1",
    )


def test_a_record_without_parent_gives_nulls_and_keeps_its_row() -> None:
    row = joined(held())["o3"]
    assert row["Account.Type"] is None
    assert (row["_status"], row["_status_reason"]) == ("deleted", "deleted_in_salesforce")


def test_a_deleted_parent_gives_null_as_salesforce_does() -> None:
    gone = records(
        ["ParentId", "Type"],
        {"Id": "a1", "Type": "Customer", "ParentId": "p1", "_status": "deleted"},
        {"Id": "p1", "Type": "Holding", "ParentId": None},
    )
    row = joined(held(accounts=gone))["o1"]
    assert row["Account.Type"] is None
    assert row["Account.Parent.Type"] is None
    assert row["Account.Info.Plan__c"] is None


def test_a_one_to_one_object_with_two_records_marks_its_paths_as_ambiguous() -> None:
    two = records(
        ["Account__c", "Plan__c"],
        {"Id": "i2", "Account__c": "a1", "Plan__c": "silver"},
        {"Id": "i1", "Account__c": "a1", "Plan__c": "gold"},
    )
    rows = joined({**held(), "related/Info__c": two})
    assert rows["o1"]["_ambiguous"] == ["Account.Info.Plan__c"]
    assert rows["o2"]["_ambiguous"] == []
    assert len(rows) == 3


def test_a_parents_change_touches_every_row_that_reaches_it_on_any_hop() -> None:
    frames = held()
    assert set(affected_ids(PLAN, frames, None, {"accounts": pl.Series(["p1"])})) == {"o1"}
    assert set(affected_ids(PLAN, frames, None, {"accounts": pl.Series(["a2"])})) == {"o2"}
    assert set(affected_ids(PLAN, frames, None, {"opportunities": pl.Series(["o3"])})) == {"o3"}
    assert affected_ids(PLAN, frames, None, {}).is_empty()


def test_a_one_to_one_record_that_moves_touches_the_row_it_left_too() -> None:
    before = enrich(PLAN, held())
    moved = records(["Account__c", "Plan__c"], {"Id": "i1", "Account__c": "a2", "Plan__c": "gold"})
    frames = {**held(), "related/Info__c": moved}
    changed = {"related/Info__c": pl.Series(["i1"])}
    assert set(affected_ids(PLAN, frames, before, changed)) == {"o1", "o2"}


def test_a_parent_that_was_deleted_touches_the_rows_that_had_it() -> None:
    before = enrich(PLAN, held())
    gone = records(
        ["ParentId", "Type"],
        {"Id": "a1", "Type": "Customer", "ParentId": "p1", "_status": "deleted"},
        {"Id": "p1", "Type": "Holding", "ParentId": None},
    )
    frames = held(accounts=gone)
    assert set(affected_ids(PLAN, frames, before, {"accounts": pl.Series(["a1"])})) == {"o1"}


def test_a_second_claim_to_be_the_one_touches_the_row_though_the_oldest_is_shown() -> None:
    """A second contract for an account was never rejected, because nobody reached it."""
    one = {"Id": "i1", "Account__c": "a1", "Plan__c": "gold"}
    two = {"Id": "i2", "Account__c": "a1", "Plan__c": "free"}
    columns = ["Account__c", "Plan__c"]
    changed = {"related/Info__c": pl.Series(["i2"])}
    both = held(related__slash__Info__c=records(columns, one, two))
    assert set(affected_ids(PLAN, both, enrich(PLAN, held()), changed)) == {"o1"}
    deleted = held(related__slash__Info__c=records(columns, one, two | {"_status": "deleted"}))
    assert set(affected_ids(PLAN, deleted, enrich(PLAN, both), changed)) == {"o1"}
    moved = held(related__slash__Info__c=records(columns, one, two | {"Account__c": "a2"}))
    assert set(affected_ids(PLAN, moved, enrich(PLAN, both), changed)) == {"o1", "o2"}


def gone_accounts(**a1: str | None) -> pl.LazyFrame:
    return records(
        ["ParentId", "Type"],
        {"Id": "a1", "Type": "Customer", "ParentId": "p1", "_status": "deleted", **a1},
        {"Id": "a2", "Type": "Partner", "ParentId": None},
        {"Id": "p1", "Type": "Holding", "ParentId": None},
    )


def test_a_row_says_why_its_parents_have_no_values() -> None:
    """A value must not vanish silently; what stands above on the path takes the rest with it."""
    for status, word in (
        ("deleted", "deleted"),
        ("merged", "deleted"),
        ("missing", "missing"),
        ("referenced_deleted", "deleted"),
        ("referenced_missing", "missing"),
    ):
        rows = joined(held(accounts=gone_accounts(_status=status)))
        found = [rows["o1"][gone_column(node)] for node in (ACCOUNT, PARENT, INFO)]
        assert found == [word, word, word], status
        assert rows["o2"][gone_column(ACCOUNT)] is None
        assert rows["o3"][gone_column(ACCOUNT)] is None, "it looks nothing up"
    row = joined(held())["o1"]
    assert [row[gone_column(node)] for node in (ACCOUNT, PARENT, INFO)] == [None, None, None]


def test_only_what_stands_below_a_gone_parent_is_gone() -> None:
    frames = held(
        accounts=records(
            ["ParentId", "Type"],
            {"Id": "a1", "Type": "Customer", "ParentId": "p1"},
            {"Id": "p1", "Type": "Holding", "ParentId": None, "_status": "referenced_missing"},
        )
    )
    row = joined(frames)["o1"]
    assert (row["Account.Type"], row["Account.Parent.Type"]) == ("Customer", None)
    assert (row[gone_column(ACCOUNT)], row[gone_column(PARENT)]) == (None, "missing")


def test_a_one_to_one_record_that_is_gone_is_told_unless_another_took_its_place() -> None:
    gone = {"Id": "i1", "Account__c": "a1", "Plan__c": "gold", "_status": "referenced_deleted"}
    new = {"Id": "i0", "Account__c": "a1", "Plan__c": "silver"}
    for others, value, word in (((), None, "deleted"), ((new,), "silver", None)):
        info = records(["Account__c", "Plan__c"], gone, *others)
        row = joined({**held(), "related/Info__c": info})["o1"]
        assert (row["Account.Info.Plan__c"], row[gone_column(INFO)]) == (value, word)
        assert row["_ambiguous"] == []


def test_a_lookup_that_the_delete_itself_cleared_still_says_what_was_deleted() -> None:
    """Salesforce clears lookups to a deleted record, and the child may come in the same window."""
    before = enrich(PLAN, held()).collect()
    cleared = records(
        ["AccountId", "Name"],
        {"Id": "o1", "Name": "A", "AccountId": None, "_status": "linked"},
        {"Id": "o2", "Name": "B", "AccountId": None, "_status": "linked"},
    )
    frames = held(opportunities=cleared, accounts=gone_accounts())
    rows = with_former_parents(PLAN, frames, enrich(PLAN, frames).collect(), before)
    assert rows.columns == list(enriched_columns(PLAN))
    told = {row["Id"]: row for row in rows.iter_rows(named=True)}
    assert [told["o1"][gone_column(node)] for node in (ACCOUNT, PARENT)] == ["deleted", None]
    assert told["o2"][gone_column(ACCOUNT)] is None, "a2 is there; somebody emptied the lookup"
    again = with_former_parents(PLAN, frames, enrich(PLAN, frames).collect(), rows)
    assert again.sort("Id").equals(rows.sort("Id")), "companies may not have taken it in yet"
    back = with_former_parents(PLAN, held(), enrich(PLAN, held()).collect(), rows)
    assert back.sort("Id").equals(enrich(PLAN, held()).collect().sort("Id"))


def test_a_blanked_value_names_the_topmost_parent_that_is_gone() -> None:
    """Values of the base record itself never blank because of a parent."""
    rows = enrich(PLAN, held(accounts=gone_accounts())).collect()
    told = what_blanked(PLAN, rows, {"type": "Account.Type", "top": "Account.Parent.Type"})
    assert sorted(told.rows()) == [
        ("o1", "top", "parent_deleted:Account"),
        ("o1", "type", "parent_deleted:Account"),
    ]
    assert what_blanked(PLAN, enrich(PLAN, held()).collect(), {"type": "Account.Type"}).is_empty()
    assert what_blanked(PLAN, rows, {"hidden": "Account.Hidden__c"}).is_empty()


def test_the_schema_of_an_enriched_frame_is_known_without_a_row() -> None:
    """Where nothing changed no file is opened, and an empty frame stands for the changes."""
    stamp = FieldSchema("SystemModstamp", "SystemModstamp", "datetime")
    plan = replace(
        PLAN,
        leaves={
            **PLAN.leaves,
            "SystemModstamp": Leaf("SystemModstamp", ROOT, stamp),
            "Account.SystemModstamp": Leaf("Account.SystemModstamp", ACCOUNT, stamp),
        },
    )
    for one in (PLAN, plan):
        frame = enrich(one, held())
        assert enriched_schema(enriched_columns(one)) == frame.collect_schema()
