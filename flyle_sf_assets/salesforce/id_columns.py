"""Record ids in the columns of a frame.

What does not belong here: one id (``ids.py``).
"""

from collections.abc import Iterable

import polars as pl

from flyle_sf_assets.salesforce.ids import ID18, to_18

_SHAPE = f"^{ID18.pattern}$"


def is_valid_id(record_id: pl.Expr) -> pl.Expr:
    """True for 18 letters and digits with the right checksum; null for null.

    Every id of every read is checked: the five characters of a group are bytes of one number, so
    that no text is made. No result of it is null where the shape is right.
    """
    text = record_id.cast(pl.Binary)
    is_valid = record_id.str.contains(_SHAPE)
    for group, start in enumerate((0, 5, 10)):
        checked = _eight_bytes(text, 10) // (1 << 8 * (5 + group)) & 0xFF
        is_valid &= _capitals_of(_eight_bytes(text, start)) == _position(checked)
    return is_valid


def _eight_bytes(text: pl.Expr, start: int) -> pl.Expr:
    """As a number whose lowest byte is the first."""
    return text.bin.slice(start, 8).bin.reinterpret(dtype=pl.UInt64, endianness="little")


def _capitals_of(group: pl.Expr) -> pl.Expr:
    """Five bits that say which of the first five letters or digits are capitals, lowest first.

    Of a byte, bits 5 and 6 are 01 in a digit, 10 in a capital and 11 in a small letter. With bit
    5 turned and 1 added to it, only a capital reaches bit 7. The product moves these bits together:
    bit 8k+7 of the group becomes bit k, and no two bits of it meet below.
    """
    high = ((group & _each(0x60)) ^ _each(0x20)) + _each(0x20) & _each(0x80)
    return (high // (1 << 7) * sum(1 << 32 - 7 * k for k in range(5))) // (1 << 32) & 0b11111


def _each(byte: int) -> int:
    """That byte in each of the five."""
    return sum(byte << 8 * k for k in range(5))


def _position(letter: pl.Expr) -> pl.Expr:
    """The place of a code of A to Z and 0 to 5: 0 to 25 and 26 to 31."""
    return (letter - (ord("A") - 43)) % 43


def has_valid_id(name: str) -> pl.Expr:
    """Whether that column has a valid id; false for null."""
    return is_valid_id(pl.col(name)).fill_null(value=False)


def ids_of_18(ids: pl.Series | Iterable[str]) -> pl.Series:
    """Each id once, with 18 characters, sorted. ValueError for a text that is no id.

    Ids of records have 18 characters: only others are taken one by one.
    """
    given = pl.Series("id", ids if isinstance(ids, pl.Series) else list(ids), pl.String)
    is_whole = given.to_frame().select(is_valid_id(pl.col("id"))).to_series()
    others = [to_18(text.strip()) for text in given.filter(~is_whole)]
    return pl.concat([given.filter(is_whole), pl.Series("id", others, pl.String)]).unique().sort()
