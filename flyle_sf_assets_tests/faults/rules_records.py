"""What people do to records: inserts, updates, deletes, and where they point.

What does not belong here: schema and rights (``rules_schema.py``), settings, faults.
"""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from flyle_sf_assets_tests.faults import values
from flyle_sf_assets_tests.faults.kinds import did
from flyle_sf_assets_tests.faults.machine import ANY, Machine

OBJECTS = st.sampled_from(["Account", "Opportunity", "Contract_Info__c", "User"])


class RecordRules(Machine):
    """Rules over records of all objects that the settings reach."""

    @rule(number=ANY, value=ANY)
    def insert(self, number: int, value: int) -> None:
        """A new record of the base object."""
        name = values.NAMES[value % len(values.NAMES)]
        if self.base == "Account":
            kind = values.TYPES[number % 5]
            self.org.insert("Account", {"Name": name, "Type": kind})
        else:
            at = {"AccountId": self.pick(number, "Account"), "CloseDate": "2026-03-01"}
            self.org.insert("Opportunity", {"Name": name, "StageName": "Proposal", **at})
        did("insert")

    @rule(object_name=OBJECTS, number=ANY, field=ANY, value=ANY)
    def update(self, object_name: str, number: int, field: int, value: int) -> None:
        """One field of one record gets another value, often a nasty one."""
        record = self.pick(number, object_name)
        names = sorted(values.OF_OBJECT[object_name])
        name = names[field % len(names)]
        choices = values.OF_OBJECT[object_name][name]
        if record is not None:
            self.org.update(object_name, record, {name: choices[value % len(choices)]})
            did("update")

    @rule(number=ANY)
    def delete(self, number: int) -> None:
        """A record of the base object goes to the Recycle Bin."""
        record = self.pick(number, self.base)
        if record is not None:
            self.org.delete(self.base, record)
            did("delete")
