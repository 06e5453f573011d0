"""The page about this suite is current, and every case says what it relies on."""

from flyle_sf_assets_tests.conformance import case_table
from flyle_sf_assets_tests.conformance.pages import PAGES, page_cited


def test_the_table_of_cases_is_current() -> None:
    """docs/conformance.md once listed a case that had been renamed away.

    Remedy: ``python flyle_sf_assets_tests/conformance/case_table.py``.
    """
    text = case_table.DOCUMENT.read_text("utf-8")
    assert text == case_table.document(text)


def test_every_case_cites_a_page_or_admits_an_assumption() -> None:
    """A case without either would state somebody's memory as Salesforce's word."""
    found = case_table.cases()
    assert len(found) > 100
    assert [case.name for case in found if not case.citations and not case.unverified] == []
    assert [case.name for case in found if not case.rule] == []


def test_cited_pages_are_listed_with_their_addresses() -> None:
    """A citation that nobody can follow is no citation; a page that nobody cites is clutter."""
    cited = {citation for case in case_table.cases() for citation in case.citations}
    assert {page_cited(citation).citation for citation in cited} == cited
    assert {page.citation for page in PAGES} == cited
