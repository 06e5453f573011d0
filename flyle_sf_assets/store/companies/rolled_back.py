"""Values that a rollback restored: no sync writes them before Salesforce has another value.

The rows to upsert are staged with Salesforce's values. What a rollback keeps is taken out of them
there, so that the upsert itself knows nothing of rollbacks. What does not belong here: making a
rollback (``rollback.py``).
"""

# ruff: noqa: S608  the SQL is formatted only from this file's own text

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from flyle_sf_assets.store.companies.rollback_statements import STATUS_OF
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.postgres.staging import unstage

KEPT_ITEMS_MAX = 1_000
"""More than the fields of a company: a bound for the planner."""


@dataclass(frozen=True, slots=True)
class KeptValue:
    """One value that a rollback keeps: ``salesforce`` was rolled back; both are JSON texts.

    ``of_row``: ``field`` is ``name`` or ``status``, not a custom field.
    """

    field: str
    of_row: bool
    salesforce: str | None
    restored: str | None
    sync_id: int
    rollback_sync_id: int
    rolled_back_at: datetime


def has_kept_values(tx: TenantTransaction) -> bool:
    """Whether a rollback keeps anything of this tenant: one look into an index."""
    found = tx.execute("SELECT EXISTS (SELECT FROM rolled_back WHERE tenant_id = :tenant_id)")
    return bool(found.scalar_one())


def keep_rolled_back(
    tx: TenantTransaction, *, readable: Collection[str], ignored: Collection[str] = ()
) -> None:
    """Takes out of ``staged_companies`` what a rollback keeps, and ends what it keeps no longer.

    A value is kept while Salesforce still has the one that was rolled back. ``readable`` are the
    custom fields that the rows would have: one that a row has no value to write for is another
    value too (it is rejected, or blank and kept). A status keeps the whole row as it is.
    """
    _match(tx, readable, ignored)
    tx.execute(_NOTE_FROZEN)
    tx.execute(_END)
    tx.execute(_TAKE_OUT)
    unstage(tx, "staged_rolled_back")


def take_out_rolled_back(
    tx: TenantTransaction, *, readable: Collection[str], ignored: Collection[str] = ()
) -> None:
    """The same for a preview: what a rollback keeps stays as it is stored.

    ``ignored`` are custom fields whose mapping is another one now.
    """
    _match(tx, readable, ignored)
    tx.execute(_TAKE_OUT)
    unstage(tx, "staged_rolled_back")


def end_for_other_mappings(tx: TenantTransaction, mapped_as_before: Collection[str]) -> None:
    """Ends what is kept of all other custom fields; their companies are compared by the next write.

    A mapping with another source or type has another value, whatever it is. Neither is it noted any
    more of a company that a kept status freezes; the next write notes what is mapped then.
    """
    keys = sorted(mapped_as_before)
    tx.execute(_FORGET_OTHERS, keys=keys)
    tx.execute(_END_OTHERS, keys=keys)


def kept_values(tx: TenantTransaction, external_id: str) -> tuple[KeptValue, ...]:
    """What a rollback keeps of one company, while the company still has it."""
    return tx.rows(
        KeptValue,
        "SELECT r.field, r.of_row, CAST(r.salesforce AS text) AS salesforce,"
        " CAST(r.restored AS text) AS restored, r.sync_id, r.rollback_sync_id, r.rolled_back_at"
        " FROM rolled_back r JOIN companies h USING (tenant_id, external_id)"
        " WHERE tenant_id = :tenant_id AND external_id = :external_id"
        f" AND coalesce(r.restored, 'null') = coalesce({_PRESENT}, 'null')"
        " ORDER BY r.of_row DESC, r.field",
        external_id=external_id,
    )


def count_kept_of(tx: TenantTransaction, sync_id: int) -> int:
    """How many values the rollback of that sync, or by that sync, keeps."""
    found = tx.execute(
        "SELECT count(*) FROM rolled_back"
        " WHERE tenant_id = :tenant_id AND (sync_id = :sync_id OR rollback_sync_id = :sync_id)",
        sync_id=sync_id,
    )
    return int(found.scalar_one())


# What the company has now, of rolled_back r and companies h.
_PRESENT = f"""CASE WHEN NOT r.of_row THEN h.custom_fields -> r.field
    WHEN r.field = 'name' THEN to_jsonb(h.name) ELSE {STATUS_OF.format("h")} END"""

# Salesforce's value of now; SQL null when this row does not say.
_IS_OVER = f"""CASE
    WHEN coalesce(r.restored, 'null') <> coalesce({_PRESENT}, 'null') THEN true
    WHEN r.of_row AND r.field = 'status' THEN r.salesforce <> {STATUS_OF.format("s")}
    WHEN s.status <> 'linked' THEN false
    WHEN r.of_row THEN r.salesforce <> to_jsonb(s.name)
    WHEN r.field = ANY(CAST(:ignored AS text[])) THEN true
    WHEN r.field <> ALL(CAST(:readable AS text[])) THEN false
    ELSE s.custom_fields -> r.field IS DISTINCT FROM r.salesforce END"""

