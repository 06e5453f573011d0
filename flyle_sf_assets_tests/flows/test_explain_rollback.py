"""Explaining a company whose values or status a rollback keeps."""

import pytest

from flyle_sf_assets.explain.explain import explain
from flyle_sf_assets.explain.explanation import Explanation
from flyle_sf_assets_tests.flows.guarded import delete, update
from flyle_sf_assets_tests.flows.rollbacks import back, resumed, small, synced
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.tenant_fixtures import Link


@pytest.fixture
def tenant(link: Link) -> Tenant:
    """60 linked companies with an industry and a site each."""
    return small(link)


def whys(found: Explanation) -> dict[str, str]:
    return {one.to: one.why for one in found.fields}


def told(tenant: Tenant, record: str) -> Explanation:
    return explain(tenant.installation, tenant.name, record)


def test_a_value_that_is_kept_says_so_with_the_remedy(tenant: Tenant) -> None:
    """One was rolled back, one is the same; then it changes in Salesforce, then it is resumed."""
    one, other = update(tenant, 2, {"Industry": "Retail", "Name": "まちがい"})
    sync_id = synced(tenant)
    back(tenant, sync_id)
    found = told(tenant, one)
    assert found.verdict == "linked"
    assert whys(found) == {"industry": "rolled_back", "site": "same", "parent": "same"}
    [field] = [field for field in found.fields if field.to == "industry"]
    assert (field.salesforce, field.flyle) == ("小売", "金融")
    [reason] = found.reasons
    assert reason.code == "rolled_back"
    assert "業種" in reason.message.ja
    assert "company name" in reason.message.en
    assert "flyle-sf" not in reason.remedy.ja + reason.remedy.en
    for text in (reason.remedy_and_command.ja, reason.remedy_and_command.en):
        assert f"flyle-sf rollback guarded {sync_id} --resume" in text
    update(tenant, 1, {"Industry": "Healthcare"})
    assert whys(told(tenant, one))["industry"] == "not_refreshed_yet"
    synced(tenant)
    assert whys(told(tenant, one))["industry"] == "same"
    resumed(tenant, sync_id)
    assert whys(told(tenant, other))["industry"] == "same"
    assert [reason.code for reason in told(tenant, other).reasons] == ["linked"]


def test_a_status_that_is_kept_says_so(tenant: Tenant) -> None:
    """A company stays although its record is deleted; another stays away although it is there."""
    [gone] = delete(tenant, 1)
    [left] = update(tenant, 1, {"Type": "Other"}, first=1)
    sync_id = synced(tenant)
    back(tenant, sync_id)
    for record, verdict in ((gone, "deleted"), (left, "conditions_not_met")):
        found = told(tenant, record)
        assert found.verdict == verdict
        assert found.company is not None
        assert found.company.status == "linked"
        assert [one.code for one in found.reasons] == [verdict, "rolled_back"]
    [back_again] = update(tenant, 1, {"Type": "Other"}, first=2)
    synced(tenant)
    update(tenant, 1, {"Type": "Customer", "Industry": "Retail"}, first=2)
    second = synced(tenant)
    back(tenant, second)
    update(tenant, 1, {"Memo__c": "支社"}, first=2)
    found = told(tenant, back_again)
    assert found.verdict == "not_yet_synced"
    assert [one.code for one in found.reasons] == ["rolled_back"]
    assert whys(found) == {"industry": "rolled_back", "site": "rolled_back", "parent": "same"}
