"""The catalog of picklist options: updated from describe, and nothing is deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from flyle_sf_assets.store.postgres.database import TenantTransaction, Transaction
from flyle_sf_assets.store.postgres.staging import stage, unstage

OPTION_COLUMNS = ("field_key", "value", "label", "position", "active", "described")


@dataclass(frozen=True, slots=True)
class Option:
    """One option as the catalog has it."""

    field_key: str
    value: str
    label: str
    position: int
    active: bool
    first_seen_at: datetime
    removed_at: datetime | None


@dataclass(frozen=True, slots=True)
class OptionCounts:
    """The result of a merge, in options; ``removed`` are those that describe no longer has."""

    added: int
    changed: int
    removed: int


def merge_options(
    tx: TenantTransaction,
    options: pl.DataFrame,
    now: datetime,
    *,
    described_fields: Sequence[str] | None = None,
) -> OptionCounts:
    """Adds, relabels, deactivates and reactivates options; never deletes one.

    ``options``: `OPTION_COLUMNS`; ``described`` is false for a record's value outside the list:
    it is added (inactive), and does not change an option already known. ``described_fields`` are
    the fields whose whole list was read: options outside it become inactive with ``removed_at``.
    The default is the fields with a described option in the frame; a field whose list is really
    empty must be named.

    ``now`` (UTC) is written to ``first_seen_at`` and ``removed_at``. Raises StoreError.

    >>> options = pl.DataFrame([("rank", "A", "上", 0, True, True)], OPTION_COLUMNS, orient="row")
    >>> with database.tenant("acme") as tx:
    ...     merge_options(tx, options, now)
    OptionCounts(added=1, changed=0, removed=0)
    """
    if described_fields is None:
        described_fields = options.filter("described")["field_key"].unique().to_list()
    columns = (
        "field_key text NOT NULL, value text NOT NULL, label text NOT NULL,"
        " position integer NOT NULL, active boolean NOT NULL, described boolean NOT NULL"
    )
    stage(tx, "staged_options", columns, options.select(*OPTION_COLUMNS), index="field_key, value")
    removed = tx.execute(_REMOVE_GONE, now=now, fields=list(described_fields)).rowcount
    merged = tx.execute(_MERGE, now=now).one()
    unstage(tx, "staged_options")
    return OptionCounts(added=int(merged.added), changed=int(merged.changed), removed=removed)


def list_options(tx: Transaction) -> tuple[Option, ...]:
    """The catalog, by field and position."""
    return tx.rows(
        Option,
        "SELECT field_key, value, label, position, active, first_seen_at, removed_at"
        " FROM custom_field_options ORDER BY field_key, position, value",
    )


def option_labels(tx: TenantTransaction) -> dict[tuple[str, str], str]:
    """The labels by field and value."""
    rows = tx.execute(
        "SELECT field_key, value, label FROM custom_field_options WHERE tenant_id = :tenant_id"
    )
    return {(str(row.field_key), str(row.value)): str(row.label) for row in rows}


_REMOVE_GONE = """
UPDATE custom_field_options o SET active = false, described = false, removed_at = :now
WHERE o.tenant_id = :tenant_id AND o.described AND o.field_key = ANY(:fields)
    AND NOT EXISTS (SELECT FROM staged_options s
        WHERE s.described AND s.field_key = o.field_key AND s.value = o.value)
"""

# xmax is zero on a row that this statement inserted.
_MERGE = """
WITH merged AS (
    INSERT INTO custom_field_options AS o (tenant_id, field_key, value, label, position, active,
        first_seen_at, removed_at, described)
    SELECT DISTINCT ON (s.field_key, s.value) :tenant_id, s.field_key, s.value, s.label,
        s.position, s.active AND s.described, CAST(:now AS timestamptz),
        CAST(NULL AS timestamptz), s.described
    FROM staged_options s
    ORDER BY s.field_key, s.value, s.described DESC, s.position
    ON CONFLICT (tenant_id, field_key, value) DO UPDATE SET
        label = excluded.label, position = excluded.position, active = excluded.active,
        removed_at = NULL, described = true
    WHERE excluded.described AND (o.label, o.position, o.active, o.removed_at, o.described)
        IS DISTINCT FROM (excluded.label, excluded.position, excluded.active, NULL, true)
    RETURNING o.xmax = 0 AS added
)
SELECT count(*) FILTER (WHERE added) AS added, count(*) FILTER (WHERE NOT added) AS changed
FROM merged
"""
