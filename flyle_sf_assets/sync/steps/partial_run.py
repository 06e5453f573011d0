"""A run that begins in the middle: what comes before its first step is described and read first."""

from functools import partial

from flyle_sf_assets.errors import FieldRefused, ObjectRefused, UsageError
from flyle_sf_assets.raw.ownership import RAW_ASSETS, RawAsset
from flyle_sf_assets.raw.plan import ReadPlan
from flyle_sf_assets.sync.context import Refresh
from flyle_sf_assets.sync.state.asset_names import SCHEMAS
from flyle_sf_assets.sync.state.committed_state import CommittedState
from flyle_sf_assets.sync.step_report import StepReport
from flyle_sf_assets.sync.steps.enriched_records import (
    enrich_records,
    enriched_dataset,
    is_joined,
)
from flyle_sf_assets.sync.steps.object_schemas import describe_objects
from flyle_sf_assets.sync.steps.picklist_options import follow_options
from flyle_sf_assets.sync.steps.raw_records import read_records
from flyle_sf_assets.sync.steps.redescribe import before, is_read_as_planned, read_again


def catch_up(refresh: Refresh, step: partial[StepReport]) -> None:
    """Describes, unless that was never done, and brings the assets before ``step`` up to date.

    Only those that had everything the plan needed so far: one that was never materialized is the
    choice of the person who started the run. ``step`` has its arguments bound.
    """
    committed, asset = refresh.committed, _asset_of(step)
    if committed.generation_number(SCHEMAS) == 0:
        return

    def is_planned(one: RawAsset) -> bool | None:
        """None when what is planned is unknown now: nothing is read for it, or it is refused."""
        try:
            return is_read_as_planned(committed, refresh.settings, refresh.plan(), one)
        except (FieldRefused, ObjectRefused, UsageError):
            return None

    whole = [one for one in before(asset) if is_planned(one)]
    was_joined = _is_joined(committed, refresh.plan())
    describe_objects(refresh)
    is_any_read = read_again(refresh, whole, lambda one: is_planned(one) is False)
    if asset is not None or step.func is enrich_records:
        return
    if is_any_read or (was_joined and not _is_joined(committed, refresh.plan())):
        enrich_records(refresh)
        if step.func is not follow_options:
            follow_options(refresh)


def restore(refresh: Refresh, step: partial[StepReport]) -> None:
    """Reads lost datasets again that a step, with its arguments, builds on.

    A full run does it in its own order. This is for a run that begins in the middle: a person
    materializes one asset, Dagster retries a failed run, a file is damaged during the run.
    """
    plan, asset, is_lost = refresh.plan(), _asset_of(step), partial(_is_lost, refresh.committed)
    is_any_read = read_again(
        refresh, before(asset), lambda one: any(is_lost(d.name) for d in plan.of_asset(one))
    )
    is_after = asset is None and step.func is not enrich_records
    if is_after and (is_any_read or is_lost(enriched_dataset(plan))):
        enrich_records(refresh)


def _asset_of(step: partial[StepReport]) -> RawAsset | None:
    """The raw asset that a step reads; None for those that come after them all."""
    if step.func is not read_records:
        return None
    given = [*step.args[1:], *step.keywords.values()]
    return next(asset for asset in RAW_ASSETS if asset in given)


def _is_joined(committed: CommittedState, plan: ReadPlan) -> bool:
    manifest = committed.manifest(enriched_dataset(plan))
    return manifest is not None and is_joined(plan, manifest)


def _is_lost(committed: CommittedState, dataset: str) -> bool:
    return committed.generation_number(dataset) > 0 and committed.manifest(dataset) is None
