"""Data versions: what is unchanged stays fresh, and a change makes stale what depends on it."""

from dagster import AssetKey, DagsterInstance

from flyle_sf_assets.defs import keys
from flyle_sf_assets_tests.defs.staleness import stale_for
from flyle_sf_assets_tests.flows.dagster_runs import DagsterRuns


def test_a_refresh_without_changes_leaves_everything_fresh(acme_runs: DagsterRuns) -> None:
    """An overlap that is read again must not colour the whole graph."""
    tenant, instance = acme_runs.tenant, acme_runs.instance
    assert stale_for(instance, tenant.name) == set(keys.IN_ORDER)
    assert acme_runs.refresh().success
    assert stale_for(instance, tenant.name) == set()
    acme_runs.later(60)
    first = _versions(instance, tenant.name)
    assert acme_runs.refresh().success
    assert stale_for(instance, tenant.name) == set()
    assert _versions(instance, tenant.name) == first


def test_an_asset_alone_makes_stale_what_stands_below_it(globex_runs: DagsterRuns) -> None:
    """A person sees what the next run will bring further."""
    tenant, instance = globex_runs.tenant, globex_runs.instance
    assert globex_runs.refresh().success
    account = tenant.there.records("Opportunity")[0]["AccountId"]
    tenant.there.update("Account", str(account), {"Name": "改名"})
    globex_runs.later()
    assert globex_runs.materialize(keys.ACCOUNTS).success
    # Dagster looks one step down: related records and what joins, not yet the companies.
    assert stale_for(instance, tenant.name) == {keys.RELATED_RECORDS, keys.ENRICHED_RECORDS}
    assert globex_runs.refresh().success
    assert stale_for(instance, tenant.name) == set()


def test_a_new_label_makes_stale_only_what_reads_labels_and_only_for_its_tenant(
    acme_runs: DagsterRuns, globex_runs: DagsterRuns
) -> None:
    """No record is read again for a word.

    The options are among it: which fields are selects stands in the same settings.
    """
    instance = acme_runs.instance
    for runs in (acme_runs, globex_runs):
        assert runs.refresh().success
    acme = acme_runs.tenant
    acme.apply(acme.settings.replace("label: 売上,", "label: 年商,"))
    acme_runs.observe()
    assert stale_for(instance, acme.name) == {keys.PICKLIST_OPTIONS, keys.COMPANIES}
    assert stale_for(instance, globex_runs.tenant.name) == set()
    rows = acme.rows()
    assert acme_runs.refresh().success
    assert stale_for(instance, acme.name) == set()
    assert acme.rows() == rows


def test_a_new_field_makes_stale_what_reads_it(acme_runs: DagsterRuns) -> None:
    """The asset that reads it from Salesforce, and the companies; the others hear of it later."""
    instance, acme = acme_runs.instance, acme_runs.tenant
    assert acme_runs.refresh().success
    acme.apply(acme.settings + "  - {from: Owner.Email, to: mail, label: 担当者のメール}\n")
    acme_runs.observe()
    assert stale_for(instance, acme.name) == {
        keys.RELATED_RECORDS,
        keys.PICKLIST_OPTIONS,
        keys.COMPANIES,
    }
    assert acme_runs.refresh().success
    assert stale_for(instance, acme.name) == set()
    acme.assert_follows_org()


def _versions(instance: DagsterInstance, tenant: str) -> dict[AssetKey, object]:
    versions: dict[AssetKey, object] = {}
    for key in keys.IN_ORDER:
        records = instance.fetch_materializations(key, limit=1).records
        assert records[0].partition_key == tenant
        made = records[0].asset_materialization
        assert made is not None
        versions[key] = (made.tags or {})["dagster/data_version"]
    return versions
