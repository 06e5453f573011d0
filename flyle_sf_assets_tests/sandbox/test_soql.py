"""SOQL against an oracle that knows neither parser nor indexes: plain Python over plain rows."""

import operator
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from flyle_sf_assets.sandbox.clock import ManualClock
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.refusals import Refusal
from flyle_sf_assets.sandbox.soql.dates import days_of
from flyle_sf_assets.sandbox.soql.execution import execute
from flyle_sf_assets.sandbox.soql.grammar import parse
from flyle_sf_assets_tests.sandbox.conftest import NOON
from flyle_sf_assets_tests.sandbox.records.test_writes import account, deal, found
from hypothesis import given, settings
from hypothesis import strategies as st

Row = dict[str, Any]
Holds = Callable[[Row], bool]

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}

TEXTS = ("", "alpha", "ALPHA", "beta", "日本", "100%", "o'neil", 'q"q', "back\\slash")


def quoted(text: str) -> str:
    """A SOQL string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@st.composite
def conditions(  # noqa: PLR0911 - one for each kind
    draw: st.DrawFn, depth: int = 2
) -> tuple[str, Holds]:
    """A condition in SOQL, and what it means in Python."""
    kinds = ["text", "number", "in", "date", "flag"] + (["and", "or", "not"] if depth else [])
    match draw(st.sampled_from(kinds)):
        case "text":
            text, negated = draw(st.sampled_from(TEXTS)), draw(st.booleans())
            soql = f"Phone {'!=' if negated else '='} {quoted(text)}"
            return soql, lambda r: ((r["Phone"] or "").lower() == text.lower()) != negated
        case "number":
            op = draw(st.sampled_from(["<", "<=", ">", ">=", "=", "!="]))
            limit = draw(st.sampled_from(["0", "1.5", "1234567890123456.78", "-2"]))
            return f"Exact_Revenue__c {op} {limit}", lambda r: compared(
                r["Exact_Revenue__c"], op, Decimal(limit)
            )
        case "in":
            texts = draw(st.lists(st.sampled_from(TEXTS[1:]), min_size=1, max_size=3))
            negated = draw(st.booleans())
            wanted_all = {text.lower() for text in texts}
            soql = f"Phone {'NOT IN' if negated else 'IN'} ({', '.join(map(quoted, texts))})"
            return soql, lambda r: ((r["Phone"] or "").lower() in wanted_all) != negated
        case "date":
            op = draw(st.sampled_from(["<", ">=", "=", "!="]))
            day = draw(st.dates(date(1950, 1, 1), date(1950, 1, 5)))
            return f"Founded_On__c {op} {day}", lambda r: compared(r["Founded_On__c"], op, day)
        case "flag":
            flag = draw(st.booleans())
            return f"Is_Strategic__c = {str(flag).upper()}", lambda r: r["Is_Strategic__c"] == flag
        case "not":
            soql, holds = draw(conditions(depth=depth - 1))
            return f"(NOT ({soql}))", lambda r: not holds(r)
        case junction:
            parts = draw(st.lists(conditions(depth=depth - 1), min_size=2, max_size=3))
            soql = f" {junction.upper()} ".join(f"({text})" for text, _ in parts)
            every = all if junction == "and" else any
            return f"({soql})", lambda r: every(holds(r) for _, holds in parts)


def compared(value: Any, op: str, other: Any) -> bool:
    """SOQL's comparison: a blank is unequal to everything and neither less nor greater."""
    if value is None:
        return op == "!="
    return bool(_OPERATORS[op](value, other))


rows = st.lists(
    st.fixed_dictionaries(
        {
            "Phone": st.sampled_from([*TEXTS, None]),
            "Exact_Revenue__c": st.sampled_from([None, "0", "1.5", "1234567890123456.78", "-2.01"]),
            "Founded_On__c": st.none() | st.dates(date(1950, 1, 1), date(1950, 1, 5)),
            "Is_Strategic__c": st.booleans(),
        }
    ),
    max_size=12,
)


@given(rows, conditions())
@settings(max_examples=150, deadline=None)
def test_conditions_mean_what_they_say(values: list[Row], condition: tuple[str, Holds]) -> None:
    """Two-valued logic, case, escapes, exact numbers."""
    org = Org("x", consumer_key="k", consumer_secret="s", clock=ManualClock(NOON))
    for row in values:
        org.insert("Account", {"Name": "A"} | row)
    soql, holds = condition
    expected = [row["Id"] for row in org.records("Account") if holds(row)]
    assert found(org, f"SELECT Id FROM Account WHERE {soql}") == expected


