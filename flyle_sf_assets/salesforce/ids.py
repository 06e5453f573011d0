"""Record ids: 15 case-sensitive characters, or 18 characters with a checksum.

The last three characters say which of the first fifteen are capitals, in groups of five. Sources:
Object Reference, "ID Field Type"; Knowledge article 000385585, "How to convert 15-character IDs to
18-character IDs".
"""

import re

_ID15 = re.compile(r"[A-Za-z0-9]{15}")
ID18 = re.compile(r"[A-Za-z0-9]{15}[A-Z0-5]{3}")
_BASE_LENGTH = 15
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_CHECK_OF_GROUP = {
    # The first character of a group is the lowest bit.
    f"{bits:05b}"[::-1]: letter
    for bits, letter in enumerate(f"{_CAPITALS}012345")
}


def is_record_id(text: str) -> bool:
    """Whether the text is an id of 15 characters, or one of 18 with a correct checksum."""
    if _ID15.fullmatch(text):
        return True
    return bool(ID18.fullmatch(text)) and _checksum(text) == text[_BASE_LENGTH:]


def to_18(text: str) -> str:
    """The 18-character form of an id. ValueError when the text is no id (see `is_record_id`).

    An 18-character id whose upper and lower case was lost is refused, not guessed.
    """
    if not is_record_id(text):
        raise ValueError(f"{text!r} is not a Salesforce record id of 15 or 18 characters")
    return text[:_BASE_LENGTH] + _checksum(text)


def _checksum(text: str) -> str:
    bits = "".join("1" if letter in _CAPITALS else "0" for letter in text[:_BASE_LENGTH])
    return "".join(_CHECK_OF_GROUP[bits[start : start + 5]] for start in (0, 5, 10))
