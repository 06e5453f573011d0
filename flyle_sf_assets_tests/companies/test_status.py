"""The fixed words against CONTRACT.md, written out by hand."""

from flyle_sf_assets.companies.status import CompanyStatus, freezes, only_reason, reasons_of

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


def test_a_reason_follows_from_the_status_unless_there_is_a_choice() -> None:
    """``unlinked`` has three causes."""
    only = {str(status): only_reason(status) for status in CompanyStatus}
    assert only["linked"] is None
    assert only["unlinked"] is None
    assert only["missing"] == "not_found"


def test_every_status_but_linked_freezes() -> None:
    """PRODUCT.md, company status."""
    assert [str(status) for status in CompanyStatus if not freezes(status)] == ["linked"]
