"""Which parents are needed: those that linked records reach, and no other."""

import polars as pl

from flyle_sf_assets.raw.plan import ReadPlan, plan
from flyle_sf_assets.raw.records import record_schema
from flyle_sf_assets.raw.references import Records, ids_at, newly_reached
from flyle_sf_assets_tests.raw.test_plan import SCHEMAS, settings

INFO = {"object": "Contract_Info__c", "lookup": "Account__c", "of": "Account", "as": "ContractInfo"}
MADE: ReadPlan = plan(
    settings(
        "Opportunity", "Account.Owner.Name", "Account.ContractInfo.Plan__c", one_to_one=[INFO]
    ),
    SCHEMAS,
)


def frame(lookup: str, *rows: tuple[str, str, str | None]) -> pl.LazyFrame:
    """Records: id, status, and the id that they look up."""
    made = [(name, None, status, None, refers) for name, status, refers in rows]
    return pl.DataFrame(made, schema=record_schema([lookup]), orient="row").lazy()


RECORDS: Records = {
    "opportunities": frame(
        "AccountId",
        ("006a", "linked", "001a"),
        ("006b", "out_of_scope", "001b"),
        ("006c", "linked", None),
        ("006d", "linked", "001d"),
    ),
    "accounts": frame(
        "OwnerId",
        ("001a", "referenced", "005a"),
        ("001b", "referenced", "005b"),
        ("001d", "referenced_deleted", "005d"),
    ),
    "related/User": frame("Name"),
    "related/Contract_Info__c": frame(
        "Account__c", ("a0Ia", "referenced", "001a"), ("a0Ib", "referenced", "001b")
    ),
}


def reached(*path: str) -> set[str]:
    node = next(one for one in MADE.nodes if one.path == path)
    return set(ids_at(MADE, node, RECORDS).collect()["Id"])


def new(dataset: str, ids: list[str], *path: str) -> set[str]:
    """What is reached at the path since these records of the dataset changed."""
    node = next(one for one in MADE.nodes if one.path == path)
    return set(newly_reached(MADE, node, RECORDS, {dataset: pl.Series(ids)}).collect()["Id"])


def test_only_what_linked_records_reach_is_needed() -> None:
    """A frozen company needs no parents, and a deleted parent has none that count."""
    assert reached() == {"006a", "006c", "006d"}
    assert reached("Account") == {"001a", "001d"}
    assert reached("Account", "Owner") == {"005a"}
    assert reached("Account", "ContractInfo") == {"a0Ia"}


def test_after_a_change_only_its_own_references_are_checked() -> None:
    """The other parents are held already: asking for them would cost reads."""
    assert new("opportunities", ["006a"], "Account") == {"001a"}
    assert new("opportunities", ["006b", "006c"], "Account") == {"001b"}
    assert new("accounts", ["001b"], "Account", "Owner") == {"005b"}
    assert new("opportunities", ["006a"], "Account", "Owner") == {"005a"}
    assert new("opportunities", ["006a", "006b"]) == {"006a"}


def test_a_changed_one_to_one_record_counts_by_itself() -> None:
    """Its lookup may point at another account now."""
    assert new("accounts", ["001a"], "Account", "ContractInfo") == {"a0Ia"}
    assert new("related/Contract_Info__c", ["a0Ib"], "Account", "ContractInfo") == {"a0Ib"}
