"""X16: the asset ``flyle/fleet_health``, as its schedule materializes it."""

from contextlib import nullcontext

from dagster import AssetKey, DagsterInstance, DefaultScheduleStatus

from flyle_sf_assets.definitions import build_defs
from flyle_sf_assets.defs.resources import refreshes_of
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets_tests.flows.dagster_runs import QUIET
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.postgres import admin


def materialized(
    installation: Installation, instance: DagsterInstance, clock: Clock = utc_now
) -> dict[str, object]:
    """The metadata of one run of the job, without a partition."""
    refreshes = refreshes_of(lambda: nullcontext(installation), clock=clock)
    definitions = build_defs({"refreshes": refreshes})
    result = definitions.resolve_job_def("fleet_health").execute_in_process(
        instance=instance, run_config=QUIET
    )
    assert result.success
    event = instance.get_latest_materialization_event(AssetKey(["flyle", "fleet_health"]))
    assert event is not None
    assert event.asset_materialization is not None
    return {name: one.value for name, one in event.asset_materialization.metadata.items()}


def test_figures_are_numbers_and_the_table_names_the_worst(
    acme: Tenant, globex: Tenant, installation: Installation, instance: DagsterInstance
) -> None:
    """Everything but the table is a number, so that the UI plots it."""
    acme.sync()
    globex.sync()
    clock = globex.clock.now
    fine = materialized(installation, instance, clock)
    table = str(fine.pop("worst tenants"))
    assert "failing" not in table
    assert "overdue" not in table
    assert all(isinstance(value, int | float) for value in fine.values())
    with admin(installation.database_url) as connection:
        [linked] = connection.execute(
            "SELECT count(*) FROM flyle.companies WHERE status = 'linked'"
        ).fetchone() or (None,)
        connection.execute(
            "UPDATE flyle.links SET state = 'failing', attention = jsonb_build_array("
            "jsonb_build_object('code', 'grant_refused', 'of_sync', true, 'since', now()))"
            " WHERE tenant_id = 'globex'"
        )
    assert fine["companies"] == linked
    assert (fine["tenants"], fine["tenants_linked"], fine["tenants_failing"]) == (2, 2, 0)
    assert (fine["syncs_24h"], fine["syncs_24h_done"]) == (2, 2)
    worse = materialized(installation, instance, clock)
    assert (worse["tenants_linked"], worse["tenants_failing"]) == (1, 1)
    row = next(line for line in str(worse["worst tenants"]).splitlines() if "globex" in line)
    assert "(/assets/flyle/companies?view=partitions&partition=globex)" in row
    assert "failing (grant_refused" in row
    assert "失敗(grant_refused" in row


def test_figures_of_an_installation_without_tenants_are_zero(
    installation: Installation, instance: DagsterInstance
) -> None:
    """Before the first tenant the schedule runs too."""
    found = materialized(installation, instance)
    assert "No tenant needs a look" in str(found.pop("worst tenants"))
    assert set(found.values()) == {0}


def test_the_schedule_runs_every_hour_by_itself() -> None:
    """Plotted over time without anybody's click."""
    schedule = build_defs().resolve_schedule_def("fleet_health_hourly")
    assert schedule.cron_schedule == "5 * * * *"
    assert schedule.default_status == DefaultScheduleStatus.RUNNING
