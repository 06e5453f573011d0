"""The whole wiring on one page.

`build_defs` puts together assets, checks, jobs and resources; tests and commands override resources
there. What does not belong here: anything that needs a database or an org. The code location
loads even when every tenant's settings are broken and PostgreSQL is down.
"""

from collections.abc import Mapping
from typing import Any

from dagster import Definitions, in_process_executor

from flyle_sf_assets import garbage
from flyle_sf_assets.defs.assets import all_assets
from flyle_sf_assets.defs.checks import all_checks
from flyle_sf_assets.defs.fleet_checks import fleet_checks_job, fleet_checks_schedule
from flyle_sf_assets.defs.fleet_health import (
    fleet_health,
    fleet_health_job,
    fleet_health_schedule,
)
from flyle_sf_assets.defs.jobs import all_jobs
from flyle_sf_assets.defs.record_files import record_files_job, record_files_schedule
from flyle_sf_assets.defs.resources import default_refreshes
from flyle_sf_assets.defs.schedules import all_schedules
from flyle_sf_assets.defs.sensors import all_sensors
from flyle_sf_assets.defs.settings_sensor import settings_sensor
from flyle_sf_assets.defs.webhooks import webhooks
from flyle_sf_assets.private_files import create_privately


def build_defs(resource_overrides: Mapping[str, Any] | None = None) -> Definitions:
    """All of this product's Dagster definitions, with other resources where given.

    ``resource_overrides`` by resource key; the only one is ``refreshes`` (`defs.resources`).
    Nothing is opened here, and nothing raised. Relied on: Dagster docs, "Definitions" and
    "Configuring resources".

    Example: ``defs/test_definitions.py``
    """
    return Definitions(
        assets=[*all_assets, fleet_health],
        asset_checks=all_checks,
        jobs=[*all_jobs, fleet_checks_job, fleet_health_job, record_files_job],
        schedules=[
            *all_schedules,
            fleet_checks_schedule,
            fleet_health_schedule,
            record_files_schedule,
        ],
        sensors=[*all_sensors, settings_sensor, webhooks],
        resources={"refreshes": default_refreshes(), **(resource_overrides or {})},
        executor=in_process_executor,
    )


# Files of runs and their logs are accessible to the owner only, whatever starts Dagster.
create_privately()

defs = build_defs()

garbage.end_loading()
