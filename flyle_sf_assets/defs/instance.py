"""Dagster's instance of an installation: its home, its partitions, its observed settings."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from dagster import (
    AssetMaterialization,
    AssetObservation,
    AssetRecordsFilter,
    DagsterEventType,
    DagsterInstance,
    RunsFilter,
)
from dagster._core.instance.ref import InstanceRef

from flyle_sf_assets.check.parts import part_digests
from flyle_sf_assets.defs import keys
from flyle_sf_assets.defs.partitions import TENANT_PARTITIONS
from flyle_sf_assets.installation.dagster_home import dagster_home
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.settings.models import TenantSettings

OWN_TERMINAL = {
    "module": "dagster._core.storage.noop_compute_log_manager",
    "class": "NoOpComputeLogManager",
}
DATA_VERSION_TAG = "dagster/data_version"
RUN_KEY_TAG = "dagster/run_key"
RETRIED_AFTER = (DagsterEventType.RUN_FAILURE, DagsterEventType.RUN_SUCCESS)
"""The events by which Dagster's daemon finds the runs that its retries are about."""


def prepare_home(installation: Installation) -> Path:
    """Puts ``dagster.yaml`` into Dagster's home: the configured one, else the one shipped.

    Also sets the environment by which Dagster and its child processes find this installation.
    """
    home = dagster_home(installation.environment)
    os.environ.update(installation.child_environment())
    return home


def instance_of(installation: Installation) -> DagsterInstance:
    """The Dagster instance of this installation, on its PostgreSQL.

    For commands: what a run in this process prints goes to the terminal at once, not through
    Dagster's files and the four processes that watch them, which Ctrl-C would end as well.
    """
    reference = InstanceRef.from_dir(
        str(prepare_home(installation)), overrides={"compute_logs": OWN_TERMINAL}
    )
    return DagsterInstance.from_ref(reference)


def begin_at_newest_event(instance: DagsterInstance) -> None:
    """Lets a daemon that has never run look for runs to retry from now on.

    It would begin there by itself, with a warning for each kind of event.
    """
    cursors = instance.daemon_cursor_storage
    keys = {f"EVENT_LOG_CONSUMER_CURSOR-{kind.value}" for kind in RETRIED_AFTER}
    new = keys - cursors.get_cursor_values(keys).keys()
    if new:
        newest = str(instance.event_log_storage.get_maximum_record_id() or 0)
        cursors.set_cursor_values(dict.fromkeys(new, newest))


def add_tenants(instance: DagsterInstance, names: Iterable[str]) -> None:
    """Makes sure that each tenant has its partition."""
    known = set(instance.get_dynamic_partitions(TENANT_PARTITIONS))
    new = [name for name in names if name not in known]
    if new:
        instance.add_dynamic_partitions(TENANT_PARTITIONS, new)


def observe_settings(instance: DagsterInstance, settings: TenantSettings) -> tuple[str, ...]:
    """Reports to Dagster the digest of each part of a tenant's settings that it does not know yet.

    Returns these parts. An unchanged digest keeps what depends on it fresh; a changed one makes
    exactly this tenant's partitions of the affected assets stale. The materialization beside the
    observation is for people: without it the graph shows the partition as missing for ever.
    """
    told = []
    for part, digest in part_digests(settings).items():
        if _reported(instance, part, settings.tenant) == digest:
            continue
        for event in (AssetObservation, AssetMaterialization):
            instance.report_runless_asset_event(
                event(
                    asset_key=keys.link_settings(part),
                    partition=settings.tenant,
                    tags={DATA_VERSION_TAG: digest},
                )
            )
        told.append(part)
    return tuple(told)


def _reported(instance: DagsterInstance, part: str, tenant: str) -> str | None:
    """The digest that was last reported to Dagster, None when none was.

    Earlier versions reported no materialization: what they observed is reported once more.
    """
    newest = AssetRecordsFilter(asset_key=keys.link_settings(part), asset_partitions=[tenant])
    for record in instance.fetch_materializations(newest, limit=1).records:
        if record.asset_materialization is not None:
            return (record.asset_materialization.tags or {}).get(DATA_VERSION_TAG)
    return None


def runs_by_key(instance: DagsterInstance, run_keys: Sequence[str]) -> dict[str, str]:
    """The ids of the runs that were started under these keys, by key."""
    if not run_keys:
        return {}
    runs = instance.get_runs(RunsFilter(tags={RUN_KEY_TAG: list(run_keys)}))
    return {run.tags[RUN_KEY_TAG]: run.run_id for run in runs}
