"""docs/operations.md against the code: every error code of the package, and no other.

The codes are read from the source: the first argument of whatever makes an error, in code that
something uses. What does not belong here: problems of settings (``check``), which name file and
line by themselves.
"""

import ast
import functools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import flyle_sf_assets
from flyle_sf_assets import errors

PACKAGE = Path(flyle_sf_assets.__file__).parent
SHAPE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
ROW = re.compile(r"^\| `([a-z0-9_]+)` \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)

CARRIERS = {"_Rule", "Rule"}
"""Rows of tables out of which errors are made: their second argument is the code."""


@functools.cache
def _error_classes() -> set[str]:
    """Every error class of the package, also those that a package adds, by name."""
    bases: dict[str, set[str]] = {}
    for tree in _trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                names = {_name(base) for base in node.bases}
                bases.setdefault(node.name, set()).update(names)
    found = {"FlyleError"}
    while more := {name for name, of in bases.items() if of & found} - found:
        found |= more
    return found


@functools.cache
def _trees() -> dict[Path, ast.Module]:
    return {
        file: ast.parse(file.read_text(encoding="utf-8"))
        for file in sorted(PACKAGE.rglob("*.py"))
        if "sandbox" not in file.parts
    }


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _codes_in(tree: ast.Module, makers: set[str], unused: set[str]) -> Iterator[str]:
    for node in _walk(tree, unused):
        if not isinstance(node, ast.Call):
            continue
        name = _name(node.func)
        if name in makers:
            yield from _texts(_argument(node, 0))
        elif name in CARRIERS:
            yield from _texts(_argument(node, 1))
        elif isinstance(node.func, ast.Attribute) and name == "__init__":
            yield from _texts(_argument(node, 0))


def _walk(node: ast.AST, unused: set[str]) -> Iterator[ast.AST]:
    """The node and those below, without functions of these names."""
    waiting = [node]
    while waiting:
        yield (one := waiting.pop())
        waiting.extend(
            child
            for child in ast.iter_child_nodes(one)
            if not isinstance(child, ast.FunctionDef) or child.name not in unused
        )


def unused_functions(trees: Iterable[ast.Module]) -> set[str]:
    """Functions that no code of these modules names, except code that is itself unused.

    A decorated function is registered somewhere, and Python calls those with ``__``.
    """
    trees, found = list(trees), set[str]()
    while True:
        nodes = [node for tree in trees for node in _walk(tree, found)]
        named = {_name(node) for node in nodes if isinstance(node, ast.Name | ast.Attribute)}
        more = {
            node.name
            for node in nodes
            if isinstance(node, ast.FunctionDef)
            and not (node.decorator_list or node.name.startswith("__") or node.name in named)
        }
        if not more:
            return found
        found |= more


def _argument(call: ast.Call, place: int) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == "code":
            return keyword.value
    return call.args[place] if len(call.args) > place else None


def _texts(node: ast.expr | None) -> Iterator[str]:
    """Every constant that may be the code: of a plain text, of ``a or b``, of ``a if c else b``."""
    if node is not None and not isinstance(node, ast.JoinedStr | ast.Call | ast.Subscript):
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value
            elif isinstance(part, ast.Name) and part.id in _constants():
                yield _constants()[part.id]


@functools.cache
def _constants() -> dict[str, str]:
    """The texts that a module of the package gives a name of capitals."""
    return {
        str(_name(node.targets[0])): node.value.value
        for tree in _trees().values()
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        and str(_name(node.targets[0])).isupper()
    }


@functools.cache
def codes() -> set[str]:
    """Every error code that the package can make."""
    makers, unused = _makers(), unused_functions(_trees().values())
    found = {code for tree in _trees().values() for code in _codes_in(tree, makers, unused)}
    return {code for code in found if SHAPE.fullmatch(code)}


def _makers() -> set[str]:
    """The error classes, and functions of the package that hand their ``code`` on to one."""
    makers = _error_classes()
    while True:
        more = {
            node.name
            for tree in _trees().values()
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef) and _hands_code_on(node, makers)
        } - makers
        if not more:
            return makers
        makers |= more


def _hands_code_on(function: ast.FunctionDef, makers: set[str]) -> bool:
    names = [one.arg for one in function.args.args if one.arg != "self"]
    if not names or names[0] != "code" or function.name.startswith("__"):
        return False
    return any(
        isinstance(node, ast.Call)
        and _name(node.func) in makers
        and _name(_argument(node, 0) or ast.Constant(None)) == "code"
        for node in ast.walk(function)
    )


def test_the_scan_finds_codes_of_every_shape() -> None:
    """A scan that finds nothing would agree with an empty table."""
    known = {
        "disk_full", "unforeseen", "settings_invalid", "org_busy", "gate_broken", "usage",
        "store_unavailable", "unknown_tenant", "secret_wrong",
    }  # fmt: skip
    assert known <= codes()
    assert len(codes()) > 100
    assert {name for name in vars(errors) if name in _error_classes()} > {"StoreError", "Postponed"}


def test_a_code_that_is_made_where_nobody_asks_does_not_count() -> None:
    """``flyle_admin_required`` had a function, a row in the table, and no caller."""
    source = """
def used(): return NotFound("raised")
def lonely(): return helper()
def helper(): return NotFound("never_raised")
used()
"""
    tree = ast.parse(source)
    unused = unused_functions([tree])
    assert unused == {"lonely", "helper"}
    assert set(_codes_in(tree, {"NotFound"}, unused)) == {"raised"}


def test_operations_tells_what_to_do_for_every_error_code_and_no_other(root: Path) -> None:
    """An operator who finds a code at night finds its row, and no row speaks of what is gone."""
    rows = ROW.findall((root / "docs" / "operations.md").read_text(encoding="utf-8"))
    told = [code for code, *_ in rows]
    missing, gone = sorted(codes() - set(told)), sorted(set(told) - codes())
    assert not missing, f"docs/operations.md, Error codes: add a row for {', '.join(missing)}"
    assert not gone, f"docs/operations.md, Error codes: no code makes {', '.join(gone)} any more"
    assert told == sorted(told), "docs/operations.md, Error codes: one row a code, sorted"
    assert len(told) == len(set(told))
