"""Names of a query bound to the catalog: which field, through which lookups; INVALID_FIELD if none.

A field that is hidden from the connected user is answered exactly like one that does not exist.
Source: SOQL and SOSL Reference, "Relationship Queries". What does not belong here: values.
"""

from dataclasses import dataclass

from flyle_sf_assets.sandbox.metadata import Field, SObject
from flyle_sf_assets.sandbox.records.state import Snapshot
from flyle_sf_assets.sandbox.refusals import Refusal
from flyle_sf_assets.sandbox.soql.grammar import located
from flyle_sf_assets.sandbox.soql.syntax import FieldRef
from flyle_sf_assets.sandbox.standard.name_object import NAME

LEVELS_MAX = 5

_REFER = "Please reference your WSDL or the describe call for the appropriate names."


@dataclass(frozen=True, eq=False)
class BoundField:
    """A field at the end of a path. ``hops`` are the followed lookup fields; ``owner`` has it.

    A lookup with several targets (an owner that is a user or a group) leads to the pseudo-object
    Name and can only be the last hop.
    """

    hops: tuple[Field, ...]
    targets: tuple[SObject, ...]
    owner: SObject
    field: Field
    at: int

    @property
    def path(self) -> tuple[str, ...]:
        """The canonical names: relationship names, then the field's."""
        return (*(str(hop.relationship_name) for hop in self.hops), self.field.name)

    @property
    def several_targets(self) -> bool:
        """Whether the last hop may lead to records of different objects."""
        return bool(self.hops) and len(self.hops[-1].reference_to) > 1


class Binder:
    """Binds names against one object of one snapshot. ``text`` is the query, for messages."""

    def __init__(self, snapshot: Snapshot, sobject: SObject, text: str, alias: str | None) -> None:
        self.snapshot = snapshot
        self.sobject = sobject
        self._text = text
        self._prefixes = {sobject.name.lower(), (alias or sobject.name).lower()}

    def refuse(self, code: str, at: int, message: str) -> Refusal:
        """A refusal that points at a place in the query."""
        return Refusal(code, located(self._text, at, message))

    def bind(self, ref: FieldRef) -> BoundField:
        """The field at the end of a path."""
        path = ref.path
        if (
            len(path) > 1
            and path[0].lower() in self._prefixes
            and (path[0].lower() not in self.sobject.by_relationship)
        ):
            path = path[1:]
        if len(path) - 1 > LEVELS_MAX:
            raise self.refuse(
                "MALFORMED_QUERY",
                ref.at,
                f"SOQL relationships can be traversed up to {LEVELS_MAX} levels: {'.'.join(path)}",
            )
        owner, hops, targets = self.sobject, [], []
        for name in path[:-1]:
            hop = owner.by_relationship.get(name.lower())
            if hop is None or owner is NAME or not self.snapshot.visibility.sees(owner, hop):
                raise self._no_relationship(ref, name)
            owner = self._target(hop, ref, name)
            hops.append(hop)
            targets.append(owner)
        return BoundField(
            tuple(hops), tuple(targets), owner, self._field(owner, path[-1], ref), ref.at
        )

    def _target(self, hop: Field, ref: FieldRef, name: str) -> SObject:
        if len(hop.reference_to) > 1:
            return NAME
        for target in hop.reference_to:
            sobject = self.snapshot.catalog.get(target)
            if sobject is not None and self.snapshot.visibility.sees(sobject):
                return sobject
        raise self._no_relationship(ref, name)

    def _field(self, owner: SObject, name: str, ref: FieldRef) -> Field:
        field = owner.by_name.get(name.lower())
        if field is None or not self.snapshot.visibility.sees(owner, field):
            raise self.refuse(
                "INVALID_FIELD",
                ref.at,
                f"No such column '{name}' on entity '{owner.name}'. If you are attempting to use "
                "a custom field, be sure to append the '__c' after the custom field name. "
                + _REFER,
            )
        return field

    def _no_relationship(self, ref: FieldRef, name: str) -> Refusal:
        return self.refuse(
            "INVALID_FIELD",
            ref.at,
            f"Didn't understand relationship '{name}' in field path. If you are attempting to use "
            "a custom relationship, be sure to append the '__r' after the custom relationship "
            "name. " + _REFER,
        )


def find_object(snapshot: Snapshot, name: str, text: str, at: int) -> SObject:
    """The object of the FROM clause; Refusal INVALID_TYPE when it is unknown or hidden."""
    sobject = snapshot.catalog.get(name)
    if sobject is None or not snapshot.visibility.sees(sobject) or not sobject.queryable:
        raise Refusal(
            "INVALID_TYPE",
            located(
                text,
                at,
                f"sObject type '{name}' is not supported. If you are attempting to use a custom "
                "object, be sure to append the '__c' after the entity name. " + _REFER,
            ),
        )
    return sobject
