"""The locks against pyproject.toml and against each other."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = (
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-k8s.lock",
    "requirements-uv.lock",
)


def _pins(lock: Path) -> dict[str, str]:
    return {name: version for name, _, version in _lines(lock)}


def _lines(lock: Path) -> list[tuple[str, str, str]]:
    """Name, extras and version of every line that pins something."""
    line = re.compile(r"^([a-z0-9._-]+)(?:\[([a-z0-9_,-]+)\])?==(\S+)", re.MULTILINE)
    return line.findall(lock.read_text())


def _names(requirements: list[str]) -> set[str]:
    written = (re.split(r"[\[<>=!~; ]", each, maxsplit=1)[0] for each in requirements)
    return {re.sub(r"[-_.]+", "-", name).lower() for name in written}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes(root: Path, lock: str) -> None:
    """Without hashes a mirror could serve anything, and pip would refuse the whole file."""
    text = (root / lock).read_text()
    pinned = re.findall(
        r"^[a-z0-9._-]+(?:\[[a-z0-9_,-]+\])?==[^\n]*\n(?: {4}--hash=sha256:[0-9a-f]{64})",
        text,
        re.MULTILINE,
    )
    assert len(pinned) == len(_pins(root / lock)) > 0


def test_the_locks_hold_what_pyproject_asks_for(root: Path) -> None:
    """A dependency added without ``make lock`` works for its author and fails in a fresh clone."""
    asked = tomllib.loads((root / "pyproject.toml").read_text())
    groups = asked["dependency-groups"]
    extras = asked["project"]["optional-dependencies"]
    runtime = _names([*asked["project"]["dependencies"], *groups["build"], *extras["celery"]])
    assert runtime - _pins(root / "requirements.lock").keys() == set()
    assert runtime | _names(groups["dev"]) <= _pins(root / "requirements-dev.lock").keys()
    k8s = _pins(root / "requirements-k8s.lock").keys()
    assert runtime | _names(extras["k8s"]) <= k8s
    assert _names(groups["uv"]) == _pins(root / "requirements-uv.lock").keys()


def test_tests_run_with_the_versions_that_are_shipped(root: Path) -> None:
    """Two locks resolved apart once agreed by luck only."""
    runtime = _pins(root / "requirements.lock")
    for other in ("requirements-dev.lock", "requirements-k8s.lock"):
        pins = _pins(root / other)
        assert {name: pins.get(name) for name in runtime} == runtime


def test_the_lock_names_the_extras_that_its_packages_ask_for(root: Path) -> None:
    """For pip `gql==4` does not pin `gql[requests]`: it refused the whole lock."""
    lines = _lines(root / "requirements.lock")
    pinned = {name: set(extras.split(",")) - {""} for name, extras, _ in lines}
    asked: dict[str, set[str]] = {}
    for distribution in importlib.metadata.distributions():
        if canonicalize_name(distribution.name) not in pinned:
            continue
        for requirement in map(Requirement, distribution.requires or ()):
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                name = canonicalize_name(requirement.name)
                asked.setdefault(name, set()).update(requirement.extras)
    assert any(asked.values())
    missing = {n: more for n, extras in asked.items() if (more := extras - pinned.get(n, set()))}
    assert missing == {}
