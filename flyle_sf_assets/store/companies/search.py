"""Search for companies by a part of the name or by id, one page at a time.

The index ``companies_by_name`` returns a page without sorting, and a search inside names reads
only the index: 100,000 names take some tens of milliseconds. It is a partial index whose condition
``name > ''`` is true for every company: only a query with this condition can use the index, so
that it is never used to look up an id, which would read all names.
"""

from dataclasses import dataclass
from datetime import datetime

from flyle_sf_assets.store.postgres.database import TenantTransaction

PAGE_ROWS = 50


@dataclass(frozen=True, slots=True)
class FoundCompany:
    """One row of a result."""

    external_id: str
    name: str
    status: str
    status_reason: str | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class CompanyPage:
    """Up to `PAGE_ROWS` companies by name; ``next`` is where the next page starts."""

    companies: tuple[FoundCompany, ...]
    next: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Company:
    """One company; ``custom_fields`` is the text of its JSON object, numbers exact."""

    external_id: str
    name: str
    source_object: str
    custom_fields: str
    status: str
    status_reason: str | None
    merged_into: str | None
    source_modified_at: datetime | None
    created_at: datetime
    updated_at: datetime
    status_changed_at: datetime
    last_sync_id: int | None


def search_companies(
    tx: TenantTransaction, text: str = "", *, after: tuple[str, str] = ("", "")
) -> CompanyPage:
    """Companies whose name contains ``text`` or whose id equals it, after a name and id."""
    found = tx.rows(
        FoundCompany,
        # A case-insensitive comparison costs five times as much; Japanese has no case.
        _SEARCH.format(
            contains=f"name {'LIKE' if text.lower() == text.upper() else 'ILIKE'} :pattern"
        ),
        pattern=f"%{_escaped(text)}%",
        exact=text,
        any_name=not text,
        name=after[0],
        external_id=after[1],
        limit=PAGE_ROWS + 1,
    )
    page, rest = found[:PAGE_ROWS], found[PAGE_ROWS:]
    return CompanyPage(page, (page[-1].name, page[-1].external_id) if rest else None)


def get_company(tx: TenantTransaction, external_id: str) -> Company | None:
    """The company of that id, or None."""
    return tx.row(
        Company,
        "SELECT external_id, name, source_object, custom_fields::text AS custom_fields, status,"
        " status_reason, merged_into, source_modified_at, created_at, updated_at,"
        " status_changed_at, last_sync_id FROM companies"
        " WHERE tenant_id = :tenant_id AND external_id = :external_id",
        external_id=external_id,
    )


def _escaped(text: str) -> str:
    """The text with LIKE's wildcards escaped."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


_SEARCH = """
WITH named AS MATERIALIZED (
    SELECT name, external_id FROM companies
    WHERE tenant_id = :tenant_id AND name > '' AND (name, external_id) > (:name, :external_id)
        AND (:any_name OR {contains})
    ORDER BY name, external_id LIMIT :limit
), found AS (
    SELECT external_id FROM named
    UNION
    SELECT external_id FROM companies
    WHERE tenant_id = :tenant_id AND external_id = :exact AND :external_id = ''
)
SELECT c.external_id, c.name, c.status, c.status_reason, c.updated_at
FROM found CROSS JOIN LATERAL (SELECT * FROM companies one
    WHERE one.tenant_id = :tenant_id AND one.external_id = found.external_id LIMIT 1) AS c
ORDER BY c.name, c.external_id LIMIT :limit
"""
