"""What was last read of each tenant's settings file, and all tenants for a tick of the sensor."""

from dataclasses import dataclass
from datetime import datetime

from flyle_sf_assets.store.postgres.database import TenantTransaction, Transaction
from flyle_sf_assets.store.tenants.links import LinkState

FILE_AUTHOR = "file:"
"""The prefix of the author of a settings version that a file made."""


@dataclass(frozen=True, slots=True)
class KnownTenant:
    """One tenant that has settings, or a file that was read once.

    ``version`` and ``author`` are those of the newest settings, None when no file of it could be
    used yet. ``file_digest`` is that of the file's bytes as last read, ``file_version`` their
    settings version. ``removed_at`` is set while the file is missing. ``is_open``: no tick has
    passed the newest settings to Dagster yet; ``has_console``: a person once saved some in the
    console.
    """

    tenant: str
    version: int | None
    author: str | None
    file_digest: str | None
    file_version: int | None
    removed_at: datetime | None
    state: LinkState | None
    is_open: bool
    has_console: bool

    @property
    def is_of_file(self) -> bool:
        """Whether the current settings come from a file."""
        return self.author is not None and self.author.startswith(FILE_AUTHOR)


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """The stored state of one tenant's file; ``state_before``: the link's when it was removed."""

    digest: str
    version: int | None
    removed_at: datetime | None
    state_before: LinkState | None


def known_tenants(tx: Transaction) -> tuple[KnownTenant, ...]:
    """Every tenant in one query, for a fleet transaction: a tick reads thousands."""
    return tx.rows(
        KnownTenant,
        "SELECT coalesce(v.tenant_id, f.tenant_id) AS tenant, v.version, v.author,"
        " f.digest AS file_digest, f.version AS file_version, f.removed_at, l.state,"
        " v.version IS NOT NULL AND c.settled_at IS NULL AS is_open,"
        " coalesce(v.has_console, false) AS has_console"
        " FROM (SELECT DISTINCT ON (tenant_id) tenant_id, version, author,"
        "   bool_or(NOT starts_with(author, :file)) OVER (PARTITION BY tenant_id) AS has_console"
        "   FROM settings_versions ORDER BY tenant_id, version DESC) v"
        " FULL JOIN settings_files f ON f.tenant_id = v.tenant_id"
        " LEFT JOIN links l ON l.tenant_id = coalesce(v.tenant_id, f.tenant_id)"
        " LEFT JOIN settings_changes c ON c.tenant_id = v.tenant_id AND c.version = v.version"
        " ORDER BY 1",
        file=FILE_AUTHOR,
    )


def get_file(tx: TenantTransaction) -> SettingsFile | None:
    """The stored state of the tenant's file, None before it was first read."""
    return tx.row(
        SettingsFile,
        "SELECT digest, version, removed_at, state_before FROM settings_files"
        " WHERE tenant_id = :tenant_id",
    )


def put_file(tx: TenantTransaction, digest: str, version: int | None, now: datetime) -> None:
    """Stores that the file was read; ``version`` is None when it cannot be used."""
    tx.execute(
        "INSERT INTO settings_files (tenant_id, digest, version, read_at)"
        " VALUES (:tenant_id, :digest, :version, :now)"
        " ON CONFLICT (tenant_id) DO UPDATE SET digest = excluded.digest,"
        " version = excluded.version, read_at = excluded.read_at",
        digest=digest,
        version=version,
        now=now,
    )


def mark_removed(tx: TenantTransaction, state: LinkState, now: datetime) -> None:
    """Stores that the file is missing; a second call changes nothing."""
    tx.execute(
        "INSERT INTO settings_files (tenant_id, digest, read_at, removed_at, state_before)"
        " VALUES (:tenant_id, '', :now, :now, :state)"
        " ON CONFLICT (tenant_id) DO UPDATE SET"
        " removed_at = coalesce(settings_files.removed_at, excluded.removed_at),"
        " state_before = coalesce(settings_files.state_before, excluded.state_before)",
        state=state,
        now=now,
    )


def mark_returned(tx: TenantTransaction) -> None:
    """Stores that the tenant has settings again."""
    tx.execute(
        "UPDATE settings_files SET removed_at = NULL, state_before = NULL"
        " WHERE tenant_id = :tenant_id"
    )


def note_state_while_away(tx: TenantTransaction, state: LinkState) -> None:
    """Stores the state that a returning file restores: a person changed it while it was missing."""
    tx.execute(
        "UPDATE settings_files SET state_before = :state"
        " WHERE tenant_id = :tenant_id AND removed_at IS NOT NULL",
        state=state,
    )
