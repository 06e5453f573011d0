"""The page about this suite is current, and every case says what it relies on."""

import re

from flyle_sf_assets_tests.conformance import case_table
from flyle_sf_assets_tests.conformance.pages import PAGES, page_cited


def test_the_table_of_cases_is_current() -> None:
    """docs/conformance.md once listed a case that had been renamed away.

    Remedy: ``python flyle_sf_assets_tests/conformance/case_table.py``.
    """
    text = case_table.DOCUMENT.read_text("utf-8")
    assert text == case_table.document(text)


def test_every_case_cites_a_page_or_a_recording_or_admits_an_assumption() -> None:
    """A case without any would state somebody's memory as Salesforce's word."""
    found = case_table.cases()
    assert len(found) > 100
    without = [c.name for c in found if not (c.citations or c.unverified or c.recorded)]
    assert without == []
    assert [case.name for case in found if not case.rule] == []


def test_every_basis_is_counted() -> None:
    """The page says how many cases rest on what; a recording is named by its repository."""
    found = case_table.cases()
    counts = {basis: sum(c.basis == basis for c in found) for basis in case_table.BASES}
    assert sum(counts.values()) == len(found)
    assert min(counts.values()) > 0
    text = case_table.DOCUMENT.read_text("utf-8")
    for basis, count in counts.items():
        assert f"| {basis} | {count} |" in text
    sources = {source for case in found for source in case.recorded}
    assert all(re.fullmatch(r"[\w-]+/[\w.-]+", source) for source in sources)


def test_cited_pages_are_listed_with_their_addresses() -> None:
    """A citation that nobody can follow is no citation; a page that nobody cites is clutter."""
    cited = {citation for case in case_table.cases() for citation in case.citations}
    assert {page_cited(citation).citation for citation in cited} == cited
    assert {page.citation for page in PAGES} == cited
