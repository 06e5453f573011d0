"""A describe in the middle of a refresh, and what the steps before it must read again.

What does not belong here: when one is needed (``sync/session.py``,
``sync/steps/picklist_options.py``).
"""

from collections.abc import Callable, Iterable
from itertools import dropwhile

from flyle_sf_assets.raw.ownership import RAW_ASSETS, RawAsset
from flyle_sf_assets.raw.plan import ReadPlan
from flyle_sf_assets.raw.questions import Questions
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.store.syncs.generations import Consumed
from flyle_sf_assets.sync.context import Refresh
from flyle_sf_assets.sync.state.asset_names import digest_of
from flyle_sf_assets.sync.state.committed_state import CommittedState
from flyle_sf_assets.sync.steps.object_schemas import describe_objects
from flyle_sf_assets.sync.steps.raw_records import NODES, read_records, scope_of


def redescribe_during_refresh(refresh: Refresh) -> None:
    """Describes every schema at once, and reads again what was read by a narrower plan.

    A permission that was restored behind a 304 widens the read plan while the refresh runs.
    Reads only the raw assets before the current one, or all of them when none is being read.
    """
    asking = refresh.reading
    describe_objects(refresh, is_forced=True)
    plan, committed, settings = refresh.plan(), refresh.committed, refresh.settings
    read_again(
        refresh,
        before(asking),
        lambda asset: not is_read_as_planned(committed, settings, plan, asset),
    )


def before(asset: RawAsset | None) -> tuple[RawAsset, ...]:
    """The raw assets before one, or all of them."""
    return RAW_ASSETS if asset is None else RAW_ASSETS[: RAW_ASSETS.index(asset)]


def read_again(
    refresh: Refresh, assets: Iterable[RawAsset], is_due: Callable[[RawAsset], bool]
) -> bool:
    """Reads the first asset that is due and all after it; returns whether there was one.

    The rows may refer to records that later assets do not hold.
    """
    due = list(dropwhile(lambda asset: not is_due(asset), assets))
    for asset in due:
        read_records(refresh, asset)
    return bool(due)


def is_read_as_planned(
    committed: CommittedState, settings: TenantSettings, plan: ReadPlan, asset: RawAsset
) -> bool:
    """Whether what is held of an asset has the records, columns and references of this plan."""
    if not plan.of_asset(asset):
        return True
    if committed.consumed(asset).get(NODES) != Consumed(NODES, 0, digest_of(plan.nodes)):
        return False
    schemas = committed.schemas()
    for dataset in plan.of_asset(asset):
        held = committed.manifest(dataset.name)
        if held is None or not all(held.has_column(c.name, c.type) for c in dataset.columns):
            return False
        if held.scope != scope_of(Questions.about(dataset, plan, schemas, settings)):
            return False
    return True
