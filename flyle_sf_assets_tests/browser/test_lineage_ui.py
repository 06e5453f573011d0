"""A mapping change as the data team sees it; its pictures are those of docs/lineage.md."""

import pytest
from playwright.sync_api import expect

from flyle_sf_assets_tests.browser import chromium, dagster_pages
from flyle_sf_assets_tests.browser.pictures import camera
from flyle_sf_assets_tests.browser.served import dagster_over_two_tenants

AFFECTED = (
    "salesforce/related_records",
    "flyle/enriched_records",
    "flyle/picklist_options",
    "flyle/companies",
)
LABEL = ("label: 売上,", "label: 年商,")
NEW_FIELD = ("mapping:", "mapping:\n  - {from: Owner.Email, to: owner_mail, label: 担当者のメール}")


@pytest.mark.timeout(400)
def test_a_mapping_change_is_seen_and_refreshes_exactly_what_it_affects() -> None:
    """The sensor is stopped for as long as somebody wants to look at what became stale."""
    chromium.program()
    with dagster_over_two_tenants() as dagster, chromium.opened_page() as page:
        picture = camera(page)
        dagster.await_first_syncs()
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
