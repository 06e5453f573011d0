"""What protects companies, as an administrator meets it in the console, in both languages.

A held change with its examples and its approval, the rollback of the sync that applied it, why a
record is or is not a company, and amounts without their currency. axe looks at each page;
``UPDATE_SCREENSHOTS=1`` writes the pictures into ``docs/images``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import expect

from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.tenants.held_changes import MassChangeHeld
from flyle_sf_assets_tests.browser import chromium
from flyle_sf_assets_tests.browser.console_pages import ENGLISH, JAPANESE, Administrator
from flyle_sf_assets_tests.browser.pictures import camera
from flyle_sf_assets_tests.console.house import open_house
from flyle_sf_assets_tests.flows.guarded import delete, guarded, update
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.tenant_fixtures import installed, linked

WORDS = {
    "ja": {
        **JAPANESE,
        "look": "内容を確認する",
        "approve": "この変更を承認する",
        "approved": "承認済みです",
        "undo": "この同期を元に戻す…",
        "undo it": "元に戻す",
        "undone": "元に戻しました",
        "follow": "Salesforceの値に戻す…",
        "follow now": "Salesforceの値に戻す",
        "look up": "調べる",
        "linked company": "連携中です",
        "conditions": "条件を満たしていません",
        "deleted": "Salesforceで削除されています",
        "other object": "別のオブジェクトのレコードです",
        "rolled back": "巻き戻した値",
        "no currency": "どの通貨かは取り込まれません",
        "map currencies": "通貨も対応づける",
    },
    "en": {
        **ENGLISH,
        "look": "Look at it",
        "approve": "Approve this change",
        "approved": "It is approved",
        "undo": "Undo this sync…",
        "undo it": "Undo it",
        "undone": "are restored",
        "follow": "Follow Salesforce again…",
        "follow now": "Follow Salesforce again",
        "look up": "Look it up",
        "linked company": "It is linked",
        "conditions": "It does not meet the conditions",
        "deleted": "It is deleted in Salesforce",
        "other object": "It is a record of another object",
        "rolled back": "rolled back",
        "no currency": "without their currency",
        "map currencies": "Map the currencies too",
    },
}
DELETED, BLANKED = 60, 55


@contextmanager
def _administrator(home: Path, language: str) -> Iterator[tuple[Administrator, Tenant]]:
    """A tenant of 150 companies whose org uses several currencies, and its administrator."""
    chromium.program()
    with (
        SandboxServer([]) as server,
        installed(home, server) as installation,
        open_house(installation) as house,
        chromium.opened_page(
            locale="ja-JP" if language == "ja" else "en-US", ignore_https_errors=True
        ) as page,
    ):
        tenant = guarded(partial(linked, installation, server), accounts=150)
        samples.with_currencies(tenant.there)
        Path(installation.environment.config_dir / "tenants" / f"{tenant.name}.yaml").unlink()
        take = camera(page, prefix="console-", are_wanted=language == "ja")
        yield (
            Administrator(page, house, tenant.there, server.url, WORDS[language], take),
            tenant,
        )


@pytest.mark.timeout(400)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_an_administrator_approves_undoes_asks_why_and_maps_a_currency(
    tmp_path: Path, own_environment: None, no_waiting: None, language: str
) -> None:
    with _administrator(tmp_path, language) as (me, tenant):
        _approve(me, tenant)
        changed = _undo(me, tenant)
        _ask_why(me, tenant, changed)
        _follow_again(me, tenant, changed)
        _map_a_currency(me)


def _approve(me: Administrator, tenant: Tenant) -> None:
    """From the status page to the examples, and back."""
    delete(tenant, DELETED)
    update(tenant, BLANKED, {"Memo__c": None})
    tenant.clock.move_to(datetime.now(UTC))
    with pytest.raises(MassChangeHeld):
        tenant.sync()
    me.enter(me.house.token(tenant.name))
    me.check("held-status")
    me.link("look").click()
    expect(me.page.get_by_role("row")).to_have_count(2 * (1 + 5))
    me.check("held")
    me.button("approve").click()
    expect(me.page.get_by_text(me.says("approved"))).to_be_visible()
    me.find_no_fault("held-approved")
    tenant.sync()
    me.page.goto(me.house.url)
    expect(me.page.locator(".badge").first).to_have_text(me.says("linked"))
    expect(me.page.get_by_text(me.says("approved"))).to_have_count(0)


def _undo(me: Administrator, tenant: Tenant) -> list[str]:
    """The sync that was approved is rolled back; returns the companies that have a value again."""
    blanked = [key for key, one in tenant.companies().items() if one.custom_fields["site"] is None]
    [(sync_id,)] = tenant.query("SELECT max(sync_id) FROM flyle.syncs WHERE tenant_id = %s")
    me.page.goto(f"{me.house.url}/syncs/{sync_id}")
    me.link("undo").click()
    expect(me.page.get_by_role("row").nth(1)).to_be_visible()
    me.check("rollback")
    me.button("undo it").click()
    expect(me.page.get_by_role("status").filter(has_text=me.says("undone"))).to_be_visible()
    me.find_no_fault("rolled-back")
    again = [key for key in blanked if tenant.companies()[key].custom_fields["site"] == "本社"]
    assert len(again) == len(blanked) == BLANKED
    return again


def _ask_why(me: Administrator, tenant: Tenant, changed: list[str]) -> None:
    """Four verdicts, by the record's id."""
    accounts = sorted(tenant.there.ids("Account"))
    outside = accounts[-1]
    tenant.there.update("Account", outside, {"Type": "Other"})
    gone = next(key for key in sorted(tenant.companies()) if key not in accounts)
    asked = {
        changed[0]: "linked company",
        outside: "conditions",
        gone: "deleted",
        tenant.there.ids("User")[0]: "other object",
    }
    for record, verdict in asked.items():
        me.page.goto(f"{me.house.url}/explain")
        me.page.locator("#record").fill(record)
        me.button("look up").click()
        expect(me.page.locator("#verdict")).to_have_text(me.says(verdict))
        if verdict == "linked company":
            expect(me.page.get_by_role("cell", name=me.says("rolled back"))).to_be_visible()
        assert "flyle-sf" not in me.page.locator("main").inner_text()
        look = me.check if verdict in {"linked company", "conditions"} else me.find_no_fault
        look(f"explain-{verdict.partition(' ')[0]}")


