"""The change of a tenant that waits for approval: its numbers, its examples, and the approval."""

# ruff: noqa: S608  the SQL is formatted only from this file's own text

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from flyle_sf_assets.companies.guard import Loss, LossExample, MassChange
from flyle_sf_assets.store.postgres.database import (
    FleetTransaction,
    TenantTransaction,
    Transaction,
)


@dataclass(frozen=True, slots=True)
class HeldChange:
    """One held change; times are UTC.

    ``sync_id`` is the last sync that was held, ``kind`` what kind of refresh it was. ``inputs`` is
    a digest of what the numbers were counted from. Once it is approved, the next refresh applies
    whatever stays within these numbers.
    """

    tenant_id: str
    sync_id: int
    kind: str
    change: MassChange
    inputs: str
    held_since: datetime
    counted_at: datetime
    approved_at: datetime | None = None
    approved_by: str | None = None

    @property
    def is_approved(self) -> bool:
        """Whether a person approved these numbers."""
        return self.approved_at is not None


def get_held(tx: TenantTransaction) -> HeldChange | None:
    """The tenant's held change, None when nothing is held."""
    return next(iter(_select(tx)), None)


def held_changes(tx: FleetTransaction) -> tuple[HeldChange, ...]:
    """The held changes of all tenants that are refreshed, by tenant."""
    return _select(
        tx, " WHERE tenant_id IN (SELECT tenant_id FROM links WHERE state <> 'disconnected')"
    )


def put_held(
    tx: TenantTransaction,
    change: MassChange,
    *,
    sync_id: int,
    kind: str,
    inputs: str,
    now: datetime,
) -> None:
    """Stores what is held now; an approval of other numbers ends."""
    tx.execute(
        "INSERT INTO held_changes (tenant_id, sync_id, kind, losses, examples, inputs, held_since,"
        " counted_at) VALUES (:tenant_id, :sync_id, :kind, CAST(:losses AS jsonb),"
        " CAST(:examples AS jsonb), :inputs, :now, :now)"
        " ON CONFLICT (tenant_id) DO UPDATE SET sync_id = excluded.sync_id, kind = excluded.kind,"
        " losses = excluded.losses, examples = excluded.examples, inputs = excluded.inputs,"
        " counted_at = excluded.counted_at, approved_at = NULL, approved_by = NULL",
        sync_id=sync_id,
        kind=kind,
        losses=_texts(change.losses),
        examples=_texts(change.examples),
        inputs=inputs,
        now=now,
    )


def put_approval(tx: TenantTransaction, *, by: str, now: datetime) -> None:
    """Stores that the numbers of the held change are approved."""
    tx.execute(
        "UPDATE held_changes SET approved_at = :now, approved_by = :by"
        " WHERE tenant_id = :tenant_id",
        by=by,
        now=now,
    )


def delete_held(tx: TenantTransaction) -> None:
    """Nothing is held any more."""
    tx.execute("DELETE FROM held_changes WHERE tenant_id = :tenant_id")


def _select(tx: Transaction, where: str = "") -> tuple[HeldChange, ...]:
    rows = tx.execute(
        "SELECT tenant_id, sync_id, kind, losses, examples, inputs, held_since, counted_at,"
        f" approved_at, approved_by FROM held_changes{where} ORDER BY tenant_id"
    )
    return tuple(
        HeldChange(
            tenant_id=row.tenant_id,
            sync_id=row.sync_id,
            kind=row.kind,
            change=MassChange(
                tuple(Loss(**one) for one in row.losses),
                tuple(LossExample(**one) for one in row.examples),
            ),
            inputs=row.inputs,
            held_since=row.held_since,
            counted_at=row.counted_at,
            approved_at=row.approved_at,
            approved_by=row.approved_by,
        )
        for row in rows
    )


def _texts(items: Iterable[Loss] | Iterable[LossExample]) -> str:
    return json.dumps([asdict(one) for one in items], ensure_ascii=False)
