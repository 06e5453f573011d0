"""Twenty tenants on two workers, of which one is killed in the middle of a run.

Everything is a process of its own, as it is on many machines: Redis, PostgreSQL, Dagster's daemon
with its code server, and the workers. What the tenants' companies must be says the oracle, from
their orgs alone.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import RunsFilter
from dagster._core.storage.tags import PARTITION_NAME_TAG

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.sandbox import samples
from flyle_sf_assets.sandbox.server import SandboxServer
from flyle_sf_assets_tests.bench.fleet_site import SETTINGS
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.workers.fleet import Fleet, running_fleet, wait_until

TENANTS = 20
CUT_SHORT, LEFT_ALONE, INTERRUPTED = "tenant0007", "tenant0011", "tenant0013"
"""Whose run is in the middle when its worker is killed, when only the run's process is killed, and
when a person terminates it, and then its worker is told twice to end."""


@pytest.fixture
def tenants(installation: Installation, server: SandboxServer) -> list[Tenant]:
    """Each with an org and a settings file, as an operator puts them there."""
    config, secrets = installation.environment.config_dir, installation.environment.home / "secrets"
    secrets.mkdir(mode=0o700)
    made = []
    for org in samples.fleet(TENANTS, first_org_number=5_000):
        server.add(org)
        home = installation.environment.home
        settings = SETTINGS.format(tenant=org.name, url=server.url, home=home)
        (config / "tenants" / f"{org.name}.yaml").write_text(settings, encoding="utf-8")
        (secrets / f"{org.name}.key").write_text(org.consumer_key, encoding="utf-8")
        (secrets / f"{org.name}.secret").write_text(org.consumer_secret, encoding="utf-8")
        made.append(Tenant(org.name, org, server, installation, settings))
    return made


@pytest.fixture
def fleet(installation: Installation, tenants: list[Tenant], tmp_path: Path) -> Iterator[Fleet]:
    """The daemon, and two workers."""
    with running_fleet(installation, tmp_path) as made:
        for name in ("one", "two"):
            made.start_worker(name)
        yield made


@pytest.mark.timeout(900)  # a minute on two cores of its own
def test_twenty_tenants_follow_their_orgs_though_workers_are_killed(
    fleet: Fleet, tenants: list[Tenant]
) -> None:
    """First sync, change and census of each: none twice, none lost, no two runs of one at once."""
    names = sorted(tenant.name for tenant in tenants)
    wait_until("first syncs", lambda: len(fleet.succeeded("refresh")) == TENANTS)
    _assert_in_step(tenants)
    assert [worker.threads() for worker in fleet.workers] == [1, 1], "no fork beside a thread"

    for tenant in tenants:
        _change(tenant)
    with fleet.held_up(CUT_SHORT):
        fleet.worker_of(CUT_SHORT).kill()
        rest = [name for name in names if name not in (CUT_SHORT, LEFT_ALONE)]
        fleet.submit(rest, "refresh")
        wait_until("the other worker", lambda: len(fleet.succeeded("refresh")) == 2 * TENANTS - 2)
    with fleet.held_up(LEFT_ALONE):
        os.kill(fleet.worker_of(LEFT_ALONE).runner, signal.SIGKILL)
    wait_until("retries", lambda: fleet.succeeded("refresh") == sorted(2 * names))
    _assert_in_step(tenants)

    with fleet.installation.database.upkeep() as tx:
        tx.execute("UPDATE flyle.companies SET name = 'damaged' WHERE status = 'linked'")
    [old] = [worker for worker in fleet.workers if worker.process.poll() is None]
    new = fleet.start_worker("three")
    fleet.submit(names, "census")
    wait_until("both make runs", lambda: new.runner > 0 and len(fleet.succeeded("census")) > 1)
    old.process.send_signal(signal.SIGTERM)
    wait_until("censuses", lambda: fleet.succeeded("census") == names)
    assert old.process.wait(30) == 0
    _assert_in_step(tenants)

    interrupted = tenants[names.index(INTERRUPTED)].there
    interrupted.update("Account", interrupted.ids("Account")[0], {"Name": "renamed again"})
    with fleet.held_up(INTERRUPTED):
        fleet.terminate(INTERRUPTED)
    with fleet.held_up(INTERRUPTED):
        new.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        assert new.process.poll() is None, "it ends its run first"
        new.process.send_signal(signal.SIGTERM)
        assert new.process.wait(30) == 0
    fleet.start_worker("four")
    wait_until("the last retry", lambda: fleet.succeeded("refresh").count(INTERRUPTED) == 3)
    _assert_in_step(tenants)
    ended = sorted(
        (run.tags["tenant"], run.status.value) for run in fleet.runs() if not run.is_success
    )
    assert ended == [
        (CUT_SHORT, "FAILURE"),
        (LEFT_ALONE, "FAILURE"),
        (INTERRUPTED, "CANCELED"),
        (INTERRUPTED, "FAILURE"),
    ]
    _assert_one_after_the_other(fleet)


def _change(tenant: Tenant) -> None:
    """One account more, one renamed, one gone."""
    first, second, *_ = tenant.there.ids("Account")
    tenant.there.update("Account", first, {"Name": f"{tenant.name} renamed"})
    tenant.there.delete("Account", second)
    tenant.there.insert("Account", {"Name": f"{tenant.name} new", "AnnualRevenue": "12.50"})


def _assert_in_step(tenants: list[Tenant]) -> None:
    for tenant in tenants:
        tenant.assert_follows_org()


def _assert_one_after_the_other(fleet: Fleet) -> None:
    """No two syncs of a tenant were under way at the same time, and none was left open.

    One that was killed counts until Dagster noticed it: its own row is ended by the next sync.
    """
    overlapping = fleet.query(
        "SELECT a.tenant_id FROM flyle.syncs a JOIN flyle.syncs b USING (tenant_id)"
        " WHERE a.state = 'done' AND a.sync_id < b.sync_id AND b.started_at < a.finished_at"
    )
    assert overlapping == []
    states = Counter(state for (state,) in fleet.query("SELECT state FROM flyle.syncs"))
    assert states.keys() <= {"done", "failed"}
    records = fleet.instance.get_run_records(RunsFilter(job_name="refresh_tenant"), ascending=True)
    ended: dict[str, float] = {}
    for record in records:
        tenant = record.dagster_run.tags[PARTITION_NAME_TAG]
        assert record.dagster_run.is_finished
        assert record.start_time is not None
        assert record.end_time is not None
        assert record.start_time >= ended.get(tenant, 0.0), tenant
        ended[tenant] = record.end_time
