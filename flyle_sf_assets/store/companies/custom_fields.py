"""The custom fields that a tenant's mappings write; the field of a removed mapping stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flyle_sf_assets.store.postgres.database import TenantTransaction, Transaction


@dataclass(frozen=True, slots=True)
class CustomField:
    """One custom field: ``key`` is the mapping's ``to``, ``source_path`` its ``from``."""

    key: str
    label: str
    type: str
    source_path: str | None
    active: bool = True


def put_fields(tx: TenantTransaction, fields: Sequence[CustomField], now: datetime) -> None:
    """Writes the mapped fields; every other field of the tenant becomes inactive.

    ``now`` (UTC) is kept for those whose type, source or activity changed.
    """
    tx.execute(
        "UPDATE custom_fields SET active = false, remapped_at = :now"
        " WHERE tenant_id = :tenant_id AND active AND key <> ALL(:keys)",
        keys=[field.key for field in fields],
        now=now,
    )
    tx.execute(
        _PUT,
        keys=[field.key for field in fields],
        labels=[field.label for field in fields],
        types=[str(field.type) for field in fields],
        paths=[field.source_path for field in fields],
        active=[field.active for field in fields],
        now=now,
    )


def list_fields(tx: Transaction) -> tuple[CustomField, ...]:
    """All custom fields, inactive ones too, by key."""
    return tx.rows(
        CustomField, "SELECT key, label, type, source_path, active FROM custom_fields ORDER BY key"
    )


# Most refreshes change none of them: rows that stay the same are not written.
_PUT = """
INSERT INTO custom_fields AS f (tenant_id, key, label, type, source_path, active)
SELECT :tenant_id, given.* FROM unnest(CAST(:keys AS text[]), CAST(:labels AS text[]),
    CAST(:types AS text[]), CAST(:paths AS text[]), CAST(:active AS boolean[])) AS given
ON CONFLICT (tenant_id, key) DO UPDATE SET label = excluded.label, type = excluded.type,
    source_path = excluded.source_path, active = excluded.active,
    remapped_at = CASE WHEN (f.type, f.source_path, f.active)
        IS DISTINCT FROM (excluded.type, excluded.source_path, excluded.active)
        THEN :now ELSE f.remapped_at END
WHERE (f.label, f.type, f.source_path, f.active)
    IS DISTINCT FROM (excluded.label, excluded.type, excluded.source_path, excluded.active)
"""
