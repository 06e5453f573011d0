"""The companies table: set-based upsert, its history, and unlinking.

``updated_at`` moves exactly when content changed: name, custom fields, status, reason or
merged_into. The content hash only saves comparing; the content decides.

What does not belong here: making the rows (``companies`` room) and which status a record has.
"""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from flyle_sf_assets.errors import StoreError, Text
from flyle_sf_assets.store.database import TenantTransaction
from flyle_sf_assets.store.staging import copy_out, require_unique, stage, unstage

ROW_SCHEMA: dict[str, pl.DataType] = {
    "external_id": pl.String(),
    "name": pl.String(),
    "custom_fields": pl.String(),
    "status": pl.String(),
    "status_reason": pl.String(),
    "merged_into": pl.String(),
    "source_modified_at": pl.Datetime("us", "UTC"),
    "content_hash": pl.Int64(),
}
"""The columns of the rows to upsert. ``custom_fields`` is the text of a JSON object with the
members to write and no others; it may be null when ``status`` is not ``linked``."""

LOOKED_UP_ROWS_MAX = 100_000
"""Up to this many rows the stored hashes are looked up by id, above it all are read: either
way the work follows the smaller side."""

_STAGED = """
    external_id text PRIMARY KEY, name text, custom_fields jsonb
        CHECK (jsonb_typeof(custom_fields) = 'object'),
    status text NOT NULL, status_reason text, merged_into text,
    source_modified_at timestamptz, content_hash bigint
"""


@dataclass(frozen=True, slots=True)
class UpsertCounts:
    """What an upsert did, in rows.

    ``gone`` stopped being linked; ``changed`` are the other changes of content; ``unchanged`` had
    none (their hash or stamp may have been stored all the same).
    """

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0


def upsert_companies(
    tx: TenantTransaction,
    rows: pl.DataFrame,
    *,
    source_object: str,
    sync_id: int | None,
    now: datetime,
    hash_version: int = 1,
    compare_all: bool = False,
) -> UpsertCounts:
    """Writes company rows (columns: `ROW_SCHEMA`) and the history of what changed.

    A linked row is created or merged: custom fields that it does not name stay. A row of another
    status changes only the status columns of a row that exists; its values stay frozen.
    ``compare_all`` compares also rows whose hash says that they are the same.

    Raises StoreError before anything is written when the frame has other columns, a key twice,
    or a linked row without a name.
    """
    rows = _checked(rows)
    total = rows.height
    if not compare_all:
        rows = _not_held(tx, rows, source_object, hash_version)
    stamps = rows.filter(pl.col("same_content"))
    rows = rows.filter(~pl.col("same_content")).drop("same_content")
    _store_stamps(tx, stamps.select("external_id", "source_modified_at"))
    if rows.is_empty():
        return UpsertCounts(unchanged=total)
    stage(tx, "staged_companies", _STAGED, rows)
    values = {
        "tenant_id": tx.tenant_id,
        "source_object": source_object,
        "sync_id": sync_id,
        "now": now,
        "hash_version": hash_version,
    }
    held = tx.execute(_RECORD_AND_UPDATE, **values).one()
    created = tx.execute(_INSERT_NEW, **values).rowcount
    unstage(tx, "staged_companies")
    moved, gone = int(held.moved), int(held.gone)
    return UpsertCounts(created, moved - gone, total - created - moved, gone)


def unlink_companies(
    tx: TenantTransaction,
    *,
    reason: str,
    sync_id: int | None,
    now: datetime,
    other_than_object: str | None = None,
) -> int:
    """Sets linked rows ``unlinked`` with that reason and returns how many.

    ``other_than_object``: only the rows that came from another base object than this one.
    Rows that are frozen already keep their own state and reason.
    """
    values = {
        "tenant_id": tx.tenant_id,
        "reason": reason,
        "sync_id": sync_id,
        "now": now,
        "other_than": other_than_object,
    }
    return int(tx.execute(_UNLINK, **values).scalar_one())


