"""The API budget in the model: a run that must wait changes nothing, and goes on when it may.

Whether a run had to wait is told from the sandbox's own count of requests and from what the
settings allow; nothing of the product's ledger is read. What does not belong here: when an org's
requests are used up (``rules_budget.py``).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from flyle_sf_assets.errors import ApiBudgetSpent
from flyle_sf_assets.sync.context import Refresh, RefreshKind
from flyle_sf_assets.sync.poll import check_idle
from flyle_sf_assets.tenants.held_changes import MassChangeHeld
from flyle_sf_assets_tests.faults.kinds import did
from flyle_sf_assets_tests.faults.tenants_of_runs import SHARE_PERCENT
from flyle_sf_assets_tests.faults.world import World

DAILY_MAX = 100_000
"""No run of the model comes near the share of it."""

FORECAST_MAX = 50
"""The most requests that a first sync of its kind is expected to need."""

CODE = "api_budget_spent"
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)


@dataclass(frozen=True)
class Calls:
    """Requests of one operation; ``is_certain``: it ended well, so the product counted them."""

    at: datetime
    number: int
    is_certain: bool


@dataclass(frozen=True)
class Figure:
    """What the org said of its requests of 24 hours when the product last asked."""

    used: int
    daily_max: int
    at: datetime

    @property
    def is_nearly_full(self) -> bool:
        """Above 90 %."""
        return self.used * 10 > self.daily_max * 9

    @property
    def cap(self) -> int:
        """The most that we may use."""
        return self.daily_max * SHARE_PERCENT // 100


@dataclass
class Budgeted(World):
    """A world that judges each run that is postponed, and lets it go on after an hour.

    ``figure`` is None while it is not known whether the product stored the last answer;
    ``full_at`` is when the org was last nearly full, None when that cannot matter any more.
    """

    calls: list[Calls] = field(default_factory=list)
    figure: Figure | None = None
    full_at: datetime | None = None
    noted: int = 0

    # The org's requests -----------------------------------------------------------------------

    def others_use(self, percent: int) -> None:
        """The org's other integrations have used that much of its requests."""
        self.note(is_certain=True)
        org = self.tenant.there
        org.set_api_limit(org.usage.daily_max, used=org.usage.daily_max * percent // 100)
        self._note_fullness()

    def limit_becomes(self, daily_max: int) -> None:
        """The org's daily requests become fewer, and nobody but us uses them."""
        self.note(is_certain=True)
        self.tenant.there.set_api_limit(daily_max, used=self._ours(DAY))

    def relieve(self) -> None:
        """The org has requests again; an hour later somebody looks, as the schedules do."""
        org = self.tenant.there
        is_limit_known = self.figure is not None and self.figure.daily_max == DAILY_MAX
        org.set_api_limit(DAILY_MAX, used=self._ours(DAY))
        self.full_at = None
        self.later(HOUR.total_seconds() + 1)
        if not is_limit_known:
            tenant = self.tenant
            check_idle(tenant.installation, tenant.name, clock=tenant.clock.now)
            self.note(is_certain=True)

    def note(self, *, is_certain: bool) -> None:
        """Takes the requests since the last note for those of one operation that has just ended."""
        usage = self.tenant.there.usage
        made, self.noted = usage.total - self.noted, usage.total
        if made:
            self.calls.append(Calls(self._now, made, is_certain))
            self.figure = self._figure_now() if is_certain else None
            self._note_fullness()

    def _note_fullness(self) -> None:
        if self._figure_now().is_nearly_full:
            self.full_at = self._now

    def _figure_now(self) -> Figure:
        org = self.tenant.there
        return Figure(org.usage.used(org.now()), org.usage.daily_max, self._now)

    def _ours(self, within: timedelta, *, is_certain: bool = False) -> int:
        since = self._now - within
        return sum(
            one.number for one in self.calls if one.at > since and one.is_certain >= is_certain
        )

    @property
    def _now(self) -> datetime:
        return self.tenant.clock.now()

    # What must wait ---------------------------------------------------------------------------

    def must_wait(self) -> bool | None:
        """Whether a run that begins now must be postponed; None where it cannot be known."""
        if not self.refreshes:
            return False
        share, org = self._is_share_spent(), self._is_org_full()
        if share or org:
            return True
        return False if share is False and org is False else None

    def _is_share_spent(self) -> bool | None:
        """From our own requests; the product counts whole hours, and adds what the run needs."""
        now, told = self._figure_now(), self.figure
        if told is not None and self._ours(DAY, is_certain=True) > told.cap:
            return True
        cap = now.cap if told is None else min(now.cap, told.cap)
        most = max((one.number for one in self.calls), default=0)
        return None if self._ours(DAY + HOUR) + max(most, FORECAST_MAX) > cap else False

    def _is_org_full(self) -> bool | None:
        """From the org's figure: one of the last hour counts, an older one is asked for again."""
        if self.full_at is None or self.full_at <= self._now - DAY - HOUR:
            return False
        if self.figure is None:
            return None
        age = self._now - self.figure.at
        if age >= DAY:
            return False
        is_still_full = age < HOUR or self._figure_now().is_nearly_full
        if self.figure.is_nearly_full:
            return is_still_full
        # A figure that fell within minutes is not believed at once.
        return None if is_still_full else False

    # Refreshes --------------------------------------------------------------------------------

    def refreshed(self, kind: RefreshKind) -> Refresh:
        """A refresh that has run; one that was postponed runs when the org has requests again."""
        self.note(is_certain=True)
        must = self.must_wait()
        before = () if must is False else self._store()
        try:
            done = super().refreshed(kind)
        except ApiBudgetSpent as spent:
            self._postponed(spent, must, before, kind)
            done = self._gone_on(partial(super().refreshed, kind))
        except MassChangeHeld:
            self.note(is_certain=True)
            assert not must, "it had to be postponed, and was held"
            raise
        except BaseException:
            self.note(is_certain=False)
            raise
        else:
            assert not must, f"it had to be postponed: {self.figure}, {self.calls[-3:]}"
        # The flows' way to read by Bulk does not store which org it is, so no call is counted.
        self.note(is_certain=bool(self.refreshes) or self.tenant.rest_rows_max is None)
        assert CODE not in self.reading.attention(self.tenant.name), "it still waits"
        return done

    def kill(self, kind: RefreshKind, **how: Any) -> bool:
        """As in any world; one that was postponed dies when the org has requests again."""
        self.note(is_certain=True)
        must = self.must_wait()
        before = () if must is False else self._store()
        try:
            has_died = super().kill(kind, **how)
        except ApiBudgetSpent as spent:
            self._postponed(spent, must, before, kind)
            has_died = bool(self._gone_on(partial(super().kill, kind, **how)))
        except BaseException:
            self.note(is_certain=False)
            raise
        else:
            # One that dies at a transaction may die before it is postponed.
            assert not must or (has_died and "dies_at" in how), "it had to be postponed"
        self.note(is_certain=not has_died)
        return has_died

    def check_idle(self) -> bool:
        """As in any world; what it was told counts at once."""
        try:
            return super().check_idle()
        finally:
            self.note(is_certain=True)

    def _store(self) -> tuple[object, ...]:
        """What a run that is postponed may not change."""
        name = self.tenant.name
        return self.reading.rows(name), self.reading.options(name), self.reading.generations(name)

    def _postponed(
        self,
        spent: ApiBudgetSpent,
        must: bool | None,  # noqa: FBT001 - three answers
        before: tuple[object, ...],
        kind: RefreshKind,
    ) -> None:
        """Judges a run that the budget postponed; Salesforce's own refusal is a fault."""
        if spent.code != CODE:
            self.note(is_certain=False)
            raise spent
        assert must is not False, f"postponed without need: {spent}"
        assert self._store() == before, "a postponed run changed something"
        sync_id, state = self.reading.last_sync(self.tenant.name)
        assert state == "postponed"
        assert not self.reading.changes(self.tenant.name, sync_id - 1), "it has a history"
        made = self.tenant.there.usage.total - self.noted
        assert made <= 1 or self.tenant.there.faults.pending(), f"{made} requests to be told no"
        told = self.reading.attention(self.tenant.name)
        assert kind != "refresh" or "mass_change_held" in told or CODE in told
        is_share = self._is_share_spent() is not False
        self.note(is_certain=True)
        did("postponed: our share" if is_share else "postponed: the org")
        self.relieve()

    def _gone_on(self, run: partial[Any]) -> Any:
        """What was postponed runs now, whatever else happens to it."""
        try:
            return run()
        except MassChangeHeld:
            self.note(is_certain=True)
            raise
        except BaseException as ended:
            self.note(is_certain=False)
            if isinstance(ended, ApiBudgetSpent) and ended.code == CODE:
                raise AssertionError("still postponed after the use fell") from ended
            raise
