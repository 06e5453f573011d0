"""Refreshes whose Bulk jobs all break inside Salesforce: the same rows come over REST."""

import pytest

from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets_tests.flows.tenants import Tenant


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_refresh_whose_jobs_all_break_follows_the_org(acme: Tenant, language: str) -> None:
    """A tenant whose Account could not be queried by Bulk never synced; airbyte met such orgs."""
    acme.rest_rows_max = 0
    broken = acme.there.faults.add(
        Fault(FaultKind.RECORDED, answer="job_crashed", language=language, times=999)
    )
    acme.sync()
    acme.assert_follows_org()
    first, second, *_ = acme.there.ids("Account")
    before, calls = broken.hits, acme.there.usage.total
    assert before
    acme.later()
    acme.there.delete("Account", first)
    acme.there.update("Account", second, {"Name": "改名した会社"})
    acme.later()
    acme.sync(kind="full")
    acme.assert_follows_org()
    assert broken.hits > before
    [(status,)] = acme.query(
        "SELECT status FROM flyle.companies WHERE tenant_id = %s ORDER BY (status = 'deleted') DESC"
        " LIMIT 1"
    )
    assert status == "deleted"
    [(counted,)] = acme.query(
        "SELECT api_calls FROM flyle.syncs WHERE tenant_id = %s ORDER BY sync_id DESC LIMIT 1"
    )
    assert counted == acme.there.usage.total - calls
