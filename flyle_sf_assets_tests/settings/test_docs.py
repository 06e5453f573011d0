"""docs/settings.md is held to the code: its example loads, and it knows every code."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from flyle_sf_assets.companies.types import TYPE_TABLE
from flyle_sf_assets.settings.loading import Loaded
from flyle_sf_assets.settings.models import Operator

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "settings.md").read_text("utf-8")
CODE = re.compile(r"[a-z][a-z0-9_]+")


def code_parts(node: ast.AST) -> list[ast.expr]:
    """The arguments of ``Problem(…)``, or a triple of code, message and remedy."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.args if node.func.id == "Problem" else []
    if not isinstance(node, ast.Tuple) or len(node.elts) != 3:
        return []
    # Three constants are three names of something else.
    return [] if isinstance(node.elts[1], ast.Constant) else node.elts


def severity_of(node: ast.AST) -> str:
    """A warning says so where it is made."""
    keywords = node.keywords if isinstance(node, ast.Call) else []
    named = [ast.literal_eval(k.value) for k in keywords if k.arg == "severity"]
    return str(named[0]) if named else "error"


def codes_in_source() -> Iterator[tuple[str, str]]:
    """Each problem's code and severity, read from the source."""
    for room in ("settings", "check"):
        for path in (ROOT / "flyle_sf_assets" / room).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                for first in code_parts(node)[:1]:
                    if isinstance(first, ast.Constant) and CODE.fullmatch(str(first.value)):
                        yield str(first.value), severity_of(node)


def test_every_code_is_documented_and_every_documented_code_exists() -> None:
    """Who meets a code looks it up; who reads the table must not find a ghost."""
    rows = DOCS.split("## Every code")[1]
    documented = {
        (code, "warning" if "(warning)" in first else "error")
        for first in re.findall(r"^\| (`[^|]+) \|", rows, re.MULTILINE)
        for code in re.findall(r"`([a-z0-9_]+)`", first)
    }
    known = set(codes_in_source())
    assert known == documented


def test_the_example_loads(load: Callable[[str], Loaded]) -> None:
    """The first thing that is copied."""
    (example,) = re.findall(r"```yaml\n(tenant: .*?)```", DOCS, re.DOTALL)
    loaded = load(example)
    assert loaded.problems == ()
    loaded.require()


def test_every_operator_and_type_pair_is_documented() -> None:
    """The tables are the reference."""
    assert set(re.findall(r"`(\w+)`", DOCS)) >= {operator.value for operator in Operator}
    for kind, allowed in TYPE_TABLE.items():
        rows = re.findall(r"(?m)^\| ([a-z, A-Z]+) \| ((?:`[a-z_]+`(?:, )?)+) \|$", DOCS)
        (row,) = [row for row in rows if kind in row[0].split(", ")]
        assert re.findall(r"`(\w+)`", row[1]) == [t.value for t in allowed]
