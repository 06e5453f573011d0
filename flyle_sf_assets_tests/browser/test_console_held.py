"""A held change in the console: the status page, the examples, the approval, in both languages.

``UPDATE_SCREENSHOTS=1`` writes the pictures into ``docs/images``.
"""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import expect

from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.tenants.held_changes import MassChangeHeld
from flyle_sf_assets_tests.browser import chromium
from flyle_sf_assets_tests.browser.console_pages import ENGLISH, JAPANESE, Administrator
from flyle_sf_assets_tests.browser.pictures import camera
from flyle_sf_assets_tests.console.house import open_house
from flyle_sf_assets_tests.flows.guarded import delete, guarded, update
from flyle_sf_assets_tests.tenant_fixtures import installed, linked

WORDS = {
    "ja": ("内容を確認する", "この変更を承認する", "承認済みです"),
    "en": ("Look at it", "Approve this change", "It is approved"),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_an_administrator_looks_at_a_held_change_and_approves_it(
    tmp_path: Path, own_environment: None, no_waiting: None, language: str
) -> None:
    """From the status page to the examples, and back: nothing that axe finds on the way."""
    chromium.program()
    look, approve, done = WORDS[language]
    locale, words = ("ja-JP", JAPANESE) if language == "ja" else ("en-US", ENGLISH)
    with (
        SandboxServer([]) as server,
        installed(tmp_path, server) as installation,
        open_house(installation) as house,
        chromium.opened_page(locale=locale, ignore_https_errors=True) as page,
    ):
        tenant = guarded(partial(linked, installation, server), accounts=150)
        delete(tenant, 60)
        update(tenant, 55, {"Memo__c": None})
        tenant.clock.move_to(datetime.now(UTC))
        with pytest.raises(MassChangeHeld):
            tenant.sync()
        take = camera(page, prefix="console-", are_wanted=language == "ja")
        me = Administrator(page, house, tenant.there, server.url, words, take)
        me.enter(house.token("guarded"))
        me.check("held-status")
        page.get_by_role("link", name=look, exact=True).click()
        expect(page.get_by_role("row")).to_have_count(2 * (1 + 5))
        me.check("held")
        page.get_by_role("button", name=approve, exact=True).click()
        expect(page.get_by_text(done)).to_be_visible()
        me.find_no_fault("held-approved")
        tenant.sync()
        page.goto(house.url)
        expect(page.locator(".badge").first).to_have_text(words["linked"])
        expect(page.get_by_text(done)).to_have_count(0)