@given(
    st.lists(
        st.tuples(st.sampled_from(["touch", "insert", "delete", "query"]), st.integers(0, 999)),
        min_size=3, max_size=25,
    )
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_a_stamp_window_finds_what_a_scan_finds(steps: list[tuple[str, int]]) -> None:
    """The index must never hide a row that moved after it was made."""
    clock = ManualClock(NOON)
    org = Org("x", consumer_key="k", consumer_secret="s", clock=clock)
    ids = []
    for i in range(400):  # enough for an index
        moment = NOON - timedelta(seconds=i * 37 % 211)
        values = {"Name": "A", "CreatedDate": moment, "SystemModstamp": moment}
        ids.append(org.insert("Account", values))
    for action, number in steps:
        clock.advance(number % 5)
        record = ids[number % len(ids)]
        if action == "insert":
            ids.append(account(org))
        elif action == "touch":
            org.touch("Account", [record])
        elif action == "delete" and record in org.ids("Account"):
            org.delete("Account", record)
        low = NOON + timedelta(seconds=number % 60 - 50)
        high = low + timedelta(seconds=25)
        soql = (
            f"SELECT Id FROM Account WHERE SystemModstamp >= {low:%Y-%m-%dT%H:%M:%SZ} "
            f"AND SystemModstamp < {high:%Y-%m-%dT%H:%M:%SZ}"
        )
        stamps = {
            row["Id"]: cast("datetime", row["SystemModstamp"])
            for row in org.records("Account", include_deleted=True)
        }
        scan = [record for record, stamp in stamps.items() if low <= stamp < high]
        assert found(org, soql, include_deleted=True) == scan


@pytest.mark.parametrize(
    ("literal", "first", "after"),
    [
        ("TODAY", "2026-03-10", "2026-03-11"),
        ("YESTERDAY", "2026-03-09", "2026-03-10"),
        ("TOMORROW", "2026-03-11", "2026-03-12"),
        ("THIS_WEEK", "2026-03-08", "2026-03-15"),
        ("LAST_WEEK", "2026-03-01", "2026-03-08"),
        ("LAST_MONTH", "2026-02-01", "2026-03-01"),
        ("NEXT_MONTH", "2026-04-01", "2026-05-01"),
        ("THIS_QUARTER", "2026-01-01", "2026-04-01"),
        ("LAST_QUARTER", "2025-10-01", "2026-01-01"),
        ("THIS_YEAR", "2026-01-01", "2027-01-01"),
        ("LAST_YEAR", "2025-01-01", "2026-01-01"),
        ("LAST_N_DAYS:30", "2026-02-08", "2026-03-11"),
        ("last_n_days:0", "2026-03-10", "2026-03-11"),
        ("NEXT_N_DAYS:3", "2026-03-11", "2026-03-14"),
        ("N_DAYS_AGO:10", "2026-02-28", "2026-03-01"),
        ("LAST_N_MONTHS:2", "2026-01-01", "2026-03-01"),
        ("NEXT_N_QUARTERS:1", "2026-04-01", "2026-07-01"),
        ("N_YEARS_AGO:2", "2024-01-01", "2025-01-01"),
        ("LAST_N_WEEKS:1", "2026-03-01", "2026-03-08"),
        ("LAST_90_DAYS", "2025-12-10", "2026-03-11"),
    ],
)
def test_date_literals(literal: str, first: str, after: str) -> None:
    """SOQL and SOSL Reference, "Date Formats and Date Literals"; 10 March 2026 is a Tuesday."""
    days = days_of(literal, date(2026, 3, 10))
    assert days == (date.fromisoformat(first), date.fromisoformat(after))


@pytest.mark.parametrize("literal", ["SOMEDAY", "LAST_N_FORTNIGHTS:2", "N_DAYS:3"])
def test_other_words_are_no_date_literals(literal: str, org: Org) -> None:
    """MALFORMED_QUERY, not an empty result."""
    with pytest.raises(Refusal, match="MALFORMED_QUERY"):
        execute(org, f"SELECT Id FROM Opportunity WHERE CloseDate = {literal}")


def test_today_begins_at_the_users_midnight(org: Org, clock: ManualClock) -> None:
    """At 16:00 UTC it is tomorrow in Tokyo."""
    account(org, "before", Last_Contact_At__c=datetime(2026, 3, 10, 14, 59, 59, tzinfo=UTC))
    account(org, "after", Last_Contact_At__c=datetime(2026, 3, 10, 15, 0, 0, tzinfo=UTC))
    soql = "SELECT Name FROM Account WHERE Last_Contact_At__c = TODAY"
    assert found(org, soql) == ["before"]
    clock.advance(13 * 3600)
    assert found(org, soql) == ["after"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("Rating", [None, "Hot", "Warm", "Cold"]),
        ("Rating DESC", [None, "Cold", "Warm", "Hot"]),
        ("Rating NULLS LAST", ["Hot", "Warm", "Cold", None]),
        ("Rating DESC NULLS LAST", ["Cold", "Warm", "Hot", None]),
    ],
)
def test_order_by(org: Org, order: str, expected: list[str | None]) -> None:
    """Blanks first unless told otherwise; picklists in the org's own order."""
    for rating in ("Warm", None, "Cold", "Hot"):
        account(org, Rating=rating)
    assert found(org, f"SELECT Rating FROM Account ORDER BY {order}") == expected


