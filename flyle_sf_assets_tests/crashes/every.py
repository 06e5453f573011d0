# ruff: noqa: T201 - what was tried and found is printed
"""``make crashes``: a process is killed at every write of every command, and at random moments.

Goes on after a failure; fails when there was one. What does not belong here: the writes that
`make test` tries (``test_writes.py``).
"""

import argparse
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import stamina

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.salesforce import bounds
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.crashes.scenes import Scene, make_scene
from flyle_sf_assets_tests.crashes.victims import COMMANDS
from flyle_sf_assets_tests.temporary import prefer_memory
from flyle_sf_assets_tests.tenant_fixtures import installed

RENEWED_AFTER = 40
"""A tenant's org grows with each change; then a new one is made."""


class Figures:
    """What was tried, what died, and what was not whole afterwards."""

    def __init__(self) -> None:
        self.tried: Counter[str] = Counter()
        self.died: Counter[str] = Counter()
        self.failures: list[str] = []

    def attempt(self, kind: str, what: str, scene: Scene, die: Callable[[Scene], bool]) -> None:
        """One death and the refresh after it."""
        self.tried[kind] += 1
        try:
            self.died[kind] += die(scene)
            scene.recover()
        except Exception:  # noqa: BLE001 - it goes on, and tells all of them
            self.failures.append(f"{kind}: {what}\n{traceback.format_exc()}")
            print(self.failures[-1], flush=True)

    def tell(self, seconds: float) -> None:
        """One line of each kind."""
        for kind, count in self.tried.items():
            print(f"{kind}: {count} tried, {self.died[kind]} killed")
        print(f"{len(self.failures)} failures, {seconds:.0f} s")


class Stage:
    """Tenants on one server; ``scene`` is one whose command has work."""

    def __init__(self, installation: Installation, server: SandboxServer, command: str) -> None:
        self._place = installation, server
        self._command = command
        self._scene: Scene | None = None
        self._made = 0

    def scene(self) -> Scene:
        """A prepared scene; of a first sync always another tenant."""
        is_first = self._command == "first sync"
        if self._scene is None or is_first or self._scene.number >= RENEWED_AFTER:
            self._made += 1
            name = f"crash{self._command.replace(' ', '').lower()}{self._made}"
            self._scene = make_scene(*self._place, name, self._command)
        self._scene.prepare()
        return self._scene


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    prefer_memory()
    began, figures = time.monotonic(), Figures()
    moments = random.Random(options.seed)
    for command in COMMANDS:
        with _stage(command) as stage:
            whole_s = _at_every_write(command, stage, figures)
            for _ in range(options.moments // len(COMMANDS)):
                after_s = moments.random() * whole_s
                scene = stage.scene()
                figures.attempt(
                    f"{command}, at random moments",
                    f"after {after_s:.3f} s",
                    scene,
                    partial(_die_after, seconds=after_s),
                )
    figures.tell(time.monotonic() - began)
    return 1 if figures.failures else 0


def _at_every_write(command: str, stage: Stage, figures: Figures) -> float:
    """Returns how long the command takes when it is not killed."""
    scene = stage.scene()
    victim, began = scene.begin(), time.monotonic()
    writes = victim.ended()
    whole_s = time.monotonic() - began
    scene.recover()
    for place, write in enumerate(writes):
        number = writes[: place + 1].count(write)
        scene = stage.scene()
        figures.attempt(
            f"{command}, at every write",
            f"{write} ({number})",
            scene,
            partial(_die_at, write=(write, number)),
        )
    return whole_s


def _die_at(scene: Scene, write: tuple[str, int]) -> bool:
    return scene.begin(stops_at=write).died()


def _die_after(scene: Scene, seconds: float) -> bool:
    return scene.begin().kill_after(seconds)


@contextmanager
def _stage(command: str) -> Iterator[Stage]:
    """A server, folders and a database of their own; nobody waits between attempts."""
    bounds.CLOCK_SKEW_S = 100 * 365 * 86_400.0
    with (
        stamina.set_testing(True, attempts=3, cap=True),
        tempfile.TemporaryDirectory(prefix="flyle-crashes-") as home,
        SandboxServer([]) as server,
        installed(Path(home), server) as installation,
    ):
        yield Stage(installation, server, command)


if __name__ == "__main__":
    sys.exit(main())
