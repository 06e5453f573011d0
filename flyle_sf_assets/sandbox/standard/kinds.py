"""Field constructors, one for each type of describe, with that type's usual properties.

Source: REST API Developer Guide, "sObject Describe"; Object Reference, "Field Types". What does
not belong here: which object has which field.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from flyle_sf_assets.sandbox.metadata import Field, Formula, PicklistEntry, RollUp

_READ_ONLY: dict[str, Any] = {"createable": False, "updateable": False}


def text(name: str, label: str, length: int = 255, **more: Any) -> Field:
    """A line of text."""
    return Field(name, label, "string", length=length, **more)


def text_area(name: str, label: str, length: int = 255) -> Field:
    """A short text area: filterable, unlike a long one."""
    return Field(name, label, "textarea", length=length)


def long_text(name: str, label: str, length: int = 32000, *, html: bool = False) -> Field:
    """A long text area, plain or rich; neither filterable nor sortable."""
    return Field(
        name,
        label,
        "textarea",
        length=length,
        html=html,
        filterable=False,
        sortable=False,
        groupable=False,
    )


def email(name: str, label: str) -> Field:
    """A mail address."""
    return Field(name, label, "email", length=80)


def phone(name: str, label: str) -> Field:
    """A telephone number."""
    return Field(name, label, "phone", length=40)


def url(name: str, label: str) -> Field:
    """A web address."""
    return Field(name, label, "url", length=255)


def combobox(name: str, label: str, options: Sequence[PicklistEntry], length: int = 255) -> Field:
    """A text that suggests options."""
    return Field(name, label, "combobox", length=length, picklist=tuple(options))


def encrypted(name: str, label: str, length: int = 175) -> Field:
    """A classic encrypted text: not filterable."""
    return Field(
        name,
        label,
        "encryptedstring",
        length=length,
        filterable=False,
        sortable=False,
        groupable=False,
    )


def boolean(name: str, label: str, **more: Any) -> Field:
    """A checkbox: never blank."""
    return Field(name, label, "boolean", nillable=False, default="false", **more)


def integer(name: str, label: str, digits: int = 8) -> Field:
    """A whole number of a standard field (describe keeps its digits in ``digits``)."""
    return Field(name, label, "int", precision=digits)


def long_integer(name: str, label: str) -> Field:
    """A 64-bit whole number."""
    return Field(name, label, "long", precision=18)


def number(name: str, label: str, precision: int = 18, scale: int = 0, **more: Any) -> Field:
    """A number field (``double``)."""
    return _decimal("double", name, label, precision, scale, **more)


def currency(name: str, label: str, precision: int = 18, scale: int = 2, **more: Any) -> Field:
    """An amount of money."""
    return _decimal("currency", name, label, precision, scale, **more)


def percent(name: str, label: str, precision: int = 5, scale: int = 2, **more: Any) -> Field:
    """A percentage: 5 means 5 %."""
    return _decimal("percent", name, label, precision, scale, **more)


def _decimal(type_: str, name: str, label: str, precision: int, scale: int, **more: Any) -> Field:
    return Field(
        name, label, type_, precision=precision, scale=scale, **{"groupable": False, **more}
    )


def date_field(name: str, label: str, **more: Any) -> Field:
    """A day without a zone."""
    return Field(name, label, "date", **more)


def datetime_field(name: str, label: str, **more: Any) -> Field:
    """A moment in UTC."""
    return Field(name, label, "datetime", **{"groupable": False, **more})


def time_field(name: str, label: str) -> Field:
    """A time of day."""
    return Field(name, label, "time", groupable=False)


def options(
    *rows: str | tuple[str, str], inactive: Iterable[str] = ()
) -> tuple[PicklistEntry, ...]:
    """Picklist entries from values or (value, label) pairs, in the org's order."""
    gone = set(inactive)
    pairs = [(row, row) if isinstance(row, str) else row for row in rows]
    return tuple(PicklistEntry(value, label, value not in gone) for value, label in pairs)


