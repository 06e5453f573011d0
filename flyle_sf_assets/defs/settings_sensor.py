"""The sensor ``settings``: files and console changes become partitions, observations and runs.

It reads, decides by pure functions, and acts within a time budget; the next tick continues with
what a tick does not reach.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from dagster import (
    AssetKey,
    DagsterInstance,
    ResourceParam,
    RunRequest,
    SensorEvaluationContext,
    SensorResult,
    sensor,
)

from flyle_sf_assets.defs.failures import guarded_tick
from flyle_sf_assets.defs.fleet import SENSOR_STATUS, tenants_in_flight
from flyle_sf_assets.defs.fleet_checks import unapplied_words
from flyle_sf_assets.defs.instance import observe_settings, runs_by_key
from flyle_sf_assets.defs.jobs import refresh_tenant
from flyle_sf_assets.defs.partition_changes import PartitionChanges, partition_changes
from flyle_sf_assets.defs.partitions import TENANT_PARTITIONS, tenants
from flyle_sf_assets.defs.resources import KIND_TAG, Refreshes
from flyle_sf_assets.defs.wording import capped
from flyle_sf_assets.errors import FlyleError, Text, UsageError
from flyle_sf_assets.installation.clock import Clock
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.scheduling.pending_runs import PendingRun, pending_run_of, record_run
from flyle_sf_assets.store.syncs.settings_in_effect import Unapplied, unapplied_settings
from flyle_sf_assets.store.tenants.settings_files import KnownTenant
from flyle_sf_assets.tenants.registration import registered_settings
from flyle_sf_assets.tenants.removal import remove_tenant
from flyle_sf_assets.tenants.settings_file_watcher import Budget, Followed, follow_files

INTERVAL_S = 15
BUDGET_S = 40.0
"""Dagster ends a tick after 60 s."""

FAILS_FOR = timedelta(minutes=10)
"""How long ticks fail after a file was saved that cannot be applied: its author looks there now."""

VERSION_TAG = "flyle/settings_version"


@dataclass
class Tick:
    """One tick over all tenants: which come, which go, whose settings need a run."""

    installation: Installation
    instance: DagsterInstance
    budget: Budget
    clock: Clock
    pending: list[PendingRun] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)

    def run(self) -> SensorResult:
        """Follows files and console, and returns what Dagster has to do.

        When there is nothing else to report, it raises why the settings folder could not be read,
        or why settings that were just saved are not applied.
        """
        followed = follow_files(self.installation, self.budget)
        existing = set(self.instance.get_dynamic_partitions(TENANT_PARTITIONS))
        for one in followed.registered:
            if one.is_open or one.tenant not in existing:
                self.budget.attempt(one.tenant, partial(self._tell, one))
        changes = self._partitions(followed, existing)
        requests = self._requests()
        with self.installation.database.fleet() as tx:
            unapplied = unapplied_settings(tx)
        if not (requests or changes.add or changes.remove or self.budget.failed):
            _raise_what_is_new(followed.folder, unapplied, self.clock())
        return SensorResult(
            run_requests=requests,
            skip_reason=None if requests else _in_words(followed, changes, self.budget, unapplied),
            dynamic_partitions_requests=[
                *([tenants.build_add_request(list(changes.add))] if changes.add else []),
                *([tenants.build_delete_request(list(changes.remove))] if changes.remove else []),
            ],
        )

    def _tell(self, one: KnownTenant) -> None:
        """Reports the settings to Dagster first, so that it shows what they make stale."""
        if one.is_open and one.version is not None:
            run = pending_run_of(self.installation, one.tenant, one.version)
            observe_settings(self.instance, run.settings)
            self.pending.append(run)
        elif settings := registered_settings(self.installation, one.tenant):
            observe_settings(self.instance, settings)
        self.reached.add(one.tenant)

    def _partitions(self, followed: Followed, existing: set[str]) -> PartitionChanges:
        """Adds tenants that were reported to Dagster; a link stops together with its partition."""
        leaving = {
            one.tenant
            for one in followed.known
            if one.tenant in followed.gone and (one.tenant in existing or one.removed_at is None)
        }
        changes = partition_changes(
            {one.tenant for one in followed.registered} & (existing | self.reached),
            leaving,
            existing,
            tenants_in_flight(self.instance) if leaving else frozenset(),
        )
        for tenant in sorted(leaving.difference(changes.deferred)):
            self.budget.attempt(tenant, partial(remove_tenant, self.installation, tenant))
        return changes

    def _requests(self) -> list[RunRequest]:
        """One run for each tenant whose settings need one and have none yet.

        A tenant with an unfinished run waits for a later tick: that run may do the work.
        """
        started = runs_by_key(self.instance, [run.run_key for run in self.pending])
        in_flight = tenants_in_flight(self.instance) if self.pending else frozenset()
        requests = []
        for run in self.pending:
            run_id = started.get(run.run_key)
            if run_id is None and run.assets is not None:
                if run.tenant not in in_flight:
                    requests.append(_request(run))
            else:
                work = partial(record_run, self.installation, run, run_id)
                self.budget.attempt(run.tenant, work)
        return requests


def _request(run: PendingRun) -> RunRequest:
    """The run of exactly these assets; without a selection the whole job."""
    selection = [AssetKey(key.split("/")) for key in run.assets or ()]
    return RunRequest(
        run_key=run.run_key,
        partition_key=run.tenant,
        asset_selection=selection or None,
        # If it is left out, Dagster adds every check of the selected assets, whatever the job.
        asset_check_keys=[] if selection else None,
        tags={VERSION_TAG: str(run.change.version), KIND_TAG: run.change.kind},
    )


def _raise_what_is_new(
    folder: FlyleError | None, unapplied: Sequence[Unapplied], now: datetime
) -> None:
    """Fails the tick that has nothing else to report, for what a person has to see.

    Settings that are not applied fail ticks only while they are new: later, a failed tick would
    hide the next mistake. The check `no_settings_unapplied` names them until they are applied.
    """
    if folder is not None:
        raise folder
    new = [one for one in unapplied if now - one.since < FAILS_FOR]
    if new:
        raise not_applied(new)


def not_applied(unapplied: Sequence[Unapplied]) -> UsageError:
    """The tick's error: each tenant with its first problem."""
    names = ", ".join(one.tenant for one in unapplied)
    return UsageError(
        "settings_not_applied",
        tried=Text(f"設定を適用しようとしました: {names}", f"Tried to apply settings: {names}"),
        came_back=Text(
            capped([unapplied_words(one).ja for one in unapplied]),
            capped([unapplied_words(one).en for one in unapplied]),
        ),
        remedy=Text(
            "設定かSalesforceの組織を直してください。それまでは前の設定のまま動き続けます。"
            "すべての問題は flyle-sf check テナント で表示されます",
            "Correct the settings, or the org; the settings before them go on until then."
            " flyle-sf check TENANT shows every problem",
        ),
    )


