"""What the schedules need of every tenant, in one read."""

from dataclasses import dataclass
from datetime import datetime

from flyle_sf_assets.store.postgres.database import FleetTransaction
from flyle_sf_assets.store.tenants.links import LinkState


@dataclass(frozen=True, slots=True)
class Agenda:
    """One tenant that has settings: its newest ones, and its link's state. Times are UTC.

    ``every`` and ``time_zone`` are as written in the settings (``3h``, ``Asia/Tokyo``).
    """

    tenant_id: str
    settings_version: int
    every: str
    time_zone: str
    flow: str
    state: LinkState = "not_connected"
    first_synced_at: datetime | None = None
    next_due_at: datetime | None = None
    failures: int = 0
    retry_at: datetime | None = None
    stopped_version: int | None = None
    census_at: datetime | None = None
    sweep_at: datetime | None = None
    tried_at: datetime | None = None
    asked_at: datetime | None = None


def read_agendas(tx: FleetTransaction) -> tuple[Agenda, ...]:
    """Every tenant that has settings, by name."""
    return tx.rows(
        Agenda,
        "SELECT s.tenant_id, s.version AS settings_version, s.every, s.time_zone, s.flow,"
        " coalesce(l.state, 'not_connected') AS state, l.first_synced_at, l.next_due_at,"
        " coalesce(l.failures, 0) AS failures, l.retry_at, l.stopped_version, l.census_at,"
        " l.sweep_at, l.tried_at, l.asked_at"
        " FROM (SELECT DISTINCT ON (tenant_id) tenant_id, version,"
        " document #>> '{refresh,every}' AS every, document ->> 'time_zone' AS time_zone,"
        " document #>> '{connection,flow}' AS flow"
        " FROM settings_versions ORDER BY tenant_id, version DESC) AS s"
        " LEFT JOIN links AS l USING (tenant_id) ORDER BY s.tenant_id",
    )
