"""One company of which a rollback keeps something, after a refresh that found everything.

What does not belong here: what is kept at first, and until when it may be resumed
(``rolled_back_world.py``).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from flyle_sf_assets_tests.faults.expectation import UNKNOWN
from flyle_sf_assets_tests.faults.rolled_back_items import NAME, STATUS, Place, value_at
from flyle_sf_assets_tests.flows.oracle import Company

OTHER = object()
"""A value that is rejected, or blank and not written: another one than any that was written."""

NOT_SAID = object()
"""Salesforce does not say: the field is hidden, or the record is gone."""


@dataclass
class Kept:
    """One value that a rollback keeps: ``salesforce`` is the one that was rolled back.

    ``is_unsure``: a refresh that could not be judged may have seen another value and ended it.
    ``is_any``: which value was rolled back is not known either. ``noted`` is what Salesforce has
    for a company that its kept status freezes, None while that is not known.
    """

    salesforce: object
    restored: object
    sync_id: int
    made_by: int
    is_unsure: bool = False
    is_any: bool = False
    noted: dict[Place, object] | None = field(default_factory=dict)

    @property
    def is_certain(self) -> bool:
        """Whether the product surely keeps it."""
        return not self.is_unsure and not self.is_any


@dataclass
class KeptRow:
    """What must become of one row: ``was`` before the refresh, ``found`` after it.

    ``values`` are Salesforce's of every field that has one to write, ``hidden`` the fields of which
    it says nothing. Afterwards ``ended`` are the places that are followed again, ``held`` those
    where Salesforce has another value and a rollback keeps the restored one.
    """

    kept: Mapping[Place, Kept]
    was: Company
    found: Company
    values: Mapping[str, object]
    hidden: Collection[str]
    ended: set[Place] = field(default_factory=set)
    held: set[Place] = field(default_factory=set)

    def of(
        self, expected: Company, others: Collection[object], retyped: Collection[str]
    ) -> Company:
        """The row that must be there; ``expected`` is that without rollbacks.

        ``others`` are the other values of its status that may stand in Salesforce.
        """
        made = expected
        status = self.kept.get(STATUS)
        is_frozen = False
        if status and self._is_kept(STATUS, status, [value_at(expected, STATUS), *others]):
            made = self._with_status(status, expected, retyped)
            is_frozen = made.status != "linked"
        for place, one in self.kept.items():
            if place == STATUS:
                continue
            theirs = self._theirs(place, expected)
            if self._is_kept(place, one, [theirs], is_shown=not is_frozen):
                made = self._with_own(made, place)
        return made

    def _theirs(self, place: Place, expected: Company) -> object:
        if expected.status != "linked" or (place[0] in self.hidden and not place[1]):
            return NOT_SAID
        return expected.name if place == NAME else self.values.get(place[0], OTHER)

    def _is_kept(
        self, place: Place, one: Kept, theirs: list[object], *, is_shown: bool = True
    ) -> bool:
        """Whether it is still kept; where that cannot be known, what is found decides."""
        is_as_restored = value_at(self.found, place) == one.restored
        if value_at(self.was, place) != one.restored:
            self.ended.add(place)
            return False
        if theirs == [NOT_SAID]:
            return True
        if UNKNOWN in theirs:
            one.is_any = True
        if not one.is_any and one.salesforce not in theirs:
            self.ended.add(place)
            return False
        if one.is_certain:
            self.held.add(place)
            return True
        if is_shown and not is_as_restored:
            self.ended.add(place)
            return False
        if is_shown and UNKNOWN not in theirs and one.restored not in theirs:
            # The product kept it from this value: now it is known.
            one.salesforce = one.salesforce if one.salesforce in theirs else theirs[0]
            one.is_unsure = one.is_any = False
        return True

    def _with_status(self, status: Kept, expected: Company, retyped: Collection[str]) -> Company:
        """The whole row stays, but a value of a type that changed is converted again."""
        fields = expected.custom_fields
        if expected.status == "linked" and self.was.status != "linked":
            again = {key: fields[key] for key in retyped if key in self.was.custom_fields}
            fields = {**self.was.custom_fields, **again}
            noted: dict[Place, object] = {(key, False): one for key, one in self.values.items()}
            status.noted = None if UNKNOWN in self.values.values() else noted
            if status.noted is not None:
                status.noted[NAME] = expected.name
        return replace(self.was, custom_fields=fields)

    def _with_own(self, made: Company, place: Place) -> Company:
        """With the value, or its absence, that the row had before."""
        name, of_row = place
        if of_row:
            return replace(made, name=self.was.name)
        fields = {key: one for key, one in made.custom_fields.items() if key != name}
        if name in self.was.custom_fields:
            fields[name] = self.was.custom_fields[name]
        return replace(made, custom_fields=fields)
