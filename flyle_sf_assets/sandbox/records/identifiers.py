"""Record ids: key prefix, serial number, and the checksum of the 18-character form.

Source: Salesforce Help, "Record ID size"; Object Reference, "ID field type": three characters
name the object, and the 18-character form ends in three characters that say which of the
first fifteen are capitals.
"""

from functools import lru_cache

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHORT, _LONG = 15, 18
_ALPHANUMERIC = frozenset(_DIGITS)


def base62(number: int, width: int) -> str:
    """``number`` in base 62, padded with zeros to ``width``; sorts as the number does."""
    digits = []
    for _ in range(width):
        number, rest = divmod(number, 62)
        digits.append(_DIGITS[rest])
    if number:
        raise ValueError("number does not fit the width")
    return "".join(reversed(digits))


def checksum(id15: str) -> str:
    """The three characters that say which of the fifteen are capitals."""
    return "".join(
        _CHECK[sum(1 << i for i, char in enumerate(id15[k : k + 5]) if "A" <= char <= "Z")]
        for k in (0, 5, 10)
    )


@lru_cache(maxsize=65536)
def canonical(text: str) -> str | None:
    """The 18-character form of an id with 15 or 18 characters; None for any other text.

    An 18-character id may be written in any case: its checksum restores the capitals.
    """
    if len(text) not in (_SHORT, _LONG) or not _ALPHANUMERIC.issuperset(text):
        return None
    if len(text) == _SHORT:
        return text + checksum(text)
    body, check = text[:_SHORT], text[_SHORT:].upper()
    if not set(check) <= set(_CHECK):
        return None
    capitals = "".join(f"{_CHECK.index(char):05b}"[::-1] for char in check)
    restored = "".join(
        char.upper() if bit == "1" else char.lower()
        for char, bit in zip(body, capitals, strict=True)
    )
    return restored + check


def record_id(key_prefix: str, org_number: int, serial: int) -> str:
    """The 18-character id of the ``serial``-th record of an object in an org."""
    id15 = f"{key_prefix}5i{base62(org_number, 3)}{base62(serial, 7)}"
    return id15 + checksum(id15)
