"""Jobs: one refresh of one tenant, and cleaning up after all of them."""

from dagster import AssetSelection, JobDefinition, define_asset_job, job
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from flyle_sf_assets.defs import keys
from flyle_sf_assets.defs.tidying import tidy_lake, tidy_runs

refresh_tenant = define_asset_job(
    name="refresh_tenant",
    description="Everything that one tenant needs, in order; assets with nothing to do say why.",
    # The checks would be planned in every run; the companies asset logs those that a run answers.
    selection=AssetSelection.assets(*keys.IN_ORDER).without_checks(),
)


@job(description="Deletes old runs with their events, and record files that no dataset is made of.")
def tidy_up() -> None:
    """Both, one after the other."""
    tidy_lake(start_after=tidy_runs())


all_jobs: list[JobDefinition | UnresolvedAssetJobDefinition] = [refresh_tenant, tidy_up]
