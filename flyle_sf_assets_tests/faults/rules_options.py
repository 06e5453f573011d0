"""What an administrator does to picklists.

What does not belong here: fields and rights (``rules_schema.py``).
"""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from flyle_sf_assets.sandbox.metadata import PicklistEntry
from flyle_sf_assets_tests.faults.kinds import did
from flyle_sf_assets_tests.faults.machine import ANY, Machine

PICKLISTS = st.sampled_from(
    [
        ("Account", "Industry"),
        ("Account", "Regions__c"),
        ("Account", "BillingStateCode"),
        ("Opportunity", "StageName"),
        ("Opportunity", "Product_Lines__c"),
        ("Contract_Info__c", "Plan__c"),
    ]
)


class OptionRules(Machine):
    """Rules over options; describe tells of them on its own cadence."""

    @rule(at=PICKLISTS, number=ANY)
    def add_option(self, at: tuple[str, str], number: int) -> None:
        """A new option, which a record may use at once."""
        if not self._entries(at):
            return
        value = f"新 option {self.world.steps}"
        self.org.add_option(*at, value, f"ラベル {number % 7}")
        self.world.owe("describe")
        record = self.pick(number, at[0])
        if (
            number % 2
            and record is not None
            and self.allowed(lambda: self.org.update(at[0], record, {at[1]: value}))
        ):
            self.moved(at[0])
        did("add option")

    @rule(at=PICKLISTS, number=ANY)
    def relabel_option(self, at: tuple[str, str], number: int) -> None:
        """Another label; the API value stays."""
        value = self._option(at, number)
        if value is not None:
            self.org.relabel_option(*at, value, f"別名 {self.world.steps}")
            self.world.owe("describe")
            did("relabel option")

    @rule(at=PICKLISTS, number=ANY)
    def switch_option(self, at: tuple[str, str], number: int) -> None:
        """An option is deactivated, or activated again."""
        value = self._option(at, number)
        if value is None:
            return
        entry = next(one for one in self._entries(at) if one.value == value)
        if entry.active:
            self.org.deactivate_option(*at, value)
            did("deactivate option")
        else:
            self.org.reactivate_option(*at, value)
            did("reactivate option")
        self.world.owe("describe")

    @rule(at=PICKLISTS, number=ANY, is_replaced=st.booleans())
    def remove_option(self, at: tuple[str, str], number: int, *, is_replaced: bool) -> None:
        """An option is removed; records keep its value, or take another one."""
        value = self._option(at, number)
        others = [one.value for one in self._entries(at) if one.value != value]
        if value is None or len(others) < 2:
            return
        self.world.removed_options.append((at, value))
        is_replaced = is_replaced and at[1] in ("Industry", "StageName", "Plan__c")
        self.org.remove_option(*at, value, replace_with=others[0] if is_replaced else None)
        self.moved(at[0])
        self.world.owe("describe")
        did("remove option with a replacement" if is_replaced else "remove option")

    @rule(number=ANY)
    def bring_back_option(self, number: int) -> None:
        """A removed option is there again."""
        removed = self.world.removed_options
        if removed:
            at, value = removed.pop(number % len(removed))
            label = f"再び {number % 7}"
            if self._entries(at) and self.allowed(lambda: self.org.add_option(*at, value, label)):
                self.world.owe("describe")
                did("bring back option")

    def _entries(self, at: tuple[str, str]) -> tuple[PicklistEntry, ...]:
        """The options of a field, none when it is gone or no picklist any more."""
        field = self.org.catalog.objects[at[0].lower()].by_name.get(at[1].lower())
        return field.picklist if field is not None else ()

    def _option(self, at: tuple[str, str], number: int) -> str | None:
        entries = self._entries(at)
        return entries[number % len(entries)].value if entries else None
