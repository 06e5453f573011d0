"""The system's Chromium: where it is, how it is started, and what to do when it is missing.

What does not belong here: pages (``dagster_pages.py``) and the servers they show (``served.py``).
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

NAMES = (
    # Without the parts that draw windows: a page costs a quarter less CPU.
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
MACOS_PROGRAM = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
INSTALL = (
    "brew install --cask google-chrome"
    if sys.platform == "darwin"
    else "sudo apt-get install chromium-headless-shell fonts-noto-cjk"
)

VIEWPORT_PX = (1440, 900)
PHONE_PX = (390, 844)
STEP_TIMEOUT_MS = 30_000
"""For what a page does by itself; a loaded machine with two cores stays well below."""

QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # What the page needs must come from this machine, or it is missing in the test too.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def program() -> str:
    """The path of Chromium. Without one the test is skipped, and in CI it fails: it is set up."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None and Path(MACOS_PROGRAM).exists():
        found = MACOS_PROGRAM
    if found is not None:
        return found
    message = f"Chromium is missing; install it: {INSTALL}"
    if os.environ.get("CI"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


@contextmanager
def opened_page(*, locale: str = "ja-JP", ignore_https_errors: bool = False) -> Iterator[Page]:
    """An empty page of a fresh profile, as a person in Japan sees it.

    ``ignore_https_errors`` is for certificates of a CA that only the test knows.
    """
    width, height = VIEWPORT_PX
    with (
        sync_playwright() as playwright,
        # Chromium's own sandbox needs rights that containers and root do not have.
        playwright.chromium.launch(
            executable_path=program(), args=QUIET, chromium_sandbox=False
        ) as browser,
        browser.new_context(
            viewport={"width": width, "height": height},
            locale=locale,
            ignore_https_errors=ignore_https_errors,
            timezone_id="Asia/Tokyo",
            color_scheme="light",
        ) as context,
    ):
        context.set_default_timeout(STEP_TIMEOUT_MS)
        expect.set_options(timeout=STEP_TIMEOUT_MS)
        yield context.new_page()
