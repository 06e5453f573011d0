"""The names that the search for dead code is told to pass over: each still needs that."""

import fnmatch
import tomllib
from pathlib import Path

import pytest
from vulture import Vulture


@pytest.fixture
def configured(root: Path) -> dict[str, list[str]]:
    """Vulture's part of the project's configuration."""
    part: dict[str, list[str]] = tomllib.loads((root / "pyproject.toml").read_text())["tool"][
        "vulture"
    ]
    return part


def test_every_excused_name_is_unused_but_for_its_reason(
    root: Path, configured: dict[str, list[str]]
) -> None:
    """A name that is used again, or gone, would hide the next one that is called the same."""
    search = Vulture(ignore_decorators=configured["ignore_decorators"])
    search.scavenge([str(root / path) for path in configured["paths"]], configured["exclude"])
    unused = {item.name for item in search.get_unused_code(min_confidence=60)}
    stale = [name for name in configured["ignore_names"] if not fnmatch.filter(unused, name)]
    assert stale == []


def test_names_that_only_templates_read_are_read_there(
    root: Path, configured: dict[str, list[str]]
) -> None:
    """The search does not read templates: what one stops showing would stay in the code."""
    settings = (root / "pyproject.toml").read_text()
    _, _, after = settings.partition("# Read by the console's templates.\n")
    names = [name.strip(' "') for name in after.partition("#")[0].replace("\n", "").split(",")]
    templates = " ".join(
        path.read_text() for path in (root / "flyle_sf_assets/console/templates").rglob("*.html")
    )
    assert len(names) > 1
    assert [name for name in names if name not in templates] == []
    assert set(filter(None, names)) <= set(configured["ignore_names"])
