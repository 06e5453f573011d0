"""What the refresh after a preview would cost, from what the preview has found out.

What does not belong here: how calls add up (``raw/forecast.py``).
"""

from math import ceil

import polars as pl

from flyle_sf_assets.enriched.join import node_id
from flyle_sf_assets.raw.forecast import Cost, DatasetLoad, forecast
from flyle_sf_assets.raw.plan import Dataset, ReadPlan
from flyle_sf_assets.raw.records import READABLE, is_any
from flyle_sf_assets.refresh.held_frames import HeldFrames
from flyle_sf_assets.refresh.membership import Membership
from flyle_sf_assets.refresh.strata import Strata


def next_cost(
    held: HeldFrames,
    members: Membership,
    strata: Strata,
    read: pl.DataFrame,
    *,
    describe_calls: int,
    is_new: bool,
) -> Cost:
    """The cost of the next refresh. ``read`` are enriched rows from which parents are estimated.

    Settings that are not new are not held against the org again.
    """
    loads = {
        dataset.name: _load(held, members, strata, read, dataset) for dataset in held.plan.datasets
    }
    return forecast(held.plan, loads, describe_calls=describe_calls if is_new else 0)


def _load(
    held: HeldFrames, members: Membership, strata: Strata, read: pl.DataFrame, dataset: Dataset
) -> DatasetLoad:
    manifest = held.manifest(dataset.name)
    reads_anew = manifest is None or not held.has_columns(dataset)
    if dataset.is_base:
        is_whole = reads_anew or members.is_scope_new
        return DatasetLoad(
            is_held=manifest is not None and not members.is_scope_new,
            whole=members.matching.len() if is_whole else None,
            by_id=strata.leaving.len() if members.is_scope_new and manifest else 0,
        )
    if _is_one_to_one(held.plan, dataset):
        whole = _parents(held.plan, members, read, dataset) if reads_anew else None
        return DatasetLoad(is_held=manifest is not None, whole=whole)
    by_id = 0
    if manifest is None:
        by_id = _parents(held.plan, members, read, dataset)
    elif reads_anew:
        by_id = held.records(dataset).filter(is_any(READABLE)).collect().height
    return DatasetLoad(is_held=manifest is not None, by_id=by_id)


def _is_one_to_one(plan: ReadPlan, dataset: Dataset) -> bool:
    return any(node.one_to_one for node in plan.nodes if node.dataset == dataset.name)


def _parents(plan: ReadPlan, members: Membership, read: pl.DataFrame, dataset: Dataset) -> int:
    """How many records of a dataset the matching ones look up, as far as the sample tells."""
    if read.is_empty():
        return 0
    columns = [node_id(n) for n in plan.nodes if n.dataset == dataset.name and n.path]
    seen = pl.concat([read[column].drop_nulls() for column in columns]).n_unique()
    if read.height >= members.matching.len():
        return seen
    return ceil(seen * members.matching.len() / read.height)
