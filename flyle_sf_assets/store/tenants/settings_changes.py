"""What each settings version changed against the one before it, and which run applied it."""

# ruff: noqa: S608  the SQL is formatted only from this file's own column names

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from flyle_sf_assets.store.postgres.database import TenantTransaction

ChangeKind = Literal["refresh", "census"]


@dataclass(frozen=True, slots=True)
class StoredChange:
    """One difference at one path; ``before`` and ``after`` are JSON values."""

    path: str
    before: Any
    after: Any
    text_ja: str
    text_en: str


@dataclass(frozen=True, slots=True)
class StoredRead:
    """One object that is read again from Salesforce; see `check.impact.ReadAgain`."""

    object: str
    columns: tuple[str, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """One version's change. ``kind`` is that of the refresh which applies it.

    ``closed_at`` is None while it is open: until its run is known, or none is needed.
    """

    version: int
    changes: tuple[StoredChange, ...]
    affected_assets: tuple[str, ...]
    affected_companies: int
    read_again: tuple[StoredRead, ...]
    part_digests: Mapping[str, str]
    recorded_at: datetime
    kind: ChangeKind = "refresh"
    attempt: int = 1
    dagster_run_id: str | None = None
    closed_at: datetime | None = None


_COLUMNS = (
    "version, changes, affected_assets, affected_companies, read_again, part_digests, recorded_at,"
    " kind, attempt, dagster_run_id, settled_at AS closed_at"
)


def put_change(tx: TenantTransaction, change: SettingsChange) -> None:
    """Stores what a version changed; a second call changes nothing."""
    tx.execute(
        "INSERT INTO settings_changes (tenant_id, version, changes, affected_assets,"
        " affected_companies, read_again, part_digests, recorded_at, kind)"
        " VALUES (:tenant_id, :version, CAST(:changes AS jsonb), CAST(:assets AS jsonb),"
        " :companies, CAST(:reads AS jsonb), CAST(:digests AS jsonb), :now, :kind)"
        " ON CONFLICT (tenant_id, version) DO NOTHING",
        version=change.version,
        changes=_json([asdict(one) for one in change.changes]),
        assets=_json(list(change.affected_assets)),
        companies=change.affected_companies,
        reads=_json([asdict(one) for one in change.read_again]),
        digests=_json(dict(change.part_digests)),
        now=change.recorded_at,
        kind=change.kind,
    )


def get_change(tx: TenantTransaction, version: int) -> SettingsChange | None:
    """What that version changed, None when it is not stored yet."""
    row = tx.execute(
        f"SELECT {_COLUMNS} FROM settings_changes"
        " WHERE tenant_id = :tenant_id AND version = :version",
        version=version,
    ).first()
    if row is None:
        return None
    kept = row._asdict()
    return SettingsChange(
        **kept
        | {
            "changes": tuple(StoredChange(**one) for one in kept["changes"]),
            "affected_assets": tuple(kept["affected_assets"]),
            "read_again": tuple(
                StoredRead(one["object"], tuple(one["columns"]), whole=one["whole"])
                for one in kept["read_again"]
            ),
        }
    )


def close_change(tx: TenantTransaction, version: int, run_id: str | None, now: datetime) -> None:
    """Closes that version and the ones before it: ``run_id`` applied them, None: no run was due.

    A run reads the newest settings, which include the changes of older versions.
    """
    tx.execute(
        "UPDATE settings_changes SET settled_at = :now, dagster_run_id = :run_id"
        " WHERE tenant_id = :tenant_id AND version <= :version AND settled_at IS NULL",
        version=version,
        run_id=run_id,
        now=now,
    )


def reopen_change(tx: TenantTransaction, version: int, kind: ChangeKind) -> None:
    """Requests another run of the same version, for a tenant that was removed in between."""
    tx.execute(
        "UPDATE settings_changes SET kind = :kind, attempt = attempt + 1, settled_at = NULL,"
        " dagster_run_id = NULL WHERE tenant_id = :tenant_id AND version = :version",
        version=version,
        kind=kind,
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
