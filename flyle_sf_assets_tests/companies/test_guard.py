"""The arithmetic of the mass-change guard: shares, floors, words, and what an approval covers."""

import re
from fractions import Fraction

import pytest

from flyle_sf_assets.companies.guard import (
    FLOOR_ROWS,
    Loss,
    LossExample,
    MassChange,
    exceeds,
    is_approved,
    may_exceed,
    rows_enough,
)

GONE = Loss(None, "", 60, 150, "20%")
BLANKED = Loss("revenue", "売上", 80, 160, "12.5%")


@pytest.mark.parametrize("limit", ["0%", "12.5%", "20%", "33.3%", "100%"])
@pytest.mark.parametrize("lost", [0, 1, FLOOR_ROWS, FLOOR_ROWS + 1, 100, 999])
def test_a_loss_is_too_much_above_its_share_and_the_floor(lost: int, limit: str) -> None:
    """The number of rows that is enough is the smallest that the share allows."""
    share = Fraction(limit.removesuffix("%")) / 100
    enough = rows_enough(lost, limit)
    for of in (1, 51, 150, 500, 10_000):
        assert exceeds(lost, of, limit) == (lost > FLOOR_ROWS and Fraction(lost, of) > share)
    if enough is None:
        assert share == 0
    elif may_exceed(lost):
        assert not exceeds(lost, enough, limit)
        assert exceeds(lost, enough - 1, limit)


def test_the_words_name_numbers_share_limit_and_field() -> None:
    for text in (GONE.text.ja, GONE.text.en):
        assert {"60", "150", "40.0%", "20%"} <= set(_words(text))
    for text in (BLANKED.text.ja, BLANKED.text.en):
        assert {"80", "160", "50.0%", "12.5%"} <= set(_words(text))
        assert "売上" in text
        assert "revenue" in text
    both = MassChange((GONE, BLANKED)).text
    assert GONE.text.ja in both.ja
    assert BLANKED.text.en in both.en
    assert Loss(None, "", 1, 0, "0%").share == "100.0%"


def test_an_approval_covers_each_loss_up_to_its_number() -> None:
    fewer = Loss("revenue", "売上", 79, 160, "12.5%")
    assert is_approved([GONE, fewer], [GONE, BLANKED])
    assert is_approved([], [GONE])
    assert not is_approved([BLANKED], [fewer])
    assert not is_approved([GONE, BLANKED], [GONE])


def test_other_numbers_have_another_fingerprint_and_examples_belong_to_a_loss() -> None:
    example = LossExample("revenue", "001", "アクメ", "1", "null")
    change = MassChange((GONE, BLANKED), (example,))
    assert change.examples_of(BLANKED) == (example,)
    assert change.examples_of(GONE) == ()
    same = MassChange((GONE, BLANKED))
    assert change.fingerprint == same.fingerprint
    assert change.fingerprint != MassChange((GONE,)).fingerprint


def _words(text: str) -> list[str]:
    """Numbers and percentages."""
    return re.findall(r"[\d.,]*\d%?", text)
