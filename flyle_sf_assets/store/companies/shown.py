"""Companies for the demo's output and checks: those with most values, and all names."""

from collections.abc import Mapping
from dataclasses import dataclass

from flyle_sf_assets.store.postgres.database import TenantTransaction


@dataclass(frozen=True, slots=True)
class ShownCompany:
    """One linked company; ``custom_fields`` by their keys."""

    external_id: str
    name: str
    custom_fields: Mapping[str, object]


def fullest_companies(tx: TenantTransaction, count: int) -> tuple[ShownCompany, ...]:
    """Up to ``count`` linked companies: those with most values first, then by id."""
    return tx.rows(
        ShownCompany,
        "SELECT external_id, name, custom_fields FROM companies"
        " WHERE tenant_id = :tenant_id AND status = 'linked'"
        " ORDER BY jsonb_array_length(jsonb_path_query_array(custom_fields, '$.*?(@ != null)'))"
        " DESC, external_id LIMIT :count",
        count=count,
    )


def linked_names(tx: TenantTransaction) -> dict[str, str]:
    """The names of all linked companies by their external ids."""
    rows = tx.execute(
        "SELECT external_id, name FROM companies WHERE tenant_id = :tenant_id AND status = 'linked'"
    )
    return {str(row.external_id): str(row.name) for row in rows}
