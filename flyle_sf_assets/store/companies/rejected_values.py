"""Rejected values, stored until they are valid."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from flyle_sf_assets.store.companies.counts import count_rejected
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.postgres.staging import stage, unstage

REJECTED_COLUMNS = ("external_id", "field", "value", "reason", "remedy")


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """One rejected value; ``field`` is None when the whole row was rejected."""

    external_id: str
    field: str | None
    value: str | None
    reason: str
    remedy: str
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class RejectedCounts:
    """The result of a merge, in values: ``rejected`` now, ``resolved`` by this run."""

    rejected: int
    resolved: int


def merge_rejected(
    tx: TenantTransaction, rejected: pl.DataFrame, now: datetime, *, scope: pl.Series | None = None
) -> RejectedCounts:
    """Stores the rejected values of this run (columns: `REJECTED_COLUMNS`, all text).

    ``scope`` has the external ids that the run checked: their values that were rejected before and
    are not any more become resolved. None: the run checked all.
    """
    if rejected.is_empty() and not count_rejected(tx):
        return RejectedCounts(rejected=0, resolved=0)
    text = "external_id text NOT NULL, field text, value text, reason text NOT NULL, remedy text"
    frame = rejected.select(pl.col(name).cast(pl.String) for name in REJECTED_COLUMNS)
    stage(tx, "staged_rejected", text, frame, index="external_id")
    in_scope = "true"
    if scope is not None:
        ids = scope.cast(pl.String).unique().alias("external_id").to_frame()
        stage(tx, "checked_ids", "external_id text PRIMARY KEY", ids)
        in_scope = "EXISTS (SELECT FROM checked_ids c WHERE c.external_id = r.external_id)"
    resolved = tx.execute(_RESOLVE.format(in_scope=in_scope), now=now).rowcount
    merged = tx.execute(_MERGE, now=now).rowcount
    unstage(tx, "staged_rejected")
    if scope is not None:
        unstage(tx, "checked_ids")
    return RejectedCounts(rejected=merged, resolved=resolved)


def list_rejected(tx: TenantTransaction, *, limit: int) -> tuple[RejectedRecord, ...]:
    """Values that are rejected and not resolved, the oldest first."""
    return tx.rows(
        RejectedRecord,
        "SELECT external_id, field, value, reason, remedy, first_seen_at, last_seen_at"
        " FROM rejected_records WHERE tenant_id = :tenant_id AND resolved_at IS NULL"
        " ORDER BY first_seen_at, external_id, field LIMIT :limit",
        limit=limit,
    )


_RESOLVE = """
UPDATE rejected_records r SET resolved_at = :now
WHERE r.tenant_id = :tenant_id AND r.resolved_at IS NULL AND {in_scope}
    AND NOT EXISTS (SELECT FROM staged_rejected s
        WHERE s.external_id = r.external_id AND s.field IS NOT DISTINCT FROM r.field)
"""

_MERGE = """
INSERT INTO rejected_records AS r (tenant_id, external_id, field, value, reason, remedy,
    first_seen_at, last_seen_at)
SELECT DISTINCT ON (s.external_id, s.field) :tenant_id, s.external_id, s.field, s.value, s.reason,
    coalesce(s.remedy, ''), CAST(:now AS timestamptz), CAST(:now AS timestamptz)
FROM staged_rejected s
ORDER BY s.external_id, s.field
ON CONFLICT (tenant_id, external_id, (coalesce(field, ''))) DO UPDATE SET
    value = excluded.value, reason = excluded.reason, remedy = excluded.remedy,
    first_seen_at =
        CASE WHEN r.resolved_at IS NULL THEN r.first_seen_at ELSE excluded.first_seen_at END,
    last_seen_at = excluded.last_seen_at, resolved_at = NULL
"""
