"""The history of one company: what changed in its row, when, by which sync, and why."""

# ruff: noqa: S608  the SQL is formatted only from this file's own text

from dataclasses import dataclass
from datetime import datetime

from flyle_sf_assets.store.postgres.database import TenantTransaction


@dataclass(frozen=True, slots=True)
class CompanyChange:
    """One change of one field. ``old`` and ``new`` are JSON texts with the exact numbers.

    ``field`` is a custom field's key or, when ``of_row``, a column of the row (``name``,
    ``status``, ``status_reason``, ``merged_into``). ``old`` is None when the row had no such
    member before. ``reason`` is None when the value is that of the record.
    """

    field: str
    of_row: bool
    old: str | None
    new: str | None
    changed_at: datetime
    sync_id: int | None
    reason: str | None
    change_id: int


def company_history(
    tx: TenantTransaction,
    external_id: str,
    *,
    before: int | None = None,
    limit: int | None = None,
) -> tuple[CompanyChange, ...]:
    """The changes of the company's row, the newest first, without its creation.

    ``before``: only those before that ``change_id``. ``limit`` None: all of them.
    """
    earlier = "" if before is None else " AND change_id < :before"
    return tx.rows(
        CompanyChange,
        "SELECT field, of_row, old::text AS old, new::text AS new, changed_at, sync_id, reason,"
        " change_id FROM company_changes"
        f" WHERE tenant_id = :tenant_id AND external_id = :external_id{earlier}"
        " ORDER BY change_id DESC LIMIT :limit",
        external_id=external_id,
        before=before,
        limit=limit,
    )


def company_name(tx: TenantTransaction, external_id: str) -> str | None:
    """The company's name; None when the tenant has no such company."""
    name = tx.execute(
        "SELECT name FROM companies WHERE tenant_id = :tenant_id AND external_id = :external_id",
        external_id=external_id,
    ).scalar()
    return None if name is None else str(name)
