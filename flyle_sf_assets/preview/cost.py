"""What the refresh after a preview would cost, from what the preview found."""

from dataclasses import dataclass
from math import ceil

import polars as pl

from flyle_sf_assets.enriched.join import node_id
from flyle_sf_assets.preview.company_groups import without
from flyle_sf_assets.preview.held_records import HeldFrames
from flyle_sf_assets.preview.membership import Membership
from flyle_sf_assets.raw.forecast import Cost, DatasetLoad, forecast, poll_cost
from flyle_sf_assets.raw.plan import Dataset
from flyle_sf_assets.raw.records import READABLE, is_any
from flyle_sf_assets.salesforce.composite import SUBREQUESTS_MAX


@dataclass(frozen=True)
class Found:
    """What a preview found that determines a cost.

    ``read`` are enriched rows out of ``unread`` companies whose values are not held; the parents
    of all of them are estimated from these.
    """

    held: HeldFrames
    members: Membership
    leaving: int
    read: pl.DataFrame
    unread: int

    @property
    def is_idle(self) -> bool:
        """Whether nothing is new, so that a refresh would only have polled."""
        touched = any(len(ids) for ids in self.members.touched.values())
        return not (self.leaving or self.unread or touched or self.members.is_untold)


def next_cost(found: Found, *, describe_calls: int, is_passed: bool) -> Cost:
    """The cost of the next refresh; ``describe_calls`` are those for lookups never followed.

    Every run describes all known objects, 25 per call. ``is_passed`` says that these settings
    are current and were used by a refresh.
    """
    if is_passed and found.is_idle:
        return poll_cost(found.held.plan)
    loads = {dataset.name: _load(found, dataset) for dataset in found.held.plan.datasets}
    plan = found.held.plan
    is_known = any(found.held.manifest(dataset.name) is not None for dataset in plan.datasets)
    of_known = ceil(len({node.object for node in plan.nodes}) / SUBREQUESTS_MAX)
    return forecast(plan, loads, describe_calls=of_known if is_known else describe_calls)


def _load(found: Found, dataset: Dataset) -> DatasetLoad:
    held, members = found.held, found.members
    is_held = held.manifest(dataset.name) is not None
    lacks_columns = is_held and not held.has_columns(dataset)
    parents = _parents(found, dataset)
    if lacks_columns and any(n.dataset == dataset.name and n.path for n in held.plan.nodes):
        parents = (*parents, _readable(held, dataset))
    if dataset.is_base:
        is_whole = not is_held or lacks_columns or members.is_scope_new
        absent = found.leaving if members.is_scope_new and is_held else 0
        return DatasetLoad(
            is_held=is_held and not members.is_scope_new,
            whole=members.matching.len() if is_whole else None,
            by_id=(*parents, absent),
        )
    is_one_to_one = any(n.one_to_one for n in held.plan.nodes if n.dataset == dataset.name)
    if not is_one_to_one:
        return DatasetLoad(is_held, by_id=parents)
    is_whole = not is_held or lacks_columns
    return DatasetLoad(is_held, whole=sum(parents) if is_whole else None)


def _readable(held: HeldFrames, dataset: Dataset) -> int:
    return held.records(dataset).filter(is_any(READABLE)).select("Id").collect().height


def _parents(found: Found, dataset: Dataset) -> tuple[int, ...]:
    """Records of a dataset that are referred to and not held, per node of the lookup tree."""
    known = found.held.all_records[dataset.name].select("Id").collect().to_series()
    if dataset.is_base:
        known = pl.concat([known, found.members.matching])
    counts = []
    for node in found.held.plan.nodes:
        if node.dataset != dataset.name or not node.path:
            continue
        seen = without(found.read[node_id(node)].drop_nulls().unique(), known)
        known = pl.concat([known, seen])
        scale = max(found.unread / found.read.height, 1) if found.read.height else 1
        counts.append(ceil(seen.len() * scale))
    return tuple(counts)
