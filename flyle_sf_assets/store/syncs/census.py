"""The figures of a census, stored in the row of its sync."""

from dataclasses import asdict, dataclass
from datetime import datetime

import msgspec

from flyle_sf_assets.store.postgres.database import TenantTransaction, Transaction


@dataclass(frozen=True, slots=True)
class CensusFigures:
    """``checked`` records, with their companies; ``matched`` + ``healed`` of them.

    Checked are the records in scope, the parents in use, and frozen companies with differences.
    ``missing`` of the healed are purged or no longer visible. ``companies_checked`` companies were
    compared completely, and ``companies_healed`` of them written again although their records had
    not changed.
    """

    checked: int
    matched: int
    healed: int
    missing: int
    companies_checked: int
    companies_healed: int


@dataclass(frozen=True, slots=True)
class Census:
    """One tenant's census: its sync, the sync's start, and the figures."""

    tenant_id: str
    sync_id: int
    started_at: datetime
    figures: CensusFigures


def put_census(tx: TenantTransaction, sync_id: int, figures: CensusFigures) -> None:
    """Stores the figures with the sync."""
    tx.execute(
        "UPDATE syncs SET census = CAST(:census AS jsonb)"
        " WHERE tenant_id = :tenant_id AND sync_id = :sync_id",
        sync_id=sync_id,
        census=msgspec.json.encode(asdict(figures)).decode(),
    )


def census_of_sync(tx: TenantTransaction, sync_id: int) -> CensusFigures | None:
    """The figures of one sync; None when it made no census, or did not finish it."""
    found = tx.execute(
        "SELECT census FROM syncs WHERE tenant_id = :tenant_id AND sync_id = :sync_id",
        sync_id=sync_id,
    ).scalar()
    return None if found is None else CensusFigures(**found)


def latest_censuses(tx: Transaction) -> tuple[Census, ...]:
    """The last census of every tenant; in a tenant's transaction only that tenant's."""
    rows = tx.execute(
        "SELECT DISTINCT ON (tenant_id) tenant_id, sync_id, started_at, census FROM syncs"
        " WHERE census IS NOT NULL ORDER BY tenant_id, sync_id DESC"
    )
    return tuple(
        Census(row.tenant_id, row.sync_id, row.started_at, CensusFigures(**row.census))
        for row in rows
    )
