"""Pictures for the documents: ``UPDATE_SCREENSHOTS=1`` writes them into ``docs/images``.

Else none are taken: no test looks at them. What does not belong here: pages
(``dagster_pages.py``).
"""

import os

from playwright.sync_api import Page

from flyle_sf_assets_tests.browser.dagster_pages import Picture
from flyle_sf_assets_tests.browser.served import ROOT

IMAGES = ROOT / "docs" / "images"


def camera(page: Page, *, prefix: str = "", are_wanted: bool = True) -> Picture:
    """Takes pictures of what the page shows, on request, as small as a document needs."""

    def take(name: str) -> None:
        if are_wanted and os.environ.get("UPDATE_SCREENSHOTS"):
            page.mouse.move(0, 0)
            path = IMAGES / f"{prefix}{name}.png"
            page.screenshot(path=path, animations="disabled", caret="hide")

    return take
