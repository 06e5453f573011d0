"""What describe's list of options says: the labels of an API value, and where each is valid.

Describe lists one option per entry of the org. State and country codes are unique within a
country only, so that one API value may be listed several times, each time with another label and
valid for other values of the controlling field. Source: SOAP API Developer Guide,
"DescribeSObjectResult", "Field Dependency and validFor" (the bitset of ``validFor``).

What does not belong here: what a company shows of it (``companies/casts.py``) and what the
catalog keeps (``options/catalog.py``).
"""

from collections.abc import Mapping

from flyle_sf_assets.salesforce.schema import FieldSchema, ObjectSchema, PicklistValue

LABEL_JOIN = " / "
"""Between the labels of a value that has several."""

_OF_A_CHECKBOX = ("false", "true")
"""A controlling checkbox has no options: its first bit is false, its second true."""

_HIGHEST_BIT = 0x80


def labels_of(field: FieldSchema) -> dict[str, tuple[str, ...]]:
    """The labels of each API value, in describe's order, each once; without NUL characters.

    An option without a label is its own label.
    """
    found: dict[str, dict[str, None]] = {}
    for option in field.picklist_values:
        value = plain(option.value)
        found.setdefault(value, {})[plain(option.label) or value] = None
    return {value: tuple(labels) for value, labels in found.items()}


def options_of(field: FieldSchema) -> tuple[PicklistValue, ...]:
    """One option per API value, in the place of its first, without `valid_for`.

    State codes are unique within a country only: describe lists one value several times. Its label
    is then all of them (``東京都 / 河北省``), and it is active when one of them is.
    """
    active = {plain(option.value) for option in field.picklist_values if option.active}
    return tuple(
        PicklistValue(value, LABEL_JOIN.join(labels), value in active)
        for value, labels in labels_of(field).items()
    )


def needs_controller(field: FieldSchema) -> bool:
    """Whether a value alone does not tell its label: the controlling field's value must say it."""
    return field.controller_name is not None and any(
        len(labels) > 1 for labels in labels_of(field).values()
    )


def labels_under(field: FieldSchema, controller: FieldSchema) -> dict[str, Mapping[str, str]]:
    """By the controlling field's value: the label of each of this field's values there.

    Only values that have several labels. Of two options that are valid for the same controlling
    value the first of describe's order counts.
    """
    doubled = {value for value, labels in labels_of(field).items() if len(labels) > 1}
    controlling = [plain(option.value) for option in controller.picklist_values]
    if controller.type == "boolean":
        controlling = list(_OF_A_CHECKBOX)
    found: dict[str, dict[str, str]] = {}
    for option in field.picklist_values:
        value = plain(option.value)
        if value not in doubled:
            continue
        for position in _positions(option.valid_for or b"", len(controlling)):
            under = found.setdefault(controlling[position], {})
            under.setdefault(value, plain(option.label) or value)
    return dict(found)


def lacks_dependencies(schema: ObjectSchema) -> bool:
    """Whether this was kept by a version that did not keep where options are valid."""
    return any(
        needs_controller(field) and not any(option.valid_for for option in field.picklist_values)
        for field in schema.fields
    )


def plain(text: str) -> str:
    """The text without NUL characters, which PostgreSQL refuses."""
    return text.replace("\x00", "")


def _positions(bits: bytes, size: int) -> list[int]:
    """The places in the controlling field's list whose bit is set, the highest bit first."""
    most = min(size, 8 * len(bits))
    return [n for n in range(most) if bits[n // 8] & (_HIGHEST_BIT >> n % 8)]
