"""Whether an object's metadata was edited since its records' values were last compared.

Deleting a custom field and making it again, or giving it another type for a while, changes values
and stamps no record: only describe's Last-Modified shows it.
"""

from collections.abc import Sequence

from flyle_sf_assets.raw.ownership import RawAsset
from flyle_sf_assets.raw.plan import Dataset
from flyle_sf_assets.raw.sweep import custom_columns
from flyle_sf_assets.store.syncs.generations import Consumed
from flyle_sf_assets.sync.extract.dataset_reader import DatasetReading
from flyle_sf_assets.sync.state.asset_names import digest_of
from flyle_sf_assets.sync.state.committed_state import CommittedState


def is_edited(committed: CommittedState, dataset: Dataset) -> bool:
    """Whether there was an edit that no census has checked yet."""
    now = _metadata_of(committed, dataset)
    return committed.consumed(dataset.asset).get(now.input) != now


def metadata_compared(
    committed: CommittedState, asset: RawAsset, readings: Sequence[DatasetReading]
) -> list[Consumed]:
    """The metadata state at which all values of each dataset were last read or compared."""
    taken, found = committed.consumed(asset), []
    for one in readings:
        now = _metadata_of(committed, one.questions.dataset)
        is_compared = {*custom_columns(one.questions.dataset)} <= {*(one.compared or ())}
        kept = now if one.window is None or is_compared else taken.get(now.input)
        found += [kept] if kept else []
    return found


def _metadata_of(committed: CommittedState, dataset: Dataset) -> Consumed:
    edited = committed.edited(dataset.object)
    return Consumed(f"metadata/{dataset.name}", 0, digest_of(edited))
