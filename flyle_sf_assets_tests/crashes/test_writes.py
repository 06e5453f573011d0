"""A process that is killed at any of its writes loses nothing, and repeats nothing."""

import math
import random
import re
import time
from collections.abc import Callable

import pytest

from flyle_sf_assets_tests.crashes.scenes import Scene
from flyle_sf_assets_tests.crashes.victims import COMMANDS
from flyle_sf_assets_tests.crashes.writes import WRITES

MOMENTS = 12
"""Random moments in ``make test``; ``make crashes`` has hundreds."""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_write_of_a_command_is_listed(command: str, stage: Callable[[str], Scene]) -> None:
    scene = stage(command)
    scene.prepare()
    found = set(scene.begin().ended())
    expected = {write for write, where in WRITES.items() if where == command}
    assert found >= expected
    unlisted = {name for name in found - WRITES.keys() if not _is_of_another_dataset(name)}
    assert not unlisted, "add it to WRITES, and it is tested"
    scene.recover()


@pytest.mark.parametrize("write", WRITES)
def test_a_process_that_dies_just_before_a_write_loses_nothing(
    write: str, stage: Callable[[str], Scene]
) -> None:
    scene = stage(WRITES[write])
    scene.prepare()
    assert scene.begin(stops_at=(write, 1)).died()
    scene.recover()


def test_a_process_that_dies_at_any_moment_loses_nothing(stage: Callable[[str], Scene]) -> None:
    moments = random.Random(20_261_130)
    scene = stage("refresh")
    whole_s, killed = math.inf, 0
    for _ in range(3):
        scene.prepare()
        victim = scene.begin()
        began = time.monotonic()
        victim.ended()
        whole_s = min(whole_s, time.monotonic() - began)
        scene.recover()
    for _ in range(MOMENTS):
        scene.prepare()
        killed += scene.begin().kill_after(moments.random() * whole_s)
        scene.recover()
    assert killed


def _is_of_another_dataset(name: str) -> bool:
    """The same write for another object: which objects there are is a matter of the settings."""
    return re.sub(r"/(related_\w+|enriched/Opportunity)\b", "/opportunities", name) in WRITES
