"""A run of some assets only: it describes first, and reads what the describe added to the plan.

What does not belong here: a run that has the schemas among its assets, and a refusal in the middle
of a refresh (``steps/redescribe.py``).
"""

from collections.abc import Callable
from functools import partial

from flyle_sf_assets.errors import FieldRefused, ObjectRefused, UsageError
from flyle_sf_assets.raw.ownership import RAW_ASSETS, RawAsset
from flyle_sf_assets.sync.context import Refresh
from flyle_sf_assets.sync.state.asset_names import SCHEMAS
from flyle_sf_assets.sync.step_report import StepReport
from flyle_sf_assets.sync.steps.enriched_records import (
    enrich_records,
    enriched_dataset,
    is_joined,
)
from flyle_sf_assets.sync.steps.object_schemas import describe_objects
from flyle_sf_assets.sync.steps.picklist_options import follow_options
from flyle_sf_assets.sync.steps.raw_records import read_records
from flyle_sf_assets.sync.steps.redescribe import is_read_as_planned


def catch_up(
    refresh: Refresh, step: Callable[..., StepReport], *args: object, **kwargs: object
) -> None:
    """Describes, unless nothing was ever described, and brings the assets before ``step`` up.

    Only those that had everything that the plan wanted until now: one that was never materialized
    is the business of the person who left it out.
    """
    if refresh.committed.generation_number(SCHEMAS) == 0:
        return
    inner = step.func if isinstance(step, partial) else step
    asset = _asset_of(step, args, kwargs) if inner is read_records else None
    before = [one for one in _behind(asset) if _has_what_is_planned(refresh, one) is True]
    was_joined = _is_joined(refresh)
    describe_objects(refresh)
    is_any_read = False
    for one in before:
        # What is read again may refer to records that those after it do not hold.
        if is_any_read or _has_what_is_planned(refresh, one) is False:
            read_records(refresh, one)
            is_any_read = True
    if asset is not None or inner is enrich_records:
        return
    if is_any_read or (was_joined and not _is_joined(refresh)):
        enrich_records(refresh)
        if inner is not follow_options:
            follow_options(refresh)


def _asset_of(
    step: Callable[..., StepReport], args: tuple[object, ...], kwargs: dict[str, object]
) -> RawAsset:
    """Which asset `read_records` was called, or bound, to read."""
    bound = step.keywords if isinstance(step, partial) else {}
    named = args[0] if args else (kwargs | bound)["asset"]
    return next(asset for asset in RAW_ASSETS if asset == named)


def _behind(asset: RawAsset | None) -> tuple[RawAsset, ...]:
    return RAW_ASSETS if asset is None else RAW_ASSETS[: RAW_ASSETS.index(asset)]


def _has_what_is_planned(refresh: Refresh, asset: RawAsset) -> bool | None:
    """None when what is planned cannot be asked now: nothing is read for it, or refused."""
    try:
        return is_read_as_planned(refresh, refresh.plan(), asset)
    except (FieldRefused, ObjectRefused, UsageError):
        return None


def _is_joined(refresh: Refresh) -> bool:
    plan = refresh.plan()
    manifest = refresh.committed.manifest(enriched_dataset(plan))
    return manifest is not None and is_joined(plan, manifest)
