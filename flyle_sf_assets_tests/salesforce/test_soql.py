"""Statements: names only from describe, lengths within what Salesforce takes."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from flyle_sf_assets.errors import SalesforceRefused
from flyle_sf_assets.salesforce import soql
from flyle_sf_assets.salesforce.schema.objects import FieldSchema, ObjectSchema
from flyle_sf_assets.salesforce.soql import FieldPath, Predicate, by_lower_name, resolve
from flyle_sf_assets_tests.flows.work import turns_counted

ID = FieldSchema("Id", "ID", "id")
STAMP = FieldSchema("SystemModstamp", "Stamp", "datetime")
NAME = FieldSchema("Name", "名前", "string")
OWNER = FieldSchema(
    "OwnerId", "所有者", "reference", reference_to=("Group", "User"), relationship_name="Owner"
)
MAKER = FieldSchema(
    "CreatedById", "作成者", "reference", reference_to=("User",), relationship_name="CreatedBy"
)
MANAGER = FieldSchema(
    "ManagerId", "上司", "reference", reference_to=("User",), relationship_name="Manager"
)
ACCOUNT = ObjectSchema("Account", "取引先", queryable=True, fields=(ID, STAMP, NAME, OWNER, MAKER))
USER = ObjectSchema("User", "ユーザー", queryable=True, fields=(ID, NAME, MANAGER))
SCHEMAS = by_lower_name({"Account": ACCOUNT, "User": USER})


@pytest.mark.parametrize(
    "name", ["Name FROM User --", "Name,Id", "", "名前", "Name'", "a.b", "1a", "COUNT()"]
)
def test_a_name_that_is_no_name_never_enters_a_query(name: str) -> None:
    """Describe gives API names; anything else is a mistake or an attack."""
    with pytest.raises(ValueError, match="name"):
        FieldPath(FieldSchema(name, "x", "string"))
    with pytest.raises(ValueError, match="name"):
        FieldPath(NAME, (name,))
    with pytest.raises(ValueError, match="name"):
        soql.count(ObjectSchema(name, "x", queryable=True, fields=()))


def test_paths_are_written_as_describe_spells_them() -> None:
    """Salesforce ignores case; our column names must not."""
    path = resolve("createdby.MANAGER.name", ACCOUNT, SCHEMAS)
    assert path is not None
    assert path.text == "CreatedBy.Manager.Name"
    for missing in (
        "Owner.Manager.Name",
        "Owner.SystemModstamp",
        "Nope",
        "Owner.Nope",
        "Nope.Name",
        "Name.Id",
        "OwnerId.Name",
    ):
        assert resolve(missing, ACCOUNT, SCHEMAS) is None


def test_behind_a_lookup_to_several_objects_stands_the_pseudo_object_name() -> None:
    """It has neither User's own fields nor a stamp: "No such column … on entity 'Name'"."""
    path = resolve("owner.USERNAME", ACCOUNT, SCHEMAS)
    assert path is not None
    assert path.text == "Owner.Username"


def test_more_than_five_relationships_up_are_refused() -> None:
    """The limit of child-to-parent paths."""
    assert FieldPath(NAME, ("Manager",) * 5).text.count(".") == 5
    with pytest.raises(ValueError, match="five"):
        FieldPath(NAME, ("Manager",) * 6)


def test_a_statement_has_its_parts_in_order() -> None:
    """Columns come back under these names, each once."""
    owner = FieldPath(NAME, ("Owner",))
    statement = soql.select(
        ACCOUNT, [ID, NAME, owner, NAME], Predicate("Name != null"), order_by=[STAMP, ID], limit=7
    )
    assert statement.text == (
        "SELECT Id, Name, Owner.Name FROM Account WHERE Name != null"
        " ORDER BY SystemModstamp, Id LIMIT 7"
    )
    assert statement.columns == ("Id", "Name", "Owner.Name")
    assert soql.count(ACCOUNT).text == "SELECT COUNT() FROM Account"


def test_conditions_join_without_changing_their_meaning() -> None:
    """AND binds before OR: a group keeps its parentheses."""
    one, two, three = (Predicate(f"Name = '{n}'") for n in "123")
    joined = soql.all_of([soql.any_of([one, two]), None, three])
    assert joined == Predicate("((Name = '1' OR Name = '2') AND Name = '3')")
    assert soql.all_of([None]) is None
    assert soql.any_of([one, None]) == one


def test_windows_that_meet_leave_no_gap_and_no_overlap() -> None:
    """``>=`` and ``<`` at the same second: a strict ``>`` once lost ties."""
    first = datetime(2024, 1, 1, 12, 0, 0, 900_000, tzinfo=UTC)
    middle = first + timedelta(seconds=1)
    before = soql.in_window(STAMP, None, middle)
    after = soql.in_window(STAMP, middle, None)
    assert before == Predicate("SystemModstamp < 2024-01-01T12:00:01Z")
    assert after == Predicate("SystemModstamp >= 2024-01-01T12:00:01Z")
    assert soql.in_window(STAMP, None, None) is None


def test_ids_are_asked_for_in_statements_that_fit() -> None:
    """Every id once, in 18 characters, and no statement above 100,000 characters."""
    ids = [f"001{n:012d}" for n in range(10_000)]
    predicates = soql.id_in(ID, [*ids, *ids, ids[0] + "AAA"])
    statements = [soql.select(ACCOUNT, [ID, NAME], predicate) for predicate in predicates]
    assert max(len(statement.text) for statement in statements) < 61_000
    written = [part for s in statements for part in s.text.split("'") if part.startswith("001")]
    assert sorted(written) == sorted(f"{text}AAA" for text in ids)
    assert soql.id_in(ID, []) == []
    with pytest.raises(ValueError, match="record id"):
        soql.id_in(ID, ["001') OR (Name != '"])


def test_many_ids_pass_through_no_loop() -> None:
    """A census of 100,000 parents checked each id by a function of its own, for a second."""
    ids = pl.Series("Id", [f"001{n:012d}AAA" for n in range(10_000)])
    with turns_counted() as turns:
        written = soql.id_in(ID, ids)
    assert sum(predicate.text.count("'001") for predicate in written) == 10_000
    assert max(turns.values()) < 100


def test_a_statement_that_is_too_long_is_refused_before_it_is_sent() -> None:
    """Salesforce would answer MALFORMED_QUERY, after a counted call."""
    with pytest.raises(SalesforceRefused) as caught:
        soql.select(ACCOUNT, [ID], Predicate("Name = 'x'" * 10_001))
    assert caught.value.code == "statement_too_long"
