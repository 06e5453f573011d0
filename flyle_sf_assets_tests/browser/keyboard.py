"""A person on a phone's width with a keyboard alone: where the focus is, and what is heard.

What does not belong here: what is expected of each page (``test_console_by_keyboard.py``).
"""

import time
from dataclasses import dataclass

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from flyle_sf_assets_tests.browser.console_pages import RULES

PRESSES_MAX = 120
HEARD_WITHIN_S = 30.0

_LISTEN = """
window.heard = [];
document.addEventListener("DOMContentLoaded", () => {
  const live = document.getElementById("live");
  const note = () => { if (live.textContent) window.heard.push(live.textContent); };
  if (live) new MutationObserver(note).observe(live, { childList: true });
});
"""
_TAKE_HEARD = """(text) => {
  const place = window.heard.findIndex((one) => one.includes(text));
  window.heard.splice(0, place + 1);
  return place >= 0;
}"""

_STOP = """(wanted) => {
  const style = getComputedStyle(document.activeElement);
  const ring = style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth);
  // After the last control comes the browser's own part of the window.
  const isVisible = ring >= 2 || document.activeElement === document.body;
  return [wanted === document.activeElement, isVisible];
}"""
_CUT = """() => {
  const found = [];
  const scrolls = (one) => {
    for (let up = one; up && up !== document.body; up = up.parentElement) {
      const x = getComputedStyle(up).overflowX;
      if (up !== one && (x === "auto" || x === "scroll")) return true;
    }
    return false;
  };
  for (const one of document.body.querySelectorAll("*")) {
    const box = one.getBoundingClientRect();
    if (!box.width || one.closest(".visually-hidden, .skip, option, select")) continue;
    const style = getComputedStyle(one);
    const name = `${one.tagName}.${one.className} ${one.textContent.trim().slice(0, 30)}`;
    const isOutside = box.right > innerWidth + 1 || box.left < -1;
    if (isOutside && !scrolls(one)) found.push("outside " + name);
    const hides = style.overflowX === "hidden" || style.overflowX === "clip";
    if (hides && one.scrollWidth > one.clientWidth + 1) found.push("cut " + name);
    if (style.textOverflow === "ellipsis") found.push("ellipsis " + name);
  }
  if (document.documentElement.scrollWidth > innerWidth) found.push("the page scrolls sideways");
  return found;
}"""


@dataclass
class KeyboardUser:
    """Presses keys, and nothing else. ``axe_on``: the pages that axe looks at; None: all."""

    page: Page
    axe_on: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        self.page.add_init_script(_LISTEN)

    def press(self, *keys: str) -> None:
        """One key after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def reach(self, wanted: Locator, key: str = "Tab") -> None:
        """Goes to it by Tab (or Shift+Tab); every stop on the way shows that it has the focus."""
        expect(wanted).to_be_visible()
        handle = wanted.element_handle()
        for presses in range(PRESSES_MAX):
            is_there, shows_focus = self.page.evaluate(_STOP, handle)
            assert shows_focus or not presses, f"no focus ring: {self.focused()}"
            if is_there:
                return
            self.page.keyboard.press(key)
        raise AssertionError(f"{wanted} is not reached by {key}; the focus is on {self.focused()}")

    def follow(self, wanted: Locator, key: str = "Tab") -> None:
        """Goes to a link or a button that opens another page, and opens it."""
        self.reach(wanted, key)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def use(self, wanted: Locator) -> None:
        """Goes to a control and presses it."""
        self.reach(wanted)
        self.page.keyboard.press("Enter")

    def hears(self, text: str) -> None:
        """Something that the page announces, after what was heard before."""
        deadline = time.monotonic() + HEARD_WITHIN_S
        while not self.page.evaluate(_TAKE_HEARD, text):
            assert time.monotonic() < deadline, f"not heard: {text}"
            self.page.wait_for_timeout(50)

    def focused(self) -> str:
        """What has the focus, for messages."""
        return str(
            self.page.evaluate(
                "document.activeElement.outerHTML.replace(/\\s+/g, ' ').slice(0, 200)"
            )
        )

    def finds_no_fault(self, name: str) -> None:
        """Nothing is cut or wider than the screen, and axe finds no fault."""
        self.page.wait_for_load_state("networkidle")
        self.cuts_nothing(name)
        if self.axe_on is not None and name not in self.axe_on:
            return
        self.page.evaluate(Axe().axe_script)
        violations = self.page.evaluate(
            "options => axe.run(options).then(found => found.violations)",
            {"runOnly": RULES, "resultTypes": ["violations"]},
        )
        found = AxeResults({"violations": violations})
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"

    def cuts_nothing(self, name: str) -> None:
        """All is within the screen, or within a part that scrolls."""
        cut = self.page.evaluate(_CUT)
        assert cut == [], f"{name}: {cut}"