def _follow_again(me: Administrator, tenant: Tenant, changed: list[str]) -> None:
    """The rollback is taken back."""
    [(sync_id,)] = tenant.query("SELECT max(sync_id) - 1 FROM flyle.syncs WHERE tenant_id = %s")
    me.page.goto(f"{me.house.url}/syncs/{sync_id}")
    me.find_no_fault("rollback-kept")
    me.link("follow").click()
    me.find_no_fault("rollback-resume")
    me.button("follow now").click()
    expect(me.page.get_by_role("status").first).to_be_visible()
    companies = tenant.companies()
    assert all(companies[key].custom_fields["site"] is None for key in changed)


def _map_a_currency(me: Administrator) -> None:
    """An amount is added without its currency; one click adds it."""
    me.page.goto(f"{me.house.url}/setup/mapping")
    me.add_field("AnnualRevenue", "AnnualRevenue")
    expect(me.page.locator("#rows code").filter(has_text="AnnualRevenue")).to_be_visible()
    me.button("to_preview").click()
    expect(me.page.get_by_text(me.says("no currency"))).to_be_visible()
    me.check("currency")
    me.button("map currencies").click()
    expect(me.page.get_by_text("currency_iso_code ←")).to_be_visible()
    me.find_no_fault("currency-mapped")
    expect(me.page.get_by_text(me.says("no currency"))).to_have_count(0)
