"""Ids in their 15- and 18-character forms."""

import pytest
from flyle_sf_assets.sandbox.records.identifiers import canonical, record_id

DOCUMENTED = (
    "001D000000IqhSLIAZ",
    "005R0000000UyrWIAS",
    "750R0000000zxr8IAA",
    "01gD0000002HU6KIAW",
)
"""Ids as Salesforce's own guides print them."""


@pytest.mark.parametrize("documented", DOCUMENTED)
def test_the_checksum_is_the_documented_one(documented: str) -> None:
    """A wrong checksum would make every id of the sandbox foreign to real clients."""
    assert canonical(documented[:15]) == documented


@pytest.mark.parametrize("documented", DOCUMENTED)
def test_an_eighteen_character_id_may_be_written_in_any_case(documented: str) -> None:
    """Excel users lower-case ids; the checksum brings the capitals back."""
    assert canonical(documented.lower()) == documented
    assert canonical(documented.upper()) == documented


@pytest.mark.parametrize("text", ["", "abc", "001D000000IqhSLIA", "001D000000Iqh-L", "x" * 19])
def test_other_texts_are_no_ids(text: str) -> None:
    """Such a text in a filter is an error, not an empty result."""
    assert canonical(text) is None


def test_ids_sort_as_their_serial_numbers_do() -> None:
    """Paging by Id relies on it."""
    ids = [record_id("001", 7, serial) for serial in range(1, 5000, 7)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
