"""What a tenant's administrator changes in the settings.

What does not belong here: what an org's administrator changes (``rules_schema.py``).
"""

import json

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from flyle_sf_assets_tests.faults import tenants_of_runs as runs
from flyle_sf_assets_tests.faults.kinds import did
from flyle_sf_assets_tests.faults.machine import ANY, Machine

OTHER_TYPES = {
    "single_select": ("text",),
    "multi_select": ("text",),
    "number": ("text",),
    "checkbox": ("text",),
    "date": ("text",),
    "datetime": ("date", "text"),
    "url": ("text",),
}
ZONES = ("Asia/Tokyo", "America/New_York", "UTC", "Pacific/Kiritimati")

may_change = precondition(lambda self: "settings" in self.groups and not self.world.drifted)
"""Settings that the org does not show would be refused, rightly; other tests see to that."""


class SettingsRules(Machine):
    """Rules over the settings; each makes a version that the next refresh works with."""

    @may_change
    @rule(number=ANY)
    def remove_mapping(self, number: int) -> None:
        """A field is not mapped any more: its last values stay."""
        mapping = self.world.document["mapping"]
        if len(mapping) > 3:
            gone = mapping.pop(number % len(mapping))
            self.world.forget_raw(gone["from"])
            self._changed("mapping removed")

    @may_change
    @rule(number=ANY)
    def add_mapping(self, number: int) -> None:
        """A field is mapped, for the first time or again."""
        document = self.world.document
        pool = (*runs.OWN[self.base], *runs.PARENTS[self.base], *runs.MORE[self.base])
        mapped = {one["to"] for one in document["mapping"]}
        free = [entry for entry in pool if entry[1] not in mapped]
        if free:
            document["mapping"].append(runs.mapping(free[number % len(free)]))
            self.owe_what_was_missed()
            self._changed("mapping added")

    @may_change
    @rule(number=ANY, to=ANY)
    def retype_mapping(self, number: int, to: int) -> None:
        """A mapping gets another type: everything held is converted again."""
        pool = {entry[1]: entry for entry in (*runs.OWN[self.base], *runs.PARENTS[self.base])}
        known = [one for one in self.world.document["mapping"] if one["to"] in pool]
        if known:
            mapping = known[number % len(known)]
            first = pool[mapping["to"]][2]
            choices = [
                one for one in (first, *OTHER_TYPES.get(first, ())) if one != mapping["type"]
            ]
            if choices:
                mapping["type"] = choices[to % len(choices)]
                self._changed("mapping retyped")

    @may_change
    @rule(number=ANY)
    def relabel_mapping(self, number: int) -> None:
        """Another label, which no company's content shows."""
        mapping = self.world.document["mapping"]
        mapping[number % len(mapping)]["label"] = f"別の名前 {self.world.steps}"
        self._changed("mapping relabelled")

    @may_change
    @rule(number=ANY)
    def switch_when_blank(self, number: int) -> None:
        """A blank keeps the last value, or blanks the field again."""
        mapping = self.world.document["mapping"]
        one = mapping[number % len(mapping)]
        one["when_blank"] = "blank" if one.get("when_blank") == "keep" else "keep"
        self._changed("when_blank")

    @may_change
    @rule(first=ANY, second=ANY, count=st.integers(0, 2))
    def change_conditions(self, first: int, second: int, count: int) -> None:
        """Other records are in scope."""
        pool = runs.CONDITIONS[self.base]
        chosen = [pool[number % len(pool)] for number in (first, second)][:count]
        self.world.document["source"]["conditions"] = chosen
        self.owe_what_was_missed()
        self._changed("conditions")

    @may_change
    @rule()
    def condition_on_the_day(self) -> None:
        """The scope moves with the day, and nothing in the org tells of it."""
        moving = [one for one in runs.CONDITIONS[self.base] if "LAST_N_DAYS" in str(one)]
        self.world.document["source"]["conditions"] = moving
        self._changed("conditions")

    @may_change
    @rule(number=ANY)
    def condition_on_an_owner(self, number: int) -> None:
        """The scope moves with the name of a group, and no stamp that SOQL shows tells of it."""
        asking = [one for one in runs.CONDITIONS[self.base] if "Region__r.Owner" in str(one)]
        self.world.document["source"]["conditions"] = asking
        self._changed("conditions")
        self.world.refresh()
        group = self.pick(number, "Group")
        if group is not None:
            self.org.update("Group", group, {"Name": f"窓口{number % 3}"})
            self.moved("Group")

    @may_change
    @rule(number=ANY)
    def rename_a_mapped_supplier(self, number: int) -> None:
        """A field of an object that has no stamp is mapped, and one of its records is renamed."""
        mapping = self.world.document["mapping"]
        [entry] = [one for one in runs.MORE[self.base] if one[1] == "supplier"]
        if all(one["to"] != "supplier" for one in mapping):
            mapping.append(runs.mapping(entry))
            self.owe_what_was_missed()
            self._changed("mapping added")
        self.world.refresh()
        supplier = self.pick(number, "Supplier__x")
        if supplier is not None:
            self.org.update("Supplier__x", supplier, {"Name": f"仕入先 新{self.world.steps}"})
            self.moved("Supplier__x")

    @may_change
    @rule(number=ANY)
    def change_time_zone(self, number: int) -> None:
        """Dates made of datetimes fall on other days."""
        self.world.document["time_zone"] = ZONES[number % len(ZONES)]
        self._changed("time zone")

    @may_change
    @rule(calculated=st.booleans())
    def change_base(self, *, calculated: bool) -> None:
        """The other base object: the old rows are unlinked, and revived when it changes back."""
        world = self.world
        other = "Opportunity" if self.base == "Account" else "Account"
        kept = world.documents_of_bases.get(other)
        world.documents_of_bases[self.base] = world.document
        world.document = kept or runs.document(world.tenant.name, other, calculated=calculated)
        world.raw.clear()
        self.owe_what_was_missed()
        self._changed("base object back" if kept else "base object")

    @may_change
    @precondition(lambda self: self.world.are_settings_seen)
    @rule(number=ANY)
    def misspell(self, number: int) -> None:
        """Settings that the org does not fit: the companies go on as the settings before say."""
        tenant, mapping = self.world.tenant, [*self.world.document["mapping"]]
        mapping[number % len(mapping)] = {"from": "Nothing__c", "to": "nothing", "label": "無"}
        standing = tenant.settings
        unfit = {**self.world.document, "mapping": mapping, "time_zone": ZONES[number % len(ZONES)]}
        tenant.apply(json.dumps(unfit, ensure_ascii=False))
        tenant.settings = standing
        did("settings that do not fit")

    def _changed(self, kind: str) -> None:
        self.world.apply()
        did(kind)
