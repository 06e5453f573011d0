"""What docstrings and comments name must be there: files, wherever they have moved to."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import flyle_sf_assets

PACKAGE = Path(flyle_sf_assets.__file__).parent
TESTS = Path(__file__).parents[1]

FILE = re.compile(r"`([\w./-]+\.(?:css|html|js|py|sql))`")


def texts(source: str) -> Iterator[tuple[int, str]]:
    """Each docstring and comment with the line on which it begins."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.lineno, str(node.value.value)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def missing(source: str, folders: tuple[Path, ...]) -> list[tuple[int, str]]:
    """The files that are named and are in none of the folders, with the lines."""
    if not FILE.search(source):
        return []
    return [
        (line, name)
        for line, text in texts(source)
        for name in FILE.findall(text)
        if not any((folder / name).is_file() for folder in folders)
    ]


@pytest.mark.parametrize("root", [PACKAGE, TESTS], ids=["product", "tests"])
def test_files_that_docstrings_name_are_there(root: Path) -> None:
    """A restructured package left many that named files by their former places.

    A name counts from the file's own folder, from the package, or from the tests.
    """
    found = [
        f"{file.relative_to(root.parent)}:{line} {name}"
        for file in sorted(root.rglob("*.py"))
        for line, name in missing(file.read_text(), (file.parent, PACKAGE, TESTS))
    ]
    assert found == []


@pytest.mark.parametrize(
    "planted", ['"""Reads (``reading.py``)."""', "x = 1  # see `gone/reading.py`"]
)
def test_a_file_that_is_gone_is_seen(planted: str) -> None:
    """In the words in which files were named."""
    assert [name for _, name in missing(planted, (PACKAGE,))] in (
        ["reading.py"],
        ["gone/reading.py"],
    )
