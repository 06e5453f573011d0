"""Somebody rolls back syncs of the model's tenant, or lets Salesforce's values come again.

Every value that is written, left alone or told is judged. What does not belong here: what a
rollback must restore (``rolled_back_items.py``), and what later syncs keep (``kept_world.py``).
"""

from dataclasses import dataclass, replace

from flyle_sf_assets.connection.connect import connect_headless
from flyle_sf_assets.connection.disconnect import disconnect
from flyle_sf_assets.errors import NotFound
from flyle_sf_assets.tenants.rollback import Rollback, preview_rollback, resume, roll_back
from flyle_sf_assets_tests.faults.differences import assert_same
from flyle_sf_assets_tests.faults.kept_rows import Kept
from flyle_sf_assets_tests.faults.kept_world import Keeping
from flyle_sf_assets_tests.faults.kinds import did
from flyle_sf_assets_tests.faults.mortal import Killed, MortalDatabase, When
from flyle_sf_assets_tests.faults.rolled_back_items import (
    LINKED,
    STATUS,
    Item,
    Moment,
    Planned,
    Written,
    planned,
    value_at,
    with_values,
)
from flyle_sf_assets_tests.faults.store_reading import Row
from flyle_sf_assets_tests.flows.content import content

RECENT = 6
"""One of the newest syncs that changed companies is rolled back: of this number."""

LEFT_KINDS = ("changed_later", "created")
"""The reasons that many runs have, and that are counted."""


