"""The state machine without its rules: a world per run, refreshes, and how a run ends.

What does not belong here: what happens to the org and the settings (``rules_*.py``).
"""

import os
from dataclasses import dataclass
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from flyle_sf_assets.refresh.installation import Installation
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.faults import tenants_of_runs as runs
from flyle_sf_assets_tests.faults.kinds import did
from flyle_sf_assets_tests.faults.store_reading import StoreReading
from flyle_sf_assets_tests.faults.world import World

REFRESHES_MIN = 4

ANY = st.integers(0, 9_999)
"""Which of a list, modulo its length: it shrinks towards the first."""


@dataclass(frozen=True)
class Ground:
    """What all runs of one process share: a server, an installation, a connection to look with."""

    server: SandboxServer
    installation: Installation
    reading: StoreReading


class Machine(RuleBasedStateMachine):
    """One run: a small org, a tenant, and whatever the rules do to them."""

    ground: ClassVar[Ground]
    numbers: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.world: World = None  # type: ignore[assignment]
        self.is_over = False
        self.groups: frozenset[str] = frozenset()

    @initialize(
        base=st.sampled_from(["Account", "Opportunity"]),
        calculated=st.booleans(),
        page=st.sampled_from([2, 5, 2000]),
    )
    def link(self, *, base: str, calculated: bool, page: int) -> None:
        """A tenant is linked and synced for the first time."""
        Machine.numbers += 1
        name = f"model{os.getpid()}x{Machine.numbers}"
        ground = self.ground
        tenant = runs.linked(ground.server, ground.installation, runs.small_org(page), name)
        document = runs.document(name, base, calculated=calculated)
        self.world = World(tenant, document, ground.reading)
        self.world.apply()
        self.world.refresh()

    @property
    def org(self) -> Org:
        """The sandbox's side."""
        return self.world.tenant.there

    @property
    def base(self) -> str:
        """The base object."""
        return str(self.world.document["source"]["object"])

    def pick(self, number: int, object_name: str) -> str | None:
        """One of an object's live and visible records."""
        ids = [
            str(record["Id"])
            for record in self.org.records(object_name)
            if record["Id"] not in self.world.hidden
        ]
        return ids[number % len(ids)] if ids else None

    @rule(minutes=st.sampled_from([0, 1, 20, 200, 400]))
    def refresh(self, minutes: int) -> None:
        """Time passes, and a refresh finds what changed."""
        self.world.tenant.later(60 * minutes)
        self.world.refresh()
        did("refresh")

    def teardown(self) -> None:
        """Everything is found in the end, and a second look finds nothing."""
        if self.world is None:
            return
        try:
            if not self.is_over:
                self._finish()
        finally:
            self.world.end()

    def _finish(self) -> None:
        world = self.world
        while world.refreshes < REFRESHES_MIN:
            world.refresh()
        world.tenant.later(7 * 3600)
        for kind in ("refresh", "sweep", "census"):
            world.refresh(kind)
        world.owed.clear()
        generations = world.generations()
        world.refresh()
        assert world.generations() == generations, "an idle refresh made a new generation"
