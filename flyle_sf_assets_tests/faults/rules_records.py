"""What people do to records: inserts, updates, and where they point.

What does not belong here: how records end and come back (``rules_lifecycle.py``).
"""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from flyle_sf_assets_tests.faults import values
from flyle_sf_assets_tests.faults.kinds import did
from flyle_sf_assets_tests.faults.machine import ANY, Machine
from flyle_sf_assets_tests.faults.tenants_of_runs import add_user
from flyle_sf_assets_tests.flows.owners import add_queue

OBJECTS = st.sampled_from(
    ["Account", "Opportunity", "Contract_Info__c", "User", "Group", "Supplier__x"]
)

LOOKUPS = (
    ("Account", "ParentId", "Account"),
    ("Account", "OwnerId", "User"),
    ("Opportunity", "AccountId", "Account"),
    ("Opportunity", "OwnerId", "User"),
    ("Opportunity", "Competitor__c", "Account"),
)
UNSTAMPED = (("Account", "Phone"), ("Account", "Industry"), ("Opportunity", "NextStep"))
WITHIN_OVERLAP_S = (1, 60, 600, 899, 900)
BEYOND_OVERLAP_S = (1000, 5000, 20000)


class RecordRules(Machine):
    """Rules over records of all objects that the settings reach."""

    @rule(number=ANY, value=ANY)
    def insert(self, number: int, value: int) -> None:
        """A new record of the base object."""
        self._inserted(number, value)
        did("insert")

    @rule(object_name=OBJECTS, number=ANY, field=ANY, value=ANY)
    def update(self, object_name: str, number: int, field: int, value: int) -> None:
        """One field of one record gets another value, often a nasty one."""
        record = self.pick(number, object_name)
        change = _change(object_name, field, value)
        if record is not None and self.allowed(
            lambda: self.org.update(object_name, record, change)
        ):
            self.moved(object_name)
            did(f"update {object_name}")

    @rule(number=ANY, place=ANY)
    def move_abroad(self, number: int, place: int) -> None:
        """Only the controlling field moves: the same state code is another state from now on."""
        coded = [
            one
            for one in self.org.records("Account")
            if one["BillingStateCode"] in ("11", "13") and one["Id"] not in self.world.hidden
        ]
        if not coded:
            return
        record = coded[number % len(coded)]
        others = [one for one in values.COUNTRIES if one != record["BillingCountryCode"]]
        change = {"BillingCountryCode": others[place % len(others)]}
        if self.allowed(lambda: self.org.update("Account", str(record["Id"]), change)):
            self.moved("Account")
            did("controlling field alone")

    @precondition(lambda self: bool(self.world) and self.shows_activities)
    @rule(number=ANY)
    def activity(self, number: int) -> None:
        """An activity moves a field of its opportunity that describe does not call calculated."""
        records = [
            one for one in self.org.records("Opportunity") if one["Id"] in self.live("Opportunity")
        ]
        if records:
            record = records[number % len(records)]
            is_open = not record["HasOpenActivity"]
            self.org.set_computed("Opportunity", str(record["Id"]), "HasOpenActivity", is_open)
            self.world.owe("sweep")
            did("activity")

    @precondition(lambda self: "census" in self.groups)
    @rule(at=st.sampled_from(UNSTAMPED), number=ANY, value=ANY)
    def change_without_a_stamp(self, at: tuple[str, str], number: int, value: int) -> None:
        """A field that no table names moves, and no stamp with it: only a census can find it."""
        record = self.pick(number, at[0])
        of_field = values.OF_OBJECT[at[0]][at[1]]
        if record is not None and at not in self.world.drifted:
            self.org.set_computed(at[0], record, at[1], of_field[value % len(of_field)])
            self.world.owe("census")
            did("change without a stamp")

    @rule(object_name=OBJECTS, field=ANY, value=ANY)
    def mass_update(self, object_name: str, field: int, value: int) -> None:
        """All records of an object change in one transaction: one stamp, more than a page."""
        records = self.live(object_name)
        change = _change(object_name, field, value)
        if records and self.allowed(lambda: self.org.mass_update(object_name, records, change)):
            self.moved(object_name)
            if len(records) > self.org.rest_page_rows:
                did("ties beyond a page")

    @rule(object_name=OBJECTS)
    def touch(self, object_name: str) -> None:
        """Every record is stamped and nothing changes, as an edit of a picklist can do."""
        self.org.touch(object_name)
        did("stamped without a change")

    @rule(lookup=st.sampled_from(LOOKUPS), number=ANY, onto=ANY, is_cleared=st.booleans())
    def move(
        self, lookup: tuple[str, str, str], number: int, onto: int, *, is_cleared: bool
    ) -> None:
        """A record gets another parent or owner, or none."""
        object_name, field, parent = lookup
        child, to = self.pick(number, object_name), self.pick(onto, parent)
        if child is None or child == to:
            return
        is_cleared = is_cleared and field != "OwnerId"
        self.org.update(object_name, child, {field: None if is_cleared else to})
        self.moved(object_name)
        did("owner change" if field == "OwnerId" else "parent move")

    @rule(number=ANY, onto=ANY, is_new=st.booleans(), is_group=st.booleans())
    def give_region(self, number: int, onto: int, *, is_new: bool, is_group: bool) -> None:
        """A region gets another owner: a user or a group, perhaps one that is new."""
        region = self.pick(number, "Region__c")
        kind = "Group" if is_group else "User"
        owner = self.pick(onto, kind)
        if is_new:
            place = 200 + self.world.steps
            owner = add_queue(self.org, f"窓口{place}") if is_group else add_user(self.org, place)
        if region is not None and owner is not None:
            self.org.update("Region__c", region, {"OwnerId": owner})
            did(f"owner becomes a {kind.lower()}")

    @rule(number=ANY, onto=ANY)
    def move_supplier(self, number: int, onto: int) -> None:
        """A region gets another supplier, which perhaps was never read."""
        region, supplier = self.pick(number, "Region__c"), self.pick(onto, "Supplier__x")
        if onto % 3 == 0:
            supplier = self.org.insert("Supplier__x", {"Name": f"仕入先 {self.world.steps}"})
        self.org.update("Region__c", str(region), {"Supplier__c": supplier})
        did("supplier change")

    @rule(number=ANY, value=ANY)
    def insert_parent(self, number: int, value: int) -> None:
        """A new parent, or a new owner, and somebody who points at it."""
        child = self.pick(number, self.base)
        if child is None:
            return
        if value % 2:
            user = add_user(self.org, 100 + self.world.steps)
            self.org.update(self.base, child, {"OwnerId": user})
        else:
            name = values.NAMES[value % len(values.NAMES)]
            parent = self.org.insert("Account", {"Name": name})
            field = "ParentId" if self.base == "Account" else "AccountId"
            self.org.update(self.base, child, {field: parent})
        self.moved("Account")
        did("new parent")

    @rule(number=ANY, value=ANY)
    def one_to_one_create(self, number: int, value: int) -> None:
        """An account gets a contract, perhaps its second one."""
        account = self.pick(number, "Account")
        if account is None:
            return
        plan = values.PLANS[value % len(values.PLANS)]
        new = {"Account__c": account, "Plan__c": plan}
        if not self.allowed(lambda: self.org.insert("Contract_Info__c", new)):
            return
        of_account = [
            one for one in self.org.records("Contract_Info__c") if one["Account__c"] == account
        ]
        did("one-to-one duplicate" if len(of_account) > 1 else "one-to-one create")

    @rule(number=ANY, onto=ANY, is_cleared=st.booleans())
    def one_to_one_move(self, number: int, onto: int, *, is_cleared: bool) -> None:
        """A contract moves to another account, or belongs to none any more."""
        contract, account = self.pick(number, "Contract_Info__c"), self.pick(onto, "Account")
        if contract is not None:
            to = None if is_cleared else account
            self.org.update("Contract_Info__c", contract, {"Account__c": to})
            did("one-to-one move")

    @rule(number=ANY)
    def one_to_one_delete(self, number: int) -> None:
        """A contract is deleted."""
        contract = self.pick(number, "Contract_Info__c")
        if contract is not None:
            self.org.delete("Contract_Info__c", contract)
            did("one-to-one delete")

    @precondition(lambda self: self.world.overlap_s > 0)
    @rule(
        object_name=OBJECTS,
        number=ANY,
        field=ANY,
        value=ANY,
        late_s=st.sampled_from(WITHIN_OVERLAP_S),
    )
    def late_update(
        self, object_name: str, number: int, field: int, value: int, late_s: int
    ) -> None:
        """A long transaction: stamped now, visible only later, within the overlap."""
        record = self.pick(number, object_name)
        change = _change(object_name, field, value)
        if record is not None and self.allowed(
            lambda: self.org.update(object_name, record, change, late_s=late_s)
        ):
            self.moved(object_name, late_s=late_s)
            did("late commit within the overlap")

    @precondition(lambda self: self.world.overlap_s > 0)
    @rule(number=ANY, value=ANY, late_s=st.sampled_from(WITHIN_OVERLAP_S))
    def late_insert(self, number: int, value: int, late_s: int) -> None:
        """A record that becomes visible after the refresh that should have seen its stamp."""
        self._inserted(number, value, late_s=late_s)
        did("late commit within the overlap")

    @precondition(lambda self: "census" in self.groups)
    @rule(number=ANY, value=ANY, late_s=st.sampled_from(BEYOND_OVERLAP_S))
    def very_late_insert(self, number: int, value: int, late_s: int) -> None:
        """It becomes visible so late that only a census can find it."""
        self._inserted(number, value, late_s=late_s)
        self.world.owe("census", late_s=late_s)
        did("late commit beyond the overlap")

    def move_scope(self) -> None:
        """A group that owns regions gets the name that a condition asks for, or loses it."""
        group = self.pick(self.world.steps, "Group")
        if group is None or not self.looks_at_owners:
            return
        self.world.refresh()
        [name] = [one["Name"] for one in self.org.records("Group") if one["Id"] == group]
        self.org.update("Group", group, {"Name": "窓口9" if name == "窓口0" else "窓口0"})
        self.moved("Group")

    def _inserted(self, number: int, value: int, *, late_s: int = 0) -> None:
        name = values.NAMES[value % len(values.NAMES)]
        if self.base == "Account":
            more = {"Type": values.TYPES[number % 5], "ParentId": self.pick(number, "Account")}
            self.org.insert("Account", {"Name": name, **more}, late_s=late_s)
        else:
            more = {"AccountId": self.pick(number, "Account"), "CloseDate": "2026-03-01"}
            fields = {"Name": name, "StageName": "Proposal", "Amount": value, **more}
            self.org.insert("Opportunity", fields, late_s=late_s)
        self.moved(self.base, late_s=late_s)


def _change(object_name: str, field: int, value: int) -> dict[str, object]:
    names = sorted(values.OF_OBJECT[object_name])
    name = names[field % len(names)]
    choices = values.OF_OBJECT[object_name][name]
    return {name: choices[value % len(choices)]}
