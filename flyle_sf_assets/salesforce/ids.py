"""Record ids: 15 case-sensitive characters, or 18 characters with a checksum.

Source: Object Reference, "ID Field Type".
"""

import re

_ID15 = re.compile(r"[A-Za-z0-9]{15}")
_ID18 = re.compile(r"[A-Za-z0-9]{15}[A-Z0-5]{3}")
_CHECKSUM_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def is_record_id(text: str) -> bool:
    """Whether the text is an id of 15 characters, or one of 18 with a correct checksum."""
    if _ID15.fullmatch(text):
        return True
    return bool(_ID18.fullmatch(text)) and _checksum(text[:15]) == text[15:]


def to_18(text: str) -> str:
    """The 18-character form of an id. ValueError when the text is no id (see `is_record_id`).

    An 18-character id whose upper and lower case was lost is refused, not guessed.
    """
    if not is_record_id(text):
        raise ValueError(f"{text!r} is not a Salesforce record id of 15 or 18 characters")
    return text[:15] + _checksum(text[:15])


def _checksum(id15: str) -> str:
    """One character per five characters of the id: which are capitals, lowest bit first."""
    return "".join(
        _CHECKSUM_ALPHABET[
            sum(
                1 << place
                for place, letter in enumerate(id15[start : start + 5])
                if "A" <= letter <= "Z"
            )
        ]
        for start in (0, 5, 10)
    )
