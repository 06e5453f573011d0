"""Taking back what one sync changed, in the transaction of the sync that does so.

`find_changes` or `find_kept` decides about each value, in a temporary table; the other functions
count, list and write what it decided. What does not belong here: that nothing writes the values
again (``rolled_back.py``).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from flyle_sf_assets.store.companies import rollback_statements as statements
from flyle_sf_assets.store.postgres.database import TenantTransaction

LeftReason = Literal[
    "changed_later",
    "already_restored",
    "created",
    "not_mapped",
    "mapping_changed",
    "type_changed",
    "link_changed",
]
"""Why a rollback leaves something alone."""

LEFT_REASONS: tuple[LeftReason, ...] = get_args(LeftReason)


@dataclass(frozen=True, slots=True)
class RollbackItem:
    """One value of one company; ``present`` and ``restored`` are JSON texts.

    ``of_row``: ``field`` is ``name`` or ``status``, whose value is an object of status,
    status_reason and merged_into. ``reason`` is None when the value is restored. A company that
    the sync created has no ``field``.
    """

    external_id: str
    name: str
    field: str | None
    of_row: bool
    present: str | None = None
    restored: str | None = None
    reason: LeftReason | None = None


@dataclass(frozen=True, slots=True)
class RollbackCounts:
    """``companies`` of which ``items`` values are restored, and what is left alone, by reason."""

    companies: int
    items: int
    left_alone: dict[LeftReason, int]


def has_history(tx: TenantTransaction, sync_id: int) -> bool:
    """Whether any change of that sync is in the history."""
    found = tx.execute(
        "SELECT EXISTS (SELECT FROM company_changes"
        " WHERE tenant_id = :tenant_id AND sync_id > 0 AND sync_id = :sync_id)",
        sync_id=sync_id,
    )
    return bool(found.scalar_one())


def find_changes(
    tx: TenantTransaction, sync_id: int, *, source_object: str | None, is_same_link: bool
) -> None:
    """Decides about everything that the sync changed.

    ``source_object`` is the base object that the companies were last written with: no company of
    another one can become linked. ``is_same_link``: the link is that of the sync and goes on; else
    none can.
    """
    tx.execute("DROP TABLE IF EXISTS pg_temp.rollback_items")
    tx.execute(
        statements.FIND_ITEMS,
        sync_id=sync_id,
        source_object=source_object,
        is_same_link=is_same_link,
        undone=list(_undone(tx)),
    )
    tx.execute(statements.GIVE_BACK)


def find_kept(
    tx: TenantTransaction, sync_id: int, *, source_object: str | None, is_same_link: bool
) -> None:
    """Decides about what the rollback of that sync, or by that sync, keeps from Salesforce.

    ``source_object`` and ``is_same_link`` as in `find_changes`.
    """
    tx.execute("DROP TABLE IF EXISTS pg_temp.rollback_items")
    tx.execute(
        statements.FIND_KEPT_ITEMS,
        sync_id=sync_id,
        source_object=source_object,
        is_same_link=is_same_link,
    )


def count_items(tx: TenantTransaction) -> RollbackCounts:
    """The figures of what was decided."""
    row = tx.execute(statements.COUNT_ITEMS).one()
    left = {reason: int(row.left_alone.get(reason, 0)) for reason in LEFT_REASONS}
    return RollbackCounts(
        int(row.companies), int(row.items), {why: count for why, count in left.items() if count}
    )


def list_items(tx: TenantTransaction, *, is_restored: bool, limit: int) -> tuple[RollbackItem, ...]:
    """The values that are restored, or those left alone, by company."""
    return tx.rows(RollbackItem, statements.LIST_ITEMS, is_restored=is_restored, limit=limit)


def created_by(
    tx: TenantTransaction, sync_id: int, *, limit: int
) -> tuple[int, tuple[RollbackItem, ...]]:
    """How many companies the sync created, and the first of them by id."""
    rows = tx.execute(statements.CREATED, sync_id=sync_id, limit=limit).all()
    items = tuple(
        RollbackItem(row.external_id, row.name, None, of_row=True, reason="created") for row in rows
    )
    return (int(rows[0].companies) if rows else 0), items


def write_items(
    tx: TenantTransaction, *, rollback_sync_id: int, told: str, now: datetime
) -> tuple[int, int]:
    """Restores what was decided, with its history; ``told`` is the reason in the history.

    Returns how many companies were changed, and how many of them are not linked any more.
    """
    values = {"rollback_sync_id": rollback_sync_id, "now": now}
    tx.execute(statements.RECORD, told=told, **values)
    row = tx.execute(statements.WRITE, **values).one()
    return int(row.companies), int(row.gone)


def keep_restored(
    tx: TenantTransaction, sync_id: int, *, rollback_sync_id: int, now: datetime
) -> None:
    """Keeps what was decided from being written again, and stores whose rollback this sync is."""
    tx.execute(statements.KEEP, sync_id=sync_id, rollback_sync_id=rollback_sync_id, now=now)
    tx.execute(statements.DROP_EQUAL, rollback_sync_id=rollback_sync_id)
    tx.execute(statements.DROP_GIVEN_BACK)


def end_kept(tx: TenantTransaction, sync_id: int) -> int:
    """Nothing is kept of that rollback any more; returns how many values were."""
    return tx.execute(statements.DROP_KEPT, sync_id=sync_id).rowcount


def note_rollback(tx: TenantTransaction, rollback_sync_id: int, sync_id: int, *, by: str) -> None:
    """Stores which sync the sync of a rollback takes back, and who asked for it."""
    tx.execute(
        "UPDATE syncs SET rolls_back = :sync_id, asked_by = :by"
        " WHERE tenant_id = :tenant_id AND sync_id = :rollback_sync_id",
        sync_id=sync_id,
        rollback_sync_id=rollback_sync_id,
        by=by,
    )


def rollback_of(tx: TenantTransaction, sync_id: int) -> int:
    """The last rollback of that sync; the sync itself when it has none: it is a rollback."""
    found = tx.execute(
        "SELECT max(sync_id) FROM syncs WHERE tenant_id = :tenant_id AND rolls_back = :sync_id",
        sync_id=sync_id,
    ).scalar()
    return sync_id if found is None else int(found)


def _undone(tx: TenantTransaction) -> tuple[int, ...]:
    """Both syncs of every rollback of this tenant."""
    rows = tx.execute(
        "SELECT sync_id, rolls_back FROM syncs"
        " WHERE tenant_id = :tenant_id AND rolls_back IS NOT NULL"
    )
    return tuple(sorted({number for row in rows for number in row}))
