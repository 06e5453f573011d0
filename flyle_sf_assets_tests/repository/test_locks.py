"""The locks against pyproject.toml and against each other."""

import re
import tomllib
from pathlib import Path

import pytest

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-uv.lock")


def _pins(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", lock.read_text(), flags=re.MULTILINE))


def _names(requirements: list[str]) -> set[str]:
    written = (re.split(r"[\[<>=!~; ]", each, maxsplit=1)[0] for each in requirements)
    return {re.sub(r"[-_.]+", "-", name).lower() for name in written}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes(root: Path, lock: str) -> None:
    """Without hashes a mirror could serve anything, and pip would refuse the whole file."""
    text = (root / lock).read_text()
    pinned = re.findall(
        r"^[a-z0-9._-]+==[^\n]*\n(?: {4}--hash=sha256:[0-9a-f]{64})", text, re.MULTILINE
    )
    assert len(pinned) == len(_pins(root / lock)) > 0


def test_the_locks_hold_what_pyproject_asks_for(root: Path) -> None:
    """A dependency added without ``make lock`` works for its author and fails in a fresh clone."""
    asked = tomllib.loads((root / "pyproject.toml").read_text())
    groups = asked["dependency-groups"]
    runtime = _names([*asked["project"]["dependencies"], *groups["build"]])
    assert runtime - _pins(root / "requirements.lock").keys() == set()
    assert runtime | _names(groups["dev"]) <= _pins(root / "requirements-dev.lock").keys()
    assert _names(groups["uv"]) == _pins(root / "requirements-uv.lock").keys()


def test_tests_run_with_the_versions_that_are_shipped(root: Path) -> None:
    """Two locks resolved apart once agreed by luck only."""
    runtime = _pins(root / "requirements.lock")
    dev = _pins(root / "requirements-dev.lock")
    assert {name: dev.get(name) for name in runtime} == runtime
