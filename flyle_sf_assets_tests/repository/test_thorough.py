"""What `make test` leaves to `make thorough`: real tests, and each of their kinds stays."""

import ast
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import cast

import pytest

from flyle_sf_assets_tests import thorough

TESTS = Path(thorough.__file__).parent
NAMED = [*thorough.ONE_OF, *thorough.EACH_VALUE_ONCE, *thorough.ALONE]


@dataclass
class Calls:
    """What pytest knows of the arguments of a case."""

    params: dict[str, object]


@dataclass
class Case:
    """As much of a pytest item as the choice looks at."""

    nodeid: str
    callspec: Calls = field(default_factory=lambda: Calls({}))


def _cases(name: str, *params: dict[str, object]) -> list[pytest.Item]:
    """Cases of the test of that name."""
    found = [
        Case(f"{thorough.ROOM}{name}[{at}]", Calls(params)) for at, params in enumerate(params)
    ]
    return cast("list[pytest.Item]", found)


@cache
def _tests_of(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    functions = (one.name for one in tree.body if isinstance(one, ast.FunctionDef))
    return frozenset(name for name in functions if name.startswith("test_"))


def test_every_name_is_a_test_and_stands_there_once() -> None:
    assert len(NAMED) == len(set(NAMED))
    for name in NAMED:
        file, _, function = name.partition("::")
        assert function in _tests_of(file), name


@pytest.mark.parametrize("name", thorough.ALONE)
def test_a_file_of_make_test_shows_the_same_kind(name: str) -> None:
    file, _, how = thorough.ALONE[name].partition(": ")
    assert how
    assert any(f"{file}::{test}" not in thorough.ALONE for test in _tests_of(file))


@pytest.mark.parametrize("name", thorough.ONE_OF)
def test_every_nth_case_stays(name: str) -> None:
    step = thorough.ONE_OF[name]
    cases = _cases(name, *[{} for _ in range(2 * step + 1)])
    left = thorough.left_to_thorough(cases)
    assert [item.nodeid for item in cases if item.nodeid not in left] == [
        cases[at].nodeid for at in (0, step, 2 * step)
    ]


def test_of_a_product_every_value_stays_once() -> None:
    cases = _cases(
        thorough.EACH_VALUE_ONCE[0],
        {"a": 1, "b": "x"},
        {"a": 1, "b": "y"},
        {"a": 2, "b": "x"},
        {"a": 2, "b": "y"},
        {"a": 1, "b": "x"},
    )
    assert thorough.left_to_thorough(cases) == {item.nodeid for item in cases[3:]}


def test_what_is_not_named_stays() -> None:
    assert (
        thorough.left_to_thorough(_cases("flows/test_cost.py::test_x", {"a": 1}, {"a": 1})) == set()
    )
