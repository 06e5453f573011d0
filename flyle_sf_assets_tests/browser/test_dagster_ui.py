"""The Dagster UI as the data team uses it; its pictures are those of docs/dagster-ui.md.

What does not belong here: how a mapping change shows (``test_dagster_in_step.py``).
"""

import re
import struct

import pytest
from playwright.sync_api import expect

from flyle_sf_assets_tests.browser import chromium, dagster_pages
from flyle_sf_assets_tests.browser.pictures import IMAGES, camera
from flyle_sf_assets_tests.browser.served import ROOT, dagster_over_two_tenants

IMAGE_BYTES_MAX = 200_000


@pytest.mark.timeout(400)
def test_a_person_materializes_one_tenant_from_the_asset_graph() -> None:
    """One tenant's partition is launched, arrives as the org holds it, and no other moves."""
    chromium.program()
    # Nothing runs by itself: what arrives is what the person launched.
    stopped = dagster_over_two_tenants(FLYLE_SCHEDULES="stopped")
    with stopped as dagster, chromium.opened_page() as page:
        picture = camera(page)

        dagster_pages.open_asset_graph(page, dagster.url)
        picture("asset-graph")
        dagster_pages.choose_partition(page, "acme")
        picture("materialize-dialog")
        dagster_pages.launch(page)
        dagster_pages.await_success(page)
        picture("run")

        names = dagster.in_org("acme")
        assert dagster.companies() == {"acme": names}

        dagster_pages.open_partition(page, dagster.url, "flyle/companies", "globex")
        expect(page.get_by_text("Materialized", exact=True)).to_be_hidden()
        dagster_pages.open_partition(page, dagster.url, "flyle/companies", "acme")
        expect(page.get_by_text("Materialized", exact=True)).to_be_visible()
        for figure in ("dagster/row_count", "created"):
            expect(dagster_pages.row_of(page, figure)).to_contain_text(str(len(names)))
        sample = dagster_pages.row_of(page, "sample")
        assert any(name in sample.inner_text() for name in names.values())
        picture("companies-partition")

        dagster_pages.open_overview(page, dagster.url, "flyle/companies")
        revenue = dagster_pages.row_of(page, "custom_fields.revenue")
        expect(revenue).to_contain_text("売上")
        expect(revenue).to_contain_text("Account.AnnualRevenue")
        picture("companies-columns")

        dagster.let_fail()
        dagster_pages.materialize_fleet_health(page, dagster.url)
        failing = dagster_pages.row_of(page, "tenants_failing").locator("td").last
        expect(failing).to_have_text("2")
        page.get_by_role("link", name="acme", exact=True).first.click()
        expect(page).to_have_url(re.compile(r"/assets/flyle/companies\?.*partition=acme"))
        expect(page.get_by_text("Latest materialization")).to_be_visible()


@pytest.mark.parametrize(
    ("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_without_chromium_the_message_is_the_command_that_installs_it(
    ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newcomer's machine has no Chromium; CI that lost it must not pass for that."""
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(chromium, "MACOS_PROGRAM", "/nonexistent")
    with pytest.raises(outcome, match=r"install it: .*(apt-get|brew) install"):
        chromium.program()


def test_pictures_in_the_documents_are_small_and_all_used() -> None:
    """A checkout is cloned by everybody; a picture that nobody shows is only weight."""
    pages = [page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.md")]
    pictures = sorted(IMAGES.glob("*.png"))
    assert pictures
    for picture in pictures:
        content = picture.read_bytes()
        size = struct.unpack(">II", content[16:24])
        assert size in (chromium.VIEWPORT_PX, chromium.PHONE_PX), picture.name
        assert len(content) <= IMAGE_BYTES_MAX, picture.name
        assert any(f"](images/{picture.name})" in page for page in pages), picture.name
