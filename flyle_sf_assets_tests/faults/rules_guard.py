"""What the mass-change guard is for: an org that loses much at once.

What does not belong here: whether it had to be held (``guarded_world.py``).
"""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from flyle_sf_assets_tests.faults.machine import ANY, Machine

BLANKED = {"Account": ("Phone", "Founded_On__c"), "Opportunity": ("Amount", "NextStep")}
"""Fields that any record may have blank."""

is_guarded = precondition(lambda self: "guard" in self.groups)


class GuardRules(Machine):
    """Rules by which many records change at once, in runs whose limits are low."""

    @is_guarded
    @rule(number=ANY, count=st.integers(2, 5))
    def delete_many(self, number: int, count: int) -> None:
        """Somebody deletes a list of records."""
        records = self.live(self.base)
        for record in (records[number % max(len(records), 1) :] + records)[:count]:
            if record in self.live(self.base):
                self.org.delete(self.base, record)
        self.moved(self.base)
        self.moved("Opportunity")

    @is_guarded
    @rule(number=ANY, count=st.integers(2, 9))
    def blank_many(self, number: int, count: int) -> None:
        """An import has an empty column."""
        fields = BLANKED[self.base]
        field = fields[number % len(fields)]
        records = self.live(self.base)[:count]
        change = {field: None}
        # Refused for a field that was removed.
        if records and self.allowed(lambda: self.org.mass_update(self.base, records, change)):
            self.moved(self.base)
