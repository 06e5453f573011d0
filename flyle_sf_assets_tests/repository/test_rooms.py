"""The rooms as they stand in the folder, the package's docstring and the import rules."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

import flyle_sf_assets

PACKAGE = Path(flyle_sf_assets.__file__).parent
ROOMS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


def _told() -> list[str]:
    """The rooms in the order in which the package's docstring lists them."""
    return re.findall(r"^    ([a-z_]+) {2,}\S", flyle_sf_assets.__doc__ or "", flags=re.MULTILINE)


def _layers(root: Path) -> list[str]:
    settings = tomllib.loads((root / "pyproject.toml").read_text())
    [rooms] = [c for c in settings["tool"]["importlinter"]["contracts"] if c["id"] == "rooms"]
    return [str(layer) for layer in reversed(rooms["layers"]) if not str(layer).startswith("(")]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_does_not_belong_in_it(room: str) -> None:
    """What a room is for is easy to say; what keeps it small is what it refuses."""
    docstring = ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text())) or ""
    assert "What does not belong here" in docstring


def test_the_packages_docstring_lists_every_room_and_file() -> None:
    """It is the map of the house: a room that is missing there is not found."""
    files = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    assert set(_told()) == {*ROOMS, *files}


def test_the_import_rules_know_the_same_order(root: Path) -> None:
    """The list that people read and the list that is enforced must not drift apart."""
    assert [room for room in _told() if room != "sandbox"] == _layers(root)


def test_tests_mirror_the_rooms(root: Path) -> None:
    """Whoever changes a room finds its tests under the same name."""
    beyond_rooms = {"repository", "flows", "conformance", "faults", "browser", "bench"}
    beyond_rooms |= {"hostile", "commands"}
    tests = root / "flyle_sf_assets_tests"
    folders = {path.parent.name for path in tests.glob("*/test_*.py")}
    assert folders <= {*ROOMS, *beyond_rooms}
