"""Jobs: one refresh of one tenant, with or without an approval, and cleaning up after all."""

from dagster import AssetSelection, JobDefinition, define_asset_job, job
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from flyle_sf_assets.defs import keys
from flyle_sf_assets.defs.resources import APPROVE_TAG
from flyle_sf_assets.defs.tidying import tidy_changes, tidy_lake, tidy_runs

refresh_tenant = define_asset_job(
    name="refresh_tenant",
    description="Everything that one tenant needs, in order; assets with nothing to do say why.",
    # The checks would be planned in every run; the companies asset logs those that a run answers.
    selection=AssetSelection.assets(*keys.IN_ORDER).without_checks(),
)

approve_held_change = define_asset_job(
    name="approve_held_change",
    description="Approves what the mass-change guard holds for one tenant, and refreshes it: what"
    " is held is applied, as far as it stays within the numbers that were held.",
    selection=AssetSelection.assets(*keys.IN_ORDER).without_checks(),
    tags={APPROVE_TAG: "true"},
)


@job(description="Deletes old runs with their events, unused record files, and old history.")
def tidy_up() -> None:
    """One after the other."""
    tidy_changes(start_after=tidy_lake(start_after=tidy_runs()))


all_jobs: list[JobDefinition | UnresolvedAssetJobDefinition] = [
    refresh_tenant,
    approve_held_change,
    tidy_up,
]