def test_includes_and_excludes(org: Org) -> None:
    """Semicolons are AND, commas are OR; blanks are excluded from nothing."""
    for regions in (["North"], ["North", "West"], ["East"], None):
        account(org, Regions__c=regions)
    column = "SELECT Regions__c FROM Account WHERE Regions__c "
    assert found(org, column + "INCLUDES ('North;West', 'East')") == ["North;West", "East"]
    assert found(org, column + "EXCLUDES ('North')") == ["East", None]


def test_like_with_its_wildcards_escaped(org: Org) -> None:
    r"""``\%`` and ``\_`` stand for themselves."""
    for name in ("100%", "1000", "a_b", "axb"):
        account(org, name)
    assert found(org, "SELECT Name FROM Account WHERE Name LIKE '100_'") == ["100%", "1000"]
    assert found(org, r"SELECT Name FROM Account WHERE Name LIKE '100\%'") == ["100%"]
    assert found(org, r"SELECT Name FROM Account WHERE Name LIKE 'A\_b'") == ["a_b"]


def test_semi_joins(org: Org) -> None:
    """Accounts with and without a deal of that kind."""
    with_deal, without = account(org, "with"), account(org, "without")
    deal(org, AccountId=with_deal, Amount=5)
    inner = "(SELECT AccountId FROM Opportunity WHERE Amount > 1)"
    assert found(org, f"SELECT Id FROM Account WHERE Id IN {inner}") == [with_deal]
    assert found(org, f"SELECT Id FROM Account WHERE Id NOT IN {inner}") == [without]


def test_aggregates(org: Org) -> None:
    """Counts are whole numbers, sums are exact, blanks do not count."""
    for amount in ("0.1", "0.2", None):
        deal(org, Amount=amount, StageName="Proposal")
    soql = (
        "SELECT StageName, COUNT(Id), COUNT(Amount) n, SUM(Amount), AVG(Amount), MIN(Amount), "
        "MAX(SystemModstamp), COUNT_DISTINCT(StageName) FROM Opportunity GROUP BY StageName"
    )
    groups = execute(org, soql).groups
    assert groups is not None
    assert {column.name: column.values[0] for column in groups.columns} == {
        "StageName": "Proposal", "expr0": "3", "n": "2", "expr1": "0.3", "expr2": "0.15",
        "expr3": "0.1", "expr4": "2026-03-10T03:00:00.000Z", "expr5": "1",
    }  # fmt: skip


def test_a_query_of_thousands_of_ids_parses_quickly() -> None:
    """Related records are read by id, 4,500 at a time."""
    ids = ", ".join(f"'001000000{i:06d}AAA'" for i in range(4500))
    parse(f"SELECT Id FROM Account WHERE Id IN ({ids})")  # builds the parser
    begun = datetime.now(UTC)
    parse(f"SELECT Id FROM Account WHERE Id IN ( {ids})")
    assert datetime.now(UTC) - begun < timedelta(seconds=0.5)


@pytest.mark.parametrize(
    ("soql", "at", "word"),
    [
        ("SELECT Id FROM Account LIMIT x", 30, "x"),
        ("SELECT Id FROM Account WHERE", 29, "<EOF>"),
        ("SELECT Id FROM Account WHERE Name = 'A' AND Phone = 'B' OR Fax = 'C'", 57, "OR"),
    ],
)
def test_what_cannot_be_read_is_pointed_at(soql: str, at: int, word: str) -> None:
    """Row, column and the word that nobody expected (AND beside OR needs parentheses)."""
    with pytest.raises(Refusal) as caught:
        parse(soql)
    assert caught.value.error_code == "MALFORMED_QUERY"
    assert f"ERROR at Row:1:Column:{at}\nunexpected token: '{word}'" in caught.value.message
