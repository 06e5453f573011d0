"""People ask why a record is or is not a company.

What does not belong here: what must be said (``explained.py``).
"""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from flyle_sf_assets.salesforce.ids import to_18
from flyle_sf_assets_tests.faults import tenants_of_runs as runs
from flyle_sf_assets_tests.faults.budgeted_world import Budgeted
from flyle_sf_assets_tests.faults.explained import judge_explanation
from flyle_sf_assets_tests.faults.kinds import did
from flyle_sf_assets_tests.faults.machine import ANY, Machine
from flyle_sf_assets_tests.faults.rules_settings import may_change

PAGE = "https://acme.lightning.force.com/lightning/r/Account/{}/view"
NEVER = "ZZ0000000zzz"
"""Behind the prefix of an object: an id that no record has had."""

KINDS_OF_RECORD = ("live", "ended", "no company", "never", "of another object")

CONDITIONS_ASKED = 8
"""Of the few records of a run, nearly all: most conditions hold for most of them."""

TEXTS = {"Account": "Phone", "Opportunity": "NextStep"}
"""A field of the base object that most settings map."""


NEEDED: dict[str, dict[str, object]] = {
    "Account": {},
    "Opportunity": {"StageName": "Prospecting", "CloseDate": "2026-03-01"},
}


class ExplainRules(Machine):
    """Rules by which somebody asks; nothing changes by it."""

    @precondition(lambda self: bool(self.world and self.world.refreshes))
    @rule(
        number=ANY,
        form=st.integers(0, 2),
        is_changed=st.sampled_from([True, True, False]),
        is_new=st.booleans(),
    )
    def explain(self, number: int, form: int, *, is_changed: bool, is_new: bool) -> None:
        """One record of every kind, by id or by page; one may have changed or come just now."""
        if is_new:
            self.org.insert(self.base, {"Name": f"新規 {self.world.steps}", **NEEDED[self.base]})
            self.moved(self.base)
        for kind in KINDS_OF_RECORD:
            ids = self._ids(kind)
            if ids:
                key = ids[number % len(ids)]
                if is_changed and kind == "live":
                    self._change(key)
                self._judge(key, form)

    @may_change
    @precondition(lambda self: bool(self.world and self.world.refreshes))
    @rule(number=ANY, form=st.integers(0, 2))
    def explain_conditions(self, number: int, form: int) -> None:
        """The conditions become others, and before any sync somebody asks what they do."""
        pool = runs.CONDITIONS[self.base]
        self.world.document["source"]["conditions"] = [pool[number % len(pool)]]
        self.owe_what_was_missed()
        self.world.apply()
        did("conditions")
        live = self.live(self.base)
        for place in range(min(len(live), CONDITIONS_ASKED)):
            self._judge(live[(number + place) % len(live)], form)

    def _judge(self, key: str, form: int) -> None:
        assert isinstance(self.world, Budgeted)
        judge_explanation(self.world, key, (key, key[:15], PAGE.format(key))[form])

    def _change(self, key: str) -> None:
        change = {TEXTS[self.base]: f"変更 {self.world.steps}"}
        # Refused for a field that was removed.
        if self.allowed(lambda: self.org.update(self.base, key, change)):
            self.moved(self.base)

    def _ids(self, kind: str) -> list[str]:
        """Ids of the base object's records of that kind, or of another object's."""
        live = self.live(self.base)
        match kind:
            case "live":
                return live
            case "ended":
                every = self.org.records(self.base, include_deleted=True)
                ended = [str(one["Id"]) for one in every if one["IsDeleted"]]
                return ended + sorted(self.world.hidden)
            case "never":
                return [to_18(self.org.catalog.objects[self.base.lower()].key_prefix + NEVER)]
            case "no company":
                rows = self.world.reading.rows(self.world.tenant.name)
                linked = {key for key, row in rows.items() if row.company.status == "linked"}
                return [key for key in live if key not in linked]
            case _:
                other = "Opportunity" if self.base == "Account" else "Account"
                return self.live(other) + self.live("User")