def picklist(
    name: str,
    label: str,
    entries: Sequence[PicklistEntry],
    *,
    restricted: bool = False,
    **more: Any,
) -> Field:
    """One option of a list; values outside the list can occur unless it is restricted."""
    return Field(
        name, label, "picklist", length=255, picklist=tuple(entries), restricted=restricted, **more
    )


def multipicklist(
    name: str, label: str, entries: Sequence[PicklistEntry], *, restricted: bool = True
) -> Field:
    """Several options of a list, joined with semicolons; neither sortable nor groupable."""
    return Field(
        name,
        label,
        "multipicklist",
        length=4099,
        picklist=tuple(entries),
        restricted=restricted,
        sortable=False,
        groupable=False,
    )


def lookup(
    name: str,
    label: str,
    target: str | tuple[str, ...],
    relationship: str | None,
    *,
    children: str | None = None,
    **more: Any,
) -> Field:
    """A reference to another record; ``children`` is the relationship's name in the other object.

    Without a ``relationship`` SOQL cannot follow it: it provides only the id.
    """
    targets = (target,) if isinstance(target, str) else target
    return Field(
        name,
        label,
        "reference",
        length=18,
        reference_to=targets,
        relationship_name=relationship,
        child_relationship_name=children,
        **more,
    )


def compound(name: str, label: str, type_: str, components: Sequence[tuple[str, str]]) -> Field:
    """An address or a location: (key in its JSON, component field) pairs."""
    return Field(
        name,
        label,
        type_,
        components=tuple(components),
        sortable=False,
        groupable=False,
        **_READ_ONLY,
    )


def base64_field(name: str, label: str) -> Field:
    """Binary content."""
    return Field(
        name, label, "base64", filterable=False, sortable=False, groupable=False, nillable=False
    )


def any_type(name: str, label: str) -> Field:
    """A value whose type depends on the record (field history)."""
    return Field(
        name,
        label,
        "anyType",
        length=255,
        filterable=False,
        sortable=False,
        groupable=False,
        **_READ_ONLY,
    )


def formula(
    name: str,
    label: str,
    type_: str,
    text_: str,
    compute: Formula | None,
    *,
    precision: int = 0,
    scale: int = 0,
) -> Field:
    """A formula field; without ``compute`` its stored value changes only by `Org.set_computed`."""
    length = 1300 if type_ == "string" else 0
    return Field(
        name,
        label,
        type_,
        length=length,
        precision=precision,
        scale=scale,
        calculated=True,
        formula_text=text_,
        formula=compute,
        nillable=type_ != "boolean",
        groupable=type_ in ("string", "boolean", "date"),
        **_READ_ONLY,
    )


def roll_up(name: str, label: str, type_: str, summary: RollUp, scale: int = 0) -> Field:
    """A roll-up summary field."""
    return Field(
        name,
        label,
        type_,
        precision=18,
        scale=scale,
        calculated=True,
        roll_up=summary,
        groupable=False,
        **_READ_ONLY,
    )


def system_fields(*, owner: tuple[str, ...] = ("User",)) -> tuple[Field, ...]:
    """The fields that every object has; ``owner`` empty for objects without one."""
    fixed: dict[str, Any] = {**_READ_ONLY, "nillable": False, "system": True}
    fields = [
        Field("Id", "ID", "id", length=18, id_lookup=True, **fixed),
        Field("IsDeleted", "削除", "boolean", default="false", **fixed),
    ]
    if owner:
        fields.append(lookup("OwnerId", "所有者 ID", owner, "Owner", nillable=False))
    fields += [
        datetime_field("CreatedDate", "作成日", **fixed),
        lookup("CreatedById", "作成者 ID", "User", "CreatedBy", **fixed),
        datetime_field("LastModifiedDate", "最終更新日", **fixed),
        lookup("LastModifiedById", "最終更新者 ID", "User", "LastModifiedBy", **fixed),
        datetime_field("SystemModstamp", "System Modstamp", **fixed),
    ]
    return tuple(fields)


def master_record(object_name: str) -> Field:
    """The winner of the merge that deleted a record."""
    return lookup(
        "MasterRecordId", "主レコード ID", object_name, "MasterRecord", system=True, **_READ_ONLY
    )
