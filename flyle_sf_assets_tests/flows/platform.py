"""The platform as it runs by itself, without its processes: schedules are evaluated, runs executed.

Time is one clock, ours and every org's. What does not belong here: the daemon (``cli``).
"""

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from dagster import (
    DagsterInstance,
    ExecuteInProcessResult,
    RepositoryDefinition,
    RunRequest,
    ScheduleDefinition,
    build_schedule_context,
)
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage
from sqlalchemy import Engine

from flyle_sf_assets.computed import cached_property
from flyle_sf_assets.definitions import build_defs
from flyle_sf_assets.defs.instance import add_tenants
from flyle_sf_assets.defs.resources import KIND_TAG, refreshes_of
from flyle_sf_assets.defs.schedules import (
    nightly_census,
    nightly_sweep,
    refresh_due_tenants,
)
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.sandbox.clock import ManualClock
from flyle_sf_assets.store.tenants.links import Link, get_link
from flyle_sf_assets_tests.flows.dagster_runs import QUIET
from flyle_sf_assets_tests.flows.tenants import OUR_TIME, Tenant, settings_of

FOR_TENANTS = (nightly_census, nightly_sweep, refresh_due_tenants)


def small_settings(name: str) -> str:
    """Settings of a tenant that is refreshed every three hours, and maps one field."""
    mapping = ["{from: Industry, to: industry, label: 業種}"]
    return settings_of(name, "{object: Account}", mapping, refresh="{every: 3h}")


def rename(tenant: Tenant, name: str = "改名") -> None:
    """One of its accounts gets another name."""
    tenant.there.update("Account", tenant.there.ids("Account")[0], {"Name": name})


@dataclass
class Ticked:
    """What one evaluation of a schedule came to."""

    requests: list[RunRequest]
    skipped: str

    @property
    def tenants(self) -> list[str]:
        """Whose runs were asked for."""
        return [str(request.partition_key) for request in self.requests]

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """Tenant and kind of each run."""
        return [(str(r.partition_key), r.tags[KIND_TAG]) for r in self.requests]


@dataclass
class Platform:
    """Schedules over a real instance, and runs of what they ask for."""

    installation: Installation
    instance: DagsterInstance
    clock: ManualClock = field(default_factory=lambda: ManualClock(OUR_TIME))

    def add(self, *tenants: Tenant) -> None:
        """Their partitions are known, and their time is the platform's."""
        add_tenants(self.instance, [tenant.name for tenant in tenants])
        for tenant in tenants:
            tenant.clock = self.clock

    def tick(self, schedule: ScheduleDefinition = refresh_due_tenants) -> Ticked:
        """Evaluates a schedule as Dagster's code server does."""
        with build_schedule_context(
            instance=self.instance,
            scheduled_execution_time=self.clock.now(),
            resources={"refreshes": self._resource},
            repository_def=self._repository,
        ) as context:
            told = schedule.evaluate_tick(context)
        return Ticked(list(told.run_requests or []), told.skip_message or "")

    def run(self, request: RunRequest) -> ExecuteInProcessResult:
        """Executes what a tick asked for."""
        return self._repository.get_job("refresh_tenant").execute_in_process(
            partition_key=request.partition_key,
            instance=self.instance,
            run_config=QUIET,
            tags=dict(request.tags),
            raise_on_error=False,
        )

    def refresh(self) -> list[tuple[str, str]]:
        """The schedule of refreshes once, and every run that it asks for."""
        return self.tick_and_run(refresh_due_tenants)

    def tick_and_run(self, *schedules: ScheduleDefinition) -> list[tuple[str, str]]:
        """Each schedule once, and every run that they ask for; tenant and kind of each."""
        done = []
        for schedule in schedules or FOR_TENANTS:
            for request in (ticked := self.tick(schedule)).requests:
                self.run(request)
            done += ticked.kinds
        return done

    @cached_property
    def _repository(self) -> RepositoryDefinition:
        return build_defs({"refreshes": self._resource}).get_repository_def()

    @cached_property
    def _resource(self) -> object:
        return refreshes_of(lambda: nullcontext(self.installation), clock=self.clock.now)

    def at(self, moment: datetime, *tenants: Tenant) -> None:
        """Time passes until that moment, here and in the orgs of these tenants."""
        for tenant in tenants:
            tenant.org_clock.advance((moment - self.clock.now()).total_seconds())
        self.clock.move_to(moment)

    def until_due(self, tenant: Tenant) -> None:
        """Time passes until the tenant's refresh is due."""
        due = self.link(tenant).next_due_at
        assert due is not None
        self.at(due, tenant)

    def link(self, tenant: Tenant) -> Link:
        """How the tenant's link stands."""
        with self.installation.database.tenant(tenant.name) as tx:
            return get_link(tx)


@contextmanager
def persistent_instance(folder: Path) -> Iterator[DagsterInstance]:
    """A Dagster instance that a schedule's evaluation can open for itself.

    It is in SQLite, for which Dagster makes an engine per connection, so that each statement would
    be compiled again. An engine without a pool holds no connection: here it is kept.
    """
    shutil.copytree(_empty_instance(), folder, dirs_exist_ok=True)
    with ExitStack() as stack:
        for storage in (sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage):
            made_once = _kept(storage.create_engine)
            stack.enter_context(mock.patch.object(storage, "create_engine", made_once))
        yield stack.enter_context(DagsterInstance.local_temp(str(folder)))


def _kept(create_engine: Callable[..., Engine]) -> Callable[..., Engine]:
    engines: dict[str, Engine] = {}

    def made_once(url: str, **options: Any) -> Engine:
        if url not in engines:
            engines[url] = create_engine(url, **options)
        return engines[url]

    return made_once


@cache
def _empty_instance() -> Path:
    """A folder with the tables of an instance; to make them takes longer than to copy them."""
    folder = Path(tempfile.mkdtemp(prefix="flyle-dagster-"))
    atexit.register(shutil.rmtree, folder)
    with DagsterInstance.local_temp(str(folder)):
        return folder
