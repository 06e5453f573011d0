"""What an org's administrator does to fields and to the rights of the connected user.

Only fields that no condition names: a condition that cannot be asked stops the whole refresh, as
other tests show. What does not belong here: options (``rules_options.py``).
"""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from flyle_sf_assets_tests.faults.kinds import did
from flyle_sf_assets_tests.faults.machine import Machine

FIELDS = st.sampled_from(
    [
        ("Account", "Phone"),
        ("Account", "Website"),
        ("Account", "Regions__c"),
        ("Account", "BillingCountryCode"),
        ("Account", "Exact_Revenue__c"),
        ("Account", "Is_Strategic__c"),
        ("Account", "Last_Contact_At__c"),
        ("Opportunity", "NextStep"),
        ("Opportunity", "Product_Lines__c"),
        ("Contract_Info__c", "Plan__c"),
        ("Contract_Info__c", "Seats__c"),
        ("User", "Name"),
        ("Group", "Name"),
    ]
)
LOOKUPS = st.sampled_from(
    [("Account", "ParentId"), ("Opportunity", "Competitor__c"), ("Contract_Info__c", "Account__c")]
)
At = tuple[str, str]

may_edit = precondition(lambda self: "schema" in self.groups and self.world.are_settings_seen)
"""Settings that never fitted the org are refused whole; these must have fitted once."""


class SchemaRules(Machine):
    """Rules by which fields and objects go and come back."""

    @may_edit
    @rule(at=st.one_of(FIELDS, LOOKUPS), moves=st.booleans())
    def hide_field(self, at: At, *, moves: bool) -> None:
        """Field-level security takes a field away; describe's Last-Modified may not tell."""
        if self._is_free(at):
            self.org.permissions_move_last_modified = moves
            self.org.hide_field(*at)
            self._took(at, "hidden")
            did("hide field")

    @may_edit
    @rule(at=FIELDS)
    def remove_field(self, at: At) -> None:
        """A field is deleted with its values."""
        if self._is_free(at) and at[1].endswith("__c"):
            self.world.removed_fields[at] = self.org.remove_field(*at)
            self._took(at, "removed")
            did("remove field")

    @may_edit
    @rule(at=FIELDS)
    def change_field_type(self, at: At) -> None:
        """A field becomes text, which its mapping's type may or may not take."""
        if self._is_free(at) and at[1].endswith("__c"):
            field = self.org.catalog.objects[at[0].lower()].field(at[1])
            self.world.removed_fields[at] = field
            text = replace(field, type="string", length=255, picklist=(), restricted=False)
            self.org.change_field_type(at[0], text)
            self._took(at, "retyped")
            did("change field type")

    @may_edit
    @rule(moves=st.booleans())
    def hide_object(self, *, moves: bool) -> None:
        """The connected user loses an object."""
        at = ("Contract_Info__c", "")
        if at not in self.world.drifted:
            self.org.permissions_move_last_modified = moves
            self.org.hide_object(at[0])
            self._took(at, "object")
            did("hide object")

    @precondition(lambda self: bool(self.world and self.world.drifted))
    @rule(moves=st.booleans(), number=st.integers(0, 9))
    def bring_back(self, number: int, *, moves: bool) -> None:
        """What went away comes back, as it was."""
        world, org = self.world, self.org
        at = sorted(world.drifted)[number % len(world.drifted)]
        how = world.drifted.pop(at)
        if how in ("removed", "retyped") and at in world.undescribed:
            # Unseen in between: values that it cost have no stamp, and describe nothing to tell.
            world.owe("census")
        org.permissions_move_last_modified = moves
        match how:
            case "hidden":
                org.show_field(*at)
            case "removed":
                org.add_field(at[0], world.removed_fields.pop(at))
            case "retyped":
                org.change_field_type(at[0], world.removed_fields.pop(at))
            case _:
                org.show_object(at[0])
        world.owe("describe")
        world.raw.clear()
        did(f"{how} comes back")

    def restore(self) -> None:
        """Everything that went away comes back, one after the other."""
        for number in range(len(self.world.drifted)):
            self.bring_back(moves=number % 2 == 0, number=number)

    def _is_free(self, at: At) -> bool:
        """Whether nothing is taken away there yet; the org's options stay with their field."""
        return at not in self.world.drifted

    def _took(self, at: At, how: str) -> None:
        self.world.drifted[at] = how
        self.world.undescribed.add(at)
        self.world.owe("describe")
        self.world.raw.clear()
        gone = [one for one in self.world.removed_options if one[0] != at]
        self.world.removed_options[:] = gone
