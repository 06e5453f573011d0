"""One run's world: an org, a tenant linked to it, and every refresh judged against the oracle.

What a refresh may not find yet (a purge before a census, a formula before a sweep) is ``owed``;
while something is owed only ``updated_at`` and the history are judged. What does not belong here:
what happens to the org (``rules_*.py``) and what must come of it (``expectation.py``).
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from flyle_sf_assets.errors import FlyleError
from flyle_sf_assets.installation.environment import OVERLAP_S_DEFAULT
from flyle_sf_assets.sandbox.metadata import Field
from flyle_sf_assets.sync.context import Refresh, RefreshKind
from flyle_sf_assets.sync.poll import check_idle
from flyle_sf_assets.sync.session import run_step
from flyle_sf_assets_tests.faults.differences import assert_same, differing
from flyle_sf_assets_tests.faults.expectation import End, Expectation, Raw, Rejections
from flyle_sf_assets_tests.faults.kinds import did
from flyle_sf_assets_tests.faults.mortal import Killed, MortalDatabase, When
from flyle_sf_assets_tests.faults.seen_org import SeenOrg
from flyle_sf_assets_tests.faults.store_reading import Row, StoreReading
from flyle_sf_assets_tests.faults.told_options import ToldOptions, reached
from flyle_sf_assets_tests.flows.content import content
from flyle_sf_assets_tests.flows.oracle import Company, Option
from flyle_sf_assets_tests.flows.run_steps import STEPS
from flyle_sf_assets_tests.flows.tenants import Tenant

PendingRun = Literal["describe", "sweep", "census"]

PAID: dict[RefreshKind, frozenset[PendingRun]] = {
    "refresh": frozenset({"describe"}),
    "sweep": frozenset({"describe", "sweep"}),
    "census": frozenset({"describe", "census"}),
    "full": frozenset({"describe", "sweep", "census"}),
}
"""What each kind of refresh finds beyond what is stamped in its window: metadata always."""

DRIFT_CODES = ("field_not_readable", "object_not_readable", "field_type_changed")

Document = dict[str, Any]
Companies = dict[str, Company]
Rows = dict[str, Row]


@dataclass
class World:
    """One tenant, its org and what the model knows of both."""

    tenant: Tenant
    document: Document
    reading: StoreReading
    hidden: set[str] = field(default_factory=set)
    owed: dict[PendingRun, datetime] = field(default_factory=dict)
    undescribed: set[tuple[str, str]] = field(default_factory=set)
    """Fields that were edited since the last describe."""
    told: ToldOptions = field(default_factory=ToldOptions)
    options: dict[tuple[str, str], Option] = field(default_factory=dict)
    removed_options: list[tuple[tuple[str, str], str]] = field(default_factory=list)
    drifted: dict[tuple[str, str], str] = field(default_factory=dict)
    removed_fields: dict[tuple[str, str], Field] = field(default_factory=dict)
    documents_of_bases: dict[str, Document] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    raw: Raw = field(default_factory=dict)
    ends: dict[str, End] = field(default_factory=dict)
    """How records ended that a refresh may have read before it was broken off."""
    are_settings_seen: bool = False
    overlap_s: int = OVERLAP_S_DEFAULT
    steps: int = 0
    refreshed_at_step: int = 0
    refreshes: int = 0

    # Settings ---------------------------------------------------------------------------------

    def apply(self) -> None:
        """Registers the settings as they stand in ``document``."""
        self.are_settings_seen = False
        self.tenant.apply(json.dumps(self.document, ensure_ascii=False))

    @property
    def is_calculated(self) -> bool:
        """Whether a mapped field is computed from other objects' records."""
        keys = {mapping["to"] for mapping in self.document["mapping"]}
        return bool(keys & {"rank", "open_amount"})

    # Time and debts ---------------------------------------------------------------------------

    def later(self, seconds: float) -> None:
        """Time passes here and there."""
        day = self._today()
        self.tenant.later(seconds)
        if self._today() != day and self._moves_with_the_day():
            self.owe("sweep")
            did("relative date")

    def forget_raw(self, path: str) -> None:
        """A column that is read no more is not held any more."""
        for values in self.raw.values():
            values.pop(path, None)

    def owe(self, what: PendingRun, *, late_s: float = 0) -> None:
        """Something happened that only this kind of look finds, from ``late_s`` on."""
        since = self.tenant.there.now() + timedelta(seconds=late_s)
        self.owed[what] = max(since, self.owed.get(what, since))

    def _pay(self, kinds: frozenset[PendingRun]) -> None:
        now = self.tenant.there.now()
        for kind in kinds & self.owed.keys():
            if self.owed[kind] < now:
                del self.owed[kind]
                if kind == "describe":
                    self.undescribed.clear()

    def _today(self) -> object:
        return self.tenant.there.snapshot().today

    def _moves_with_the_day(self) -> bool:
        return "LAST_N_DAYS" in json.dumps(self.document["source"])

    # Refreshes --------------------------------------------------------------------------------

    def refresh(self, kind: RefreshKind = "refresh", *, is_last: bool = False) -> None:
        """One refresh that must succeed, and everything it must leave behind."""
        before, last_sync = self.reading.rows(self.tenant.name), self._last_sync()
        # What is stamped in the second of a refresh is for the next one to find.
        self.later(1)
        self._refreshed_hearing(kind)
        self.refreshes += 1
        self.are_settings_seen = True
        self.refreshed_at_step = self.steps
        self._pay(PAID[kind])
        if is_last:
            self.owed.clear()
        self.judge(before, last_sync)

    def _refreshed_hearing(self, kind: RefreshKind) -> None:
        """One refresh, and what describe told it of options."""
        objects = reached(self.tenant.there, self.document)
        try:
            self.refreshed(kind)
        except FlyleError:
            self.told.may_hear(self.tenant.there, objects)
            raise
        self.told.hear(self.tenant.there, objects)

    def refreshed(self, kind: RefreshKind) -> Refresh:
        """A refresh that all steps have worked on, one after the other."""
        with self.opened(kind) as refresh:
            for step in STEPS:
                run_step(refresh, step)
        return refresh

    def check_idle(self) -> bool:
        """One idle check, and when it says so a refresh that must find nothing.

        Unless a sweep or census is owed: records of the overlap are read again, and may bring it.
        """
        self.later(1)
        tenant = self.tenant
        check = check_idle(tenant.installation, tenant.name, clock=tenant.clock.now)
        if check.is_idle:
            before, asked_at = self.reading.rows(tenant.name), tenant.clock.now()
            self.refresh()
            may_come_early = self.owed.keys() & {"sweep", "census"}
            has_waited = tenant.clock.now() - asked_at > timedelta(minutes=1)
            after = self.reading.rows(tenant.name)
            assert may_come_early or has_waited or after == before, "it was not idle"
        return check.is_idle

    def attempt(self, kind: RefreshKind) -> bool:
        """A refresh that may fail in the product's own words; returns whether it did not."""
        before = self.reading.rows(self.tenant.name)
        try:
            self.refresh(kind)
        except FlyleError:
            self._judge_broken_off(before)
            assert self.reading.last_sync(self.tenant.name)[1] in ("failed", "postponed")
            return False
        return True

    def kill(
        self,
        kind: RefreshKind,
        *,
        after_steps: int = len(STEPS),
        dies_at: int = 0,
        when: When = "before",
    ) -> bool:
        """A refresh whose process dies after some steps, or at its n-th transaction.

        Returns whether it died; one that lived to its end was judged.
        """
        before, last_sync = self.reading.rows(self.tenant.name), self._last_sync()
        installation = self.tenant.installation
        database = MortalDatabase(installation.database_url, dies_at, when)
        self.later(1)
        self.tenant.installation = replace(installation, database=database)
        try:
            with self.opened(kind) as refresh:
                for step in STEPS[:after_steps]:
                    run_step(refresh, step)
                if after_steps < len(STEPS):
                    database.die()
                    raise Killed  # noqa: TRY301 - a process does not die in a function
        except Killed:
            self.told.may_hear(self.tenant.there, reached(self.tenant.there, self.document))
            self._judge_broken_off(before, is_companies_done=after_steps >= len(STEPS))
            return True
        finally:
            database.dispose()
            self.tenant.installation = installation
        self.told.hear(self.tenant.there, reached(self.tenant.there, self.document))
        self._pay(PAID[kind])
        self.judge(before, last_sync)
        return False

    @contextmanager
    def opened(self, kind: RefreshKind) -> Iterator[Refresh]:
        """A refresh by the world's clock and overlap."""
        with self.tenant.open_refresh(kind) as refresh:
            refresh.org.overlap_s = self.overlap_s
            yield refresh

    def _judge_broken_off(self, before: dict[str, Row], *, is_companies_done: bool = True) -> None:
        """Readers see the companies as they were, or, when it died at the end, all of it."""
        self.raw.clear()
        self.ends |= self._expectation().ends()
        self._take_options()
        after = self.reading.rows(self.tenant.name)
        if after != before:
            assert is_companies_done, "companies changed before their step"
            self._judge_times(before, after)

    def generations(self) -> dict[str, int]:
        """The generation that stands of every dataset."""
        return self.reading.generations(self.tenant.name)

    def end(self) -> None:
        """Leaves nothing behind that costs the next run anything."""
        self.tenant.server.remove(self.tenant.there)
        shutil.rmtree(self.tenant.installation.lake.root / self.tenant.name, ignore_errors=True)

    def judge(self, before: dict[str, Row], last_sync: int) -> None:
        """Holds the store against the oracle and against what stood before."""
        after = self.reading.rows(self.tenant.name)
        self._judge_times(before, after)
        self._judge_history(before, after, last_sync)
        new_types = {one["to"]: one["type"] for one in self.document["mapping"]}
        retyped = {key for key, kind in new_types.items() if self.types.get(key, kind) != kind}
        self.types |= new_types
        expectation = self._expectation()
        if self.owed:
            # What was read is not known; what is known of it may be old.
            self.raw.clear()
            self._take_options()
            return
        expected = expectation.rows(
            self.without_rollbacks(before),
            frozenset(retyped),
            self.raw,
        )
        self.raw |= expectation.raw
        found = {key: row.company for key, row in after.items()}
        for key, end in self.ends.items():
            # A purge takes nothing away of what was read before it.
            row = expected.get(key)
            if row and row.status == "missing" and found[key].status == end.status:
                expected[key] = end.of(row)
        assert_same(found, self.with_rollbacks(expected, before, found, frozenset(retyped)))
        self.ends.clear()
        self._judge_rejected(expectation.rejected, expected)
        self._judge_options(expectation, found)
        drift = {code for code in self.reading.attention(self.tenant.name) if code in DRIFT_CODES}
        assert bool(drift) == bool(expectation.unreadable), (drift, expectation.unreadable)

    def without_rollbacks(self, before: dict[str, Row]) -> dict[str, tuple[str, Company]]:
        """The rows and their base objects as if no status had been rolled back."""
        return {key: (row.source_object, row.company) for key, row in before.items()}

    def with_rollbacks(
        self, expected: Companies, _before: Rows, _found: Companies, _retyped: frozenset[str]
    ) -> Companies:
        """What must be there, with what was rolled back (``rolled_back_world.py``)."""
        return expected

    def keeps(self, _key: str, _name: str, _row: Company, _value: object) -> bool | None:
        """Whether a rollback is why a company has another value than Salesforce; None: unknown."""
        return False

    def _expectation(self) -> Expectation:
        return Expectation(SeenOrg(self.tenant.there, self.hidden), self.tenant.settings, self.told)

    def _judge_times(self, before: dict[str, Row], after: dict[str, Row]) -> None:
        """``updated_at`` moved for exactly the rows whose content changed; no row is ever lost."""
        assert before.keys() <= after.keys(), "a row disappeared"
        wrong = {
            key: (was, after[key])
            for key, was in before.items()
            if (was.updated_at == after[key].updated_at)
            != (content(was.company) == content(after[key].company))
        }
        assert not wrong, f"updated_at moved without a change, or did not: {wrong}"

    def _judge_history(self, before: dict[str, Row], after: dict[str, Row], last_sync: int) -> None:
        """The history tells every change, field by field, and nothing else."""
        told = self.reading.changes(self.tenant.name, last_sync)
        changed = {
            (key, name)
            for key, was in before.items()
            for name in differing(content(was.company), content(after[key].company))
        }
        assert told == changed, f"history: too many {told - changed}, too few {changed - told}"

    def _judge_rejected(self, rejected: Rejections, expected: dict[str, Company]) -> None:
        found = {
            (key, name)
            for key, name in self.reading.rejected(self.tenant.name)
            if expected[key].status == "linked"
        }
        assert found == rejected.keys(), f"rejected: {found ^ rejected.keys()}"

    def _take_options(self) -> dict[tuple[str, str], Option]:
        """The catalog as it stands, in which nothing may be gone."""
        before, self.options = self.options, self.reading.options(self.tenant.name)
        assert before.keys() <= self.options.keys(), "an option was deleted"
        return before

    def _judge_options(self, expectation: Expectation, expected: dict[str, Company]) -> None:
        before, found = self._take_options(), self.options
        linked = {key: row for key, row in expected.items() if row.status == "linked"}
        wanted = expectation.options(linked)
        followed = {key for key, _ in wanted} | {
            one["to"] for one in expectation.mapping if one["type"].endswith("_select")
        }
        described = expectation.described()
        for at, option in before.items():
            # What is gone in Salesforce stays, with the label that it had.
            if at not in described:
                wanted[at] = replace(option, active=False) if at[0] in followed else option
        wrong = {key: (found.get(key), one) for key, one in wanted.items() if found.get(key) != one}
        assert not wrong, f"options (found, expected): {wrong}"

    def _last_sync(self) -> int:
        return self.reading.last_sync(self.tenant.name)[0]
