"""Who connected a tenant to which org, and which stored data must be read again after it."""

# ruff: noqa: S608  the SQL is formatted only from this file's own column names

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flyle_sf_assets.store.postgres.database import TenantTransaction

FlowName = Literal["web_server", "client_credentials", "jwt_bearer"]


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """How a tenant was last connected; ``username`` is the Salesforce user who reads."""

    org_url: str
    flow: FlowName
    org_name: str
    user_id: str
    username: str
    connected_at: datetime
    connected_by: str
    disconnected_at: datetime | None = None
    disconnected_by: str | None = None


_COLUMNS = (
    "org_url, flow, org_name, user_id, username, connected_at, connected_by, disconnected_at,"
    " disconnected_by"
)


def get_connection(tx: TenantTransaction) -> ConnectionState | None:
    """The tenant's connection, None when no person ever connected it."""
    return tx.row(
        ConnectionState,
        f"SELECT {_COLUMNS} FROM connections WHERE tenant_id = :tenant_id",
    )


def put_connection(tx: TenantTransaction, state: ConnectionState) -> None:
    """Replaces the tenant's connection."""
    names = [name.strip() for name in _COLUMNS.split(",")]
    places = ", ".join(f":{name}" for name in names)
    updates = ", ".join(f"{name} = excluded.{name}" for name in names)
    tx.execute(
        f"INSERT INTO connections (tenant_id, {_COLUMNS}) VALUES (:tenant_id, {places})"
        f" ON CONFLICT (tenant_id) DO UPDATE SET {updates}",
        **{name: getattr(state, name) for name in names},
    )


def mark_disconnected(tx: TenantTransaction, by: str, now: datetime) -> None:
    """Stores who disconnected the tenant; a second call changes nothing."""
    tx.execute(
        "UPDATE connections SET disconnected_at = :now, disconnected_by = :by"
        " WHERE tenant_id = :tenant_id AND disconnected_at IS NULL",
        by=by,
        now=now,
    )


def ask_reread(tx: TenantTransaction, now: datetime) -> None:
    """Makes the next refresh read and compare everything again, and write every company."""
    tx.execute(
        "UPDATE links SET reread_since = :now WHERE tenant_id = :tenant_id",
        now=now,
    )
    forget_windows(tx)


def forget_windows(tx: TenantTransaction) -> None:
    """Makes the next refresh read everything: windows may miss changes after a pause."""
    tx.execute("UPDATE generations SET watermark = NULL WHERE tenant_id = :tenant_id")
    tx.execute("DELETE FROM consumed WHERE tenant_id = :tenant_id AND asset = 'companies'")


def is_reread_asked(tx: TenantTransaction) -> bool:
    """Whether everything must be read and compared again."""
    found = tx.execute("SELECT reread_since IS NOT NULL FROM links WHERE tenant_id = :tenant_id")
    return bool(found.scalar())


def reread_done(tx: TenantTransaction) -> None:
    """Notes that everything was read and compared."""
    tx.execute("UPDATE links SET reread_since = NULL WHERE tenant_id = :tenant_id")


def forget_records(tx: TenantTransaction, now: datetime) -> None:
    """Drops the org's records: another org's must not be mixed with them.

    Companies, their history, the options and the settings stay; rejected values of records that
    are never read again are closed, and rollbacks keep nothing of them any more. The files stay
    until they are pruned: no manifest names them.
    """
    for table in ("generations", "consumed", "object_schemas", "rolled_back"):
        tx.execute(f"DELETE FROM {table} WHERE tenant_id = :tenant_id")
    tx.execute(
        "UPDATE rejected_records SET resolved_at = :now"
        " WHERE tenant_id = :tenant_id AND resolved_at IS NULL",
        now=now,
    )
    tx.execute(
        "UPDATE links SET first_synced_at = NULL, last_synced_at = NULL, next_due_at = NULL,"
        " org_id = NULL, reread_since = NULL WHERE tenant_id = :tenant_id"
    )
