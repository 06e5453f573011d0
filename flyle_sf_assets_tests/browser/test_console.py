"""The console as an administrator uses it, against a sandbox org; pictures for docs/console.md.

``UPDATE_SCREENSHOTS=1`` writes the pictures into ``docs/images``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.store.tenants.console_sessions import Role
from flyle_sf_assets_tests.browser import chromium
from flyle_sf_assets_tests.browser.console_pages import (
    ENGLISH,
    JAPANESE,
    Administrator,
    Words,
)
from flyle_sf_assets_tests.browser.pictures import camera
from flyle_sf_assets_tests.console.house import House, Schedule, open_house
from flyle_sf_assets_tests.tenant_fixtures import installed

TENANT = "initech"
CLOSED = "Closed Won"


@dataclass(frozen=True)
class Scene:
    """A console, a schedule, an org behind TLS, and nothing linked yet."""

    house: House
    schedule: Schedule
    org: Org
    org_url: str
    installation: Installation


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """Of one test."""
    chromium.program()
    org = samples.opportunity_org()
    with (
        SandboxServer([org]) as server,
        installed(tmp_path / "home", server) as installation,
        open_house(installation) as house,
        Schedule(installation) as schedule,
    ):
        yield Scene(house, schedule, org, server.url, installation)
    assert schedule.failed == []


def _administrator(page: Page, scene: Scene, words: Words) -> Administrator:
    look = camera(page, prefix="console-", are_wanted=words is JAPANESE)
    return Administrator(page, scene.house, scene.org, scene.org_url, words, look)


def _token(scene: Scene, role: Role = "admin", plan: str = "enterprise") -> str:
    return scene.house.token(TENANT, role, plan)


def _names(scene: Scene) -> dict[str, str]:
    """The opportunities that the conditions choose, as the org holds them."""
    return {
        str(record["Id"]): str(record["Name"])
        for record in scene.org.records("Opportunity")
        if record["StageName"] == CLOSED
    }


def _companies(scene: Scene, status: str = "linked") -> dict[str, str]:
    with scene.installation.database.tenant(TENANT) as tx:
        rows = tx.execute(
            "SELECT external_id, name FROM companies WHERE status = :status", status=status
        )
        return {row.external_id: row.name for row in rows}


def _be_refused(me: Administrator, scene: Scene) -> None:
    """Roles, plans, a wrong key, a consent that was denied, a user who is no administrator."""
    for role in ("editor", "contributor"):
        me.enter(_token(scene, role))
        expect(me.link("connect")).to_be_hidden()
        me.page.goto(f"{scene.house.url}/connect")
        expect(me.page.get_by_role("alert")).to_contain_text(me.says("refused"))
    me.check("role")
    me.enter(_token(scene, plan="starter"))
    expect(me.page.get_by_text("customer@flyle.io").first).to_be_visible()
    me.check("plan")

    me.enter(_token(scene))
    me.check("welcome")
    me.link("connect").click()
    me.check("connect")
    me.enter_app(key="3MVG9.unknown")
    alert, key = me.page.get_by_role("alert"), me.page.get_by_label("Consumer Key")
    expect(key).to_have_value("3MVG9.unknown")
    expect(key).to_be_focused()
    expect(key).to_have_accessible_description(re.compile("10"))
    me.find_no_fault("wrong-key")
    me.enter_app()
    me.consent("flyle-link@", "deny")
    expect(alert).to_contain_text(me.says("refused"))
    expect(alert).to_contain_text("consent_denied")
    expect(key).to_have_value(scene.org.consumer_key)
    assert "code=" not in me.page.url
    me.page.reload()
    expect(alert).to_have_count(0)
    me.enter_app()
    me.consent("user0@")
    expect(alert).to_contain_text("salesforce_admin_required")
    expect(alert).to_contain_text("customer@flyle.io")
    me.check("refused")
    assert scene.org.consumer_secret not in me.page.content()


def _set_up(me: Administrator, scene: Scene) -> None:
    """Connect, Opportunity, a condition, fields of the opportunity and of its account."""
    me.enter_app()
    me.consent("flyle-link@")
    me.check("connected")
    me.link("choose").click()
    me.page.get_by_role("radio", name=me.says("opportunity")).last.check()
    expect(me.page.get_by_role("note").first).to_be_visible()
    me.check("object")
    me.button("to_conditions").click()

    me.add_field("StageName", "StageName")
    value = me.page.get_by_label(re.compile(rf"^{me.says('value')}: "))
    value.select_option(CLOSED)
    expect(me.page.locator(".count-number")).to_have_text(str(len(_names(scene))))
    me.check("conditions")
    me.button("to_mapping").click()

    suggestions = me.page.locator("#suggested")
    for path in ("Amount", "StageName", "Account.NumberOfEmployees"):
        suggestions.get_by_role("button").filter(has_text=path).first.click()
    # One after the other, without waiting: the second click must not undo the first.
    for path in ("Amount", "StageName", "Account.NumberOfEmployees"):
        expect(me.page.locator(f".mapping code:text-is('{path}')")).to_be_visible()
    expect(me.page.locator(".sample ul").first).to_be_visible()
    me.check("mapping")
    me.button("to_preview").click()

    created = me.page.locator(".figure").filter(has_text=me.says("created"))
    expect(created.locator("dd")).to_have_text(str(len(_names(scene))))
    me.check("confirm")


def _watch(me: Administrator, scene: Scene) -> None:
    """The first sync, from waiting for it to the notice; then a company that it brought."""
    scene.schedule.hold()
    me.button("link").click()
    expect(me.page.locator("#progress progress")).to_be_visible()
    me.check("waiting")
    scene.schedule.release()
    expect(me.page.get_by_role("heading", name=me.says("done"))).to_be_visible()
    me.await_sync()
    me.check("status")
    assert _companies(scene) == _names(scene)

    external_id, name = next(iter(sorted(_names(scene).items())))
    me.page.goto(f"{scene.house.url}/companies?q={external_id}")
    me.page.get_by_role("link", name=name).click()
    expect(me.page.get_by_role("heading", name=name)).to_be_visible()
    expect(me.page.locator("[id^=parent-] a").first).to_be_visible()
    me.check("company")
    for path, picture in (
        ("/companies", "companies"),
        ("/syncs", "syncs"),
        ("/rejected", "rejected"),
        ("/notices", "notices"),
        ("/settings", "settings"),
    ):
        me.page.goto(scene.house.url + path)
        me.check(picture)


def _change(me: Administrator, scene: Scene) -> None:
    """Another label and a new field: the difference, the preview, a new version, a sync."""
    me.page.goto(f"{scene.house.url}/settings")
    me.link("change_fields").click()
    me.page.get_by_label(me.says("label")).first.fill("受注額")
    me.add_field("CloseDate", "CloseDate")
    expect(me.page.locator(".mapping code:text-is('CloseDate')")).to_be_visible()
    expect(me.page.locator("#saved")).to_contain_text(me.says("draft_saved"))
    _take_back(me)
    me.button("to_preview").click()
    changes = me.page.locator(".changes")
    expect(changes).to_contain_text("受注額")
    expect(changes).to_contain_text("CloseDate")
    changed = me.page.locator(".figure").filter(has_text=me.says("changed"))
    expect(changed.locator("dd")).to_have_text(str(len(_names(scene))))
    me.check("change")
    me.button("save").click()
    me.await_sync()

    before = _syncs(scene)
    # The page of before also has the button: only the next one tells what came of it.
    with me.page.expect_navigation():
        me.button("sync_now").click()
    me.await_sync()
    assert _syncs(scene) > before
    with scene.installation.database.tenant(TENANT) as tx:
        values = tx.execute(
            "SELECT count(*) FROM companies WHERE custom_fields ->> 'close_date' IS NOT NULL"
        ).scalar_one()
    assert values == len(_names(scene))
    me.page.goto(f"{scene.house.url}/syncs")
    # The newest one was asked for and changed nothing.
    me.page.locator("tbody tr").nth(1).get_by_role("link").click()
    expect(me.page.locator(".change-list .now").first).to_be_visible()
    me.check("sync")


def _take_back(me: Administrator) -> None:
    """A mapping that was removed by mistake comes back; the picker marks what is mapped."""
    page = me.page
    line = page.locator("#picker-found .field[data-path=CloseDate]")
    expect(line.get_by_text(me.says("added"))).to_be_visible()
    places = page.locator(".mapping input[name$='.from']")
    before = [one.get_attribute("value") for one in places.all()]
    page.locator(".mapping").first.get_by_role("button", name=me.says("remove")).click()
    page.get_by_role("button", name=me.says("take_back")).click()
    expect(page.locator(".removed")).to_be_hidden()
    assert [one.get_attribute("value") for one in places.all()] == before


def _go_back(me: Administrator, scene: Scene) -> None:
    """The version before is restored, with a preview, as a new one."""
    me.page.goto(f"{scene.house.url}/settings")
    me.page.get_by_role("link", name=me.says("go_back")).first.click()
    expect(me.page.locator(".figures")).to_be_visible()
    me.check("version")
    me.button("restore").click()
    expect(me.page.get_by_role("status").first).to_contain_text(me.says("version_saved"))
    me.page.goto(scene.house.url)
    me.await_sync()


def _syncs(scene: Scene) -> int:
    with scene.installation.database.tenant(TENANT) as tx:
        return int(tx.execute("SELECT count(*) FROM syncs").scalar_one())


def _disconnect(me: Administrator, scene: Scene) -> None:
    """Disconnect, which keeps the companies; reconnect, which takes the same ones up."""
    me.page.goto(scene.house.url)
    me.link("disconnect").click()
    me.check("disconnect")
    me.button("do_disconnect").click()
    me.check("disconnected")
    assert _companies(scene, "unlinked") == _names(scene)

    me.page.goto(scene.house.url)
    expect(me.page.locator(".badge").first).to_have_text(me.says("disconnected"))
    me.enter_app()
    me.consent("flyle-link@")
    expect(me.page.get_by_text(me.says("same_org"))).to_be_visible()
    me.link("to_status").click()
    me.await_sync()
    assert _companies(scene) == _names(scene)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_an_administrator_links_watches_changes_and_disconnects(
    scene: Scene, language: str
) -> None:
    """The whole path of the setup page, with every refusal on the way, without a mouse's luck."""
    words = JAPANESE if language == "ja" else ENGLISH
    locale = "ja-JP" if language == "ja" else "en-US"
    with chromium.opened_page(locale=locale, ignore_https_errors=True) as page:
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console", lambda said: faults.append(said.text) if "Content" in said.text else None
        )
        me = _administrator(page, scene, words)
        _be_refused(me, scene)
        _set_up(me, scene)
        _watch(me, scene)
        _change(me, scene)
        _go_back(me, scene)
        _disconnect(me, scene)
        _needs_no_mouse(me, scene)
        _is_readable_in_the_dark(me, scene)
        _fits_a_phone(me, scene)
        assert faults == []


