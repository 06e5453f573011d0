"""Only the store holds SQL: statements are found by what they say, wherever a string holds them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import flyle_sf_assets

PACKAGE = Path(flyle_sf_assets.__file__).parent
SOQL = ("salesforce/", "sandbox/")
"""Who writes SOQL: the client, and the org that stands in for Salesforce."""

COMMAND = re.compile(
    r"\b(?:INSERT\s+INTO|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE\s+\w|LOCK\s+TABLE|NOTIFY\s+\w"
    r"|(?:CREATE|ALTER|DROP)\s+(?:TEMP\w*\s+)?(?:TABLE|INDEX|VIEW|SCHEMA|ROLE|POLICY|DATABASE)"
    r"|UPDATE\s+[\w.{}]+(?:\s+(?:AS\s+)?\w+)?\s+SET|COPY\s+[\w.{}]+[^;]*\s(?:FROM|TO)\s"
    r"|WITH\s+(?:RECURSIVE\s+)?\w+\s+AS\s)"
)
"""Statements that SOQL does not have."""
QUERY = re.compile(r"\bSELECT\s.+?\sFROM\b|^\s*SELECT\s", re.DOTALL)
QUERY_OF_TABLE = re.compile(r"\bSELECT\s.+?\sFROM\s+[a-z_]", re.DOTALL)
"""A query that is no SOQL: Salesforce's API names begin with a capital, our tables with a small
letter."""
SMALL_LETTERS = re.compile(
    r"^\s*(?:select\s.+\sfrom\s+\w+(?:$|\s+(?:where|order|group|join|limit)\b)|insert\s+into\s+\w"
    r"|delete\s+from\s+\w|update\s+\w+\s+set\s)",
    re.DOTALL,
)
"""The same written small; English sentences begin with a capital."""


def is_sql(text: str, *, may_be_soql: bool) -> bool:
    """Whether a string is, or holds, a statement of SQL."""
    query = QUERY_OF_TABLE if may_be_soql else QUERY
    return any(pattern.search(text) for pattern in (COMMAND, query, SMALL_LETTERS))


def strings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Each string with its line: docstrings left out, f-strings and sums of strings as one."""
    inside: set[int] = set()
    for node in ast.walk(tree):  # parents before children
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        text = _text(node) if isinstance(node, ast.expr) else None
        if is_docstring or text is not None or id(node) in inside:
            inside |= {id(child) for child in ast.iter_child_nodes(node)}
        if text is not None and isinstance(node, ast.expr) and id(node) not in inside:
            yield node.lineno, text


def _text(node: ast.expr) -> str | None:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_text(value) or "{}" for value in values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            parts = (_text(left), _text(right))
            return None if parts == (None, None) else "".join(part or "{}" for part in parts)
        case _:
            return None


def sql_in(source: str, *, may_be_soql: bool) -> list[int]:
    """The lines of a module's text on which a string with SQL begins."""
    return [
        line for line, text in strings(ast.parse(source)) if is_sql(text, may_be_soql=may_be_soql)
    ]


def _hits(folder: Path, *, but: tuple[str, ...] = ()) -> list[str]:
    names = {path: path.relative_to(PACKAGE).as_posix() for path in folder.rglob("*.py")}
    return [
        f"{name}:{line}"
        for path, name in sorted(names.items())
        if not name.startswith(but)
        for line in sql_in(path.read_text(), may_be_soql=name.startswith(SOQL))
    ]


def test_only_the_store_holds_sql() -> None:
    """The demo once queried tables itself: a change of a table would have missed it.

    SOQL elsewhere is found as well: ``salesforce`` alone writes it.
    """
    assert _hits(PACKAGE, but=("store/", "sandbox/soql/")) == []


def test_statements_of_the_store_are_seen() -> None:
    """A search that finds nothing anywhere would pass as well."""
    seen = {hit.partition(":")[0] for hit in _hits(PACKAGE / "store")}
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in (PACKAGE / "store").rglob("*.py")
        if re.search(r"\btx\.(?:execute|rows?)\(\s*\"", path.read_text())
    }
    assert users
    assert users - seen == set()


@pytest.mark.parametrize("folder", ["cli/servers/demo.py", "salesforce/query.py"])
@pytest.mark.parametrize(
    "planted",
    [
        'tx.execute("SELECT external_id FROM companies")',
        'tx.execute("SELECT external_id, name " + "FROM companies")',
        'tx.execute(f"SELECT {columns} FROM companies")',
        'tx.execute("select name from companies where status = :status")',
        'tx.execute("INSERT INTO notices VALUES (1)")',
        'tx.execute("UPDATE links SET state = 1")',
        'tx.execute(f"DELETE FROM {table}")',
        'tx.execute("LOCK TABLE companies")',
        'tx.execute("WITH one AS (SELECT 1) TABLE one")',
        'QUERY = """\nSELECT *\nFROM flyle.companies\n"""',
    ],
)
def test_a_statement_that_is_put_back_is_seen(folder: str, planted: str) -> None:
    """At the end of a file that has none, in every form that one was ever written in."""
    source = (PACKAGE / folder).read_text()
    lines = source.count("\n")
    may_be_soql = folder.startswith(SOQL)
    assert sql_in(f"{source}\n{planted}\n", may_be_soql=may_be_soql) == [lines + 2]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT Id, Name FROM Organization",
        "SELECT Id FROM {} LIMIT 1",
        "SELECT COUNT() FROM",
        "Select a field from the list where it stands",
        "with the update set aside",
    ],
)
def test_soql_and_english_are_none(text: str) -> None:
    """``salesforce`` builds SOQL, and sentences have the same words."""
    assert not is_sql(text, may_be_soql=True)
