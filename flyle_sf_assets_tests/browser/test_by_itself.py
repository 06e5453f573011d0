"""``flyle-sf dev`` left alone: its daemon, schedules and launcher are processes, as for a user."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from dagster._core.instance.ref import InstanceRef

from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import open_installation
from flyle_sf_assets.sandbox.faults import Fault, FaultKind
from flyle_sf_assets.sandbox.org import Org
from flyle_sf_assets.store.postgres.embedded import EmbeddedPostgres
from flyle_sf_assets.sync.session import open_refresh
from flyle_sf_assets.tenants.registration import register_files
from flyle_sf_assets_tests.browser.served import dagster_over_two_tenants
from flyle_sf_assets_tests.flows.run_steps import run_all
from flyle_sf_assets_tests.postgres import admin

ARRIVES_WITHIN_S = 180.0
"""A minute to the next tick, and a run; the machine may be busy."""

T = TypeVar("T")

NEVER_S = 100.0
PROCESS = re.compile(r"Started process for run \(pid: (\d+)\)")
NAMES = {"acme": "夜のうちに改名", "globex": "商談の改名"}


@pytest.mark.timeout(400)
def test_a_change_arrives_by_the_schedule_alone_and_a_killed_run_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody materializes anything: the platform is what notices, also that a run was killed."""

    def before(environment: Mapping[str, str], orgs: Mapping[str, Org]) -> None:
        for name in environment.keys() - os.environ.keys():
            monkeypatch.setenv(name, environment[name])
        _sync_and_change(environment, orgs)

    with (
        dagster_over_two_tenants(before, FLYLE_REFRESH_EVERY="1s") as dagster,
        _looking_in(dagster.home, monkeypatch) as instance,
    ):
        killed = _await("acme's run", lambda: _started(instance, dagster.home, "acme"))
        os.kill(_pid(instance, killed), signal.SIGKILL)
        _await("globex's change", lambda: _names(dagster.companies(), "globex"))
        _await("acme's change", lambda: _names(dagster.companies(), "acme"))
        retry = _await("the retry's end", lambda: _retry_of(instance, killed))
        first = instance.get_run_by_id(killed.run_id)
        assert first is not None
        assert first.status == DagsterRunStatus.FAILURE
        assert retry.tags.items() >= {"tenant": "acme", "dagster/retry_number": "1"}.items()
        states = _syncs(dagster.home, killed.run_id, retry.run_id)
        assert states == {killed.run_id: "failed", retry.run_id: "done"}


def _sync_and_change(environment: Mapping[str, str], orgs: Mapping[str, Org]) -> None:
    """Both tenants are in step; then a record changes, and acme's next run hangs in a query."""
    with open_installation(Environment.from_environment(environment)) as opened:
        register_files(opened)
        for tenant in orgs:
            with open_refresh(opened, tenant) as refresh:
                run_all(refresh)
    time.sleep(1.1)  # the change is later than what was read
    for tenant, sobject in (("acme", "Account"), ("globex", "Opportunity")):
        org = orgs[tenant]
        org.update(sobject, org.ids(sobject)[0], {"Name": NAMES[tenant]})
    orgs["acme"].faults.add(Fault(FaultKind.SLOW, "/query", seconds=NEVER_S))


@contextmanager
def _looking_in(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterInstance]:
    """The instance of the installation that runs there."""
    with EmbeddedPostgres(home) as urls:
        monkeypatch.setenv("FLYLE_DAGSTER_DATABASE_URL", urls.dagster)
        reference = InstanceRef.from_dir(str(home / "dagster"))
        with DagsterInstance.from_ref(reference) as instance:
            yield instance


def _await(what: str, ask: Callable[[], T | None]) -> T:
    deadline = time.monotonic() + ARRIVES_WITHIN_S
    while time.monotonic() < deadline:
        if (answer := ask()) is not None:
            return answer
        time.sleep(0.5)
    raise AssertionError(f"waited {ARRIVES_WITHIN_S:.0f} s for {what}")


def _started(instance: DagsterInstance, home: Path, tenant: str) -> DagsterRun | None:
    """The tenant's run, once its sync has begun."""
    filters = RunsFilter(tags={"tenant": tenant}, statuses=[DagsterRunStatus.STARTED])
    for run in instance.get_runs(filters):
        if _syncs(home, run.run_id).get(run.run_id) == "running":
            return run
    return None


def _pid(instance: DagsterInstance, run: DagsterRun) -> int:
    told = [PROCESS.search(entry.message or "") for entry in instance.all_logs(run.run_id)]
    (found,) = [match for match in told if match]
    return int(found[1])


def _names(companies: Mapping[str, Mapping[str, str]], tenant: str) -> bool | None:
    return True if NAMES[tenant] in companies.get(tenant, {}).values() else None


def _retry_of(instance: DagsterInstance, run: DagsterRun) -> DagsterRun | None:
    filters = RunsFilter(
        tags={"dagster/parent_run_id": run.run_id}, statuses=[DagsterRunStatus.SUCCESS]
    )
    return next(iter(instance.get_runs(filters)), None)


def _syncs(home: Path, *run_ids: str) -> dict[str, str]:
    with EmbeddedPostgres(home) as urls, admin(urls.product) as connection:
        found = connection.execute(
            "SELECT dagster_run_id, state FROM flyle.syncs WHERE dagster_run_id = ANY(%s)",
            [list(run_ids)],
        ).fetchall()
    return {str(run): str(state) for run, state in found}
