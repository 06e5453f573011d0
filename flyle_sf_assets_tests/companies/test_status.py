"""The fixed words against CONTRACT.md, written out by hand."""

from flyle_sf_assets.companies.status import CompanyStatus, reasons_of

REASONS = {
    "linked": [],
    "out_of_scope": ["conditions_not_met"],
    "deleted": ["deleted_in_salesforce"],
    "merged": ["merged_in_salesforce"],
    "missing": ["not_found"],
    "unlinked": ["disconnected", "base_object_changed", "org_changed"],
}


def test_the_words_are_those_of_the_contract() -> None:
    """Scripts and checks outside hold us to them."""
    assert {str(s): [str(r) for r in reasons_of(s)] for s in CompanyStatus} == REASONS
