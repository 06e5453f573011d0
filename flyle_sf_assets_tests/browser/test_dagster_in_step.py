"""Tenants in step as the data team meets them: a mapping change, the Checks page, a broken file.

All of it happens to one running ``flyle-sf dev``, whose start and first syncs take longer than
most of what is looked at; the file that stays broken comes last. The pictures are those of
docs/lineage.md.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from flyle_sf_assets.defs import keys
from flyle_sf_assets_tests.browser import chromium, dagster_pages
from flyle_sf_assets_tests.browser.pictures import camera
from flyle_sf_assets_tests.browser.served import Served, dagster_over_two_tenants

CHECKS = (
    *(key.name for key in keys.FLEET_CHECKS),
    keys.CENSUS.name,
    keys.EXTERNAL_IDS_UNIQUE.name,
    keys.OPTIONS_IN_CATALOG.name,
)
EXECUTED = (keys.FLEET_CHECKS[0].name, keys.CENSUS.name, keys.EXTERNAL_IDS_UNIQUE.name)
"""One of each kind; ``defs/test_fleet_checks.py`` executes all of them without a browser."""

EXECUTIONS = """
query ($check: String!) {
  assetCheckExecutions(assetKey: {path: ["flyle", "companies"]}, checkName: $check, limit: 20) {
    runId status
  }
}
"""
RUN_TIMEOUT_MS = 120_000

AFFECTED = (
    "salesforce/related_records",
    "flyle/enriched_records",
    "flyle/picklist_options",
    "flyle/companies",
)
LABEL = ("label: 売上,", "label: 年商,")
NEW_FIELD = ("mapping:", "mapping:\n  - {from: Owner.Email, to: owner_mail, label: 担当者のメール}")


@pytest.fixture(scope="module")
def dagster() -> Iterator[Served]:
    """Both tenants have synced once, by themselves."""
    chromium.program()
    with dagster_over_two_tenants() as served:
        served.await_first_syncs()
        yield served


@pytest.mark.timeout(600)
def test_a_mapping_change_is_seen_and_refreshes_exactly_what_it_affects(dagster: Served) -> None:
    """The sensor is stopped for as long as somebody wants to look at what became stale."""
    with chromium.opened_page() as page:
        picture = camera(page)
        dagster_pages.switch_sensor(page, dagster.url, "settings", is_on=False)
        dagster.change_settings("acme", LABEL, NEW_FIELD)
        told = dagster.run("apply")
        assert "“売上” → “年商”" in told
        for asset in AFFECTED:
            assert asset in told

        dagster_pages.open_partition(page, dagster.url, "flyle/companies", "globex")
        expect(dagster_pages.stale_tag(page)).to_be_hidden()
        dagster_pages.open_partition(page, dagster.url, "flyle/companies", "acme")
        expect(dagster_pages.stale_tag(page)).to_be_visible()
        picture("lineage-stale")

        dagster_pages.switch_sensor(page, dagster.url, "settings", is_on=True)
        dagster_pages.await_sensor_run(page, dagster.url)
        dagster_pages.await_success(page, at_least=len(AFFECTED))
        dagster_pages.expect_steps(page, AFFECTED)
        picture("lineage-run")

        dagster_pages.open_partition(page, dagster.url, "flyle/companies", "acme")
        expect(dagster_pages.stale_tag(page)).to_be_hidden()
        dagster_pages.open_overview(page, dagster.url, "flyle/companies")
        mail = dagster_pages.row_of(page, "custom_fields.owner_mail")
        expect(mail).to_contain_text("担当者のメール")
        expect(mail).to_contain_text("Account.Owner.Email")
        expect(dagster_pages.row_of(page, "custom_fields.revenue")).to_contain_text("年商")
        mail.scroll_into_view_if_needed()
        picture("lineage-columns")


@pytest.mark.timeout(600)
def test_every_check_is_evaluated_by_the_first_syncs_and_can_be_executed_from_its_page(
    dagster: Served,
) -> None:
    """Four of seven said "cannot execute without materializing", and all were grey until ten past.

    After a broken file the last check warns, and the sensor's page says why.
    """
    with chromium.opened_page(locale="en-US") as page:
        page.goto(f"{dagster.url}/assets/flyle/companies?view=checks")
        expect(page.get_by_text(f"Checks ({len(CHECKS)})")).to_be_visible()
        assert {check: _states(page, dagster, check)[-1] for check in CHECKS} == dict.fromkeys(
            CHECKS, "SUCCEEDED"
        )
        for check in CHECKS:
            button = _execute_button(page, dagster, check)
            expect(button).to_be_enabled()
            if check in EXECUTED:
                _execute(page, dagster, check, button)
        _expect_settings_green(page, dagster)
        _break_a_file(page, dagster)


def _execute(page: Page, dagster: Served, check: str, button: Locator) -> None:
    before = len(_states(page, dagster, check))
    button.click(timeout=RUN_TIMEOUT_MS)
    states: list[str] = []
    for _ in range(RUN_TIMEOUT_MS // 1000):
        states = _states(page, dagster, check)
        if len(states) > before and states[0] != "IN_PROGRESS":
            break
        page.wait_for_timeout(1000)
    assert (len(states), states[0]) == (before + 1, "SUCCEEDED"), check


def _execute_button(page: Page, dagster: Served, check: str) -> Locator:
    page.goto(f"{dagster.url}/assets/flyle/companies?view=checks&checkDetail={check}")
    return page.get_by_role("button").filter(has_text=re.compile("^Execute$")).first


def _expect_settings_green(page: Page, dagster: Served) -> None:
    for part in keys.SETTINGS_PARTS:
        page.goto(f"{dagster.url}/assets/flyle/link_settings/{part}?view=partitions")
        expect(page.get_by_text("Materialized (2)")).to_be_visible()
        expect(page.get_by_text("Missing (0)")).to_be_visible()


def _break_a_file(page: Page, dagster: Served) -> None:
    """The sensor's page has a failed tick, and the tick the reason; so has the check."""
    dagster.change_settings("globex", ("tenant: globex", "tenant: ["))
    page.goto(f"{dagster.url}/locations/flyle_sf_assets/sensors/settings")
    failed = page.get_by_role("row").filter(has_text="Failure").filter(has_text="runs requested")
    failed.first.get_by_text("View", exact=True).click(timeout=RUN_TIMEOUT_MS)
    reason = re.compile(r"globex \(file: globex\.yaml:\d+")
    expect(page.get_by_role("dialog").get_by_text(reason).first).to_be_visible()
    _execute_button(page, dagster, keys.NONE_UNAPPLIED.name).click(timeout=RUN_TIMEOUT_MS)
    warned = page.get_by_text(re.compile(r"1 of 2 .*globex \(file: globex\.yaml")).first
    expect(warned).to_be_visible(timeout=RUN_TIMEOUT_MS)


def _states(page: Page, dagster: Served, check: str) -> list[str]:
    """The states of the check's executions, the newest first, as the UI reads them."""
    answer: Any = page.request.post(
        f"{dagster.url}/graphql", data={"query": EXECUTIONS, "variables": {"check": check}}
    ).json()
    return [str(one["status"]) for one in answer["data"]["assetCheckExecutions"]]
