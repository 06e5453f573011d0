"""What describe told of every picklist so far, kept in plain Python: nothing of the product.

An option that is listed no more keeps its last label, and its place among the others. What does not
belong here: which record holds which value (``expectation.py``).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from flyle_sf_assets.sandbox.metadata import Field, PicklistEntry, SObject
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets_tests.faults.seen_org import SeenOrg

At = tuple[str, str]
"""An object's and a field's name, both lower case."""


@dataclass(frozen=True)
class Told:
    """One picklist: every value in its place, and its labels by the country that each is for.

    A label that no country is known for stands under ``(label,)``.
    """

    order: tuple[str, ...] = ()
    labels: Mapping[str, Mapping[object, str]] = field(default_factory=dict)

    def label(self, value: str, country: object) -> str:
        """What a record of that country shows."""
        known = self.labels.get(value, {})
        if len(set(known.values())) == 1:
            return next(iter(known.values()))
        return known.get(country, value)

    @property
    def is_ambiguous(self) -> bool:
        """Whether a value alone does not tell its label."""
        return any(len(set(known.values())) > 1 for known in self.labels.values())

    def followed_by(self, entries: Iterable[PicklistEntry], countries: list[str]) -> Self:
        """After describe listed these; ``countries`` are what their places count."""
        now: dict[str, dict[object, str]] = {}
        for entry in entries:
            here = now.setdefault(entry.value, {})
            places = [place for place in entry.valid_for if place < len(countries)]
            keys: list[object] = [countries[place] for place in places]
            for key in keys or [(entry.label,)]:
                here.setdefault(key, entry.label)
        order = list(now)
        for value, known in self.labels.items():
            if value not in now:
                now[value] = dict(known)
            elif max(len(set(known.values())), len(set(now[value].values()))) > 1:
                for country, label in known.items():
                    if not isinstance(country, tuple):
                        now[value].setdefault(country, label)
        for before, value in zip((None, *self.order), self.order, strict=False):
            if value not in order:
                order.insert(0 if before is None else order.index(before) + 1, value)
        return replace(self, order=tuple(order), labels=now)


@dataclass
class ToldOptions:
    """Of one tenant. ``unsure`` are picklists of which a broken refresh may have heard more."""

    known: dict[At, Told] = field(default_factory=dict)
    unsure: set[At] = field(default_factory=set)

    def hear(self, org: Org, objects: Iterable[str]) -> None:
        """Describe was asked of these objects, for certain."""
        self.known |= dict(self._heard(org, objects))

    def may_hear(self, org: Org, objects: Iterable[str]) -> None:
        """It may have been asked: what it would have changed is not known from outside."""
        self.unsure |= {at for at, told in self._heard(org, objects) if self.known.get(at) != told}

    def of(self, at: At) -> Told:
        """What was told of a field."""
        return self.known.get(at, Told())

    def _heard(self, org: Org, objects: Iterable[str]) -> Iterator[tuple[At, Told]]:
        for name in objects:
            sobject = org.catalog.objects[name.lower()]
            if name.lower() in org.visibility.hidden_objects:
                continue
            for one in sobject.fields:
                at = (name.lower(), one.name.lower())
                if at in org.visibility.hidden_fields or not (one.picklist or at in self.known):
                    continue
                countries = _countries(org, sobject, one)
                entries = tuple(
                    replace(e, valid_for=tuple(p for p in e.valid_for if p in countries))
                    for e in listed(org, one)
                )
                told = self.of(at).followed_by(entries, _names(sobject, one))
                yield at, told


def reached(org: Org, document: Mapping[str, Any]) -> set[str]:
    """The objects that the paths of the settings lead to, as far as the user sees the lookups."""
    source = document["source"]
    rows = [*document["mapping"], *_conditions(source.get("conditions", []))]
    found = {source["object"]}
    for row in rows:
        at = source["object"]
        for step in str(row.get("from") or row.get("field")).split(".")[:-1]:
            extra = [one for one in source.get("one_to_one", []) if one["as"] == step]
            if extra:
                at = extra[0]["object"]
            else:
                lookup = org.catalog.objects[at.lower()].by_relationship.get(step.lower())
                hidden = org.visibility.hidden_fields
                if lookup is None or (at.lower(), lookup.name.lower()) in hidden:
                    break
                if len(lookup.reference_to) > 1:
                    break
                at = lookup.reference_to[0]
            found.add(at)
            if at.lower() in org.visibility.hidden_objects:
                break
    return found


def _conditions(rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for row in rows:
        yield from row.get("any", [row])


def listed(org: SeenOrg | Org, one: Field) -> tuple[PicklistEntry, ...]:
    """What describe lists of a picklist."""
    return tuple(e for e in one.picklist if e.active or org.lists_inactive_options)


def _names(sobject: SObject, one: Field) -> list[str]:
    controller = sobject.by_name.get((one.controller or "").lower())
    return [e.value for e in controller.picklist] if controller else []


def _countries(org: Org, sobject: SObject, one: Field) -> set[int]:
    """The places of the controlling field's values that the connected user is told of."""
    controller = sobject.by_name.get((one.controller or "").lower())
    if controller is None:
        return set()
    if (sobject.name.lower(), controller.name.lower()) in org.visibility.hidden_fields:
        return set()
    return {p for p, e in enumerate(controller.picklist) if e.active or org.lists_inactive_options}
