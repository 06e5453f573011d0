"""X17: an org with several currencies, and the offer to map them."""

import html

import pytest

from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.tenants.settings_drafts import kept_draft, required
from flyle_sf_assets_tests.console.conftest import Street
from flyle_sf_assets_tests.console.house import Visitor


@pytest.fixture(scope="module")
def me(street: Street) -> Visitor:
    """An administrator of the Opportunity-based tenant, whose org turned currencies on."""
    samples.with_currencies(street.globex.there)
    street.globex.later()
    visitor = street.house.visitor("globex")
    visitor.post("/setup/fields/reload", {"for": "mapping"})
    return visitor


def test_the_mapping_page_offers_the_currency_of_a_mapped_amount(me: Visitor) -> None:
    offered = me.get("/setup/mapping/suggested").text
    assert "この組織は複数の通貨を使います" in offered
    assert 'value="CurrencyIsoCode"' in offered
    # No field of the account is an amount here, so its currency is not needed.
    assert "Account.CurrencyIsoCode" not in offered


def test_the_preview_warns_and_maps_the_currency_in_one_click(street: Street, me: Visitor) -> None:
    """An amount must never arrive without its currency unnoticed."""
    preview = me.get("/setup/confirm/impact").text
    assert "どの通貨かは取り込まれません" in preview
    assert 'action="/setup/mapping/currencies"' in preview
    answer = me.post("/setup/mapping/currencies")
    assert answer.headers["location"] == "/setup/confirm"
    kept = kept_draft(street.house.installation, "globex")
    assert kept is not None
    last = required(kept.draft).mapping[-1]
    assert (last.from_, last.to, last.label) == ("CurrencyIsoCode", "currency_iso_code", "通貨")
    confirm = html.unescape(me.get("/setup/confirm").text)
    assert "currency_iso_code ← CurrencyIsoCode" in confirm
    again = me.get("/setup/confirm/impact").text
    assert "どの通貨かは取り込まれません" not in again
    assert "/setup/mapping/currencies" not in again


def test_the_currency_arrives_with_the_amount(street: Street, me: Visitor) -> None:
    assert me.confirm().status_code == 303
    street.globex.sync()
    there = {
        str(one["Id"]): one["CurrencyIsoCode"] for one in street.globex.there.records("Opportunity")
    }
    arrived = street.globex.query(
        "SELECT external_id, custom_fields ->> 'currency_iso_code' FROM flyle.companies"
        " WHERE tenant_id = %s AND status = 'linked'"
    )
    assert arrived
    assert {code for _, code in arrived} == {"JPY", "USD", "EUR"}
    assert all(there[key] == code for key, code in arrived)
