"""Rollbacks in the model: what was restored stays until Salesforce has another value, or a resume.

What is kept is known from what the model saw of each sync and from the org; neither the history nor
the product's own list of kept values is read. What does not belong here: what a rollback must
restore (``rolled_back_items.py``), and making rollbacks (``rolled_back_world.py``).
"""

from dataclasses import dataclass, field, replace
from typing import Any

from flyle_sf_assets.sync.context import Refresh, RefreshKind
from flyle_sf_assets_tests.faults.expectation import Rejections
from flyle_sf_assets_tests.faults.explained import Judge
from flyle_sf_assets_tests.faults.kept_rows import Kept, KeptRow
from flyle_sf_assets_tests.faults.kinds import did
from flyle_sf_assets_tests.faults.rolled_back_items import (
    STATUS,
    Item,
    Written,
    value_at,
    with_values,
)
from flyle_sf_assets_tests.faults.seen_org import SeenOrg
from flyle_sf_assets_tests.faults.store_reading import MappedField, Row
from flyle_sf_assets_tests.faults.world import Companies, World
from flyle_sf_assets_tests.flows.oracle import Company


@dataclass
class Keeping(World):
    """A world in which every refresh keeps what was rolled back.

    ``rollbacks`` says which sync each rollback or resume takes back; ``fields`` are the custom
    fields as they were last seen, ``written_base`` is the base object of the linked companies.
    """

    log: list[Written] = field(default_factory=list)
    kept: dict[Item, Kept] = field(default_factory=dict)
    rollbacks: dict[int, int] = field(default_factory=dict)
    fields: dict[str, MappedField] = field(default_factory=dict)
    written_base: str = ""
    is_connected: bool = True
    kind: RefreshKind = "refresh"

    # Refreshes --------------------------------------------------------------------------------

    def refreshed(self, kind: RefreshKind) -> Refresh:
        """As in any world."""
        self.kind = kind
        return super().refreshed(kind)

    def kill(self, kind: RefreshKind, **how: Any) -> bool:
        """As in any world."""
        self.kind = kind
        return super().kill(kind, **how)

    def judge(self, before: dict[str, Row], last_sync: int) -> None:
        """As in any world; what it wrote may be rolled back later."""
        self._wrote(before, self._last_sync())
        self.written_base = str(self.document["source"]["object"])
        if self.owed:
            self._settle(before, self.log[-1])
        super().judge(before, last_sync)

    def _judge_broken_off(self, before: dict[str, Row], *, is_companies_done: bool = True) -> None:
        self._wrote(before, self._last_sync())
        after = self.log[-1].after.values()
        linked = {row.source_object for row in after if row.company.status == "linked"}
        # It may have died just after its last commit, with the new base object.
        self.written_base = next(iter(linked), self.written_base)
        self._settle(before, self.log[-1])
        super()._judge_broken_off(before, is_companies_done=is_companies_done)

    def _wrote(self, before: dict[str, Row], sync_id: int | None) -> None:
        """Notes one operation; another source or type of a mapping ends what is kept of it."""
        name = self.tenant.name
        was, self.fields = self.fields, self.reading.fields(name)
        self.log.append(Written(sync_id, before, self.reading.rows(name), was, self.fields))
        same = {key for key, one in self.fields.items() if one.active and was.get(key) == one}
        self.kept = {
            (key, name, of_row): one
            for (key, name, of_row), one in self.kept.items()
            if of_row or name in same
        }

    def _settle(self, before: dict[str, Row], wrote: Written) -> None:
        """After a refresh that cannot be judged: what it saw in Salesforce is not known."""
        for item, one in list(self.kept.items()):
            key, name, of_row = item
            was = value_at(before[key].company, (name, of_row))
            now = value_at(wrote.after[key].company, (name, of_row))
            if was == one.restored != now and wrote.after[key].company.status != "unlinked":
                del self.kept[item]
            else:
                one.is_unsure, one.noted = True, None

    # What must be kept ------------------------------------------------------------------------

    def without_rollbacks(self, before: dict[str, Row]) -> dict[str, tuple[str, Company]]:
        """The rows and their base objects as if no status had been rolled back.

        Those of another base object stay as they are: no refresh asks Salesforce about them, and
        what is linked is unlinked, whatever made it linked.
        """
        made, present = super().without_rollbacks(before), str(self.document["source"]["object"])
        for (key, name, of_row), one in self.kept.items():
            base, row = made[key]
            is_status = (name, of_row) == STATUS and not one.is_any
            if is_status and base == present and value_at(row, STATUS) == one.restored:
                made[key] = base, with_values(row, {STATUS: one.salesforce})
        return made

    def with_rollbacks(
        self,
        expected: Companies,
        before: dict[str, Row],
        found: Companies,
        retyped: frozenset[str],
    ) -> Companies:
        """What must be there: ``expected``, but for what is still kept."""
        made = dict(expected)
        judge = Judge(SeenOrg(self.tenant.there, self.hidden), self.tenant.settings, self.told)
        for key in {item[0] for item in self.kept}:
            if before[key].source_object == judge.base:
                row = self._kept_row(key, before[key].company, found[key], judge)
                end = self.ends.get(key) if expected[key].status == "missing" else None
                others = [] if end is None else [value_at(end.of(expected[key]), STATUS)]
                made[key] = row.of(expected[key], others, retyped)
                self._end(key, row)
        return made

    def _kept_row(self, key: str, was: Company, found: Company, judge: Judge) -> KeptRow:
        record = judge.record(key)
        return KeptRow(
            kept={
                (name, of_row): one for (of, name, of_row), one in self.kept.items() if of == key
            },
            was=was,
            found=found,
            values={} if record is None else judge.values(key, record),
            hidden={one["to"] for one in judge.unreadable},
        )

    def _end(self, key: str, row: KeptRow) -> None:
        for place in row.ended:
            del self.kept[(key, *place)]
            did("rolled-back value followed again")
        if row.held:
            did(f"rolled-back value kept by a {self.kind}")

    def _judge_rejected(self, rejected: Rejections, expected: Companies) -> None:
        """Of a company whose status is kept, what is rejected tells nobody anything."""
        frozen = {item[0] for item in self.kept if item[1:] == STATUS}
        told = {
            key: replace(row, status="kept") if key in frozen else row
            for key, row in expected.items()
        }
        super()._judge_rejected(
            {at: why for at, why in rejected.items() if at[0] not in frozen}, told
        )

    def keeps(self, key: str, name: str, row: Company, value: object) -> bool | None:
        """Whether a rollback is why the company has another value; None when it is not known."""
        of_field, of_row = self.kept.get((key, name, False)), self.kept.get((key, *STATUS))
        is_frozen = row.status != "linked"
        if of_field and value_at(row, (name, False)) == of_field.restored:
            if not of_field.is_certain:
                return None
            if of_field.salesforce == value:
                return True
        if of_row and is_frozen and value_at(row, STATUS) == of_row.restored:
            return True if of_row.is_certain else None
        return False
