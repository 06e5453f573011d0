"""The ops of the job ``tidy_up``: old runs, record files that nothing uses, old history."""

from datetime import UTC, datetime, timedelta

from dagster import (
    AssetKey,
    AssetRecordsFilter,
    DagsterEventType,
    DagsterInstance,
    In,
    Nothing,
    OpExecutionContext,
    ResourceParam,
    RunsFilter,
    op,
)
from dagster._core.storage.dagster_run import FINISHED_STATUSES

from flyle_sf_assets.defs import keys
from flyle_sf_assets.defs.failures import guarded
from flyle_sf_assets.defs.resources import Refreshes
from flyle_sf_assets.scheduling.garbage_collection import sweep_lake, tidy_history

RUNS_KEPT = timedelta(days=14)
RUNS_A_NIGHT_MAX = 20_000
"""More wait for the next night: deleting one takes about 10 ms."""

CHUNK = 500


@op(description="Deletes runs that ended long ago, but none that an asset's page still shows.")
@guarded
def tidy_runs(context: OpExecutionContext) -> None:
    """Runs and their events, 60 KB each."""
    deleted = delete_old_runs(context.instance, datetime.now(UTC) - RUNS_KEPT)
    context.log.info("%d runs deleted", deleted)
    context.add_output_metadata({"runs_deleted": deleted})


@op(
    ins={"start_after": In(Nothing)},
    description="Deletes record files that no dataset is made of any more.",
)
@guarded
def tidy_lake(context: OpExecutionContext, refreshes: ResourceParam[Refreshes]) -> None:
    """Files from compactions and killed runs."""
    swept = sweep_lake(refreshes.installation(), refreshes.clock())
    context.log.info(swept.in_words())
    context.add_output_metadata({"files_deleted": swept.files, "bytes_deleted": swept.size_bytes})


@op(
    ins={"start_after": In(Nothing)},
    description="Drops the months of the history that are past their time, and makes the next.",
)
@guarded
def tidy_changes(context: OpExecutionContext, refreshes: ResourceParam[Refreshes]) -> None:
    """The history of companies, by month."""
    tidied = tidy_history(refreshes.installation(), refreshes.clock())
    context.log.info("%d months added; dropped: %s", tidied.added, ", ".join(tidied.dropped) or "-")
    context.add_output_metadata(
        {"months_added": tidied.added, "months_dropped": list(tidied.dropped)}
    )


def delete_old_runs(instance: DagsterInstance, before: datetime) -> int:
    """Deletes ended runs that were last updated before; returns how many.

    The run of an asset's newest materialization for a tenant stays, however old: without its
    event Dagster would count the partition as missing.
    """
    shown = runs_shown(instance)
    old = instance.get_run_records(
        RunsFilter(statuses=FINISHED_STATUSES, updated_before=before),
        limit=RUNS_A_NIGHT_MAX + len(shown),
        ascending=True,
    )
    doomed = [r.dagster_run.run_id for r in old if r.dagster_run.run_id not in shown]
    for run_id in doomed[:RUNS_A_NIGHT_MAX]:
        instance.delete_run(run_id)
        instance.compute_log_manager.delete_logs(prefix=[run_id])
    return len(doomed[:RUNS_A_NIGHT_MAX])


def runs_shown(instance: DagsterInstance) -> frozenset[str]:
    """The runs that made the newest materialization of some asset for some tenant."""
    found: set[str] = set()
    for key in keys.IN_ORDER:
        newest = instance.get_latest_storage_id_by_partition(
            key, DagsterEventType.ASSET_MATERIALIZATION
        )
        ids = sorted(newest.values())
        for start in range(0, len(ids), CHUNK):
            found |= _runs_of(instance, key, ids[start : start + CHUNK])
    return frozenset(found)


def _runs_of(instance: DagsterInstance, key: AssetKey, storage_ids: list[int]) -> set[str]:
    found = instance.fetch_materializations(
        AssetRecordsFilter(asset_key=key, storage_ids=storage_ids), limit=len(storage_ids)
    )
    return {record.run_id for record in found.records}