def _fits_a_phone(me: Administrator, scene: Scene) -> None:
    """Nothing but wide tables, which scroll by themselves, is wider than the screen."""
    width, height = chromium.PHONE_PX
    me.page.set_viewport_size({"width": width, "height": height})
    for path in ("/", "/connect", "/settings", "/companies", "/setup/object", "/setup/mapping"):
        me.page.goto(scene.house.url + path)
        me.page.wait_for_load_state("networkidle")
        overflow = me.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, path
    me.page.goto(scene.house.url)
    me.check("phone")


def _needs_no_mouse(me: Administrator, scene: Scene) -> None:
    """Tab comes to the content at once, to every control, and Enter does what a click does."""
    page = me.page
    page.goto(scene.house.url)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.goto(f"{scene.house.url}/setup/object")
    page.locator("#object-Opportunity").focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#object-Account")).to_be_checked()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#object-Opportunity")).to_be_checked()
    me.button("to_conditions").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".condition-row")).to_be_visible()


def _is_readable_in_the_dark(me: Administrator, scene: Scene) -> None:
    """The same pages with the system's dark colours."""
    me.page.emulate_media(color_scheme="dark")
    for path in ("/", "/connect", "/settings", "/setup/object", "/setup/mapping", "/companies"):
        me.page.goto(scene.house.url + path)
        me.find_no_fault(f"{path} in the dark")
    me.page.emulate_media(color_scheme="light")
