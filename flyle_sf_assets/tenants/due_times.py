"""Which tenants have something due now: a pure function of agendas, clock and runs in flight.

A hash of the tenant's name gives each tenant its own moment in the interval, and in the night:
thousands of tenants with the same settings do not all start at once, and the moment stays.

What does not belong here: finding out whether there is anything to do (``scheduling/poller.py``),
and launching runs (``defs``).
"""

import hashlib
import math
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.store.syncs.schedule_inputs import Agenda

NightlyKind = Literal["census", "sweep"]

NIGHT_BEGINS_H = 22
NIGHT_LASTS_H = 8
"""The night in which everything is compared, in the tenant's time zone."""

TOKENS_FROM_CONSOLE = "web_server"
"""The flow that cannot begin before a person has logged in."""


def next_slot(tenant: str, every_s: int, after: datetime) -> datetime:
    """The tenant's first moment after ``after``, of those that are ``every_s`` seconds apart."""
    offset_s = int(_share(tenant, "refresh") * every_s)
    passed = (math.floor(after.timestamp()) - offset_s) // every_s
    return datetime.fromtimestamp(offset_s + (passed + 1) * every_s, UTC)


def next_due(last: datetime, settings: TenantSettings, environment: Environment) -> datetime:
    """When the next refresh is due: the tenant's next moment, at most its interval later."""
    return next_slot(settings.tenant, interval_s(settings, environment), last)


def interval_s(settings: TenantSettings, environment: Environment) -> int:
    """The tenant's interval in seconds, as refreshes are due by it."""
    return environment.refresh_every_s or settings.refresh.every_s


def refreshes_due(
    agendas: Iterable[Agenda],
    now: datetime,
    *,
    partitions: Collection[str],
    in_flight: Collection[str],
) -> tuple[Agenda, ...]:
    """The tenants to poll now, those that have waited longest first.

    ``partitions`` are the tenants that Dagster knows: a removed tenant is not refreshed.
    ``in_flight`` are those with a run that has not ended, or that is about to be retried.

    >>> now = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
    >>> agendas = [
    ...     Agenda(name, 1, "3h", "Asia/Tokyo", "jwt_bearer", "linked", now, due)
    ...     for name, due in (("acme", now), ("globex", now + timedelta(hours=1)))
    ... ]
    >>> partitions = ["acme", "globex"]
    >>> [one.tenant_id for one in refreshes_due(agendas, now, partitions=partitions, in_flight=[])]
    ['acme']
    >>> refreshes_due(agendas, now, partitions=partitions, in_flight=["acme"])
    ()
    """
    due = [
        agenda
        for agenda in agendas
        if agenda.tenant_id in partitions
        and agenda.tenant_id not in in_flight
        and may_start(agenda, now)
        and _is_refresh_due(agenda, now)
    ]
    return tuple(sorted(due, key=lambda agenda: (_due_since(agenda), agenda.tenant_id)))


def comparisons_due(
    kind: NightlyKind,
    agendas: Iterable[Agenda],
    now: datetime,
    *,
    partitions: Collection[str],
    in_flight: Collection[str],
) -> tuple[Agenda, ...]:
    """The synced tenants whose nightly census or sweep has not been made since its moment.

    One that was missed while the platform did not run is due at once. A census tries a stopped
    tenant too, once a night: its cause may have been repaired in Salesforce without any notice.
    """
    return tuple(
        agenda
        for agenda in agendas
        if agenda.tenant_id in partitions
        and agenda.tenant_id not in in_flight
        and _may_compare(kind, agenda, now)
        and _is_comparison_due(kind, agenda, now)
    )


def may_start(agenda: Agenda, now: datetime) -> bool:
    """Whether the platform may automatically try this tenant at its interval."""
    return not is_stopped(agenda) and _is_open(agenda, now)


def _may_compare(kind: NightlyKind, agenda: Agenda, now: datetime) -> bool:
    return _is_open(agenda, now) if kind == "census" else may_start(agenda, now)


def _is_open(agenda: Agenda, now: datetime) -> bool:
    """Whether the link waits neither for a person's action nor for the end of a back-off.

    A held change waits, but its tenant goes on being read.
    """
    if agenda.state == "disconnected":
        return False
    if agenda.state == "not_connected" and agenda.flow == TOKENS_FROM_CONSOLE:
        return False
    return agenda.retry_at is None or agenda.retry_at <= now


def is_stopped(agenda: Agenda) -> bool:
    """Whether only a person can help: the newest settings are those that failed permanently."""
    return agenda.stopped_version is not None and agenda.stopped_version >= agenda.settings_version


def night_slot(kind: NightlyKind, tenant: str, time_zone: str, now: datetime) -> datetime:
    """The tenant's last moment for a nightly comparison, up to now."""
    zone = _zone(time_zone)
    offset = timedelta(hours=NIGHT_LASTS_H) * _share(tenant, kind)
    today = now.astimezone(zone).replace(hour=NIGHT_BEGINS_H, minute=0, second=0, microsecond=0)
    # Added in UTC: a night in which the clocks change has one hour more or less.
    begins = (today.astimezone(UTC), (today - timedelta(days=1)).astimezone(UTC))
    before = (today - timedelta(days=2)).astimezone(UTC) + offset
    return next((moment + offset for moment in begins if moment + offset <= now), before)


def _is_refresh_due(agenda: Agenda, now: datetime) -> bool:
    """A tenant that failed is due when its wait is over, one never synced at once."""
    if agenda.failures or agenda.first_synced_at is None or agenda.next_due_at is None:
        return True
    return agenda.next_due_at <= now


def _is_comparison_due(kind: NightlyKind, agenda: Agenda, now: datetime) -> bool:
    slot = night_slot(kind, agenda.tenant_id, agenda.time_zone, now)
    if is_stopped(agenda):
        return agenda.tried_at is None or agenda.tried_at < slot
    if agenda.first_synced_at is None:
        return False
    last = agenda.census_at if kind == "census" else agenda.sweep_at
    # The first sync read everything: that counts as a comparison.
    since = max(last or agenda.first_synced_at, agenda.first_synced_at)
    return since < slot


def _due_since(agenda: Agenda) -> datetime:
    return agenda.retry_at or agenda.next_due_at or datetime.min.replace(tzinfo=UTC)


def _share(tenant: str, purpose: str) -> float:
    """A number from 0 to below 1, always the same for the tenant, in every process."""
    digest = hashlib.sha256(f"{purpose}:{tenant}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        # Settings are checked when they are registered; this host may know fewer time zones.
        return ZoneInfo("UTC")