def _checked(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows in the order of `ROW_SCHEMA`, plus the flag ``same_content`` (false)."""
    found = dict(rows.schema)
    wrong = [name for name in ROW_SCHEMA | found if ROW_SCHEMA.get(name) != found.get(name)]
    if wrong:
        raise _refused(f"columns missing, unknown or of another type: {', '.join(wrong)}")
    nameless = rows.filter(
        (pl.col("status") == "linked")
        & (pl.col("name").fill_null("").eq("") | pl.col("custom_fields").is_null())
    )
    if nameless.height:
        raise _refused(
            f"{nameless.height} linked rows without name or custom fields,"
            f" first {nameless['external_id'][0]}"
        )
    require_unique(rows, ["external_id"], "companies")
    return rows.select(*ROW_SCHEMA, pl.lit(value=False).alias("same_content"))


def _not_held(
    tx: TenantTransaction, rows: pl.DataFrame, source_object: str, hash_version: int
) -> pl.DataFrame:
    """Without the rows that are held as they are; ``same_content`` where only the stamp differs."""
    linked = rows.filter(pl.col("status") == "linked")
    query, values = _SELECT_HELD, [tx.tenant_id, hash_version, source_object]
    if linked.height <= LOOKED_UP_ROWS_MAX:
        query += " AND external_id = ANY(%s)"
        values.append(linked["external_id"].to_list())
    held = copy_out(
        tx,
        query,
        values,
        {"external_id": pl.String(), "held_hash": pl.Int64(), "held_stamp_us": pl.Int64()},
    )
    same = (pl.col("content_hash") == pl.col("held_hash")) & (pl.col("status") == "linked")
    stamp = pl.col("source_modified_at").dt.epoch("us")
    return (
        rows.join(held, on="external_id", how="left", maintain_order="left")
        .with_columns(same_content=same.fill_null(value=False))
        .filter(~(pl.col("same_content") & stamp.eq_missing(pl.col("held_stamp_us"))))
        .drop("held_hash", "held_stamp_us")
    )


def _store_stamps(tx: TenantTransaction, stamps: pl.DataFrame) -> None:
    """Records that were touched in Salesforce without any change that shows here."""
    if stamps.is_empty():
        return
    columns = "external_id text PRIMARY KEY, source_modified_at timestamptz"
    stage(tx, "staged_stamps", columns, stamps)
    tx.execute(
        "UPDATE companies c SET source_modified_at = s.source_modified_at FROM staged_stamps s"
        " WHERE c.tenant_id = :tenant_id AND c.external_id = s.external_id",
        tenant_id=tx.tenant_id,
    )
    unstage(tx, "staged_stamps")


def _refused(came_back: str) -> StoreError:
    return StoreError(
        "company_rows_refused",
        tried=Text("企業を書き込みます", "Write companies"),
        came_back=came_back,
        remedy=Text(
            "プログラムの誤りです。この内容を報告してください",
            "This is a fault in the program; report this text",
        ),
    )


_SELECT_HELD = """
SELECT external_id, content_hash, (extract(epoch FROM source_modified_at) * 1000000)::bigint
FROM companies
WHERE tenant_id = %s AND hash_version = %s AND source_object = %s
    AND status = 'linked' AND content_hash IS NOT NULL"""

# One statement, so that history and rows are told from the same old rows: a row moves exactly
# when it has history. A frozen row keeps its values, a linked one is merged.
_RECORD_AND_UPDATE = """
WITH recorded AS (
    INSERT INTO company_changes
        (tenant_id, external_id, field, old, new, sync_id, changed_at, of_row)
    SELECT c.tenant_id, c.external_id, change.field, change.old, change.new, :sync_id, :now,
        change.of_row
    FROM staged_companies s
    JOIN companies c ON c.tenant_id = :tenant_id AND c.external_id = s.external_id
    CROSS JOIN LATERAL (
        SELECT member.key AS field, c.custom_fields -> member.key AS old, member.value AS new,
            false AS of_row
        FROM jsonb_each(s.custom_fields) AS member
        WHERE s.status = 'linked' AND c.custom_fields -> member.key IS DISTINCT FROM member.value
        UNION ALL
        SELECT own.field, to_jsonb(own.old), to_jsonb(own.new), true
        FROM (VALUES
            ('name', c.name, CASE WHEN s.status = 'linked' THEN s.name ELSE c.name END),
            ('status', c.status, s.status),
            ('status_reason', c.status_reason, s.status_reason),
            ('merged_into', c.merged_into, s.merged_into)
        ) AS own (field, old, new)
        WHERE own.old IS DISTINCT FROM own.new
    ) AS change
    RETURNING external_id, field, old, of_row
), moved AS (
    SELECT DISTINCT external_id FROM recorded
), updated AS (
    UPDATE companies c SET
        name = CASE WHEN s.status = 'linked' THEN s.name ELSE c.name END,
        custom_fields = CASE WHEN s.status = 'linked'
            THEN c.custom_fields || s.custom_fields ELSE c.custom_fields END,
        source_object = CASE WHEN s.status = 'linked' THEN :source_object ELSE c.source_object END,
        source_modified_at = CASE WHEN s.status = 'linked'
            THEN s.source_modified_at ELSE c.source_modified_at END,
        status = s.status,
        status_reason = s.status_reason,
        merged_into = s.merged_into,
        status_changed_at = CASE WHEN c.status <> s.status THEN :now ELSE c.status_changed_at END,
        updated_at = CASE WHEN m.external_id IS NULL THEN c.updated_at ELSE :now END,
        last_sync_id = CASE WHEN m.external_id IS NULL THEN c.last_sync_id ELSE :sync_id END,
        -- A frozen row must be compared, whatever its hash, when it comes back.
        content_hash = CASE WHEN s.status = 'linked' THEN s.content_hash END,
        hash_version = CASE WHEN s.status = 'linked' THEN :hash_version END
    FROM staged_companies s LEFT JOIN moved m ON m.external_id = s.external_id
    WHERE c.tenant_id = :tenant_id AND c.external_id = s.external_id
        AND (m.external_id IS NOT NULL OR (s.status = 'linked' AND
            (c.content_hash, c.hash_version, c.source_modified_at, c.source_object)
            IS DISTINCT FROM
            (s.content_hash, :hash_version, s.source_modified_at, :source_object)))
)
SELECT (SELECT count(*) FROM moved) AS moved,
    (SELECT count(*) FROM recorded WHERE of_row AND field = 'status' AND old = '"linked"') AS gone
"""

_INSERT_NEW = """
INSERT INTO companies (tenant_id, external_id, name, source_object, custom_fields, status,
    source_modified_at, created_at, updated_at, last_sync_id, status_changed_at, created_sync_id,
    content_hash, hash_version)
SELECT :tenant_id, s.external_id, s.name, :source_object, s.custom_fields, s.status,
    s.source_modified_at, :now, :now, :sync_id, :now, :sync_id, s.content_hash, :hash_version
FROM staged_companies s
WHERE s.status = 'linked' AND NOT EXISTS (
    SELECT FROM companies c WHERE c.tenant_id = :tenant_id AND c.external_id = s.external_id)
"""

_UNLINK = """
WITH unlinked AS (
    UPDATE companies SET status = 'unlinked', status_reason = :reason, merged_into = NULL,
        status_changed_at = :now, updated_at = :now, last_sync_id = :sync_id,
        content_hash = NULL, hash_version = NULL
    WHERE tenant_id = :tenant_id AND status = 'linked'
        AND (CAST(:other_than AS text) IS NULL OR source_object <> :other_than)
    RETURNING external_id
), recorded AS (
    INSERT INTO company_changes
        (tenant_id, external_id, field, old, new, sync_id, changed_at, of_row)
    SELECT :tenant_id, u.external_id, own.field, own.old, to_jsonb(own.new), :sync_id, :now, true
    FROM unlinked u
    CROSS JOIN (VALUES
        ('status', to_jsonb(CAST('linked' AS text)), 'unlinked'),
        ('status_reason', NULL, CAST(:reason AS text))
    ) AS own (field, old, new)
)
SELECT count(*) FROM unlinked
"""
