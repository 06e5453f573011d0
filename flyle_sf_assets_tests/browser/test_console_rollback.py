"""The rollback of a sync in the console: preview, result, and its end, in both languages.

``UPDATE_SCREENSHOTS=1`` writes the pictures into ``docs/images``.
"""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import expect

from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.browser import chromium
from flyle_sf_assets_tests.browser.console_pages import ENGLISH, JAPANESE, Administrator
from flyle_sf_assets_tests.browser.pictures import camera
from flyle_sf_assets_tests.console.house import open_house
from flyle_sf_assets_tests.flows.guarded import delete, update
from flyle_sf_assets_tests.flows.rollbacks import contents, small, synced
from flyle_sf_assets_tests.tenant_fixtures import installed, linked

WORDS = {
    "ja": ("この同期を元に戻す…", "元に戻す", "Salesforceの値に戻す…", "Salesforceの値に戻す"),
    "en": ("Undo this sync…", "Undo it", "Follow Salesforce again…", "Follow Salesforce again"),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_an_administrator_undoes_a_sync_and_follows_salesforce_again(
    tmp_path: Path, own_environment: None, no_waiting: None, language: str
) -> None:
    """From the list of syncs to the result, and back: nothing that axe finds on the way."""
    chromium.program()
    undo, confirm, follow, follow_now = WORDS[language]
    locale, words = ("ja-JP", JAPANESE) if language == "ja" else ("en-US", ENGLISH)
    with (
        SandboxServer([]) as server,
        installed(tmp_path, server) as installation,
        open_house(installation) as house,
        chromium.opened_page(locale=locale, ignore_https_errors=True) as page,
    ):
        tenant = small(partial(linked, installation, server))
        before = contents(tenant)
        update(tenant, 3, {"Industry": "Retail", "Memo__c": None}, first=20)
        delete(tenant, 2, first=30)
        sync_id = synced(tenant)
        update(tenant, 1, {"Industry": "Healthcare"}, first=20)
        synced(tenant)
        after = contents(tenant)
        tenant.clock.move_to(datetime.now(UTC))
        take = camera(page, prefix="console-", are_wanted=language == "ja")
        me = Administrator(page, house, tenant.there, server.url, words, take)
        me.enter(house.token("guarded"))
        page.goto(f"{house.url}/syncs/{sync_id}")
        page.get_by_role("link", name=undo, exact=True).click()
        expect(page.get_by_role("row")).to_have_count(1 + 7 + 1 + 1)
        me.check("rollback")
        assert contents(tenant) == after
        page.get_by_role("button", name=confirm, exact=True).click()
        expect(page.get_by_role("status").first).to_be_visible()
        me.find_no_fault("rollback-done")
        left = sorted(before)[20]
        assert {k: v for k, v in contents(tenant).items() if k != left} == {
            k: v for k, v in before.items() if k != left
        }
        page.goto(f"{house.url}/syncs/{sync_id}")
        me.find_no_fault("rollback-kept")
        page.get_by_role("link", name=follow, exact=True).click()
        me.find_no_fault("rollback-resume")
        page.get_by_role("button", name=follow_now, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert contents(tenant) == after
