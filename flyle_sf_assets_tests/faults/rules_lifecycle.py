"""How records end and come back: the Recycle Bin, merges, purges, and sharing taken away.

What does not belong here: values and lookups (``rules_records.py``).
"""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from flyle_sf_assets_tests.faults.kinds import did
from flyle_sf_assets_tests.faults.machine import ANY, Machine

ENDING = st.sampled_from(["Account", "Opportunity"])


class LifecycleRules(Machine):
    """Rules that make records go and return."""

    @rule(object_name=ENDING, number=ANY)
    def delete(self, object_name: str, number: int) -> None:
        """A record goes to the Recycle Bin, and what cascades with it."""
        record = self.pick(number, object_name)
        if record is not None:
            self.org.delete(object_name, record)
            self.moved(object_name)
            self.moved("Opportunity")
            did("delete" if object_name == self.base else "delete a parent or child")

    @rule(object_name=ENDING, number=ANY)
    def undelete(self, object_name: str, number: int) -> None:
        """A deleted (or merged) record comes back with its Id."""
        bin_ = [
            str(record["Id"])
            for record in self.org.records(object_name, include_deleted=True)
            if record["IsDeleted"] and record["Id"] not in self.world.hidden
        ]
        if bin_:
            record = bin_[number % len(bin_)]
            if self.org._blanked.get(record):  # noqa: SLF001 - the org tells nobody
                # Lookups come back to what was blank without any stamp of theirs moving.
                self.world.owe("census")
            self.org.undelete(object_name, record)
            self.moved(object_name)
            self.moved("Opportunity")
            did("undelete")

    @rule(number=ANY, other=ANY)
    def merge(self, number: int, other: int) -> None:
        """Two accounts become one; children and contracts move to the winner."""
        winner, loser = self.pick(number, "Account"), self.pick(other, "Account")
        if winner is not None and loser is not None and winner != loser:
            self.org.merge("Account", winner, [loser])
            self.moved("Account")
            self.moved("Opportunity")
            did("merge" if self.base == "Account" else "merge parents")

    @precondition(lambda self: "census" in self.groups)
    @rule(object_name=ENDING, number=ANY)
    def hard_delete(self, object_name: str, number: int) -> None:
        """A record is gone without a trace."""
        record = self.pick(number, object_name)
        if record is not None:
            self.org.hard_delete(object_name, record)
            self.world.owe("census")
            self.moved("Opportunity")
            did("hard delete")

    @precondition(lambda self: "census" in self.groups)
    @rule(number=ANY)
    def purge_group(self, number: int) -> None:
        """A group is gone without a trace: groups know no Recycle Bin."""
        group = self.pick(number, "Group")
        if group is not None:
            self.org.hard_delete("Group", group)
            self.world.owe("census")
            self.moved("Group")
            did("purge a group")

    @precondition(lambda self: "census" in self.groups)
    @rule()
    def empty_recycle_bin(self) -> None:
        """What was deleted is gone without a trace, perhaps before anybody saw it deleted."""
        if self.org.empty_recycle_bin():
            self.world.owe("census")
            did("empty recycle bin")

    @precondition(lambda self: "census" in self.groups)
    @rule(object_name=ENDING, number=ANY)
    def hide_record(self, object_name: str, number: int) -> None:
        """Sharing ends: to the connected user the record is gone without a trace."""
        record = self.pick(number, object_name)
        if record is not None:
            self.org.hide_record(object_name, record)
            self.world.hidden.add(record)
            self.world.owe("census")
            did("hide record")

    @precondition(lambda self: bool(self.world and self.world.hidden))
    @rule(number=ANY)
    def show_record(self, number: int) -> None:
        """Sharing returns, and no stamp moves."""
        self._show(number)

    def _finish(self) -> None:
        """At the latest before the last comparison: few runs draw both rules."""
        if self.world and self.world.hidden:
            self._show(0)
        super()._finish()

    def _show(self, number: int) -> None:
        hidden = sorted(self.world.hidden)
        record = hidden[number % len(hidden)]
        object_name = "Account" if record.startswith("001") else "Opportunity"
        if any(one["Id"] == record for one in self.org.records(object_name, include_deleted=True)):
            self.org.show_record(object_name, record)
            self.world.owe("census")
            did("show record")
        self.world.hidden.discard(record)
