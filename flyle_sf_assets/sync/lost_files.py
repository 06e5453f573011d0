"""Record files that are damaged or lost: their datasets count as not held, and are read again.

What does not belong here: what is wrong with a file (``lake/damage.py``), reading a dataset
(``sync/steps/raw_records.py``).
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from flyle_sf_assets.errors import RecordFileDamaged
from flyle_sf_assets.lake.files import Lake
from flyle_sf_assets.lake.manifest import NOTHING, Manifest
from flyle_sf_assets.raw.ownership import RAW_ASSETS, RawAsset
from flyle_sf_assets.store.syncs.generations import Generation, lose_generation
from flyle_sf_assets.store.syncs.syncs import add_reread
from flyle_sf_assets.sync.context import Refresh
from flyle_sf_assets.sync.step_report import StepReport
from flyle_sf_assets.sync.steps.enriched_records import enrich_records, enriched_dataset
from flyle_sf_assets.sync.steps.raw_records import read_records
from flyle_sf_assets.telemetry.logs import logger

_log = logger("refresh")


def damages(
    lake: Lake, current: Mapping[str, Generation], *, is_read: bool = False
) -> dict[str, str]:
    """Which datasets have a file that is damaged or lost, and what is wrong with it.

    As far as it is seen from outside, or with ``is_read`` by comparing every file's content.
    Raises StoreUnavailable when the lake as a whole is not there.
    """
    found = {}
    for name, one in current.items():
        manifest = Manifest.held(one.manifest)
        for file in () if manifest is None else manifest.files:
            reason = lake.damage(file, is_read=is_read)
            if reason is not None:
                found[name] = f"{file.path}: {reason}"
                break
    return found


def readable(lake: Lake, current: Mapping[str, Generation]) -> dict[str, Generation]:
    """The generations with nothing held of those whose files are damaged or lost.

    For those who only look: what a refresh will find out, and mend, changes nothing here.
    """
    lost = damages(lake, current)
    for name, one in current.items():
        manifest = None if name in lost else Manifest.held(one.manifest)
        if manifest is None:
            continue
        try:
            lake.read(manifest)
        except RecordFileDamaged as error:
            lost[name] = error.reason
    return {
        name: replace(one, manifest=NOTHING, watermark=None) if name in lost else one
        for name, one in current.items()
    }


def note_damage(refresh: Refresh, *, is_read: bool = False) -> bool:
    """Looks at every record file of the tenant; what is damaged or lost is not held any more.

    Returns whether there was any. The sync's row and the log say which datasets they are.
    """
    current = refresh.committed.generations()
    found = damages(refresh.lake, current, is_read=is_read)
    if not found:
        return False
    refresh.lake.distrust()
    with refresh.committed.transaction() as tx:
        for name in found:
            lose_generation(tx, name, current[name].generation)
        add_reread(tx, refresh.sync_id, found)
    refresh.committed.forget()
    refresh.reread |= found
    for name, reason in found.items():
        _log.warning("record file damaged", dataset=name, reason=reason)
    return True


def restore(refresh: Refresh, step: partial[StepReport]) -> None:
    """Reads again what was lost of the datasets that a step, with its arguments, builds on.

    A run does all of it in its own order. This is for one that begins in the middle: somebody
    materializes one asset, Dagster goes on where a run failed, a file is damaged under way.
    """
    plan, asset = refresh.plan(), _asset_of(step)
    before = RAW_ASSETS if asset is None else RAW_ASSETS[: RAW_ASSETS.index(asset)]
    is_any_read = False
    for one in before:
        names = [dataset.name for dataset in plan.of_asset(one)]
        # What is read again may refer to records that those after it do not hold.
        if is_any_read or any(_is_lost(refresh, name) for name in names):
            read_records(refresh, one)
            is_any_read = True
    name = enriched_dataset(plan)
    is_after = asset is None and step.func is not enrich_records
    if is_after and (is_any_read or _is_lost(refresh, name)):
        enrich_records(refresh)


def with_rereads(refresh: Refresh, report: StepReport) -> StepReport:
    """The report of a step that read lost datasets again says so."""
    own = {name: why for name, why in refresh.reread.items() if f"{name}@" in report.generation}
    if not own:
        return report
    lines = "\n".join(f"- `{name}`: {reason}" for name, reason in own.items())
    return replace(report, notes={**report.notes, "read again, a file was damaged or lost": lines})


def _asset_of(step: partial[StepReport]) -> RawAsset | None:
    """The raw asset that a step reads; None for those that come after them all."""
    if step.func is not read_records:
        return None
    given = [*step.args[1:], *step.keywords.values()]
    return next(asset for asset in RAW_ASSETS if asset in given)


def _is_lost(refresh: Refresh, dataset: str) -> bool:
    return (
        refresh.committed.generation_number(dataset) > 0
        and refresh.committed.manifest(dataset) is None
    )
