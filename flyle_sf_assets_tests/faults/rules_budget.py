"""What the API budget is for: an org whose requests of the day are nearly used up.

What does not belong here: whether a run had to wait for it (``budgeted_world.py``).
"""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from flyle_sf_assets.sync.context import RefreshKind
from flyle_sf_assets_tests.faults.budgeted_world import DAILY_MAX, Budgeted
from flyle_sf_assets_tests.faults.kinds import did
from flyle_sf_assets_tests.faults.machine import Machine
from flyle_sf_assets_tests.faults.rules_faults import KINDS_OF_REFRESH

LOW_LIMIT = 600
"""Our share of it is a dozen requests: fewer than the refreshes of a day need."""

is_synced = precondition(lambda self: bool(self.world and self.world.refreshes))


class BudgetRules(Machine):
    """Rules by which an org has few requests left."""

    @is_synced
    @rule(percent=st.sampled_from([95, 95, 50]), is_told=st.booleans())
    def others_call(self, percent: int, *, is_told: bool) -> None:
        """Another integration uses up much of what the org has; perhaps we hear of it at once."""
        self._budgeted.others_use(percent)
        did("org used by others")
        if is_told:
            self.world.check_idle()

    @precondition(lambda self: bool(self.world and self.world.refreshes and not self.world.drifted))
    @rule(kind=KINDS_OF_REFRESH)
    def limit_falls(self, kind: RefreshKind) -> None:
        """The org has fewer requests from now on, and ours of today are more than our share.

        Settings that do not fit, or something unfinished, would be found without asking the org:
        then nothing tells the product of the new limit.
        """
        world = self._budgeted
        world.apply()
        world.refresh()
        calls = self.org.usage.total
        world.check_idle()
        if self.org.usage.total == calls:
            return
        world.limit_becomes(LOW_LIMIT)
        world.check_idle()
        world.refresh(kind)
        if self.org.usage.daily_max < DAILY_MAX:
            world.relieve()

    @property
    def _budgeted(self) -> Budgeted:
        assert isinstance(self.world, Budgeted)
        return self.world
