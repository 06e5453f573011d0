"""ORDER BY: which value comes before which.

Text without regard to case, picklists in the org's order, numbers as decimals, ids by their
characters; blanks first unless the query says NULLS LAST. Source: SOQL and SOSL Reference,
"ORDER BY".
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from flyle_sf_assets.sandbox.metadata import ID_TYPES, NUMERIC_TYPES, Field
from flyle_sf_assets.sandbox.records.table import Column


def sort_key(field: Field) -> Callable[[str], Any]:
    """The sort key of a field's wire text."""
    if field.type in NUMERIC_TYPES:
        return Decimal
    if field.type in ID_TYPES or field.type in ("date", "datetime", "time", "boolean"):
        return lambda text: text
    if field.type == "picklist":
        position, last = field.picklist_position, len(field.picklist)
        return lambda text: (position.get(text.lower(), last), text.lower())
    return str.lower


def ordered(
    places: Sequence[int],
    values: Column,
    key: Callable[[str], Any],
    *,
    descending: bool,
    nulls_first: bool,
) -> list[int]:
    """Places sorted by the value at each place (``values[place]``), stable."""
    blank = [place for place in places if values[place] is None]
    there = [place for place in places if values[place] is not None]
    there.sort(key=lambda place: key(str(values[place])), reverse=descending)
    return blank + there if nulls_first else there + blank
