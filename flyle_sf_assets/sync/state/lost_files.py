"""Record files that are damaged or lost: their datasets count as not held, and are read again."""

from collections.abc import Mapping
from dataclasses import replace

from flyle_sf_assets.errors import RecordFileDamaged
from flyle_sf_assets.lake.files import Lake
from flyle_sf_assets.lake.manifest import NOTHING, Manifest
from flyle_sf_assets.store.syncs.generations import Generation, lose_generation
from flyle_sf_assets.store.syncs.syncs import add_reread
from flyle_sf_assets.sync.state.committed_state import CommittedState
from flyle_sf_assets.sync.step_report import StepReport
from flyle_sf_assets.telemetry.logs import logger

_log = logger("refresh")


def damages(
    lake: Lake, current: Mapping[str, Generation], *, is_read: bool = False
) -> dict[str, str]:
    """Which datasets have a file that is damaged or lost, and what is wrong with it.

    Checks what is seen without a request (in a folder presence, type and size; in a bucket
    nothing), or with ``is_read`` the content of every file.
    Raises StoreUnavailable when the lake as a whole is not there.
    """
    found = {}
    for name, one in current.items():
        manifest = Manifest.held(one.manifest)
        for file in () if manifest is None else manifest.files:
            reason = lake.damage(file, is_read=True) if is_read else lake.seen_damage(file)
            if reason is not None:
                found[name] = f"{file.path}: {reason.en}"
                break
    return found


def readable(lake: Lake, current: Mapping[str, Generation]) -> dict[str, Generation]:
    """The generations; those with damaged or lost files count as holding nothing.

    For readers only: nothing is changed here that a refresh will detect and repair.
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


def note_damage(
    committed: CommittedState, lake: Lake, sync_id: int, *, is_read: bool = False
) -> dict[str, str]:
    """Checks every record file of the tenant; what is damaged or lost no longer counts as held.

    Returns what is wrong, by dataset; the sync's row and the log contain it too.
    """
    current = committed.generations()
    found = damages(lake, current, is_read=is_read)
    if not found:
        return found
    lake.distrust()
    with committed.transaction() as tx:
        for name in found:
            lose_generation(tx, name, current[name].generation)
        add_reread(tx, sync_id, found)
    committed.forget()
    for name, reason in found.items():
        _log.warning("record file damaged", dataset=name, reason=reason)
    return found


def with_rereads(report: StepReport, reread: Mapping[str, str]) -> StepReport:
    """Adds to the report of a step that it read lost datasets again."""
    own = {name: why for name, why in reread.items() if f"{name}@" in report.generation}
    if not own:
        return report
    lines = "\n".join(f"- `{name}`: {reason}" for name, reason in own.items())
    return replace(report, notes={**report.notes, "read again, a file was damaged or lost": lines})
