"""Assets that a person materializes alone: the next sync delivers what they brought."""

from collections.abc import Iterator

import pytest
from dagster import DagsterInstance

from flyle_sf_assets.defs import keys
from flyle_sf_assets_tests.flows.changes import METADATA_S, change_everything
from flyle_sf_assets_tests.flows.dagster_runs import DagsterRuns
from flyle_sf_assets_tests.flows.run_steps import STEPS
from flyle_sf_assets_tests.flows.tenants import ASSET_NAMES, Tenant


@pytest.fixture
def runs(globex: Tenant) -> Iterator[DagsterRuns]:
    """Runs of the Opportunity-based demo tenant, which needs every asset."""
    with DagsterInstance.ephemeral() as instance:
        yield DagsterRuns(globex, instance)


@pytest.mark.parametrize("place", range(len(STEPS)), ids=ASSET_NAMES)
def test_an_asset_materialized_alone_takes_nothing_from_the_next_sync(
    place: int, globex: Tenant
) -> None:
    """Its watermark has passed the changes: only what each asset owes can still bring them."""
    globex.sync()
    globex.assert_follows_org()
    before = globex.rows()
    change_everything(globex.there)
    globex.later(METADATA_S)
    globex.sync(steps=[place])
    if ASSET_NAMES[place] != "flyle/companies":
        assert globex.rows() == before
    globex.later(METADATA_S)
    globex.sync()
    assert globex.assert_moved_exactly(before) > 5
    globex.assert_follows_org()


def test_accounts_materialized_alone_in_dagster_reach_the_company(runs: DagsterRuns) -> None:
    """A click in the asset graph moved the watermark, and the company never heard of the change."""
    tenant = runs.tenant
    assert runs.refresh().success
    tenant.assert_follows_org()
    change_everything(tenant.there)
    runs.later()
    before = tenant.rows()
    assert runs.materialize(keys.ACCOUNTS).success
    assert tenant.rows() == before
    runs.later()
    assert runs.refresh().success
    assert tenant.rows() != before
    runs.later(METADATA_S)
    tenant.sync()
    tenant.assert_follows_org()


def test_a_run_in_dagster_brings_what_the_steps_bring(runs: DagsterRuns) -> None:
    """Every asset of the job, in the order in which data flows."""
    result = runs.refresh()
    assert result.success
    runs.tenant.assert_follows_org()
    materialized = [event.asset_key for event in result.get_asset_materialization_events()]
    assert materialized == list(keys.IN_ORDER)
    (row,) = runs.tenant.query(
        "SELECT state, kind, created, rejected, dagster_run_id FROM flyle.syncs"
        " WHERE tenant_id = %s"
    )
    assert row == ("done", "initial", len(runs.tenant.rows()), 0, result.run_id)
