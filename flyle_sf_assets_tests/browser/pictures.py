"""Pictures for the documents: ``UPDATE_SCREENSHOTS=1`` writes them into ``docs/images``.

Else they go to a temporary folder, and the checkout stays as it is. What does not belong here:
pages (``dagster_pages.py``).
"""

import os
from pathlib import Path

from playwright.sync_api import Page

from flyle_sf_assets_tests.browser.dagster_pages import Picture
from flyle_sf_assets_tests.browser.served import ROOT

IMAGES = ROOT / "docs" / "images"


def camera(page: Page, folder: Path) -> Picture:
    """Takes pictures into ``docs/images`` on request, else into ``folder``."""
    folder = IMAGES if os.environ.get("UPDATE_SCREENSHOTS") else folder
    folder.mkdir(exist_ok=True)

    def take(name: str) -> None:
        page.screenshot(path=folder / f"{name}.png", animations="disabled", caret="hide")

    return take
