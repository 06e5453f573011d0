"""The custom fields that a tenant's mappings write; the field of a removed mapping stays."""

from collections.abc import Sequence
from dataclasses import dataclass

from flyle_sf_assets.store.postgres.database import TenantTransaction, Transaction


@dataclass(frozen=True, slots=True)
class CustomField:
    """One custom field: ``key`` is the mapping's ``to``, ``source_path`` its ``from``."""

    key: str
    label: str
    type: str
    source_path: str | None
    active: bool = True


def put_fields(tx: TenantTransaction, fields: Sequence[CustomField]) -> None:
    """Writes the mapped fields; every other field of the tenant becomes inactive."""
    tx.execute(
        "UPDATE custom_fields SET active = false"
        " WHERE tenant_id = :tenant_id AND active AND key <> ALL(:keys)",
        keys=[field.key for field in fields],
    )
    for field in fields:
        tx.execute(
            "INSERT INTO custom_fields (tenant_id, key, label, type, source_path, active)"
            " VALUES (:tenant_id, :key, :label, :type, :source_path, :active)"
            " ON CONFLICT (tenant_id, key) DO UPDATE SET label = excluded.label,"
            " type = excluded.type, source_path = excluded.source_path, active = excluded.active",
            key=field.key,
            label=field.label,
            type=str(field.type),
            source_path=field.source_path,
            active=field.active,
        )


def list_fields(tx: Transaction) -> tuple[CustomField, ...]:
    """All custom fields, inactive ones too, by key."""
    return tx.rows(
        CustomField, "SELECT key, label, type, source_path, active FROM custom_fields ORDER BY key"
    )
