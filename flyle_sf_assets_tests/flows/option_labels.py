"""What the options of a picklist are called, worked out from the org in plain Python.

Beside the oracle, and as independent: nothing of the product. What does not belong here: which
record holds which value (``oracle.py``).
"""

from flyle_sf_assets.sandbox.metadata import Field


def labels_of(field: Field, controller: Field | None, here: object) -> dict[str, str]:
    """The label of each value; of one listed several times the one that its country has.

    ``here`` is the value of the ``controller`` on the record.
    """
    above = [one.value for one in controller.picklist] if controller else []
    found: dict[str, str] = {}
    for entry in field.picklist:
        offered_for = [above[place] for place in entry.valid_for if place < len(above)]
        if len({one.label for one in field.picklist if one.value == entry.value}) == 1:
            found[entry.value] = entry.label
        elif here in offered_for:
            found.setdefault(entry.value, entry.label)
    return found


def catalog_label(field: Field, value: str) -> str:
    """What the catalog calls a value: all its labels, each once, in the org's order."""
    return " / ".join(dict.fromkeys(one.label for one in field.picklist if one.value == value))


def is_active(field: Field, value: str) -> bool:
    """Whether one of its entries can be chosen."""
    return any(one.active for one in field.picklist if one.value == value)
