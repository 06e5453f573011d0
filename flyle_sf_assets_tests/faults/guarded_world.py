"""The mass-change guard in the model: what is held changes nothing, and an approval applies it.

Whether a refresh had to be held is told from outside: from the company rows before and after it,
and from the settings that were in effect. What does not belong here: what the rows must be.
"""

import copy
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from flyle_sf_assets.sync.context import Refresh, RefreshKind
from flyle_sf_assets.tenants.held_changes import MassChangeHeld, approve_held
from flyle_sf_assets_tests.faults.kinds import did
from flyle_sf_assets_tests.faults.store_reading import Row
from flyle_sf_assets_tests.faults.world import Document, World

FLOOR_ROWS = 1
"""The floor in these runs: an org of the model has a dozen records."""

Losses = dict[str | None, tuple[int, int]]
"""Lost and of how many, by custom field; None: companies that are linked no more."""


@dataclass
class Guarded(World):
    """A world that judges what the guard holds, and approves it at once.

    ``committed`` are the settings of the last refresh that surely wrote companies; None while that
    is not known. ``approved`` are numbers that no refresh has applied yet.
    """

    committed: Document | None = None
    approved: dict[str | None, int] = field(default_factory=dict)

    def refreshed(self, kind: RefreshKind) -> Refresh:
        """A refresh that has written the companies, after an approval if it was held."""
        before = self.reading.rows(self.tenant.name)
        is_held_now = False
        try:
            done = super().refreshed(kind)
        except MassChangeHeld as held:
            self._approve(before, held)
            is_held_now = True
            done = super().refreshed(kind)
        self._judge_losses(before, self.reading.rows(self.tenant.name), is_held_now=is_held_now)
        self.approved.clear()
        self.committed = copy.deepcopy(self.document)
        return done

    def kill(self, kind: RefreshKind, **how: Any) -> bool:
        """As in any world; one that is held instead of killed is approved and judged."""
        before = self.reading.rows(self.tenant.name)
        try:
            has_died = super().kill(kind, **how)
        except MassChangeHeld as held:
            self._approve(before, held)
            self.refresh(kind)
            return False
        after = self.reading.rows(self.tenant.name)
        if not has_died:
            self._judge_losses(before, after, is_held_now=False)
            self.committed = copy.deepcopy(self.document)
        elif self.committed != self.document:
            # It may have died just after its last commit, with the new settings.
            self.committed = None
        if not has_died or after != before:
            self.approved.clear()
        return has_died

    def _approve(self, before: dict[str, Row], held: MassChangeHeld) -> None:
        name = self.tenant.name
        assert self.reading.rows(name) == before, "a held refresh changed companies"
        sync_id, state = self.reading.last_sync(name)
        assert state == "held"
        assert not self.reading.changes(name, sync_id - 1), "a held refresh has a history"
        assert "mass_change_held" in self.reading.attention(name)
        found = {one.field: one.lost for one in held.change.losses}
        # A fault may have come between an approval and its refresh, and the org has moved on.
        assert any(lost > self.approved.get(name, 0) for name, lost in found.items()), (
            "approved numbers were held again"
        )
        self.approved = found
        approve_held(self.tenant.installation, name, by="model", clock=self.tenant.clock.now)
        did("companies held" if None in self.approved else "values held")

    def _judge_losses(
        self, before: dict[str, Row], after: dict[str, Row], *, is_held_now: bool
    ) -> None:
        """Too much was lost only where it was approved; exactly there if it was held just now.

        After an earlier approval that no refresh applied, less may be left to lose.
        """
        assert "mass_change_held" not in self.reading.attention(self.tenant.name)
        guard = self.document["guard"]
        if self.committed is None or guard["max_gone"] == "100%":
            return
        is_base_new = self.committed["source"]["object"] != self.document["source"]["object"]
        found = {} if is_base_new else self._losses(before, after)
        limit = Fraction(guard["max_gone"].removesuffix("%"))
        too_many = {
            name: lost for name, (lost, of) in found.items() if _is_too_many(lost, of, limit)
        }
        told = f"lost {found}, held and approved: {self.approved}"
        assert all(lost <= self.approved.get(name, 0) for name, lost in too_many.items()), told
        assert not is_held_now or too_many == self.approved, told
        if not self.approved and any(lost for lost, _ in found.values()):
            did("within low limits")

    def _losses(self, before: dict[str, Row], after: dict[str, Row]) -> Losses:
        assert self.committed is not None
        was, now = self.committed, self.document
        # What leaves other conditions left because of the settings.
        excused = {"linked"}
        if was["source"]["conditions"] != now["source"]["conditions"]:
            excused.add("out_of_scope")
        linked = {key: row.company for key, row in before.items() if row.company.status == "linked"}
        gone = [key for key in linked if after[key].company.status not in excused]
        found: Losses = {None: (len(gone), len(linked))}
        same = [_content(one) for one in was["mapping"]]
        had: Counter[str] = Counter()
        blank: Counter[str] = Counter()
        for key, row in linked.items():
            values = {name for name, value in row.custom_fields.items() if value is not None}
            had.update(values)
            if after[key].company.status == "linked":
                left = after[key].company.custom_fields
                blank.update(name for name in values if left[name] is None)
        caused = {one["to"] for one in now["mapping"] if _content(one) not in same}
        if caused & blank.keys() or len(gone) < sum(
            after[key].company.status != "linked" for key in linked
        ):
            did("not held: settings")
        found |= {name: (lost, had[name]) for name, lost in blank.items() if name not in caused}
        return found


@dataclass
class GuardedWorld(Guarded, World):
    """A world whose refreshes are steps, one after the other."""


def _is_too_many(lost: int, of: int, limit: Fraction) -> bool:
    return lost > FLOOR_ROWS and Fraction(lost * 100, of) > limit


def _content(mapping: dict[str, Any]) -> tuple[object, ...]:
    return tuple(mapping.get(name) for name in ("to", "from", "type", "when_blank"))
