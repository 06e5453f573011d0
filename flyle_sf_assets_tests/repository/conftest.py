"""What the tests about the repository look at: its files, its make targets, its commands."""

import re
import subprocess
from pathlib import Path

import pytest
import typer.main

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def own_files(root: Path) -> list[Path]:
    """Every file that is, or would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git from PATH
        cwd=root,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    files = [root / name for name in listed.split("\0") if name]
    return [file for file in files if file.is_file()]


@pytest.fixture(scope="session")
def make_targets(root: Path) -> set[str]:
    """The targets that a person types."""
    makefile = (root / "Makefile").read_text()
    [declared] = re.findall(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE)
    return set(declared.split())


@pytest.fixture(scope="session")
def options_of_commands() -> dict[str, set[str]]:
    """The commands of ``flyle-sf``, groups spelled out (``db upgrade``), with their options."""
    from flyle_sf_assets.cli.main import app  # noqa: PLC0415 - the other tests need no CLI

    found: dict[str, set[str]] = {}
    for name, command in typer.main.get_group(app).commands.items():
        below = getattr(command, "commands", None)
        for inner, one in (below or {"": command}).items():
            options = {option for parameter in one.params for option in parameter.opts}
            found[f"{name} {inner}".strip()] = options
    return found


@pytest.fixture(scope="session")
def commands(options_of_commands: dict[str, set[str]]) -> set[str]:
    """The commands of ``flyle-sf``, groups spelled out: ``db upgrade``."""
    return set(options_of_commands)
