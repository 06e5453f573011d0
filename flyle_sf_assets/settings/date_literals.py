"""The relative dates that a condition may name, in Salesforce's words.

What does not belong here: how they are written into SOQL (``salesforce/soql.py``); their
meaning is Salesforce's alone. Source: SOQL and SOSL Reference, "Date Formats and Date Literals".
"""

_UNITS = ("WEEK", "MONTH", "QUARTER", "YEAR", "FISCAL_QUARTER", "FISCAL_YEAR")
_COUNTED_UNITS = ("DAY", *_UNITS)

DATE_LITERALS: tuple[str, ...] = (
    "YESTERDAY",
    "TODAY",
    "TOMORROW",
    "LAST_90_DAYS",
    "NEXT_90_DAYS",
    *(f"{which}_{unit}" for unit in _UNITS for which in ("LAST", "THIS", "NEXT")),
)
"""Literals without a number."""

COUNTED_DATE_LITERALS: tuple[str, ...] = tuple(
    name
    for unit in _COUNTED_UNITS
    for name in (f"LAST_N_{unit}S", f"NEXT_N_{unit}S", f"N_{unit}S_AGO")
)
"""Literals that need a number after a colon: ``LAST_N_DAYS:365``."""

DATE_LITERAL_PATTERN = (
    rf"^({'|'.join(DATE_LITERALS)}|({'|'.join(COUNTED_DATE_LITERALS)}):[1-9][0-9]{{0,4}})$"
)
