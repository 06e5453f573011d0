"""Column lineage on the pages: from a company's column to the Salesforce field that it shows."""

from typing import Any

import pytest
from dagster import AssetKey, ExecuteInProcessResult

from flyle_sf_assets.defs import keys
from flyle_sf_assets_tests.flows.dagster_runs import DagsterRuns

LINEAGE, SCHEMA = "dagster/column_lineage", "dagster/column_schema"


def metadata(result: ExecuteInProcessResult) -> dict[AssetKey, dict[str, Any]]:
    assert result.success
    return {
        event.asset_key: {name: one.value for name, one in event.materialization.metadata.items()}
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None
    }


def walked(pages: dict[AssetKey, dict[str, Any]], column: str) -> list[str]:
    """From a company's column back to where nothing stands behind it any more."""
    way, asset = [], keys.COMPANIES
    while LINEAGE in pages[asset]:
        (origin,) = pages[asset][LINEAGE].deps_by_column[column]
        asset, column = origin.asset_key, origin.column_name
        way.append(f"{asset.to_user_string()} {column}")
    return way


@pytest.mark.parametrize(
    ("column", "way"),
    [
        (
            "custom_fields.employees",
            [
                "flyle/enriched_records Account.NumberOfEmployees",
                "salesforce/accounts NumberOfEmployees",
            ],
        ),
        (
            "external_id",
            ["flyle/enriched_records Id", "salesforce/opportunities Id"],
        ),
        (
            "custom_fields.phase",
            ["flyle/enriched_records StageName", "salesforce/opportunities StageName"],
        ),
        (
            "custom_fields.account_owner",
            ["flyle/enriched_records Account.Owner.Name", "salesforce/related_records User.Name"],
        ),
    ],
)
def test_a_companys_column_leads_back_to_the_field_that_it_shows(
    globex_runs: DagsterRuns, column: str, way: list[str]
) -> None:
    """Which field of which object is behind this is what a person asks of lineage."""
    assert walked(metadata(globex_runs.refresh()), column) == way


def test_every_column_that_lineage_names_is_a_column_of_its_asset(
    globex_runs: DagsterRuns,
) -> None:
    """A name that is on no page leads nowhere."""
    pages = metadata(globex_runs.refresh())
    columns = {key: {c.name for c in page[SCHEMA].columns} for key, page in pages.items()}
    for key in (keys.COMPANIES, keys.ENRICHED_RECORDS):
        lineage = pages[key][LINEAGE].deps_by_column
        assert lineage.keys() == columns[key]
        for origins in lineage.values():
            for origin in origins:
                assert origin.column_name in columns[origin.asset_key], origin


def test_the_columns_tell_the_map_of_the_version_that_they_were_made_with(
    acme_runs: DagsterRuns,
) -> None:
    """What changed is on the page of the next run; the older run keeps what it was made with."""
    acme = acme_runs.tenant
    before = metadata(acme_runs.refresh())[keys.COMPANIES]
    acme.apply(acme.settings.replace("label: 売上,", "label: 年商,"))
    acme_runs.observe()
    after = metadata(acme_runs.refresh())[keys.COMPANIES]
    texts = [
        {c.name: c.description for c in page[SCHEMA].columns}["custom_fields.revenue"]
        for page in (before, after)
    ]
    assert texts[0].startswith("売上 ← ")
    assert texts[1].startswith("年商 ← ")
    assert all(text.endswith(" ← Account.AnnualRevenue") for text in texts)
    assert [page["settings_version"] for page in (before, after)] == [1, 2]
    assert "Settings version 2" in after["field map"]
    assert "設定バージョン 2" in after["項目の対応"]


def test_a_field_that_is_hidden_or_not_mapped_any_more_is_still_told(
    acme_runs: DagsterRuns,
) -> None:
    """Its last values are still shown in Flyle: a page without it explained nothing."""
    acme = acme_runs.tenant
    assert acme_runs.refresh().success
    lines = [line for line in acme.settings.splitlines(keepends=True) if "to: plan," not in line]
    acme.apply("".join(lines))
    acme_runs.observe()
    assert acme_runs.refresh().success
    acme.there.hide_field("Account", "Memo__c")
    page = metadata(acme_runs.refresh(kind="full"))[keys.COMPANIES]
    texts = {c.name: c.description for c in page[SCHEMA].columns}
    assert "not readable" in texts["custom_fields.memo"]
    assert "custom_fields.memo" not in page[LINEAGE].deps_by_column
    assert "last values stay: `plan`" in page["field map"]
    assert "対応を外した項目" in page["項目の対応"]
