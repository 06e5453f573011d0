"""Words that code and docs don't use, because a reader of this field does not know them at once.

The left word is refused in names (each part of ``snake_case`` and ``CamelCase``), in comments and
docstrings, and in the docs; the right one says what to write. Texts for administrators are not
checked here, and neither are migrations, whose tables keep their names.
"""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

INSTEAD = {
    "anew": "again",
    "books": "committed state",
    "debt": "unconsumed input",
    "debts": "unconsumed inputs",
    "fate": "record status, tombstone",
    "fates": "record statuses, tombstones",
    "judge": "check, validate",
    "judgement": "impact analysis, check",
    "judges": "evaluates, decides",
    "judging": "checking",
    "knock": "request",
    "knocks": "requests",
    "looking": "polling",
    "midway": "in the middle of",
    "owe": "be stale, have unconsumed inputs",
    "owed": "unconsumed, stale",
    "owes": "has unconsumed inputs",
    "room": "package",
    "rooms": "packages",
    "settle": "commit, close, register",
    "settled": "committed, closed",
    "settles": "commits, closes",
    "standing": "current, existing, tenant status",
    "strata": "company groups",
    "stratum": "company group",
    "whoever": "anyone who",
}
PHRASES = {
    "so many": "this many",
    "gone in one go": "deleted at once",
    "held just so": "kept as it is",
}
PACKAGE = Path(__file__).parents[2] / "flyle_sf_assets"
MIGRATIONS = PACKAGE / "store" / "migrations"
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_REFUSED = "|".join([*INSTEAD, *PHRASES]).replace(" ", r"\s+")
_PROSE = re.compile(rf"\b({_REFUSED})\b", re.IGNORECASE)


def refused_in_code(source: str) -> list[str]:
    """``line: word`` of each name, comment and docstring that uses one of the words."""
    found = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        words: list[str] = []
        if token.type == tokenize.NAME:
            words = [part for part in _PART.findall(token.string) if part.lower() in INSTEAD]
        elif token.type == tokenize.COMMENT:
            words = _prose(token.string)
        found += [f"{token.start[0]}: {word}" for word in words]
    for node in ast.walk(ast.parse(source)):
        # A string that is a statement of its own is a docstring, of a constant too.
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found += [f"{node.lineno}: {word}" for word in _prose(str(node.value.value))]
    return found


def _prose(text: str) -> list[str]:
    """The refused words of a text, without what stands in backticks: names of others."""
    return _PROSE.findall(re.sub(r"`[^`\n]*`", "", text))


@pytest.mark.parametrize("folder", sorted(p.name for p in PACKAGE.iterdir() if p.is_dir()))
def test_the_code_uses_the_glossarys_words(folder: str) -> None:
    """A word comes back by habit: the list is long, and nobody remembers it."""
    files = [file for file in (PACKAGE / folder).rglob("*.py") if MIGRATIONS not in file.parents]
    found = [
        f"{file.relative_to(PACKAGE)}:{line}"
        for file in files
        for line in refused_in_code(file.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_the_docs_use_the_glossarys_words(root: Path) -> None:
    """The pages that people read before the code."""
    pages = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "config").rglob("*.md")]
    found = [
        f"{page.relative_to(root)}:{number}: {word}"
        for page in pages
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
        for word in _prose(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "books = 1\n",
        "class OwedRows: ...\n",
        "def read_anew(): ...\n",
        '"""Read by whoever asks."""\n',
        "x = 1  # after so many seconds\n",
    ],
)
def test_a_word_that_is_put_back_is_found(source: str) -> None:
    """In names, docstrings and comments."""
    assert len(refused_in_code(source)) == 1
