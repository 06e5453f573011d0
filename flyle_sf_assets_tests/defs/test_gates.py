"""The gates of every run: told by each, and closed before anything wrong is committed."""

from typing import Any

import pytest
from dagster import AssetCheckEvaluation, AssetCheckKey, ExecuteInProcessResult

from flyle_sf_assets.definitions import build_defs
from flyle_sf_assets.defs import keys
from flyle_sf_assets.errors import GateBroken
from flyle_sf_assets_tests.defs.persons import state_of
from flyle_sf_assets_tests.flows.dagster_runs import QUIET, DagsterRuns
from flyle_sf_assets_tests.postgres import admin

GATES = {"external_ids_unique", "options_in_catalog"}


def told(result: ExecuteInProcessResult) -> dict[str, AssetCheckEvaluation]:
    return {one.check_name: one for one in result.get_asset_check_evaluations()}


def break_in_database(runs: DagsterRuns, sql: str) -> None:
    """Something that no code of the product would write."""
    with admin(runs.tenant.installation.database_url) as connection:
        connection.execute(sql.encode(), [runs.tenant.name])


TWIN = (
    "INSERT INTO flyle.companies (tenant_id, external_id, name, source_object, created_at,"
    " updated_at, status_changed_at) SELECT tenant_id, {external_id}, name, source_object,"
    " created_at, updated_at, status_changed_at FROM flyle.companies WHERE tenant_id = %s"
    " ORDER BY external_id LIMIT 1"
)
LOST_OPTION = (
    "CREATE FUNCTION flyle.lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    ' NEW.custom_fields = NEW.custom_fields || \'{"plan": "Nobody"}\'; RETURN NEW; END $$;'
    " CREATE TRIGGER lose BEFORE UPDATE ON flyle.companies FOR EACH ROW"
    " EXECUTE FUNCTION flyle.lose()"
)


def test_every_run_tells_what_its_gates_let_through(
    acme_runs: DagsterRuns, globex_runs: DagsterRuns
) -> None:
    """A page that shows the check of last month says nothing about this night."""
    for runs in (acme_runs, globex_runs):
        # The first sync of a tenant evaluates the checks over all tenants, too.
        first = {name: one for name, one in told(runs.refresh()).items() if name in GATES}
        assert first.keys() == GATES
        companies = len(runs.tenant.rows())
        for one in first.values():
            assert one.passed
            assert one.metadata["checked"].value == companies > 0
            assert runs.tenant.name in (one.description or "")
        again = told(runs.refresh())
        assert {one.metadata["checked"].value for one in again.values()} == {0}


@pytest.mark.parametrize("spelling", [15, 18])
def test_two_companies_of_one_record_are_not_committed(
    acme_runs: DagsterRuns, spelling: int
) -> None:
    """One id with 15 and with 18 characters is one record; people would link feedback to both.

    Nor two with another end, as a wrong checksum would give.
    """
    acme, org = acme_runs.tenant, acme_runs.tenant.there
    assert acme_runs.refresh().success
    new = org.insert("Account", {"Name": "新しい会社", "OwnerId": org.ids("User")[0]})
    other = new[:15] if spelling == 15 else new[:15] + "000"
    break_in_database(acme_runs, TWIN.format(external_id=f"'{other}'"))
    rows = acme.rows()
    acme_runs.later()
    result = acme_runs.refresh()
    assert not result.success
    (closed,) = [one for one in told(result).values() if not one.passed]
    assert (closed.check_name, closed.metadata["failing"].value) == ("external_ids_unique", 1)
    assert new[:15] in (closed.description or "")
    assert acme.rows() == rows
    assert state_of(acme) == "failing"


def test_a_census_checks_the_records_of_every_company(acme_runs: DagsterRuns) -> None:
    """A refresh checks those of its own companies: its work follows the change."""
    acme = acme_runs.tenant
    assert acme_runs.refresh().success
    break_in_database(acme_runs, TWIN.format(external_id="left(external_id, 15)"))
    rows = acme.rows()
    acme.there.insert("Account", {"Name": "新しい会社", "OwnerId": acme.there.ids("User")[0]})
    acme_runs.later()
    assert acme_runs.refresh().success
    acme_runs.later()
    with pytest.raises(GateBroken, match=min(rows)[:15]):
        acme.sync(kind="census")


def test_a_value_that_is_no_option_is_not_committed(acme_runs: DagsterRuns) -> None:
    """The select box would show a blank, and the next save in Flyle would lose the value."""
    acme = acme_runs.tenant
    assert acme_runs.refresh().success
    with admin(acme.installation.database_url) as connection:
        connection.execute(LOST_OPTION.encode())
    rows = acme.rows()
    acme.there.update("Account", min(rows), {"Name": "改名"})
    acme_runs.later()
    result = acme_runs.refresh()
    assert not result.success
    (closed,) = [one for one in told(result).values() if not one.passed]
    assert (closed.check_name, closed.metadata["failing"].value) == ("options_in_catalog", 1)
    assert f"{min(rows)} plan" in (closed.description or "")
    assert "Nobody" not in (closed.description or "")
    assert acme.rows() == rows


@pytest.mark.parametrize("of_all", ["one tenant", "all tenants"])
def test_run_by_hand_a_gate_looks_at_every_company(
    acme_runs: DagsterRuns, globex_runs: DagsterRuns, of_all: str
) -> None:
    """Also at those that no run has touched for months."""
    for runs in (acme_runs, globex_runs):
        assert runs.refresh().success
    break_in_database(
        globex_runs,
        'UPDATE flyle.companies SET custom_fields = custom_fields || \'{"phase": "Nobody"}\''
        " WHERE tenant_id = %s",
    )
    partition = None if of_all == "all tenants" else "acme"
    by_hand = _by_hand(acme_runs, keys.OPTIONS_IN_CATALOG, partition)
    assert by_hand.passed is (partition is not None)
    assert _by_hand(acme_runs, keys.EXTERNAL_IDS_UNIQUE, partition).passed
    if partition is None:
        companies = len(acme_runs.tenant.rows()) + len(globex_runs.tenant.rows())
        assert by_hand.metadata["checked"].value == companies
        assert by_hand.metadata["failing"].value == len(globex_runs.tenant.rows())


def _by_hand(runs: DagsterRuns, key: AssetCheckKey, partition: str | None) -> Any:
    definitions = build_defs({"refreshes": runs._resource})  # noqa: SLF001 - the tenant's own
    job = definitions.resolve_implicit_global_asset_job_def().get_subset(
        asset_selection=set(), asset_check_selection={key}
    )
    result = job.execute_in_process(
        instance=runs.instance, run_config=QUIET, partition_key=partition
    )
    return told(result)[key.name]
