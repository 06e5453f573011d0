"""The described schema of each object in use, per tenant.

What does not belong here: asking Salesforce and reading the document (``salesforce``).
"""

from dataclasses import dataclass
from datetime import datetime

from flyle_sf_assets.store.postgres.database import TenantTransaction


@dataclass(frozen=True, slots=True)
class StoredSchema:
    """One object's schema; ``document`` is JSON text, ``null`` when the org has no such object.

    ``last_modified`` is the answer's unchanged header, to be sent as If-Modified-Since.
    """

    object: str
    digest: str
    last_modified: str | None
    document: str
    checked_at: datetime


def put_schema(tx: TenantTransaction, schema: StoredSchema) -> None:
    """Stores a described schema."""
    tx.execute(
        "INSERT INTO object_schemas"
        " (tenant_id, object, digest, last_modified, document, checked_at) VALUES (:tenant_id,"
        " :object, :digest, :last_modified, CAST(:document AS jsonb), :checked_at)"
        " ON CONFLICT (tenant_id, object) DO UPDATE SET digest = excluded.digest,"
        " last_modified = excluded.last_modified, document = excluded.document,"
        " checked_at = excluded.checked_at",
        object=schema.object,
        digest=schema.digest,
        last_modified=schema.last_modified,
        document=schema.document,
        checked_at=schema.checked_at,
    )


def touch_schema(tx: TenantTransaction, object_name: str, now: datetime) -> None:
    """Notes that Salesforce reported no change (304)."""
    tx.execute(
        "UPDATE object_schemas SET checked_at = :now"
        " WHERE tenant_id = :tenant_id AND object = :object",
        object=object_name,
        now=now,
    )


def read_schemas(tx: TenantTransaction) -> dict[str, StoredSchema]:
    """All stored schemas of the tenant, by object name."""
    found = tx.rows(
        StoredSchema,
        "SELECT object, digest, last_modified, document::text AS document, checked_at"
        " FROM object_schemas WHERE tenant_id = :tenant_id ORDER BY object",
    )
    return {one.object: one for one in found}
