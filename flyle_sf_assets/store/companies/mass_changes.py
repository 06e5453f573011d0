"""How much a sync that has not committed yet takes away, from the history that it just wrote.

The sync's own change set is read, and its companies. Only `values_before` reads others: as many
of the tenant's companies as it takes to find ``enough`` values, so all of them where few have one.
What does not belong here: the limits (``companies/guard.py``).
"""

# ruff: noqa: S608  the SQL is formatted only from this file's own text

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from flyle_sf_assets.companies.guard import EXAMPLES, LossExample
from flyle_sf_assets.store.postgres.database import TenantTransaction


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What the sync ``sync_id`` changed at ``now``, the moment that it gave to its history."""

    sync_id: int
    now: datetime
    excused: tuple[str, ...] = ()
    """Statuses whose companies do not count as lost: the settings took them out."""

    @property
    def values(self) -> dict[str, object]:
        """The parameters of this file's statements."""
        return {"sync_id": self.sync_id, "now": self.now, "excused": list(self.excused)}


@dataclass(frozen=True, slots=True)
class LossCounts:
    """Companies that ``left`` linked, those of them that count as ``gone``, those that came back.

    ``blanked`` are companies that were and are linked and whose value of that custom field became
    blank, by field.
    """

    left: int
    gone: int
    returned: int
    blanked: dict[str, int]


def count_losses(tx: TenantTransaction, changes: ChangeSet) -> LossCounts:
    """The losses of a change set."""
    row = tx.execute(_COUNT, **changes.values).one()
    blanked = {str(field): int(count) for field, count in row.blanked.items()}
    return LossCounts(int(row.departed), int(row.gone), int(row.returned), blanked)


def values_before(
    tx: TenantTransaction, changes: ChangeSet, field: str, *, enough: int | None = None
) -> int:
    """The linked companies that had a value of the custom field before the sync.

    With ``enough`` the count may end as soon as there are that many.
    """
    touched = int(tx.execute(_TOUCHED, field=field, **changes.values).scalar_one())
    rest = None if enough is None else max(enough - touched, 0)
    found = tx.execute(_UNTOUCHED, field=field, sync_id=changes.sync_id, rest=rest)
    return touched + int(found.scalar_one())


def loss_examples(
    tx: TenantTransaction, changes: ChangeSet, fields: Collection[str | None]
) -> tuple[LossExample, ...]:
    """The first companies of each loss by id; None are those that leave."""
    found: list[LossExample] = []
    for field in fields:
        rows = tx.execute(
            _GONE_EXAMPLES if field is None else _BLANKED_EXAMPLES,
            field=field,
            examples=EXAMPLES,
            **changes.values,
        )
        found += [LossExample(field, one.external_id, one.name, one.old, one.new) for one in rows]
    return tuple(found)


# The index ``changes_of_sync`` serves only queries that state its condition. The rows are read
# before they are sorted: the primary key has the wanted order, and without statistics would be
# read from end to end for it.
_MINE = """
WITH m AS MATERIALIZED (
    SELECT external_id, field, of_row, old, new FROM company_changes
    WHERE tenant_id = :tenant_id AND sync_id = :sync_id AND sync_id > 0 AND changed_at = :now
)"""
_IS_BLANKED = "NOT m.of_row AND m.new = 'null' AND m.old IS NOT NULL AND m.old <> 'null'"
_HAS_LEFT = "m.of_row AND m.field = 'status' AND m.old = '\"linked\"'"
_IS_GONE = f"{_HAS_LEFT} AND m.new #>> '{{}}' <> ALL(CAST(:excused AS text[]))"
_COMPANY = """
    CROSS JOIN LATERAL (SELECT c.name, c.status, c.custom_fields FROM companies c
        WHERE c.tenant_id = :tenant_id AND c.external_id = one.external_id LIMIT 1) AS h
"""

_RETURNS = "m.of_row AND m.field = 'status' AND m.new = '\"linked\"'"
# What comes back lost no value that anybody saw. Sorted once: a look per row could be a walk each.
_BLANKED = f"""
    SELECT b.external_id, b.field, b.old, b.new
    FROM (SELECT m.*, {_IS_BLANKED} AS is_blanked,
            bool_or({_RETURNS}) OVER (PARTITION BY m.external_id) AS has_returned
        FROM m) AS b
    WHERE b.is_blanked AND NOT b.has_returned"""

_COUNT = f"""
{_MINE}, blanked AS (
    SELECT one.field, count(*) AS companies
    FROM ({_BLANKED}) AS one
    {_COMPANY}
    WHERE h.status = 'linked'
    GROUP BY one.field
)
SELECT count(*) FILTER (WHERE {_HAS_LEFT}) AS departed,
    count(*) FILTER (WHERE {_IS_GONE}) AS gone,
    count(*) FILTER (WHERE {_RETURNS}) AS returned,
    (SELECT coalesce(jsonb_object_agg(field, companies), '{{}}') FROM blanked) AS blanked
FROM m
"""

# Of the companies that the sync changed: what its history says, else what still stands.
_TOUCHED = f"""
{_MINE}
SELECT count(*)
FROM (
    SELECT m.external_id,
        bool_or(m.of_row AND m.field = 'status') AS has_moved,
        bool_or(m.of_row AND m.field = 'status' AND m.old = '"linked"') AS was_linked,
        bool_or(NOT m.of_row AND m.field = :field) AS is_changed,
        bool_or(NOT m.of_row AND m.field = :field AND m.old IS NOT NULL AND m.old <> 'null')
            AS had_value
    FROM m
    GROUP BY m.external_id
) AS one
{_COMPANY}
WHERE CASE WHEN one.has_moved THEN one.was_linked ELSE h.status = 'linked' END
    AND CASE WHEN one.is_changed THEN one.had_value
        ELSE coalesce(h.custom_fields -> CAST(:field AS text) <> 'null', false) END
"""

# In the order of the primary key: it is the only index that can serve it, and ends in time.
_UNTOUCHED = """
SELECT count(*) FROM (
    SELECT FROM companies c
    WHERE c.tenant_id = :tenant_id AND c.status = 'linked'
        AND c.last_sync_id IS DISTINCT FROM CAST(:sync_id AS bigint)
        AND c.custom_fields -> CAST(:field AS text) <> 'null'
    ORDER BY c.external_id
    LIMIT CAST(:rest AS bigint)
) AS found
"""

_GONE_EXAMPLES = f"""
{_MINE}
SELECT one.external_id, h.name, one.old, one.new
FROM (SELECT m.external_id, CAST(m.old AS text) AS old, CAST(m.new AS text) AS new
    FROM m WHERE {_IS_GONE}
    ORDER BY m.external_id LIMIT :examples) AS one
{_COMPANY}
ORDER BY one.external_id
"""

_BLANKED_EXAMPLES = f"""
{_MINE}
SELECT one.external_id, h.name, one.old, one.new
FROM (SELECT lost.external_id, CAST(lost.old AS text) AS old, CAST(lost.new AS text) AS new
    FROM ({_BLANKED}) AS lost WHERE lost.field = :field
    ORDER BY lost.external_id) AS one
{_COMPANY}
WHERE h.status = 'linked'
ORDER BY one.external_id
LIMIT :examples
"""
