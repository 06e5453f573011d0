"""What a run shows: metadata of each asset when it went well, the remedy when it did not."""

import json
from dataclasses import replace
from typing import Any

import pytest
from dagster import AssetKey, DagsterEvent, ExecuteInProcessResult
from dagster_shared.serdes import serialize_value

from flyle_sf_assets.defs import keys
from flyle_sf_assets.defs.resources import NO_RUN_RETRY
from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets_tests.flows.dagster_runs import DagsterRuns


def _metadata(result: ExecuteInProcessResult) -> dict[AssetKey, dict[str, Any]]:
    return {
        event.asset_key: {name: one.value for name, one in event.materialization.metadata.items()}
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None
    }


def test_each_asset_shows_rows_columns_calls_and_seconds(
    globex_runs: DagsterRuns,
) -> None:
    """The asset's page is where the data team sees what a sync did and what it cost."""
    calls = globex_runs.tenant.there.usage.total
    shown = _metadata(globex_runs.refresh())
    companies = globex_runs.tenant.rows()
    for key in keys.IN_ORDER:
        page = shown[key]
        assert page["dagster/row_count"] > 0, key
        assert page["dagster/column_schema"].columns, key
        assert page["seconds"] >= 0, key
        assert page["api_calls"] >= 0, key
        assert "sample" not in page, "what is a customer's is in the event log"
    assert shown[keys.COMPANIES]["dagster/row_count"] == len(companies)
    assert shown[keys.COMPANIES]["created"] == len(companies)
    total = globex_runs.tenant.there.usage.total - calls
    assert sum(page["api_calls"] for page in shown.values()) == total > 0
    assert shown[keys.OPPORTUNITIES]["pulled"] == len(companies)


def test_sample_rows_are_shown_where_the_installation_wants_them(acme_runs: DagsterRuns) -> None:
    """FLYLE_UI_SAMPLES=1: the event log keeps customers' records then."""
    tenant = acme_runs.tenant
    environment = replace(tenant.installation.environment, shows_samples=True)
    tenant.installation = replace(tenant.installation, environment=environment)
    shown = _metadata(acme_runs.refresh())
    assert "sample" in shown[keys.ACCOUNTS]
    assert "sample" in shown[keys.COMPANIES]


def test_a_run_and_each_of_its_pages_lead_to_the_sync_and_back(acme_runs: DagsterRuns) -> None:
    """Support has a sync's number from the administrator, and needs the run; or the other way."""
    result = acme_runs.refresh()
    run = acme_runs.instance.get_run_by_id(result.run_id)
    assert run is not None
    ((sync_id, run_id),) = acme_runs.tenant.query(
        "SELECT sync_id, dagster_run_id FROM flyle.syncs WHERE tenant_id = %s"
    )
    assert run_id == result.run_id
    assert run.tags["flyle/sync_id"] == str(sync_id)
    assert {page["sync_id"] for page in _metadata(result).values()} == {str(sync_id)}


def test_the_companies_page_shows_the_field_map_in_both_languages(
    acme_runs: DagsterRuns,
) -> None:
    """Which Salesforce field ends where is the question asked most often."""
    page = _metadata(acme_runs.refresh())[keys.COMPANIES]
    for name in ("field map", "項目の対応"):
        for text in ("ContractInfo.Monthly_Fee__c", "monthly_fee", "月額"):
            assert text in page[name], name


def test_an_asset_that_the_settings_do_not_need_says_so(acme_runs: DagsterRuns) -> None:
    """An Account-based tenant has no use for opportunities: no call, and a reason on the page."""
    page = _metadata(acme_runs.refresh())[keys.OPPORTUNITIES]
    assert page["dagster/row_count"] == page["api_calls"] == 0
    assert "need nothing of opportunities" in page["why nothing was done"]
    assert "必要としません" in page["why nothing was done"]


def _failure(result: ExecuteInProcessResult) -> DagsterEvent:
    assert not result.success
    (event,) = [e for e in result.all_events if e.is_step_failure]
    return event


def test_a_failure_that_no_retry_helps_is_not_retried_and_says_what_to_do(
    acme_runs: DagsterRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused login was retried thousands of times, and locked the user out."""
    monkeypatch.setenv("ACME_SF_SECRET", "a-wrong-secret-1234567890")
    result = acme_runs.refresh()
    failure = _failure(result).step_failure_data
    assert failure.user_failure_data is not None
    shown = {name: one.value for name, one in failure.user_failure_data.metadata.items()}
    assert shown.keys() == {"code", "tried", "came back", "remedy"}
    assert " / " in str(shown["remedy"])
    run = acme_runs.instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.tags.items() >= NO_RUN_RETRY.items()


def test_a_failure_that_may_pass_is_left_to_the_run_retries(acme_runs: DagsterRuns) -> None:
    """An org in maintenance is there again in minutes."""
    acme_runs.tenant.there.faults.add(Fault(FaultKind.STATUS, "/", times=1_000, status=503))
    result = acme_runs.refresh()
    _failure(result)
    run = acme_runs.instance.get_run_by_id(result.run_id)
    assert run is not None
    assert not run.tags.keys() & NO_RUN_RETRY.keys()


def test_no_event_of_a_run_holds_a_secret(
    acme_runs: DagsterRuns, capfd: pytest.CaptureFixture[str]
) -> None:
    """Events stay in the database for weeks, and everybody with the UI reads them."""
    org = acme_runs.tenant.there
    results = [acme_runs.refresh()]
    secrets = [org.consumer_secret, *org._access_tokens]  # noqa: SLF001 - what nobody may tell
    org.expire_sessions()
    org.faults.add(Fault(FaultKind.STATUS, "/", times=1_000, status=503))
    results.append(acme_runs.refresh())
    org.faults.clear()
    assert len(secrets) > 1
    told = [
        serialize_value(entry)
        for result in results
        for entry in acme_runs.instance.all_logs(result.run_id)
    ]
    told += [json.dumps(row, default=str) for row in acme_runs.tenant.query(
        "SELECT error FROM flyle.syncs WHERE tenant_id = %s"
    )]  # fmt: skip
    told += [*capfd.readouterr()]
    assert len(told) > 50
    for secret in secrets:
        assert not [text for text in told if secret in text]
