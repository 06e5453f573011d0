"""The sensor that posts notices and fleet alerts to ``FLYLE_WEBHOOK_URL``."""

from datetime import UTC, datetime, timedelta

from dagster import ResourceParam, SensorEvaluationContext, SkipReason, sensor

from flyle_sf_assets.defs.failures import guarded_tick
from flyle_sf_assets.defs.fleet import SENSOR_STATUS
from flyle_sf_assets.defs.resources import Refreshes
from flyle_sf_assets.fleet.alerts import store_alerts
from flyle_sf_assets.fleet.health import read_health
from flyle_sf_assets.fleet.webhook_delivery import KEPT, deliver, discard_events
from flyle_sf_assets.fleet.webhook_target import URL_VARIABLE, webhook_target
from flyle_sf_assets.installation.opened import Installation

ALERTS_EVERY = timedelta(minutes=10)


@sensor(
    minimum_interval_seconds=15,
    default_status=SENSOR_STATUS,
    description="Posts notices and fleet alerts to FLYLE_WEBHOOK_URL, signed, at least once each."
    " Without that address it empties the outbox.",
)
@guarded_tick
def webhooks(context: SensorEvaluationContext, refreshes: ResourceParam[Refreshes]) -> SkipReason:
    """One round; the cursor is when the fleet's health was last looked at."""
    target = webhook_target()
    installation, now = refreshes.installation(), refreshes.clock()
    if target is None:
        discard_events(installation.database, now)
        return SkipReason(f"{URL_VARIABLE} is not set")
    if _is_due(context.cursor, now):
        _look_at_the_fleet(installation, now)
        context.update_cursor(now.isoformat())
    return SkipReason(deliver(installation.database, target, refreshes.clock).in_words())


def _is_due(cursor: str | None, now: datetime) -> bool:
    if cursor is None:
        return True
    last = datetime.fromisoformat(cursor).astimezone(UTC)
    return not timedelta(0) <= now - last < ALERTS_EVERY


def _look_at_the_fleet(installation: Installation, now: datetime) -> None:
    """Stores what begins and what is over, and deletes old events."""
    every_s = installation.environment.refresh_every_s
    store_alerts(installation.database, read_health(installation.database, now, every_s=every_s))
    discard_events(installation.database, now - KEPT)