@dataclass
class RolledBack(Keeping):
    """A world in which syncs are rolled back and resumed."""

    def roll_back(self, number: int) -> bool:
        """Rolls back one of the last syncs that wrote companies; whether there was one.

        Not one that gives back a company of which nobody can know what Salesforce has.
        """
        place = self._place(number)
        if place is None:
            return False
        self.later(1)
        before, last_sync = self.reading.rows(self.tenant.name), self._last_sync()
        plan = planned(self.log, place, self._undone(), self._moment(before))
        if not all(one.is_certain and one.noted is not None for one in self._freed(plan).values()):
            return False
        given = self._give_back(plan, before)
        sync_id = self.log[place].sync_id
        assert sync_id is not None
        installation, name, clock = self.tenant.installation, self.tenant.name, self.tenant.clock
        shown = preview_rollback(installation, name, sync_id)
        assert self.reading.rows(name) == before, "a preview changed companies"
        done = roll_back(installation, name, sync_id, by="model", clock=clock.now)
        assert replace(done, rollback_sync_id=None) == shown, "it was not what was shown"
        _judge_told(done, plan)
        self._judge_written(before, last_sync, done, plan.restored)
        self._keep(plan, before, sync_id, done.rollback_sync_id)
        for item in given:
            self.kept.pop(item, None)
        self._count(plan, sync_id)
        return True

    def kill_rollback(self, number: int, when: When) -> None:
        """The process dies in a rollback: nothing of it is there."""
        place = self._place(number)
        if place is None:
            return
        sync_id = self.log[place].sync_id
        assert sync_id is not None
        before, last_sync = self.reading.rows(self.tenant.name), self._last_sync()
        installation = self.tenant.installation
        database = MortalDatabase(installation.database_url, 1, when)
        mortal = replace(installation, database=database)
        try:
            roll_back(mortal, self.tenant.name, sync_id, by="model", clock=self.tenant.clock.now)
        except Killed:
            did("rollback killed")
        else:
            raise AssertionError("it lived")
        finally:
            database.dispose()
        assert self.reading.rows(self.tenant.name) == before, "half a rollback"
        assert self._last_sync() == last_sync, "a sync without its changes"

    def resume(self, number: int) -> None:
        """Ends one rollback that keeps something: Salesforce's values are there at once."""
        numbers = sorted({n for one in self.kept.values() for n in (one.sync_id, one.made_by)})
        if not numbers:
            return
        sync_id = numbers[number % len(numbers)]
        self.later(1)
        before, last_sync = self.reading.rows(self.tenant.name), self._last_sync()
        mine = {k: one for k, one in self.kept.items() if sync_id in (one.sync_id, one.made_by)}
        must, unsure = self._given_back(mine, before)
        clock = self.tenant.clock.now
        try:
            done = resume(
                self.tenant.installation, self.tenant.name, sync_id, by="model", clock=clock
            )
        except NotFound:
            assert not any(one.is_certain for one in mine.values()), "it still kept something"
            done = None
        for item in mine:
            del self.kept[item]
        if done is None:
            return
        after = self.reading.rows(self.tenant.name)
        changed = Written(None, before, after, self.fields, self.fields).changed()
        # What a refresh that cannot be judged may have ended is as it is found.
        given = must | {item: new for item, (_, new) in changed.items() if item[0] in unsure}
        self._judge_written(before, last_sync, done, given)
        if done.rollback_sync_id is not None:
            of = max(
                (made for made, of in self.rollbacks.items() if of == sync_id), default=sync_id
            )
            self.rollbacks[done.rollback_sync_id] = of
        did("resumed")

    def disconnect(self, number: int, *, is_rolled_back: bool) -> None:
        """The link ends, somebody may roll back meanwhile, and it is connected again."""
        tenant = self.tenant
        self.later(1)
        before = self.reading.rows(tenant.name)
        disconnect(tenant.installation, tenant.name, by="model", clock=tenant.clock.now)
        self.is_connected = False
        self._wrote(before, None)
        for key, row in before.items():
            now = self.log[-1].after[key].company
            is_linked = row.company.status == "linked"
            assert now.status == ("unlinked" if is_linked else row.company.status)
        try:
            if is_rolled_back:
                self.roll_back(number)
        finally:
            # Else the end of the run would fail too, and hide why.
            connect_headless(tenant.installation, tenant.name, by="model", clock=tenant.clock.now)
            self.is_connected = True
        did("disconnect and connect")

    def _place(self, number: int) -> int | None:
        """One of the last operations that wrote companies, by its place in the log."""
        places = [
            place
            for place, one in enumerate(self.log)
            if one.sync_id is not None and (one.changed() or one.before.keys() != one.after.keys())
        ][-RECENT:]
        return places[-1 - number % len(places)] if places else None

    def _undone(self) -> set[int]:
        """Both syncs of each rollback."""
        return {*self.rollbacks.keys(), *self.rollbacks.values()}

    def _moment(self, rows: dict[str, Row]) -> Moment:
        return Moment(
            rows,
            self.fields,
            self.reading.options(self.tenant.name),
            self.written_base,
            self.is_connected,
        )

    def _judge_written(
        self, before: dict[str, Row], last_sync: int, done: Rollback, values: dict[Item, object]
    ) -> None:
        """Exactly these values were written, by one sync with its history, or by none."""
        name = self.tenant.name
        after = self.reading.rows(name)
        expected = {
            key: content(
                with_values(
                    row.company,
                    {(n, of_row): one for (of, n, of_row), one in values.items() if of == key},
                )
            )
            for key, row in before.items()
        }
        assert_same({key: content(row.company) for key, row in after.items()}, expected)
        self._judge_times(before, after)
        self._judge_history(before, after, last_sync)
        made = done.rollback_sync_id
        assert (made is not None) == bool(values), f"{made}: {values}"
        if made is None:
            assert self._last_sync() == last_sync
        else:
            assert self.reading.last_sync(name) == (made, "done")
            self._wrote(before, made)

    def _keep(self, plan: Planned, before: dict[str, Row], sync_id: int, made: int | None) -> None:
        """What was restored is kept, except from the value that it was restored to."""
        if made is None:
            return
        self.rollbacks[made] = sync_id
        for item, restored in plan.restored.items():
            key, name, of_row = item
            one = self.kept.get(item)
            if one is None:
                present = value_at(before[key].company, (name, of_row))
                one = self.kept[item] = Kept(present, restored, sync_id, made)
            else:
                one.is_any = not one.is_certain
                one.restored, one.sync_id, one.made_by = restored, sync_id, made
            if one.is_certain and one.salesforce == restored:
                del self.kept[item]

    def _freed(self, plan: Planned) -> dict[Item, Kept]:
        """Which statuses are kept that the rollback would give back as linked."""
        return {
            item: self.kept[item]
            for item, restored in plan.restored.items()
            if item[1:] == STATUS and restored == LINKED and item in self.kept
        }

    def _give_back(self, plan: Planned, before: dict[str, Row]) -> set[Item]:
        """Adds what Salesforce changed in companies that a rollback froze, and that come back.

        Returns the values that nothing keeps any more.
        """
        given: set[Item] = set()
        for (key, *_), one in self._freed(plan).items():
            assert one.noted is not None
            for place, value in one.noted.items():
                at = (key, *place)
                if at in self.kept and at not in plan.restored:
                    continue
                plan.left_alone.pop(at, None)
                plan.restored.pop(at, None)
                given.add(at)
                if value_at(before[key].company, place) != value:
                    plan.restored[at] = value
        return given

    def _given_back(
        self, mine: dict[Item, Kept], before: dict[str, Row]
    ) -> tuple[dict[Item, object], set[str]]:
        """What a resume must write, and the companies of which that is not known."""
        must: dict[Item, object] = {}
        unsure = {item[0] for item, one in mine.items() if not one.is_certain}
        for (key, name, of_row), one in mine.items():
            row, place = before[key].company, (name, of_row)
            present = value_at(row, place)
            given = {place: one.salesforce} if present == one.restored else {}
            if place == STATUS and one.salesforce == LINKED:
                is_ours = before[key].source_object == self.written_base
                if not (self.is_connected and is_ours):
                    given = {}
                if given and one.noted is None:
                    unsure.add(key)
                if given:
                    noted = one.noted or {}
                    given |= {p: v for p, v in noted.items() if (key, *p) not in self.kept}
            for p, value in given.items():
                if value_at(row, p) != value:
                    must[(key, *p)] = value
        return {item: one for item, one in must.items() if item[0] not in unsure}, unsure

    def _count(self, plan: Planned, sync_id: int) -> None:
        for item in plan.restored:
            did("rolled back: status" if item[1:] == STATUS else "rolled back: values")
        if plan.restored and sync_id in self.rollbacks:
            did("rollback of a rollback")
        for why in set(plan.left_alone.values()) & set(LEFT_KINDS):
            did(f"left alone: {why}")


def _judge_told(done: Rollback, plan: Planned) -> None:
    """What it says that it did, and why it left the rest."""
    restored = {(one.external_id, one.field, one.of_row) for one in done.restored}
    assert restored == plan.restored.keys(), f"{restored ^ plan.restored.keys()}"
    left = {(one.external_id, one.field, one.of_row): one.reason for one in done.left_alone}
    wrong = {
        item: (left.get(item), plan.left_alone.get(item))
        for item in left.keys() | plan.left_alone.keys()
        if left.get(item) != plan.left_alone.get(item)
    }
    assert not wrong, f"left alone (found, expected): {wrong}"
    assert done.values == len(restored)
    assert done.companies == len({item[0] for item in restored})
    assert done.left_total == len(left)
