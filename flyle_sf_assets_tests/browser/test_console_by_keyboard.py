"""The console at a phone's width, with a keyboard alone, in both languages.

Companies, a sync's changes, and the setup pages: every control is reached, the focus stays where
one was when a part of a page is replaced, and the result is announced.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.store.tenants.links import put_link
from flyle_sf_assets_tests.browser import chromium
from flyle_sf_assets_tests.browser.keyboard import KeyboardUser
from flyle_sf_assets_tests.console.house import House, open_house
from flyle_sf_assets_tests.flows.tenants import Tenant, make_org, settings_of
from flyle_sf_assets_tests.postgres import database, database_url
from flyle_sf_assets_tests.tenant_fixtures import installed, linked

__all__ = ["database", "database_url"]

SETTINGS = settings_of(
    "acme",
    "{object: Account, conditions: [{field: Name, op: not_null}, {field: Type, op: is_null}]}",
    (
        "{from: AnnualRevenue, to: revenue, label: 売上, type: number}",
        "{from: Industry, to: industry, label: 業種, type: single_select}",
        "{from: Owner.Name, to: owner, label: 担当者}",
    ),
).replace("Type, op: is_null", "Name, op: ne, value: nothing")
REVENUE = 7_654_321

AXE_IN_ENGLISH = ("companies", "a sync", "mapping, folded", "conditions")
"""test_console.py has axe look at the other pages in English."""

WORDS = {
    "ja": {
        "skip": "本文へ移動",
        "companies": "企業",
        "syncs": "同期の履歴",
        "settings": "設定",
        "found": "社",
        "none": "見つかりませんでした",
        "linked": "連携中",
        "columns": "表示する項目を選ぶ",
        "fields": "項目を変更",
        "conditions": "条件を変更",
        "object": "対象を変更",
        "added": "追加しました",
        "removed": "外しました",
        "add": "追加",
        "remove": "外す",
        "or": "「または」",
        "to_preview": "結果を確認する",
        "discard": "破棄する",
    },
    "en": {
        "skip": "Skip to content",
        "companies": "Companies",
        "syncs": "Syncs",
        "settings": "Settings",
        "found": "Companies",
        "none": "Nothing was found",
        "linked": "Linked",
        "columns": "Choose columns",
        "fields": "Change the fields",
        "conditions": "Change the conditions",
        "object": "Change the object",
        "added": "Added",
        "removed": "Removed",
        "add": "Add",
        "remove": "Remove",
        "or": "joins this condition by",
        "to_preview": "See what it would do",
        "discard": "Discard",
    },
}


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory, server: SandboxServer) -> Iterator[Tenant]:
    """A linked tenant that has synced twice. Its settings file is gone: the console has them."""
    chromium.program()
    home = tmp_path_factory.mktemp("keyboard")
    with pytest.MonkeyPatch.context() as patch, installed(home, server) as installation:
        for name in ("ACME_SF_KEY", "ACME_SF_SECRET"):
            patch.setenv(name, "to be replaced")
        tenant = linked(installation, server, "acme", make_org(), SETTINGS)
        tenant.sync()
        record = next(iter(tenant.rows()))
        tenant.there.update("Account", record, {"AnnualRevenue": str(REVENUE)})
        tenant.later()
        tenant.sync()
        Path(installation.environment.config_dir / "tenants" / "acme.yaml").unlink()
        yield tenant


@pytest.fixture(scope="module")
def house(acme: Tenant) -> Iterator[House]:
    """The console over it."""
    with open_house(acme.installation) as opened:
        yield opened


@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_companies_and_setup_need_a_keyboard_and_a_narrow_screen_only(
    acme: Tenant, house: House, language: str
) -> None:
    locale = "ja-JP" if language == "ja" else "en-US"
    with chromium.opened_page(locale=locale, ignore_https_errors=True) as page:
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        width, height = chromium.PHONE_PX
        page.set_viewport_size({"width": width, "height": height})
        me = KeyboardUser(page, None if language == "ja" else AXE_IN_ENGLISH)
        page.goto(f"{house.url}/enter?token={house.token('acme')}")
        _walk_companies(me, acme, WORDS[language])
        _open_a_sync(me, acme, WORDS[language])
        _map_fields(me, WORDS[language])
        _choose_conditions(me, WORDS[language])
        _see_the_rest(me, house, WORDS[language])
        assert faults == []


def _tab(me: KeyboardUser, name: str) -> None:
    """A page of the menu, back from the content that the skip link leads to."""
    me.page.locator("main").focus()
    link = me.page.locator(".tabs").get_by_role("link", name=name, exact=True)
    me.follow(link, "Shift+Tab")


def _walk_companies(me: KeyboardUser, acme: Tenant, words: dict[str, str]) -> None:
    """Skip link, search, state, order, columns: the table changes, the focus does not."""
    page = me.page
    _see_a_sync_end(me, acme, words)
    me.finds_no_fault("status")
    me.reach(page.get_by_role("link", name=words["skip"]))
    me.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.reload()
    _tab(me, words["companies"])
    search = page.locator("#q")
    me.reach(search)
    name = min(row.company.name for row in acme.rows().values())
    page.keyboard.type(name)
    expect(page.locator("#found tbody th").first).to_have_text(name)
    expect(page).to_have_url(re.compile("q="))
    me.hears(words["found"])
    expect(search).to_be_focused()
    state = page.locator("#state")
    me.reach(state)
    me.press("ArrowDown", "ArrowDown")
    me.hears(words["none"])
    expect(state).to_be_focused()
    me.press("Home")
    expect(page.locator("#found tbody th").first).to_have_text(name)
    me.use(page.locator(".column-choice summary"))
    owner = page.locator('input[name="column"][value="owner"]')
    me.reach(owner)
    me.press("Space")
    expect(page.locator("#found thead th")).to_have_count(6)
    expect(owner).to_be_focused()
    me.finds_no_fault("companies")
    me.reach(page.locator("#found .table-box"))
    page.go_back()
    expect(page.locator("h1")).to_be_visible()
    me.follow(page.locator("#found tbody a").first)
    me.finds_no_fault("company")


def _see_a_sync_end(me: KeyboardUser, acme: Tenant, words: dict[str, str]) -> None:
    """The page is loaded again when the sync has ended: the focus stays, the state is announced."""
    page = me.page
    link = page.locator('main a[href="/settings"]')
    with acme.installation.database.tenant("acme") as tx:
        put_link(tx, next_due_at=datetime.now(UTC))
    page.reload()
    expect(page.locator("#progress progress")).to_be_visible()
    me.reach(link)
    with acme.installation.database.tenant("acme") as tx:
        put_link(tx, next_due_at=datetime.now(UTC) + timedelta(hours=3))
    expect(page.locator("#progress progress")).to_have_count(0)
    me.hears(words["linked"])
    expect(link).to_be_focused()
    page.reload()


def _open_a_sync(me: KeyboardUser, acme: Tenant, words: dict[str, str]) -> None:
    """From the list of syncs to the values of before and after."""
    page = me.page
    _tab(me, words["syncs"])
    me.finds_no_fault("syncs")
    first = page.locator("tbody tr").first.locator(":scope > :first-child")
    box = page.locator(".table-box")
    me.reach(box)
    for _ in range(12):
        me.press("ArrowRight")
        page.wait_for_timeout(20)
    assert box.evaluate("one => one.scrollLeft") > 100, "it scrolls by keys"
    left = first.evaluate("one => one.getBoundingClientRect().left")
    assert 0 <= left < 40, "the first column stays"
    me.follow(page.locator("tbody th a").first)
    expect(page.locator(".change-list .now").first).to_have_text(f"{REVENUE:,}")
    me.finds_no_fault("a sync")


def _map_fields(me: KeyboardUser, words: dict[str, str]) -> None:
    """Fold, add, remove: mappings are folded, and the focus is where one goes on."""
    page = me.page
    _tab(me, words["settings"])
    me.finds_no_fault("settings")
    me.follow(page.get_by_role("link", name=words["fields"]))
    rows = page.locator("#rows .mapping")
    expect(rows.first).to_be_visible()
    count = rows.count()
    assert count >= 3
    expect(page.locator("#m0-label")).to_be_hidden()
    me.finds_no_fault("mapping, folded")
    me.use(rows.first.locator(".mapping-fold > summary"))
    expect(page.locator("#m0-label")).to_be_visible()
    me.reach(page.locator("#m0-blank"))
    me.reach(page.locator("#picker-q"))
    page.keyboard.type("Website")
    expect(page.locator("#picker-found [data-announce]").first).to_be_attached()
    add = page.locator("#picker-found button[name=add]").first
    me.use(add)
    expect(rows).to_have_count(count + 1)
    me.hears(words["added"])
    expect(add).to_be_focused()
    expect(page.locator(f"#m{count}-label")).to_be_visible()
    me.finds_no_fault("mapping, one more")
    page.locator("main").focus()
    removes = page.locator("#rows button[name=remove]")
    me.use(removes.nth(count - 1))
    expect(rows).to_have_count(count)
    me.hears(words["removed"])
    expect(removes.nth(count - 1)).to_be_focused()
    me.press("Enter")
    expect(rows).to_have_count(count - 1)
    expect(removes.nth(count - 2)).to_be_focused()
    moved = rows.first.locator("h3").inner_text()
    page.locator("main").focus()
    me.use(rows.first.locator("button[name=down]"))
    expect(rows.nth(1).locator("h3")).to_have_text(moved)
    expect(rows.nth(1).locator("button[name=down], button[name=up]").last).to_be_focused()
    me.hears(moved)


def _choose_conditions(me: KeyboardUser, words: dict[str, str]) -> None:
    """An alternative, then every condition removed: the search of fields is next."""
    page = me.page
    _tab(me, words["settings"])
    me.follow(page.get_by_role("link", name=words["conditions"]))
    rows = page.locator("#rows .condition-row")
    expect(rows.first).to_be_visible()
    me.finds_no_fault("conditions")
    me.use(page.locator("#rows button[name=into]").first)
    me.hears(words["or"])
    search = page.locator("#picker-q")
    expect(search).to_be_focused()
    page.keyboard.type("Website")
    expect(page.locator("#picker-found [data-announce]").first).to_be_attached()
    add = page.locator("#picker-found button[name=add]").first
    before = rows.count()
    me.use(add)
    expect(rows).to_have_count(before + 1)
    expect(add).to_be_focused()
    me.hears(words["added"])
    page.locator("main").focus()
    for left in range(before, -1, -1):
        me.use(page.locator("#rows button[name=remove]").first)
        expect(rows).to_have_count(left)
        me.hears(words["removed"])
    expect(search).to_be_focused()


def _see_the_rest(me: KeyboardUser, house: House, words: dict[str, str]) -> None:
    """The object, and the preview, which asks the org; the width of the pages not seen so far."""
    page = me.page
    _tab(me, words["settings"])
    me.follow(page.get_by_role("link", name=words["object"]))
    me.reach(page.locator("input[name=object]:checked"))
    me.reach(page.locator("#every"))
    me.finds_no_fault("object")
    me.follow(page.locator("input[name=object]:checked"), "Shift+Tab")
    expect(page).to_have_url(re.compile("/setup/conditions$"))
    expect(page.locator(".count-number, .count .small").first).to_be_visible()
    me.follow(page.locator("main form .primary"))
    expect(page.locator("#rows .mapping").first).to_be_visible()
    me.follow(page.get_by_role("button", name=words["to_preview"]))
    expect(page.locator(".figures")).to_be_visible()
    me.hears(page.locator(".figures dt").first.inner_text())
    me.finds_no_fault("preview")
    _tab(me, words["settings"])
    me.follow(page.get_by_role("button", name=words["discard"]))
    for path in ("/connect", "/disconnect", "/rejected", "/notices", "/held", "/companies/x"):
        page.goto(house.url + path)
        me.cuts_nothing(path)
