"""Describe's list of options: the labels of an API value, and where each is valid.

Describe lists one option per entry of the org. State and country codes are unique within a
country only, so that one API value may be listed several times, each time with another label and
valid for other values of the controlling field. Source: SOAP API Developer Guide,
"DescribeSObjectResult", "Field Dependency and validFor" (the bitset of ``validFor``).
"""

from collections.abc import Mapping, Sequence
from itertools import chain

from flyle_sf_assets.salesforce.schema.objects import FieldSchema, PicklistValue

LABEL_JOIN = " / "
"""Between the labels of a value that has several."""

_OF_A_CHECKBOX = ("false", "true")
"""A controlling checkbox has no options: its first bit is for false, its second for true."""

_HIGHEST_BIT = 0x80


def labels_of(field: FieldSchema) -> dict[str, tuple[str, ...]]:
    """The labels of each API value, each once; without NUL characters.

    In describe's order, then former options of earlier answers. An option without a label is its
    own label.
    """
    listed = ((option.value, option.label) for option in field.picklist_values)
    former = ((option.value, option.label) for option in field.former_options)
    found: dict[str, dict[str, None]] = {}
    for text, label in chain(listed, former):
        value = plain(text)
        found.setdefault(value, {})[plain(label) or value] = None
    return {value: tuple(labels) for value, labels in found.items()}


def options_of(field: FieldSchema) -> tuple[PicklistValue, ...]:
    """One option per API value that describe lists, at its first position, without `valid_for`.

    State codes are unique within a country only: describe lists one value several times. Its label
    then joins all of them (``東京都 / 河北省``), and it is active when one of them is.
    """
    active = {plain(option.value) for option in field.picklist_values if option.active}
    listed = {plain(option.value) for option in field.picklist_values}
    return tuple(
        PicklistValue(value, LABEL_JOIN.join(labels), value in active)
        for value, labels in labels_of(field).items()
        if value in listed
    )


def known_values(field: FieldSchema) -> list[str]:
    """The API values in the org's order, each once; former ones at their old position."""
    listed = list(dict.fromkeys(plain(option.value) for option in field.picklist_values))
    met = set(listed)
    behind: dict[str | None, list[str]] = {}
    for option in field.former_options:
        if option.value not in met:
            before = option.after if option.after in met else None
            behind.setdefault(before, []).append(option.value)
            met.add(option.value)
    # Of several after one value the last comes first, as if each was inserted in turn.
    order, waiting = [], [*reversed(listed), *behind.get(None, ())]
    while waiting:
        order.append(waiting.pop())
        waiting += behind.get(order[-1], ())
    return order


def needs_controller(field: FieldSchema) -> bool:
    """Whether a value's label depends on the controlling field's value."""
    return field.controller_name is not None and any(
        len(labels) > 1 for labels in labels_of(field).values()
    )


def labels_under(field: FieldSchema, controller: FieldSchema) -> dict[str, Mapping[str, str]]:
    """By the controlling field's value: the label of each of this field's values there.

    Only values that have several labels. Of two options that are valid for the same controlling
    value, the first in describe's order is used.
    """
    doubled = {value for value, labels in labels_of(field).items() if len(labels) > 1}
    above = controlling_values(controller)
    listed = ((one.value, one.label, valid_under(one, above)) for one in field.picklist_values)
    former = ((one.value, one.label, one.under) for one in field.former_options)
    found: dict[str, dict[str, str]] = {}
    for text, label, controlling in chain(listed, former):
        value = plain(text)
        if value not in doubled:
            continue
        for one in controlling:
            found.setdefault(one, {}).setdefault(value, plain(label) or value)
    return dict(found)


def controlling_values(controller: FieldSchema) -> list[str]:
    """The controlling values of the bits of `valid_for`, in order."""
    if controller.type == "boolean":
        return list(_OF_A_CHECKBOX)
    return [plain(option.value) for option in controller.picklist_values]


def valid_under(option: PicklistValue, controlling: Sequence[str]) -> tuple[str, ...]:
    """For which of `controlling_values` an option is valid."""
    bits = option.valid_for or b""
    return tuple(controlling[place] for place in _positions(bits, len(controlling)))


def plain(text: str) -> str:
    """The text without NUL characters, which PostgreSQL refuses."""
    return text.replace("\x00", "")


def _positions(bits: bytes, size: int) -> list[int]:
    """The positions in the controlling field's list whose bit is set, the highest bit first."""
    most = min(size, 8 * len(bits))
    return [n for n in range(most) if bits[n // 8] & (_HIGHEST_BIT >> n % 8)]
