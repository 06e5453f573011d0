"""What a data-team person does in the Dagster UI, in that person's words.

What does not belong here: what is expected of it (``test_dagster_ui.py``).
"""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from flyle_sf_assets.defs import keys

RUN_TIMEOUT_MS = 120_000
GRAPH_STATES_MS = 4_000
"""The graph asks for the states of its nodes when it is drawn, and fills them in one by one."""

STEPS_MAX = 50

MATERIALIZE_ALL = f"Materialize all ({len(keys.IN_ORDER) + 1})"
"""The assets of tenants, and the fleet's health."""

Picture = Callable[[str], None]


def open_asset_graph(page: Page, url: str) -> None:
    """Lineage in the navigation, with every group unfolded (Alt+E)."""
    page.goto(f"{url}/asset-groups")
    expect(page.get_by_role("button", name=MATERIALIZE_ALL)).to_be_enabled()
    expect(_node(page, "settings")).to_be_visible()
    page.keyboard.press("Alt+e")
    for asset in ("object_schemas", "related_records", "enriched_records", "companies"):
        expect(_node(page, asset).first).to_be_visible()
    page.wait_for_timeout(GRAPH_STATES_MS)


def choose_partition(page: Page, tenant: str) -> None:
    """Materialize, and one tenant in the dialog."""
    page.get_by_role("button", name=MATERIALIZE_ALL).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Select a partition or create one").click()
    tenants = page.get_by_role("menuitem")
    tenants.filter(has=page.get_by_title(tenant, exact=True)).click()
    expect(dialog.get_by_role("button", name="Launch 1 run")).to_be_enabled()


def launch(page: Page) -> None:
    """Starts the run and goes to its page, by the notice that says that it was launched."""
    page.keyboard.press("Escape")  # closes the list of tenants
    expect(page.get_by_role("menuitem")).to_have_count(0)
    page.get_by_role("button", name="Launch 1 run").click()
    page.get_by_role("link", name="View", exact=True).click()
    expect(page).to_have_url(re.compile(r"/runs/[0-9a-f-]{36}"))
    page.mouse.move(0, 0)  # the notice stays for as long as it is pointed at


def materialize_fleet_health(page: Page, url: str) -> None:
    """The asset without partitions: one click, and its newest figures are shown."""
    page.goto(f"{url}/assets/flyle/fleet_health?view=events")
    page.get_by_role("button").filter(has_text=re.compile("^Materialize$")).first.click()
    page.get_by_role("link", name="View", exact=True).click()
    expect(page).to_have_url(re.compile(r"/runs/[0-9a-f-]{36}"))
    page.mouse.move(0, 0)
    await_success(page, at_least=1)
    page.goto(f"{url}/assets/flyle/fleet_health?view=overview")


def stale_tag(page: Page) -> Locator:
    """What the Partitions page says beside a partition whose inputs changed."""
    return page.get_by_text(re.compile("^(Unsynced|Stale)"))


def await_success(page: Page, *, at_least: int = len(keys.IN_ORDER)) -> None:
    """Waits on the run's page until it says how the run ended; this many steps succeeded."""
    ended = page.get_by_text(re.compile("^(Success|Failure|Canceled)$")).first
    ended.wait_for(timeout=RUN_TIMEOUT_MS)
    assert ended.inner_text() == "Success", page.inner_text("body")[-3000:]
    _expect_every_step_green(page, at_least)
    expect(page.get_by_text("Launched run")).to_be_hidden()
    _settle(page)


def open_partition(page: Page, url: str, asset: str, tenant: str) -> None:
    """One tenant on the Partitions page of an asset."""
    page.goto(f"{url}/assets/{asset}?view=partitions&partition={tenant}")
    expect(page.get_by_text("Latest materialization")).to_be_visible()


def open_overview(page: Page, url: str, asset: str) -> None:
    """The Overview page of an asset, where its columns are."""
    page.goto(f"{url}/assets/{asset}?view=overview")
    expect(page.get_by_placeholder("Filter columns")).to_be_visible()
    _settle(page)


def switch_sensor(page: Page, url: str, sensor: str, *, is_on: bool) -> None:
    """Starts or stops a sensor by the switch on its page."""
    page.goto(f"{url}/locations/flyle_sf_assets/sensors/{sensor}")
    row = page.get_by_role("row", name="Running")
    box = row.get_by_role("checkbox")
    expect(box).to_be_checked(checked=not is_on)
    row.locator("label").click()
    expect(box).to_be_checked(checked=is_on)


def await_sensor_run(page: Page, url: str) -> None:
    """Waits on the sensor's page for the tick that asks for a run, and goes to that run."""
    requested = page.get_by_role("row").filter(has_text="1 run requested")
    run = requested.get_by_role("link").filter(has_text=re.compile("^[0-9a-f]{8}$")).first
    # The table is drawn again with every tick: a click may hit what is not there any more.
    page.goto(f"{url}{run.get_attribute('href', timeout=RUN_TIMEOUT_MS)}")
    expect(page).to_have_url(re.compile(r"/runs/[0-9a-f-]{36}"))


def expect_steps(page: Page, assets: tuple[str, ...]) -> None:
    """The run has exactly the steps of these assets, and all of them succeeded."""
    expect(page.get_by_text(f"Succeeded ({len(assets)})")).to_be_visible()
    for asset in assets:
        step = asset.replace("/", "__")
        expect(page.get_by_text(f'Finished execution of step "{step}"').first).to_be_attached()


def row_of(page: Page, name: str) -> Locator:
    """The row of a table whose first cell is ``name``."""
    first = page.locator("td:first-child").get_by_text(name, exact=True)
    return page.locator("tr").filter(has=first).last


def _expect_every_step_green(page: Page, at_least: int) -> None:
    """The assets, and beside them whatever checks the companies have: the UI runs those too.

    The panel fills in after the title says how the run ended.
    """
    enough = "|".join(str(count) for count in range(at_least, STEPS_MAX))
    expect(page.get_by_text(re.compile(rf"^Succeeded \(({enough})\)$"))).to_be_visible()
    for unfinished in ("Preparing (0)", "Executing (0)", "Errored (0)"):
        expect(page.get_by_text(unfinished)).to_be_visible()


def _node(page: Page, name: str) -> Locator:
    return page.locator("foreignObject").get_by_text(name, exact=True)


def _settle(page: Page) -> None:
    """Lets moves and fades end, for pictures without half-drawn parts."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1_000)