def _in_words(
    followed: Followed,
    changes: PartitionChanges,
    budget: Budget,
    unapplied: Sequence[Unapplied],
) -> str:
    """Why no run was requested, and what else is worth knowing about this tick."""
    unnamed = [name for name in followed.unusable if name not in {one.tenant for one in unapplied}]
    parts = [f"{len(followed.registered)} tenants, no settings that ask for a run"]
    told = (
        ("added", changes.add),
        ("removed", changes.remove),
        ("removed after their run", changes.deferred),
        ("not applied", [unapplied_words(one).en for one in unapplied]),
        ("files that cannot be used", unnamed),
        ("failed", [f"{tenant} ({why})" for tenant, why in budget.failed.items()]),
    )
    parts += [f"{words}: {capped(names)}" for words, names in told if names]
    if budget.left:
        parts.append(f"{budget.left} left for the next tick")
    return "; ".join(parts)


@sensor(
    job=refresh_tenant,
    name="settings",
    minimum_interval_seconds=INTERVAL_S,
    default_status=SENSOR_STATUS,
    description="Follows settings files and what the console saves: partitions come and go, the"
    " parts that changed are observed, and one run refreshes exactly the affected assets.",
)
@guarded_tick
def settings_sensor(
    context: SensorEvaluationContext, refreshes: ResourceParam[Refreshes]
) -> SensorResult:
    """One tick; see `Tick`."""
    budget = Budget(BUDGET_S)
    return Tick(refreshes.installation(), context.instance, budget, refreshes.clock).run()
