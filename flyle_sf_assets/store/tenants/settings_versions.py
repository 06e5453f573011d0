"""Every version of a tenant's settings, numbered from 1; a version is never changed."""

# ruff: noqa: S608  the SQL is formatted only from this file's own column names

from dataclasses import dataclass
from datetime import datetime

from flyle_sf_assets.store.postgres.database import (
    FleetTransaction,
    TenantTransaction,
    Transaction,
)


@dataclass(frozen=True, slots=True)
class SettingsVersion:
    """One version; ``document`` is JSON text, ``author`` a file's name or a console user."""

    version: int
    digest: str
    document: str
    author: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Registered:
    """The version of the settings, and whether this call created it."""

    version: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class SavedVersion:
    """The newest version of one tenant that a certain author made."""

    tenant: str
    document: str
    created_at: datetime


COLUMNS = "version, digest, document::text AS document, author, created_at"
"""Those of a `SettingsVersion`."""


def register_settings(
    tx: TenantTransaction,
    document: str,
    digest: str,
    author: str,
    now: datetime,
    *,
    is_reordered: bool = False,
) -> Registered:
    """Creates a new version when ``digest`` differs from the latest one's, or ``is_reordered``.

    The digest does not depend on the order of the mappings, which people see on pages.
    """
    lock_settings(tx)
    latest = latest_settings(tx)
    if latest is not None and latest.digest == digest and not is_reordered:
        return Registered(latest.version, is_new=False)
    version = 1 if latest is None else latest.version + 1
    tx.execute(
        "INSERT INTO settings_versions (tenant_id, version, digest, document, author, created_at)"
        " VALUES (:tenant_id, :version, :digest, CAST(:document AS jsonb), :author, :now)",
        version=version,
        digest=digest,
        document=document,
        author=author,
        now=now,
    )
    return Registered(version, is_new=True)


def lock_settings(tx: TenantTransaction) -> None:
    """Blocks other registrations until the transaction ends: numbers have no gaps or duplicates."""
    tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))",
        key=f"flyle.settings:{tx.tenant_id}",
    )


def latest_settings(tx: TenantTransaction) -> SettingsVersion | None:
    """The newest version, or None."""
    return tx.row(
        SettingsVersion,
        f"SELECT {COLUMNS} FROM settings_versions WHERE tenant_id = :tenant_id"
        " ORDER BY version DESC LIMIT 1",
    )


def newest_settings(tx: TenantTransaction, limit: int) -> tuple[SettingsVersion, ...]:
    """The newest versions, the newest first."""
    return tx.rows(
        SettingsVersion,
        f"SELECT {COLUMNS} FROM settings_versions WHERE tenant_id = :tenant_id"
        " ORDER BY version DESC LIMIT :limit",
        limit=limit,
    )


def get_settings(tx: TenantTransaction, version: int) -> SettingsVersion | None:
    """That version, or None."""
    return tx.row(
        SettingsVersion,
        f"SELECT {COLUMNS} FROM settings_versions"
        " WHERE tenant_id = :tenant_id AND version = :version",
        version=version,
    )


def versions_with_content(tx: TenantTransaction) -> dict[int, int]:
    """For each version that says the same as an earlier one: the newest such earlier version."""
    found = tx.execute(
        "SELECT version, same_as FROM (SELECT version, lag(version) OVER"
        " (PARTITION BY digest ORDER BY version) AS same_as FROM settings_versions"
        " WHERE tenant_id = :tenant_id) v WHERE same_as IS NOT NULL"
    )
    return {int(row.version): int(row.same_as) for row in found}


def latest_settings_besides(tx: TenantTransaction, author_prefix: str) -> SettingsVersion | None:
    """The newest version whose author does not start with the prefix, or None."""
    return tx.row(
        SettingsVersion,
        f"SELECT {COLUMNS} FROM settings_versions"
        " WHERE tenant_id = :tenant_id AND NOT starts_with(author, :prefix)"
        " ORDER BY version DESC LIMIT 1",
        prefix=author_prefix,
    )


def versions_saved_by(tx: FleetTransaction, author: str) -> tuple[SavedVersion, ...]:
    """For each tenant the newest version by exactly this author."""
    return tx.rows(
        SavedVersion,
        "SELECT DISTINCT ON (tenant_id) tenant_id AS tenant, document::text AS document, created_at"
        " FROM settings_versions WHERE author = :author ORDER BY tenant_id, version DESC",
        author=author,
    )


def has_saved_elsewhere(tx: FleetTransaction, tenant: str, author: str) -> bool:
    """Whether exactly this author saved a version of another tenant."""
    found = tx.execute(
        "SELECT EXISTS (SELECT FROM settings_versions"
        " WHERE author = :author AND tenant_id <> :tenant)",
        author=author,
        tenant=tenant,
    )
    return bool(found.scalar_one())


def tenants_with_settings(tx: Transaction) -> tuple[str, ...]:
    """The tenants that have settings; all of them in a fleet transaction."""
    rows = tx.execute("SELECT DISTINCT tenant_id FROM settings_versions ORDER BY tenant_id")
    return tuple(str(row.tenant_id) for row in rows)
