"""Record ids in one form, whatever form they come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyle_sf_assets.salesforce.ids import is_record_id, to_18
from flyle_sf_assets.sandbox.records import identifiers

_ID15 = st.text(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", min_size=15, max_size=15
)


def test_the_documented_example() -> None:
    """Salesforce's own example of the conversion."""
    assert to_18("001D000000IRFma") == "001D000000IRFmaIAH"


@given(_ID15)
def test_any_id_gets_the_checksum_that_salesforce_gives(id15: str) -> None:
    """The sandbox computes it by code of its own."""
    assert to_18(id15) == identifiers.canonical(id15)
    assert to_18(to_18(id15)) == to_18(id15)


@pytest.mark.parametrize(
    "text", ["", "001", "001D000000IRFmaIAA", "001d000000irfmaIAH", "001D000000IRFm'", "x" * 16]
)
def test_what_is_no_id_is_refused(text: str) -> None:
    """A wrong checksum means that capitals were lost on the way: another record's id, perhaps."""
    assert not is_record_id(text)
    with pytest.raises(ValueError, match="not a Salesforce record id"):
        to_18(text)
