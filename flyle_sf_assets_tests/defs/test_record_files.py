"""The nightly check on record files, and a run that goes on after a file was lost."""

from contextlib import nullcontext
from datetime import date, timedelta

from dagster import AssetCheckEvaluation, DagsterInstance

from flyle_sf_assets.definitions import build_defs
from flyle_sf_assets.defs import keys
from flyle_sf_assets.defs.resources import refreshes_of
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.scheduling.file_verification import NIGHTS, check_files
from flyle_sf_assets_tests.flows.dagster_runs import QUIET, DagsterRuns
from flyle_sf_assets_tests.flows.damaging import all_named_files, bit_flipped, named_files
from flyle_sf_assets_tests.flows.tenants import Tenant


def checked(installation: Installation, instance: DagsterInstance) -> AssetCheckEvaluation:
    definitions = build_defs({"refreshes": refreshes_of(lambda: nullcontext(installation))})
    result = definitions.resolve_job_def("check_record_files").execute_in_process(
        instance=instance, run_config=QUIET
    )
    [found] = result.get_asset_check_evaluations()
    return found


def test_a_lost_file_is_named_with_tenant_and_dataset(
    acme: Tenant, globex: Tenant, instance: DagsterInstance, installation: Installation
) -> None:
    acme.sync()
    globex.sync()
    assert checked(installation, instance).passed
    named_files(globex, "related/User")[0].unlink()
    found = checked(installation, instance)
    assert not found.passed
    assert "globex related/User (it is not there)" in (found.description or "")
    assert "acme" not in (found.description or "")


def test_in_a_week_of_nights_every_file_is_read_once(
    acme: Tenant, installation: Installation
) -> None:
    """What only the content tells is found within it."""
    acme.sync()
    files = all_named_files(acme)
    bit_flipped(files[0], files[0])
    nights = [check_files(installation, date(2026, 3, 2) + timedelta(n)) for n in range(NIGHTS)]
    assert sum(night.read for night in nights) == len(files)
    assert [one.tenant for night in nights for one in night.damaged] == ["acme"]


def test_one_asset_alone_reads_again_what_it_builds_on(acme_runs: DagsterRuns) -> None:
    """Dagster goes on where a run failed: the assets before it are not run again."""
    assert acme_runs.refresh().success
    tenant = acme_runs.tenant
    tenant.assert_follows_org()
    for dataset in ("accounts", "related/User"):
        named_files(tenant, dataset)[0].unlink()
    tenant.there.update("Account", tenant.there.ids("Account")[0], {"Name": "改名"})
    acme_runs.later()
    assert acme_runs.materialize(keys.COMPANIES).success
    tenant.assert_follows_org()
