"""Record ids in the columns of a frame.

What does not belong here: one id (``ids.py``).
"""

import polars as pl

from flyle_sf_assets.salesforce.ids import BASE_LENGTH, CAPITALS, CHECK_OF_GROUP

_LENGTH = 18
_OTHERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def is_valid_id(record_id: pl.Expr) -> pl.Expr:
    """True for 18 letters and digits with the right checksum; null for null."""
    capitals = record_id.str.slice(0, BASE_LENGTH).str.replace_many(
        list(CAPITALS + _OTHERS), ["1"] * len(CAPITALS) + ["0"] * len(_OTHERS)
    )
    # Every group of five bits is a key of the table, so that matches start at 0, 5 and 10.
    # A character that is not a bit stays and makes the result too long.
    checksum = capitals.str.replace_many(list(CHECK_OF_GROUP), list(CHECK_OF_GROUP.values()))
    has_length = record_id.str.len_chars() == _LENGTH
    return has_length & (record_id.str.slice(BASE_LENGTH) == checksum)


def has_valid_id(name: str) -> pl.Expr:
    """Whether that column has a valid id; false for null."""
    return is_valid_id(pl.col(name)).fill_null(value=False)
