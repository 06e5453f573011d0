"""The steps of one refresh in the order of the assets, for anyone who runs them without Dagster.

What does not belong here: the steps, and Dagster's own order (``defs/assets.py``).
"""

from collections.abc import Callable
from functools import partial

from flyle_sf_assets.raw.ownership import RAW_ASSETS
from flyle_sf_assets.sync.context import Refresh
from flyle_sf_assets.sync.session import run_step
from flyle_sf_assets.sync.step_report import StepReport
from flyle_sf_assets.sync.steps.companies import write_companies
from flyle_sf_assets.sync.steps.enriched_records import enrich_records
from flyle_sf_assets.sync.steps.object_schemas import describe_objects
from flyle_sf_assets.sync.steps.picklist_options import follow_options
from flyle_sf_assets.sync.steps.raw_records import read_records

STEPS: tuple[Callable[[Refresh], StepReport], ...] = (
    describe_objects,
    *(partial(read_records, asset=asset) for asset in RAW_ASSETS),
    enrich_records,
    follow_options,
    write_companies,
)


def run_all(refresh: Refresh) -> tuple[StepReport, ...]:
    """Runs every step; the first error ends the refresh and is raised."""
    return tuple(run_step(refresh, step) for step in STEPS)
