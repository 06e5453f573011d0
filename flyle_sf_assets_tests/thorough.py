"""Which tests `make test` leaves to `make thorough`, so that it takes minutes: a plugin.

A change is tested on every kind of thing at least once; a night tests every combination. The lists
are in ``thorough.toml``: what is not named there runs with every change. ``--thorough=without`` is
what `make test` runs, ``--thorough=only`` the rest, and without the option all tests run.

What does not belong here: long runs that are not tests (`make soak`, `make fuzz`, `make crashes`,
`make mutants`).
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar, cast

import pytest

Value = TypeVar("Value")

ROOM = "flyle_sf_assets_tests/"

_LISTS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _by_name(files: dict[str, dict[str, Value]]) -> dict[str, Value]:
    return {
        f"{file}::{test}": value for file, tests in files.items() for test, value in tests.items()
    }


EACH_VALUE_ONCE = tuple(
    f"{file}::{test}" for file, tests in _LISTS["each_value_once"].items() for test in tests
)
"""Products of several arguments: of these, cases until every value of every argument was there."""

ONE_OF: dict[str, int] = _by_name(_LISTS["one_of"])
"""Every n-th case, from the first on: the others differ in what one list says."""

ALONE: dict[str, str] = _by_name(_LISTS["alone"])
"""Whole tests, each with the file of `make test` that shows the same kind of thing, and how."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--thorough``."""
    parser.addoption(
        "--thorough",
        choices=("with", "without", "only"),
        default="with",
        help="with, without or only the tests that `make thorough` runs (see thorough.py)",
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects, and pytest says how many."""
    chosen = config.getoption("--thorough")
    if chosen == "with":
        return
    left = left_to_thorough(items)
    kept = [item for item in items if (item.nodeid in left) == (chosen == "only")]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def left_to_thorough(items: Iterable[pytest.Item]) -> set[str]:
    """The ids of the tests that only `make thorough` runs."""
    cases: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        cases[item.nodeid.partition("[")[0].removeprefix(ROOM)].append(item)
    left: set[str] = set()
    for name, found in cases.items():
        if name in ALONE:
            left.update(item.nodeid for item in found)
        elif name in ONE_OF:
            left.update(item.nodeid for at, item in enumerate(found) if at % ONE_OF[name])
        elif name in EACH_VALUE_ONCE:
            left.update(_of_known_values(found))
    return left


def _of_known_values(cases: Iterable[pytest.Item]) -> Iterable[str]:
    """Those all of whose arguments' values were in cases before them."""
    seen: set[tuple[str, object]] = set()
    for item in cases:
        values = set(_values(item))
        if values <= seen:
            yield item.nodeid
        seen |= values


def _values(item: pytest.Item) -> Iterable[tuple[str, object]]:
    arguments = cast("pytest.Function", item).callspec.params
    return ((name, repr(value)) for name, value in arguments.items())
