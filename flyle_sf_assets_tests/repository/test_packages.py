"""The packages as they stand in the folder, the package's docstring and the import rules."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

import flyle_sf_assets

PACKAGE = Path(flyle_sf_assets.__file__).parent
FILES_MAX = 24
PACKAGES = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


def _told() -> list[str]:
    """The packages in the order in which the package's docstring lists them."""
    return re.findall(r"^    ([a-z_]+) {2,}\S", flyle_sf_assets.__doc__ or "", flags=re.MULTILINE)


def _contract(root: Path, name: str) -> dict[str, list[str]]:
    settings = tomllib.loads((root / "pyproject.toml").read_text())
    contracts: list[dict[str, list[str]]] = settings["tool"]["importlinter"]["contracts"]
    [contract] = [one for one in contracts if str(one["id"]) == name]
    return contract


def _layers(root: Path) -> list[str]:
    layers = reversed(_contract(root, "packages")["layers"])
    return [layer for layer in layers if not layer.startswith("(")]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_says_what_does_not_belong_in_it(package: str) -> None:
    """What a package is for is easy to say; what keeps it small is what it refuses."""
    docstring = ast.get_docstring(ast.parse((PACKAGE / package / "__init__.py").read_text())) or ""
    assert "What does not belong here" in docstring


def test_no_folder_has_more_files_than_a_reader_takes_in() -> None:
    """The commands had grown to 32 files beside each other."""
    folders = {init.parent for init in PACKAGE.rglob("__init__.py")}
    counts = {str(one.relative_to(PACKAGE)): len(list(one.glob("*.py"))) for one in folders}
    assert {name: count for name, count in counts.items() if count > FILES_MAX} == {}


def test_the_packages_docstring_lists_every_package_and_file() -> None:
    """It is the map of the house: a package that is missing there is not found."""
    files = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    assert set(_told()) == {*PACKAGES, *files}


def test_the_import_rules_know_the_same_order(root: Path) -> None:
    """The list that people read and the list that is enforced must not drift apart."""
    assert [package for package in _told() if package != "sandbox"] == _layers(root)


def test_the_coverage_of_every_pure_package_is_measured(root: Path) -> None:
    """``make test`` runs their tests apart from the others, and each test once."""
    [measured] = re.findall(r"^PURE = (.+)$", (root / "Makefile").read_text(), re.MULTILINE)
    pure = _contract(root, "pure-packages")["source_modules"]
    assert sorted(measured.split()) == sorted(name.rpartition(".")[2] for name in pure)


def test_tests_mirror_the_packages(root: Path) -> None:
    """Anyone who changes a package finds its tests under the same name."""
    beyond_packages = {
        "repository",
        "flows",
        "conformance",
        "crashes",
        "faults",
        "browser",
        "bench",
        "workers",
    }
    beyond_packages |= {"hostile", "commands"}
    tests = root / "flyle_sf_assets_tests"
    folders = {path.parent.name for path in tests.glob("*/test_*.py")}
    assert folders <= {*PACKAGES, *beyond_packages}
