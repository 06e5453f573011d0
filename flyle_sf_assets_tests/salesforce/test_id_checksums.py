"""The 18-character id's checksum against Salesforce's article, written out here again."""

import string

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flyle_sf_assets.salesforce.id_columns import is_valid_id

ALPHABET = string.ascii_letters + string.digits
FIFTEEN = st.text(ALPHABET, min_size=15, max_size=15)


def suffix(fifteen: str) -> str:
    """Three check characters, with the bits read from the right."""
    letters = string.ascii_uppercase + "012345"
    bits = [
        "".join("1" if c in string.ascii_uppercase else "0" for c in reversed(fifteen[i : i + 5]))
        for i in (0, 5, 10)
    ]
    return "".join(letters[int(group, 2)] for group in bits)


def verdicts(*ids: str | None) -> list[bool | None]:
    """What the product says of each id."""
    frame = pl.DataFrame({"id": ids}, schema={"id": pl.String})
    return frame.select(is_valid_id(pl.col("id"))).to_series().to_list()


@given(ids=st.lists(FIFTEEN, min_size=1, max_size=50))
@settings(max_examples=50, deadline=None)
def test_the_checksum_of_any_id_is_recognised(ids: list[str]) -> None:
    """Every one of the 32 letters occurs in each place."""
    assert all(verdicts(*[fifteen + suffix(fifteen) for fifteen in ids]))


@given(fifteen=FIFTEEN, place=st.integers(0, 14))
@settings(max_examples=50, deadline=None)
def test_a_flipped_case_is_noticed(fifteen: str, place: int) -> None:
    """The very thing that the checksum is for: spreadsheets that lose capitals."""
    flipped = fifteen[:place] + fifteen[place].swapcase() + fifteen[place + 1 :]
    assert verdicts(flipped + suffix(fifteen)) == [flipped == fifteen]


@given(fifteen=FIFTEEN, place=st.integers(0, 17), other=st.characters(codec="utf-8"))
@settings(max_examples=200, deadline=None)
def test_any_other_character_is_judged_by_the_whole_id(
    fifteen: str, place: int, other: str
) -> None:
    """One of several bytes, too, and one that only looks like a letter."""
    record_id = fifteen + suffix(fifteen)
    changed = record_id[:place] + other + record_id[place + 1 :]
    is_alphanumeric = all(c in ALPHABET for c in changed)
    assert verdicts(changed) == [is_alphanumeric and changed[15:] == suffix(changed[:15])]


@pytest.mark.parametrize(
    "record_id",
    [
        "",
        "0015g00000XyZaB",
        "0015g00000XyZaBAA",
        "0015g00000XyZaBAAVA",
        "0015g00000XyZaBaav",
        " 015g00000XyZaBAAV",
        "00１5g00000XyZaBAAV",
        "0015g00000XyZaB\x00\x00\x00",
        "1" * 18,
        "1" * 15 + "AA",
    ],
)
def test_anything_else_is_no_id(record_id: str) -> None:
    """Wrong lengths, lower-case checksums, full-width digits."""
    assert verdicts(record_id) == [False]


def test_ids_of_real_orgs_are_valid() -> None:
    """Samples from the REST API Developer Guide, whose checksums we did not compute."""
    assert verdicts("001D000000IRFmaIAH", "001D000000IqhSLIAZ", "001D000000IomazIAB") == [True] * 3


def test_no_id_is_neither_valid_nor_invalid() -> None:
    """Null is judged by anyone who knows whether an id is needed there."""
    assert verdicts(None) == [None]
