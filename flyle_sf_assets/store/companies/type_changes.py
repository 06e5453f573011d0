"""A custom field's new type, in the rows without stored records to convert from.

Rows of another base object, or of a replaced org: their value is of the old type and becomes
null, so that a field never has two types at once; the old value is in the history.
"""

# ruff: noqa: S608  the SQL is formatted only from this file's own text

from collections.abc import Collection
from datetime import datetime

import polars as pl

from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.postgres.staging import stage, unstage


def blank_unconverted(
    tx: TenantTransaction,
    retyped: Collection[str],
    *,
    converted: pl.Series,
    sync_id: int | None,
    now: datetime,
) -> int:
    """Blanks these custom fields in all rows except ``converted``; returns how many rows."""
    ids = converted.cast(pl.String).unique().alias("external_id").to_frame()
    stage(tx, "converted_ids", "external_id text NOT NULL", ids, index="external_id")
    done = tx.execute(_BLANK, retyped=sorted(retyped), sync_id=sync_id, now=now)
    blanked = int(done.scalar_one())
    unstage(tx, "converted_ids")
    return blanked


def count_unconverted(
    tx: TenantTransaction, retyped: Collection[str], *, converted: pl.Series
) -> int:
    """How many rows `blank_unconverted` would blank; writes nothing."""
    ids = converted.cast(pl.String).unique().alias("external_id").to_frame()
    stage(tx, "converted_ids", "external_id text NOT NULL", ids, index="external_id")
    counted = tx.execute(_COUNT, retyped=sorted(retyped)).scalar_one()
    unstage(tx, "converted_ids")
    return int(counted)


_REST = """
    SELECT c.external_id, member.key, member.value
    FROM companies c
    CROSS JOIN LATERAL jsonb_each(c.custom_fields) AS member
    WHERE c.tenant_id = :tenant_id AND member.key = ANY(CAST(:retyped AS text[]))
        AND member.value <> 'null'
        AND NOT EXISTS (SELECT FROM converted_ids i WHERE i.external_id = c.external_id)
"""

_COUNT = f"SELECT count(DISTINCT external_id) FROM ({_REST}) AS rest"

# Written by look-ups, like all companies (``statements.py``): a join with a table that
# the planner assumes to have one row compared each row with each.
_BLANK = f"""
WITH rest AS MATERIALIZED ({_REST}
), recorded AS (
    INSERT INTO company_changes
        (tenant_id, external_id, field, old, new, sync_id, changed_at, reason)
    SELECT :tenant_id, external_id, key, value, 'null', :sync_id, :now, 'type_changed' FROM rest
), blanked AS (
    INSERT INTO companies AS c (tenant_id, external_id, name, source_object, custom_fields,
        status, status_reason, merged_into, created_at, updated_at, status_changed_at)
    SELECT h.tenant_id, h.external_id, h.name, h.source_object, h.custom_fields || one.blanks,
        h.status, h.status_reason, h.merged_into, h.created_at, :now, h.status_changed_at
    FROM (SELECT external_id, jsonb_object_agg(key, CAST('null' AS jsonb)) AS blanks
        FROM rest GROUP BY external_id) AS one
    CROSS JOIN LATERAL (SELECT * FROM companies held WHERE held.tenant_id = :tenant_id
        AND held.external_id = one.external_id LIMIT 1) AS h
    ON CONFLICT (tenant_id, external_id) DO UPDATE SET custom_fields = excluded.custom_fields,
        updated_at = excluded.updated_at, last_sync_id = CAST(:sync_id AS bigint),
        content_hash = NULL, hash_version = NULL
    RETURNING c.external_id
)
SELECT count(*) FROM blanked
"""
