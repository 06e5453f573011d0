"""Salesforce record ids in their 18-character form, and their checksum.

The last three characters say which of the first fifteen are capitals, in groups of five (Knowledge
article 000385585, "How to convert 15-character IDs to 18-character IDs").
"""

import polars as pl

_CHECKSUM_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_BASE_LENGTH = 15
_LENGTH = 18

_CHECK_OF_GROUP = {
    # The first character of a group is the lowest bit.
    f"{bits:05b}"[::-1]: letter
    for bits, letter in enumerate(_CHECKSUM_ALPHABET)
}
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OTHERS = "abcdefghijklmnopqrstuvwxyz0123456789"


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