_MATCH = f"""
CREATE TEMPORARY TABLE staged_rolled_back ON COMMIT DROP AS
SELECT s.external_id, r.of_row, r.field, r.place, {_IS_OVER} AS is_over,
    h.name AS present_name, {STATUS_OF.format("h")} AS present_status,
    s.status = 'linked' AND h.status <> 'linked' AS is_frozen
FROM staged_companies s
CROSS JOIN LATERAL (SELECT one.*, one.ctid AS place FROM rolled_back one
    WHERE one.tenant_id = :tenant_id AND one.external_id = s.external_id LIMIT :items) AS r
CROSS JOIN LATERAL (SELECT * FROM companies c
    WHERE c.tenant_id = :tenant_id AND c.external_id = s.external_id LIMIT 1) AS h
"""


def _match(tx: TenantTransaction, readable: Collection[str], ignored: Collection[str]) -> None:
    tx.execute("DROP TABLE IF EXISTS pg_temp.staged_rolled_back")
    tx.execute(_MATCH, readable=sorted(readable), ignored=sorted(ignored), items=KEPT_ITEMS_MAX)
    tx.execute("ANALYZE pg_temp.staged_rolled_back (external_id)")


# What Salesforce has for a company that a kept status freezes: it comes with the status.
_NOTE_FROZEN = """
UPDATE rolled_back r SET name = s.name,
    custom_fields = coalesce(r.custom_fields, '{}') || coalesce(s.custom_fields, '{}')
FROM staged_rolled_back m JOIN staged_companies s USING (external_id)
WHERE r.ctid = m.place AND r.tenant_id = :tenant_id AND m.of_row AND m.field = 'status'
    AND m.is_frozen AND NOT m.is_over
"""

# By place: a join with a table that the planner assumes to be empty compares each with each.
_END = """
DELETE FROM rolled_back WHERE tenant_id = :tenant_id
    AND ctid = ANY(ARRAY(SELECT place FROM staged_rolled_back WHERE is_over))
"""

# A member that is not named stays as it is stored; so does a row of a frozen status.
_TAKE_OUT = """
UPDATE staged_companies s SET
    custom_fields = CASE WHEN kept.status ->> 'status' = 'linked'
        THEN coalesce(s.custom_fields, '{}') ELSE s.custom_fields END - kept.fields,
    name = CASE WHEN kept.keeps_name OR kept.status ->> 'status' = 'linked'
        THEN kept.name ELSE s.name END,
    status = coalesce(kept.status ->> 'status', s.status),
    status_reason = CASE WHEN kept.status IS NULL THEN s.status_reason
        ELSE kept.status ->> 'status_reason' END,
    merged_into = CASE WHEN kept.status IS NULL THEN s.merged_into
        ELSE kept.status ->> 'merged_into' END
FROM (SELECT external_id, max(present_name) AS name,
        coalesce(array_agg(field) FILTER (WHERE NOT of_row), '{}') AS fields,
        coalesce(bool_or(of_row AND field = 'name'), false) AS keeps_name,
        (array_agg(present_status) FILTER (WHERE of_row AND field = 'status'))[1] AS status
    FROM staged_rolled_back WHERE NOT is_over GROUP BY external_id) AS kept
WHERE s.external_id = kept.external_id
"""

_FORGET_OTHERS = """
UPDATE rolled_back r SET custom_fields = (
    SELECT coalesce(jsonb_object_agg(one.key, one.value), '{}')
    FROM jsonb_each(r.custom_fields) AS one WHERE one.key = ANY(CAST(:keys AS text[])))
WHERE r.tenant_id = :tenant_id AND r.custom_fields IS NOT NULL
"""

# The hashes go: a company whose record did not change is not compared otherwise.
_END_OTHERS = """
WITH ended AS (
    DELETE FROM rolled_back WHERE tenant_id = :tenant_id AND NOT of_row
        AND field <> ALL(CAST(:keys AS text[]))
    RETURNING external_id
)
INSERT INTO companies (tenant_id, external_id, name, source_object, custom_fields, status,
    status_reason, merged_into, created_at, updated_at, status_changed_at)
SELECT h.tenant_id, h.external_id, h.name, h.source_object, h.custom_fields, h.status,
    h.status_reason, h.merged_into, h.created_at, h.updated_at, h.status_changed_at
FROM (SELECT DISTINCT external_id FROM ended) AS one
CROSS JOIN LATERAL (SELECT * FROM companies c
    WHERE c.tenant_id = :tenant_id AND c.external_id = one.external_id LIMIT 1) AS h
ON CONFLICT (tenant_id, external_id) DO UPDATE SET content_hash = NULL, hash_version = NULL
"""
