"""Record ids: 15 case-sensitive characters, or 18 characters with a checksum.

The last three characters say which of the first fifteen are capitals, in groups of five. Sources:
Object Reference, "ID Field Type"; Knowledge article 000385585, "How to convert 15-character IDs to
18-character IDs".
"""

import re

import polars as pl

_ID15 = re.compile(r"[A-Za-z0-9]{15}")
_ID18 = re.compile(r"[A-Za-z0-9]{15}[A-Z0-5]{3}")
_BASE_LENGTH = 15
_LENGTH = 18
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OTHERS = "abcdefghijklmnopqrstuvwxyz0123456789"

_CHECK_OF_GROUP = {
    # The first character of a group is the lowest bit.
    f"{bits:05b}"[::-1]: letter
    for bits, letter in enumerate(f"{_CAPITALS}012345")
}


def is_record_id(text: str) -> bool:
    """Whether the text is an id of 15 characters, or one of 18 with a correct checksum."""
    if _ID15.fullmatch(text):
        return True
    return bool(_ID18.fullmatch(text)) and _checksum(text) == text[_BASE_LENGTH:]


def to_18(text: str) -> str:
    """The 18-character form of an id. ValueError when the text is no id (see `is_record_id`).

    An 18-character id whose upper and lower case was lost is refused, not guessed.
    """
    if not is_record_id(text):
        raise ValueError(f"{text!r} is not a Salesforce record id of 15 or 18 characters")
    return text[:_BASE_LENGTH] + _checksum(text)


def is_valid_id(record_id: pl.Expr) -> pl.Expr:
    """True for 18 letters and digits with the right checksum; null for null."""
    capitals = record_id.str.slice(0, _BASE_LENGTH).str.replace_many(
        list(_CAPITALS + _OTHERS), ["1"] * len(_CAPITALS) + ["0"] * len(_OTHERS)
    )
    # Every group of five bits is a key of the table, so that matches start at 0, 5 and 10.
    # A character that is not a bit stays and makes the result too long.
    checksum = capitals.str.replace_many(list(_CHECK_OF_GROUP), list(_CHECK_OF_GROUP.values()))
    has_length = record_id.str.len_chars() == _LENGTH
    return has_length & (record_id.str.slice(_BASE_LENGTH) == checksum)


def has_valid_id(name: str) -> pl.Expr:
    """Whether that column has a valid id; false for null."""
    return is_valid_id(pl.col(name)).fill_null(value=False)


def _checksum(text: str) -> str:
    bits = "".join("1" if letter in _CAPITALS else "0" for letter in text[:_BASE_LENGTH])
    return "".join(_CHECK_OF_GROUP[bits[start : start + 5]] for start in (0, 5, 10))
