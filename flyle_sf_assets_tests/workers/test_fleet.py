"""Tenants on two workers, of which one is killed in the middle of a run.

Everything is a process of its own, as it is on many machines: Redis, PostgreSQL, Dagster's daemon
with its code server, and the workers. Record files are in a bucket of an S3 server. What the
tenants' companies must be says the oracle, from their orgs alone.
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
from flyle_sf_assets_tests.flows.damaging import all_named_paths
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.lake.s3_server import SomeBucket, new_bucket
from flyle_sf_assets_tests.workers.fleet import Fleet, running_fleet, wait_until

A_FEW, MANY = 4, 20


@pytest.fixture
def bucket() -> Iterator[SomeBucket]:
    """With the environment that leads every process to it."""
    with new_bucket() as made:
        yield made


@pytest.fixture
def lake_url(bucket: SomeBucket) -> str:
    """Where the record files of all machines are."""
    return bucket.url


@pytest.fixture
def tenants(
    installation: Installation, server: SandboxServer, request: pytest.FixtureRequest
) -> list[Tenant]:
    """Each with an org and a settings file, as an operator puts them there."""
    config, secrets = installation.environment.config_dir, installation.environment.home / "secrets"
    secrets.mkdir(mode=0o700)
    made = []
    for org in samples.fleet(request.param, first_org_number=5_000):
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


@pytest.mark.timeout(300)
@pytest.mark.parametrize("tenants", [A_FEW], indirect=True)
def test_a_few_tenants_follow_their_orgs_though_a_worker_is_killed(
    fleet: Fleet, tenants: list[Tenant], bucket: SomeBucket
) -> None:
    """First sync and change of each: the short form of the test below."""
    names = _first_syncs(fleet, tenants)
    cut_short = names[1]
    _change_and_kill_a_worker(
        fleet, tenants, cut_short, [name for name in names if name != cut_short]
    )
    wait_until("retry", lambda: fleet.succeeded("refresh") == sorted(2 * names))
    _assert_in_step(tenants)
    assert _failed(fleet) == [(cut_short, "FAILURE")]
    _assert_one_after_the_other(fleet)
    _assert_files_are_in(bucket, tenants)


@pytest.mark.timeout(900)  # a minute on two cores of its own
@pytest.mark.parametrize("tenants", [MANY], indirect=True)
def test_twenty_tenants_follow_their_orgs_though_workers_are_killed(
    fleet: Fleet, tenants: list[Tenant], bucket: SomeBucket
) -> None:
    """First sync, change and census of each: none twice, none lost, no two runs of one at once.

    One's run is in the middle when its worker is killed, another's when only the run's process is
    killed; a person terminates the run of a third, and then its worker is told twice to end.
    """
    names = _first_syncs(fleet, tenants)
    assert [worker.threads() for worker in fleet.workers] == [1, 1], "no fork beside a thread"
    cut_short, left_alone, interrupted = names[7], names[11], names[13]
    rest = [name for name in names if name not in (cut_short, left_alone)]
    _change_and_kill_a_worker(fleet, tenants, cut_short, rest)
    with fleet.held_up(left_alone):
        os.kill(fleet.worker_of(left_alone).runner, signal.SIGKILL)
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

    org = tenants[names.index(interrupted)].there
    org.update("Account", org.ids("Account")[0], {"Name": "renamed again"})
    with fleet.held_up(interrupted):
        fleet.terminate(interrupted)
    with fleet.held_up(interrupted):
        new.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        assert new.process.poll() is None, "it ends its run first"
        new.process.send_signal(signal.SIGTERM)
        assert new.process.wait(30) == 0
    fleet.start_worker("four")
    wait_until("the last retry", lambda: fleet.succeeded("refresh").count(interrupted) == 3)
    _assert_in_step(tenants)
    assert _failed(fleet) == [
        (cut_short, "FAILURE"),
        (left_alone, "FAILURE"),
        (interrupted, "CANCELED"),
        (interrupted, "FAILURE"),
    ]
    _assert_one_after_the_other(fleet)
    _assert_files_are_in(bucket, tenants)


def _first_syncs(fleet: Fleet, tenants: list[Tenant]) -> list[str]:
    """The schedules link every tenant; returns the names of all."""
    wait_until("first syncs", lambda: len(fleet.succeeded("refresh")) == len(tenants))
    _assert_in_step(tenants)
    return sorted(tenant.name for tenant in tenants)


def _change_and_kill_a_worker(
    fleet: Fleet, tenants: list[Tenant], cut_short: str, rest: list[str]
) -> None:
    """All orgs change; a worker is killed in the middle of a run, the other refreshes the rest."""
    for tenant in tenants:
        _change(tenant)
    done = len(fleet.succeeded("refresh"))
    with fleet.held_up(cut_short):
        fleet.worker_of(cut_short).kill()
        fleet.submit(rest, "refresh")
        expected = done + len(rest)
        wait_until("the other worker", lambda: len(fleet.succeeded("refresh")) == expected)


def _change(tenant: Tenant) -> None:
    """One account more, one renamed, one gone."""
    first, second, *_ = tenant.there.ids("Account")
    tenant.there.update("Account", first, {"Name": f"{tenant.name} renamed"})
    tenant.there.delete("Account", second)
    tenant.there.insert("Account", {"Name": f"{tenant.name} new", "AnnualRevenue": "12.50"})


def _assert_in_step(tenants: list[Tenant]) -> None:
    for tenant in tenants:
        tenant.assert_follows_org()


def _failed(fleet: Fleet) -> list[tuple[str, str]]:
    """Tenant and status of the runs that did not end well."""
    return sorted(
        (run.tags["tenant"], run.status.value) for run in fleet.runs() if not run.is_success
    )


def _assert_files_are_in(bucket: SomeBucket, tenants: list[Tenant]) -> None:
    """The bucket has every file that a manifest names, and no machine has a lake of its own."""
    named = {path for tenant in tenants for path in all_named_paths(tenant)}
    assert named <= set(bucket.stored_keys())
    assert not (tenants[0].installation.environment.home / "lake").exists()


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
