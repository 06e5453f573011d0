"""Somebody rolls back a sync, or lets Salesforce's values come again.

What does not belong here: what must come of it (``rolled_back_world.py``).
"""

from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from flyle_sf_assets.sync.context import RefreshKind
from flyle_sf_assets_tests.faults.budgeted_world import Budgeted
from flyle_sf_assets_tests.faults.explained import judge_explanation
from flyle_sf_assets_tests.faults.machine import ANY, REFRESH_EVERY, Machine
from flyle_sf_assets_tests.faults.mortal import When
from flyle_sf_assets_tests.faults.rolled_back_world import RolledBack
from flyle_sf_assets_tests.faults.rules_guard import BLANKED

AGAIN: dict[str, object] = {
    "Phone": "03-0000-0001",
    "Founded_On__c": "1999-12-31",
    "Amount": 7,
    "NextStep": "再開",
}
"""Other values of the fields that an import blanks."""

AFTERWARDS = st.sampled_from([None, None, "refresh", "sweep", "census", "full"])
"""The refresh that comes at once, if one does."""

is_rolling_back = precondition(
    lambda self: bool("rollback" in self.groups and self.world and self.world.refreshes)
)


class RollbackRules(Machine):
    """Rules over what the tenant's own syncs did."""

    @is_rolling_back
    @rule(number=ANY, kind=AFTERWARDS)
    def roll_back(self, number: int, kind: RefreshKind | None) -> None:
        """One of the last syncs is rolled back, whatever it was."""
        self._rolling.roll_back(number)
        if kind is not None:
            self.world.refresh(kind)

    @is_rolling_back
    @rule(
        number=ANY,
        count=st.integers(1, 4),
        kind=AFTERWARDS,
        is_deleted=st.booleans(),
        then=st.sampled_from(["keep", "resume", "change again", "explain"]),
    )
    def roll_back_an_import(
        self, number: int, count: int, kind: RefreshKind | None, then: str, *, is_deleted: bool
    ) -> None:
        """An import blanks, or a script deletes, and the sync that brought it is rolled back.

        Perhaps after the first of the records was changed again.
        """
        field = BLANKED[self.base][number % 2]
        records = self.live(self.base)[:count]
        for record in records:
            self._import(record, field, is_deleted=is_deleted)
        self.world.refresh()
        is_later = then == "change again" and bool(records)
        if is_later:
            self._change_again(records[0], field)
            self.world.refresh()
        self._rolling.roll_back(int(is_later))
        if then == "explain":
            self._explain_kept()
        if kind is not None:
            self.world.refresh(kind)
        if then == "resume":
            self._rolling.resume(number)

    def _import(self, record: str, field: str, *, is_deleted: bool) -> None:
        if record not in self.live(self.base):
            return
        if is_deleted:
            self.org.delete(self.base, record)
        else:
            # Refused for a field that was removed.
            self.allowed(partial(self.org.update, self.base, record, {field: None}))
        self.moved(self.base)
        self.moved("Opportunity")

    def _change_again(self, record: str, field: str) -> None:
        if record in self.live(self.base):
            self.allowed(partial(self.org.update, self.base, record, {field: AGAIN[field]}))
            self.moved(self.base)
        elif record not in self.world.hidden:
            if self.org._blanked.get(record):  # noqa: SLF001 - the org tells nobody
                # As when any record comes back (``rules_lifecycle.py``).
                self.world.owe("census")
            self.org.undelete(self.base, record)
            self.moved(self.base)
            self.moved("Opportunity")

    def _explain_kept(self) -> None:
        """Somebody asks why a value is not Salesforce's."""
        assert isinstance(self.world, Budgeted)
        for key in sorted({item[0] for item in self._rolling.kept} & {*self.live(self.base)})[:2]:
            judge_explanation(self.world, key, key)

    @is_rolling_back
    @rule(number=ANY, kind=AFTERWARDS)
    def resume(self, number: int, kind: RefreshKind | None) -> None:
        """Salesforce's values come again."""
        self._rolling.resume(number)
        if kind is not None:
            self.world.refresh(kind)

    @is_rolling_back
    @rule(number=ANY, when=st.sampled_from(["before", "inside"]))
    def kill_rollback(self, number: int, when: When) -> None:
        """The process dies before a rollback commits."""
        self._rolling.kill_rollback(number, when)

    @is_rolling_back
    @precondition(lambda self: not self.world.drifted)
    @rule(number=ANY, is_rolled_back=st.booleans())
    def disconnect(self, number: int, *, is_rolled_back: bool) -> None:
        """The link ends and begins again; everything is read and compared."""
        self._rolling.disconnect(number, is_rolled_back=is_rolled_back)
        self.world.refresh()

    def _finish(self) -> None:
        """In some runs Salesforce's values come again before the last comparison."""
        while (
            self.refresh_every == REFRESH_EVERY[2] and self.world.refreshes and self._rolling.kept
        ):
            self._rolling.resume(0)
        super()._finish()

    @property
    def _rolling(self) -> RolledBack:
        assert isinstance(self.world, RolledBack)
        return self.world
