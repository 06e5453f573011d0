"""The join along the lookup tree, and which rows a change touches."""

from datetime import UTC, datetime

import polars as pl

from flyle_sf_assets.enriched.affected import affected_ids
from flyle_sf_assets.enriched.join import enrich
from flyle_sf_assets.raw.plan import Dataset, Leaf, Node, ReadPlan
from flyle_sf_assets.raw.records import record_schema
from flyle_sf_assets.salesforce.schema import FieldSchema

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


def records(columns: list[str], *rows: dict[str, str | None]) -> pl.LazyFrame:
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
