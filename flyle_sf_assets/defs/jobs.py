"""Jobs: one refresh of one tenant.

What does not belong here: when they run (schedules and sensors).
"""

from dagster import AssetSelection, define_asset_job

from flyle_sf_assets.defs import keys

refresh_tenant = define_asset_job(
    name="refresh_tenant",
    description="Everything that one tenant needs, in order; assets with nothing to do say why.",
    # The checks would be planned in every run; the companies tell those that a run answers.
    selection=AssetSelection.assets(*keys.IN_ORDER).without_checks(),
)

all_jobs = [refresh_tenant]
