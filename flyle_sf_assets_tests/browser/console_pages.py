"""What an administrator does in the console, in that person's words, in Japanese and in English.

What does not belong here: what is expected of it (``test_console.py``).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets_tests.console.house import House

Words = dict[str, str]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]

JAPANESE: Words = {
    "connect": "Salesforceと接続する",
    "org_url": "Salesforceの組織URL",
    "go_on": "Salesforceへ進む",
    "refused": "Salesforce連携ができません",
    "choose": "取り込む対象を選ぶ",
    "opportunity": "商談",
    "to_conditions": "条件へ進む",
    "search": "項目名、API参照名、ヘルプテキストで検索(参照先も含む)",
    "added": "追加済み",
    "draft_saved": "下書きを保存済み",
    "remove": "外す",
    "take_back": "元に戻す",
    "go_back": "このバージョンに戻す",
    "restore": "この設定に戻す",
    "version_saved": "保存済み",
    "add": "追加",
    "comparison": "比較",
    "value": "値",
    "to_mapping": "項目の対応へ進む",
    "to_preview": "結果を確認する",
    "created": "新しく作られる企業",
    "changed": "内容が変わる企業",
    "link": "連携",
    "done": "連携が完了しました",
    "sync_now": "今すぐ同期",
    "disconnect": "連携を解除",
    "do_disconnect": "連携を解除する",
    "linked": "連携中",
    "disconnected": "連携解除済み",
    "settings": "設定を確認",
    "change_fields": "項目を変更",
    "save": "保存して反映",
    "label": "Flyleでの項目名",
    "same_org": "以前と同じ組織です",
    "to_status": "連携の状況へ",
    "mark_read": "既読にする",
}
ENGLISH: Words = {
    "connect": "Connect to Salesforce",
    "org_url": "Org URL",
    "go_on": "Go on to Salesforce",
    "refused": "The Salesforce link does not work",
    "choose": "Choose what to take over",
    "opportunity": "Opportunity",
    "to_conditions": "Go on to the conditions",
    "search": "Search labels, API names and help texts, parents’ too",
    "added": "Added",
    "draft_saved": "Draft saved",
    "remove": "Remove",
    "take_back": "Take it back",
    "go_back": "Go back to this version",
    "restore": "Go back to these settings",
    "version_saved": "Saved as version",
    "add": "Add",
    "comparison": "Comparison",
    "value": "Value",
    "to_mapping": "Go on to the fields",
    "to_preview": "See what it would do",
    "created": "New companies",
    "changed": "Companies that change",
    "link": "Link",
    "done": "The link is complete",
    "sync_now": "Sync now",
    "disconnect": "Disconnect",
    "do_disconnect": "Disconnect",
    "linked": "Linked",
    "disconnected": "Disconnected",
    "settings": "See the settings",
    "change_fields": "Change the fields",
    "save": "Save and apply",
    "label": "Label in Flyle",
    "same_org": "It is the same org as before",
    "to_status": "To the status",
    "mark_read": "Mark as read",
}


@dataclass
class Administrator:
    """A person at a browser. ``look`` is called on each page that is worth a picture."""

    page: Page
    house: House
    org: Org
    org_url: str
    words: Words
    look: Callable[[str], None]
    seen: list[str] = field(default_factory=list)

    def says(self, name: str) -> str:
        """The page's own word."""
        return self.words[name]

    def enter(self, token: str) -> None:
        """By the address that Flyle gives."""
        self.page.goto(f"{self.house.url}/enter?token={token}")

    def button(self, name: str) -> Locator:
        """The button of that name."""
        return self.page.get_by_role("button", name=self.says(name), exact=True)

    def link(self, name: str) -> Locator:
        """The link of that name."""
        return self.page.get_by_role("link", name=self.says(name), exact=True)

    def enter_app(self, *, key: str | None = None) -> None:
        """Fills the connection in and goes on."""
        self.page.goto(f"{self.house.url}/connect")
        self.page.get_by_label(self.says("org_url"), exact=True).fill(self.org_url)
        self.page.get_by_label("Consumer Key").fill(key or self.org.consumer_key)
        self.page.get_by_label("Consumer Secret").fill(self.org.consumer_secret)
        self.button("go_on").click()

    def consent(self, username: str, decision: str = "approve") -> None:
        """On Salesforce's page."""
        self.page.wait_for_url("**/services/oauth2/authorize**")
        option = self.page.locator("select[name=user] option").filter(has_text=username)
        self.page.locator("select[name=user]").select_option(option.get_attribute("value"))
        self.page.locator(f"#{decision}").click()
        self.page.wait_for_url(re.compile(r"/connect(/|$)"))

    def add_field(self, word: str, path: str) -> None:
        """Searches for a field and takes it."""
        self.page.get_by_label(self.says("search")).fill(word)
        line = self.page.locator("#picker-found .field").filter(
            has=self.page.locator("code", has_text=re.compile(f"^{re.escape(path)}$"))
        )
        line.get_by_role("button").click()

    def await_sync(self) -> None:
        """Until the page says that it is linked and nothing runs."""
        expect(self.page.locator(".badge").first).to_have_text(self.says("linked"))
        expect(self.button("sync_now")).to_be_enabled()

    def check(self, name: str) -> None:
        """A picture, and no fault that axe finds."""
        self.find_no_fault(name)
        self.seen.append(name)
        self.look(name)

    def find_no_fault(self, name: str) -> None:
        """By axe-core's rules for WCAG 2.1 A and AA and its best practices."""
        self.page.wait_for_load_state("networkidle")
        axe = Axe()
        self.page.evaluate(axe.axe_script)
        # Most of the time went into handing over what passed, which nobody reads.
        violations = self.page.evaluate(
            "options => axe.run(options).then(found => found.violations)",
            {"runOnly": RULES, "resultTypes": ["violations"]},
        )
        found = AxeResults({"violations": violations})
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
