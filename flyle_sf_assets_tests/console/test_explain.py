"""The page that explains a record: for administrators, in both languages."""

import html

import pytest

from flyle_sf_assets_tests.console.conftest import Street
from flyle_sf_assets_tests.console.house import Visitor


@pytest.fixture(scope="module")
def me(street: Street) -> Visitor:
    """An administrator of the Account-based tenant."""
    return street.house.visitor("acme")


def text_of(page: str) -> str:
    return html.unescape(page)


def test_the_page_explains_a_company_by_its_id_or_address(street: Street, me: Visitor) -> None:
    one = next(key for key, row in street.acme.rows().items() if row.company.status == "linked")
    for reference in (one, f"https://x.lightning.force.com/lightning/r/Account/{one}/view"):
        answer = me.get(f"/explain?record={reference}")
        assert answer.status_code == 200
        page = text_of(answer.text)
        assert "連携中です" in page
        assert "一致" in page
    english = text_of(me.get(f"/explain?record={one}", **{"Accept-Language": "en"}).text)
    assert "It is linked" in english


def test_what_names_no_record_is_said_at_the_input(me: Visitor) -> None:
    """And what was typed stays."""
    answer = me.get("/explain?record=どこにもない企業")
    assert answer.status_code == 422
    page = text_of(answer.text)
    assert 'value="どこにもない企業"' in page
    assert "レコードを1件に決められません" in page
    assert 'aria-invalid="true"' in page


def test_without_a_record_nothing_is_asked(street: Street, me: Visitor) -> None:
    calls = street.acme.there.usage.total
    assert me.get("/explain").status_code == 200
    assert street.acme.there.usage.total == calls


def test_only_administrators_use_the_orgs_requests(street: Street) -> None:
    assert street.house.visitor("acme", role="editor").get("/explain").status_code == 403
