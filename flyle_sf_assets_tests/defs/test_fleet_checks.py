"""Fleet checks: what holds of all tenants, with the names of those of whom it does not."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from dagster import AssetCheckEvaluation, AssetCheckKey, DagsterInstance, DefaultScheduleStatus
from sqlalchemy import make_url

from flyle_sf_assets.check.parts import UNUSED
from flyle_sf_assets.definitions import build_defs
from flyle_sf_assets.defs import keys
from flyle_sf_assets.defs.resources import refreshes_of
from flyle_sf_assets.defs.wording import capped
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets.settings.loading import load_tenant
from flyle_sf_assets.store.syncs.fleet_health import stale_tenants
from flyle_sf_assets.sync.state.tenant_status import tenant_statuses
from flyle_sf_assets.tenants.registration import register
from flyle_sf_assets_tests.defs.persons import file_of
from flyle_sf_assets_tests.flows.dagster_runs import QUIET, DagsterRuns
from flyle_sf_assets_tests.flows.tenants import Tenant, demo_settings, environment_of, make_org
from flyle_sf_assets_tests.postgres import admin, fresh_database_url, opened
from flyle_sf_assets_tests.tenant_fixtures import installed, linked

NEW_FIELD = "  - {from: Owner.Email, to: mail2, label: 担当者のメール}\n"
FLEET_CHECKS = {key.name for key in keys.FLEET_CHECKS}


def checked(
    installation: Installation, instance: DagsterInstance
) -> dict[str, AssetCheckEvaluation]:
    """One run of the job, as its schedule starts it: without a partition."""
    definitions = build_defs({"refreshes": refreshes_of(lambda: nullcontext(installation))})
    result = definitions.resolve_job_def("fleet_checks").execute_in_process(
        instance=instance, run_config=QUIET
    )
    assert result.success
    return {one.check_name: one for one in result.get_asset_check_evaluations()}


def change(installation: Installation, tenant: str, sql: str) -> None:
    with admin(installation.database_url) as connection:
        connection.execute(sql.encode(), [tenant])


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory, server: SandboxServer) -> Iterator[str]:
    """The URL of a database with two tenants in step, which nobody is connected to any more."""
    orgs = {"acme": samples.account_org, "globex": samples.opportunity_org}
    with (
        pytest.MonkeyPatch.context() as patch,
        installed(tmp_path_factory.mktemp("fleet"), server) as installation,
        DagsterInstance.ephemeral() as instance,
    ):
        for name, org in orgs.items():
            for secret in ("KEY", "SECRET"):  # remembered, so that they are not there at the end
                patch.setenv(f"{name.upper()}_SF_{secret}", "to be replaced")
            tenant = linked(installation, server, name, make_org(org), demo_settings(name))
            assert DagsterRuns(tenant, instance).refresh().success
        installation.database.dispose()
        yield installation.database_url


@pytest.fixture
def fleet(synced: str, tmp_path: Path, server: SandboxServer) -> Iterator[Installation]:
    """Two tenants in step, in a database of this test: for what only their rows say."""
    with fresh_database_url(make_url(synced).database or "") as url, opened(url) as database:
        yield Installation(environment_of(tmp_path, server, url), database, url, url)


@pytest.fixture
def both(acme_runs: DagsterRuns, globex_runs: DagsterRuns) -> tuple[Tenant, Tenant]:
    """Two tenants in step."""
    for runs in (acme_runs, globex_runs):
        assert runs.refresh().success
    return acme_runs.tenant, globex_runs.tenant


def test_all_is_well_when_every_tenant_is_in_step(
    fleet: Installation, instance: DagsterInstance
) -> None:
    """Green, with the number of tenants looked at: a check over nobody would be green as well."""
    found = checked(fleet, instance)
    assert found.keys() == FLEET_CHECKS | {"census"}
    for name in FLEET_CHECKS:
        assert found[name].passed
        assert found[name].metadata["of"].value == 2
        assert "0 of 2" in (found[name].description or "")


@pytest.mark.parametrize(
    ("name", "sql"),
    [
        ("no_tenant_failing", "UPDATE flyle.links SET state = 'failing' WHERE tenant_id = %s"),
        (
            "no_tenant_overdue",
            (
                "UPDATE flyle.links SET next_due_at = now() - interval '61 minutes'"
                " WHERE tenant_id = %s"
            ),
        ),
        (
            "no_value_rejected_for_a_day",
            (
                "INSERT INTO flyle.rejected_records VALUES (%s, 'x', 'f', 'v', 'r', 'm',"
                " now() - interval '25 hours', now(), NULL)"
            ),
        ),
    ],
)
def test_a_tenant_that_is_not_well_is_named(
    fleet: Installation, instance: DagsterInstance, name: str, sql: str
) -> None:
    """And nobody else, by no other check."""
    change(fleet, "globex", sql)
    found = checked(fleet, instance)
    assert {one for one in FLEET_CHECKS if not found[one].passed} == {name}
    assert "1 of 2" in (found[name].description or "")
    assert "globex" in (found[name].description or "")
    assert "acme" not in (found[name].description or "")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE flyle.links SET next_due_at = now() - interval '59 minutes' WHERE tenant_id = %s",
        (
            "UPDATE flyle.links SET next_due_at = now() - interval '9 days', state = 'disconnected'"
            " WHERE tenant_id = %s"
        ),
        (
            "INSERT INTO flyle.rejected_records VALUES (%s, 'x', 'f', 'v', 'r', 'm',"
            " now() - interval '23 hours', now(), NULL)"
        ),
        (
            "INSERT INTO flyle.rejected_records VALUES (%s, 'x', 'f', 'v', 'r', 'm',"
            " now() - interval '25 hours', now(), now())"
        ),
    ],
)
def test_what_is_still_in_time_or_over_is_no_alarm(
    fleet: Installation, instance: DagsterInstance, sql: str
) -> None:
    """An alarm that rings every day is switched off."""
    change(fleet, "globex", sql)
    found = checked(fleet, instance)
    assert all(found[one].passed for one in FLEET_CHECKS)


def test_a_changed_mapping_makes_its_tenant_stale_until_it_is_taken_over(
    both: tuple[Tenant, Tenant],
    acme_runs: DagsterRuns,
    installation: Installation,
    instance: DagsterInstance,
) -> None:
    """The same tenants as `status` and the partition page say."""
    acme, _ = both
    acme.apply(acme.settings + NEW_FIELD)
    acme_runs.observe()
    found = checked(installation, instance)
    assert {one for one in FLEET_CHECKS if not found[one].passed} == {"no_tenant_stale"}
    assert "1 of 2 tenants with stale assets" in (found["no_tenant_stale"].description or "")
    assert ": acme" in (found["no_tenant_stale"].description or "")
    assert acme_runs.refresh().success
    assert checked(installation, instance)["no_tenant_stale"].passed


def test_one_query_over_all_tenants_says_what_status_says_of_each(
    acme_runs: DagsterRuns, globex_runs: DagsterRuns, installation: Installation
) -> None:
    """Two tellings of one thing drift apart unless they are held together in every state."""
    acme, globex = acme_runs.tenant, globex_runs.tenant

    def agree() -> set[str]:
        with installation.database.fleet() as tx:
            found = set(stale_tenants(tx, UNUSED))
        told = {
            one.link.tenant_id
            for one in tenant_statuses(installation)
            if one.stale_assets and one.link.first_synced_at
        }
        assert found == told
        return found

    assert agree() == set()
    assert acme_runs.refresh().success
    assert agree() == set()
    assert globex_runs.refresh().success
    assert agree() == set()
    acme.apply(acme.settings.replace("label: 売上,", "label: 年商,"))
    assert agree() == {"acme"}
    acme_runs.observe()
    assert acme_runs.materialize(keys.PICKLIST_OPTIONS).success
    assert agree() == {"acme"}
    assert acme_runs.materialize(keys.COMPANIES).success
    assert agree() == set()
    account = globex.there.records("Opportunity")[0]["AccountId"]
    globex.there.update("Account", str(account), {"Name": "改名"})
    globex_runs.later()
    assert globex_runs.materialize(keys.ACCOUNTS).success
    assert agree() == {"globex"}
    assert globex_runs.refresh().success
    assert agree() == set()
    globex.apply(globex.settings + NEW_FIELD)
    acme.apply(acme.settings + NEW_FIELD)
    assert agree() == {"acme", "globex"}


def test_a_census_that_had_to_heal_names_its_tenant(
    both: tuple[Tenant, Tenant],
    acme_runs: DagsterRuns,
    globex_runs: DagsterRuns,
    installation: Installation,
    instance: DagsterInstance,
) -> None:
    """One tenant's green census stood over the other's red one."""
    change(
        installation,
        "acme",
        "UPDATE flyle.companies SET name = 'x' WHERE tenant_id = %s AND external_id ="
        " (SELECT min(external_id) FROM flyle.companies WHERE tenant_id = 'acme')",
    )
    for runs in (acme_runs, globex_runs):
        runs.later()
        assert runs.refresh(kind="census").success
    census = checked(installation, instance)["census"]
    assert not census.passed
    assert "(1: acme)" in (census.description or "")


def test_the_fleet_checks_run_by_themselves() -> None:
    """A check that nobody runs stays green for ever."""
    schedule = build_defs().resolve_schedule_def("fleet_checks_hourly")
    assert schedule.default_status is DefaultScheduleStatus.RUNNING
    assert schedule.job_name == "fleet_checks"
    assert schedule.cron_schedule == "10 * * * *"


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["a"], "a"),
        (["a", "b"], "a, b"),
        (["a", "b", "c"], "a, b and 1 more"),
        ([str(n) for n in range(1002)], "0, 1 and 1,000 more"),
    ],
)
def test_a_list_of_tenants_is_capped_and_counts_the_rest(names: list[str], text: str) -> None:
    """A description of 5,000 names is read by nobody."""
    assert capped(names, 2) == text


def test_settings_that_are_not_applied_are_named_with_their_reason(
    both: tuple[Tenant, Tenant],
    acme_runs: DagsterRuns,
    installation: Installation,
    instance: DagsterInstance,
) -> None:
    """Refused by the org, or unreadable: both go on with what worked, and somebody has to know."""
    acme, globex = both
    good = acme.settings
    acme.apply(good.replace("AnnualRevenue", "AnualRevenue"))
    acme_runs.observe()
    assert acme_runs.refresh().success
    file = file_of(globex)
    file.write_text("tenant: [", encoding="utf-8")
    register(installation, load_tenant(file))
    found = checked(installation, instance)
    assert {one for one in FLEET_CHECKS if not found[one].passed} == {"no_settings_unapplied"}
    text = found["no_settings_unapplied"].description or ""
    assert "2 of 2" in text
    assert "acme (version 2: mapping[0].from" in text
    assert "AnualRevenue" in text
    assert "globex (file: globex.yaml:1" in text
    acme.apply(good)
    globex.apply()
    assert checked(installation, instance)["no_settings_unapplied"].passed


def test_the_first_sync_of_a_tenant_evaluates_what_the_schedule_does_every_hour(
    acme_runs: DagsterRuns,
) -> None:
    """A new installation's Checks page said "not evaluated" until ten past."""
    first, second = acme_runs.refresh(), acme_runs.refresh()
    assert {one.check_name for one in first.get_asset_check_evaluations()} >= FLEET_CHECKS | {
        "census"
    }
    assert not {one.check_name for one in second.get_asset_check_evaluations()} & FLEET_CHECKS


def test_every_check_can_be_executed_alone() -> None:
    """Four of the seven on the Checks page said "cannot execute without materializing".

    The UI offers it for a check that shares its step with no other one that must run with it.
    """
    graph = build_defs().get_repository_def().asset_graph
    checks = graph.asset_check_keys
    assert len(checks) == len(FLEET_CHECKS) + 4
    assert {len(graph.get_execution_set_asset_and_check_keys(key)) for key in checks} == {1}


@pytest.mark.parametrize("key", keys.FLEET_CHECKS, ids=lambda key: key.name)
def test_a_fleet_check_executed_alone_evaluates_only_itself(
    installation: Installation, instance: DagsterInstance, key: AssetCheckKey
) -> None:
    """What was not asked for keeps its last result."""
    definitions = build_defs({"refreshes": refreshes_of(lambda: nullcontext(installation))})
    job = definitions.resolve_implicit_global_asset_job_def().get_subset(
        asset_check_selection={key}
    )
    result = job.execute_in_process(instance=instance, run_config=QUIET)
    assert result.success
    assert [one.check_name for one in result.get_asset_check_evaluations()] == [key.name]
