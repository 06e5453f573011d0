"""One draft of settings per tenant, while an administrator has not saved it.

What does not belong here: what a draft may hold (``settings/drafts.py``) and the versions that
stand (``settings_versions.py``).
"""

from dataclasses import dataclass
from datetime import datetime

from flyle_sf_assets.store.postgres.database import TenantTransaction


@dataclass(frozen=True, slots=True)
class StoredDraft:
    """The tenant's draft; ``document`` is JSON text, ``author`` the person who last changed it."""

    document: str
    base_version: int | None
    author: str
    saved_at: datetime


def put_draft(tx: TenantTransaction, draft: StoredDraft) -> None:
    """Stores the draft; it replaces the one before."""
    tx.execute(
        "INSERT INTO settings_drafts (tenant_id, document, base_version, author, saved_at)"
        " VALUES (:tenant_id, CAST(:document AS jsonb), :base_version, :author, :saved_at)"
        " ON CONFLICT (tenant_id) DO UPDATE SET document = excluded.document,"
        " base_version = excluded.base_version, author = excluded.author,"
        " saved_at = excluded.saved_at",
        document=draft.document,
        base_version=draft.base_version,
        author=draft.author,
        saved_at=draft.saved_at,
    )


def get_draft(tx: TenantTransaction) -> StoredDraft | None:
    """The tenant's draft, or None."""
    return tx.row(
        StoredDraft,
        "SELECT document::text AS document, base_version, author, saved_at"
        " FROM settings_drafts WHERE tenant_id = :tenant_id",
    )


def delete_draft(tx: TenantTransaction) -> None:
    """Deletes the tenant's draft, if there is one."""
    tx.execute("DELETE FROM settings_drafts WHERE tenant_id = :tenant_id")
