"""The state machine without its rules: a world per run, refreshes, and how a run ends.

What does not belong here: what happens to the org and the settings (``rules_*.py``).
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.refusals import Refusal
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.sync.context import RefreshKind
from flyle_sf_assets_tests.faults import tenants_of_runs as runs
from flyle_sf_assets_tests.faults.judged_world import JudgedWorld
from flyle_sf_assets_tests.faults.kinds import did
from flyle_sf_assets_tests.faults.store_reading import StoreReading
from flyle_sf_assets_tests.faults.world import World

REFRESHES_MIN = 4

REFRESH_EVERY = (6, 12, 24)
"""Steps after which a refresh comes at the latest: in some runs much piles up before one."""

GROUPS = ("census", "schema", "settings", "absent options", "guard", "rollback")
"""What a run may have or not, each in half of them: what only a census finds hides other errors.

Kinds of rules, whether describe leaves inactive options out, as in most orgs, and whether the
mass-change guard has low limits. What is rolled back is compared with less.
"""

LOW_LIMIT = "30%"

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
    made_world: ClassVar[type[World]] = JudgedWorld
    numbers: ClassVar[int] = 0
    refreshes: ClassVar[int] = 0
    """Judged in all runs of this process that have ended."""

    def __init__(self) -> None:
        super().__init__()
        self.world: World = None  # type: ignore[assignment]  # made by `link`, which comes first
        self.groups: frozenset[str] = frozenset()
        self.refresh_every = 0
        self.late_until = datetime.min.replace(tzinfo=UTC)
        self.moved_at_step = -1

    @initialize(
        base=st.sampled_from(["Account", "Opportunity"]),
        calculated=st.booleans(),
        page=st.sampled_from([2, 5, 2000]),
        groups=st.frozensets(st.sampled_from(GROUPS)),
        every=st.sampled_from(REFRESH_EVERY),
        overlap_s=st.sampled_from([900, 900, 0]),
        is_synced=st.sampled_from([True, True, False]),
    )
    def link(
        self,
        *,
        base: str,
        calculated: bool,
        page: int,
        groups: frozenset[str],
        every: int,
        overlap_s: int,
        is_synced: bool = True,
    ) -> None:
        """A tenant is linked, and synced for the first time or left to what comes."""
        Machine.numbers += 1
        name = f"model{os.getpid()}x{Machine.numbers}"
        ground = self.ground
        tenant = runs.linked(ground.server, ground.installation, runs.small_org(page), name)
        document = runs.document(name, base, calculated=calculated)
        if "guard" in groups:
            document["guard"] = {"max_gone": LOW_LIMIT, "max_blanked": LOW_LIMIT}
        self.groups = groups
        self.refresh_every = every
        self.world = self.made_world(tenant, document, ground.reading)
        self.world.overlap_s = overlap_s
        self.org.lists_inactive_options = "absent options" not in groups
        self.world.apply()
        if is_synced:
            self.world.refresh()

    @property
    def org(self) -> Org:
        """The sandbox's side."""
        return self.world.tenant.there

    @property
    def base(self) -> str:
        """The base object."""
        return str(self.world.document["source"]["object"])

    @property
    def looks_at_owners(self) -> bool:
        """Whether a condition asks the name of an owner, which has no stamp in SOQL."""
        return "Region__r.Owner" in json.dumps(self.world.document["source"])

    @property
    def shows_suppliers(self) -> bool:
        """Whether a field is mapped of an object that has no stamp."""
        return any("Supplier__r" in mapping["from"] for mapping in self.world.document["mapping"])

    @property
    def shows_activities(self) -> bool:
        """Whether a field is mapped that activities move without a stamp."""
        return any(one["from"] == "HasOpenActivity" for one in self.world.document["mapping"])

    def live(self, object_name: str) -> list[str]:
        """An object's live and visible records."""
        return [
            str(record["Id"])
            for record in self.org.records(object_name)
            if record["Id"] not in self.world.hidden
        ]

    def pick(self, number: int, object_name: str) -> str | None:
        """One of an object's live and visible records."""
        ids = self.live(object_name)
        return ids[number % len(ids)] if ids else None

    def allowed(self, change: Callable[[], object]) -> bool:
        """Makes a change unless the org refuses it, as it refuses an option that is not listed."""
        try:
            change()
        except Refusal:
            return False
        return True

    def moved(self, object_name: str, *, late_s: int = 0) -> None:
        """What is calculated from these records moved without a stamp: a sweep's to find."""
        feeds = {"Account": "Opportunity", "Opportunity": "Account"}
        self.late_until = max(self.late_until, self.org.now() + timedelta(seconds=late_s))
        self.moved_at_step = self.world.steps
        if self.world.is_calculated and feeds[self.base] == object_name:
            self.world.owe("sweep", late_s=late_s)
            did("formula or roll-up drift")
        if self.looks_at_owners and object_name in ("User", "Group"):
            self.world.owe("sweep", late_s=late_s)
            did("scope moved by an owner")
        if self.shows_suppliers and object_name == "Supplier__x":
            self.world.owe("sweep", late_s=late_s)

    def owe_what_was_missed(self) -> None:
        """What moved before the base changed moves what is calculated from it, unseen.

        When it becomes visible; or at once, when no refresh saw the settings that stood
        meanwhile: what is held of the time before them still stands.
        """
        world = self.world
        late_s = (self.late_until - self.org.now()).total_seconds()
        is_held = not world.are_settings_seen and self.moved_at_step >= world.refreshed_at_step
        is_unstamped = world.is_calculated or self.looks_at_owners or self.shows_suppliers
        if is_unstamped and (late_s > 0 or is_held):
            world.owe("sweep", late_s=max(late_s, 0))

    @rule(minutes=st.sampled_from([0, 1, 20, 400, 1440]))
    def refresh(self, minutes: int) -> None:
        """Time passes, and a refresh finds what changed."""
        self.world.later(60 * minutes)
        self._look()
        self.world.refresh()
        did("refresh")

    @rule(days=st.integers(1, 3))
    def days_pass(self, days: int) -> None:
        """Nobody looks for days; in a relative date's window other records stand afterwards."""
        self.world.later(86_400 * days)
        self.world.refresh()

    @rule(kind=st.sampled_from(["sweep", "census", "full"]))
    def refresh_more(self, kind: RefreshKind) -> None:
        """What is due less often than a refresh."""
        self.world.refresh(kind)
        did(kind)

    @rule(minutes=st.sampled_from([0, 1, 20, 400]))
    def idle_check(self, minutes: int) -> None:
        """Who says that there is nothing to do must be right."""
        self.world.later(60 * minutes)
        did("idle" if self.world.check_idle() else "not idle")

    @invariant()
    def refreshed_now_and_then(self) -> None:
        """Hypothesis leaves rules out of a run; refreshes it may not leave out."""
        if self.world is None:
            return
        self.world.steps += 1
        if self.world.steps >= self.world.refreshed_at_step + self.refresh_every:
            self.refresh(20 * (self.world.steps % 2))

    def teardown(self) -> None:
        """Everything is found in the end, and a second look finds nothing."""
        if self.world is None:
            return
        try:
            self._finish()
        finally:
            Machine.refreshes += self.world.refreshes
            self.world.end()

    def _look(self) -> None:
        """In some runs somebody looks before each refresh, as the schedules do."""
        if self.refresh_every == REFRESH_EVERY[1]:
            self.world.check_idle()

    def restore(self) -> None:
        """What an administrator took away comes back (``rules_schema.py``); some runs end so."""

    def move_scope(self) -> None:
        """What no stamp tells of moves once more (``rules_records.py``)."""

    def _finish(self) -> None:
        world = self.world
        while world.refreshes < REFRESHES_MIN:
            world.refresh()
        if self.refresh_every == REFRESH_EVERY[0]:
            self.restore()
        self.move_scope()
        world.later(7 * 3600)
        self._look()
        world.refresh("sweep")
        self._look()
        world.refresh("census", is_last=True)
        generations = world.generations()
        world.refresh()
        assert world.generations() == generations, "an idle refresh made a new generation"
