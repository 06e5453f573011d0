"""Lists of companies by name or by update, one page at a time, and the look-up of one company.

``companies_by_name`` and ``companies_by_update`` return a page without sorting, for one status;
a list of several statuses takes a page of each and merges these. A search inside names reads one
index: 100,000 names take some tens of milliseconds. Both are partial indexes whose conditions
(``name > ''``, ``updated_at > '-infinity'``) are true for every company: only a query that states
them can use the indexes, so that they are never used to look up an id, which would read all names.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from flyle_sf_assets.companies.status import CompanyStatus
from flyle_sf_assets.store.postgres.database import TenantTransaction

PAGE_ROWS = 50

CompanyOrder = Literal["name", "-name", "updated", "-updated"]
"""The column that a list is sorted by; descending with ``-``. Ties are sorted by id."""


@dataclass(frozen=True, slots=True)
class FoundCompany:
    """One row of a result; ``custom_fields`` is the text of its JSON object, numbers exact."""

    external_id: str
    name: str
    status: str
    status_reason: str | None
    updated_at: datetime
    custom_fields: str


@dataclass(frozen=True, slots=True)
class CompanyPage:
    """One page of companies; ``next`` is where the next page starts (`search_companies`)."""

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
    tx: TenantTransaction,
    text: str = "",
    *,
    status: str | None = None,
    order: CompanyOrder = "name",
    after: tuple[str, str] | None = None,
    limit: int = PAGE_ROWS,
) -> CompanyPage:
    """Companies whose name contains ``text`` or whose id equals it.

    ``status`` is one of `companies.status`; None: companies of every status. ``after`` is ``next``
    of the page before: a name or a moment, and an id; one that cannot be read starts at the first
    page. ``limit`` is the number of rows of the page.
    """
    is_by_name, is_descending = order.endswith("name"), order.startswith("-")
    place = _place(after, is_by_name=is_by_name)
    # A case-insensitive comparison costs five times as much; Japanese has no case.
    contains = f"name {'LIKE' if text.lower() == text.upper() else 'ILIKE'} :pattern"
    column = "name" if is_by_name else "updated_at"
    direction = "DESC" if is_descending else "ASC"
    found = tx.rows(
        FoundCompany,
        _SEARCH.format(
            every="name > ''" if is_by_name else "updated_at > '-infinity'",
            follows="true"
            if place is None
            else f"({column}, external_id) {'<' if is_descending else '>'}"
            f" (CAST(:place AS {'text' if is_by_name else 'timestamptz'}), :external_id)",
            contains=f"{contains} AND name > ''" if text else "true",
            column=column,
            direction=direction,
        ),
        pattern=f"%{_escaped(text)}%",
        exact="" if place else text,
        place=place and place[0],
        external_id=place and place[1],
        statuses=[status] if status else [str(one) for one in CompanyStatus],
        limit=limit + 1,
    )
    page, rest = found[:limit], found[limit:]
    if not rest:
        return CompanyPage(page, None)
    last = page[-1]
    return CompanyPage(
        page, (last.name if is_by_name else last.updated_at.isoformat(), last.external_id)
    )


def _place(after: tuple[str, str] | None, *, is_by_name: bool) -> tuple[str | datetime, str] | None:
    """Where a page starts, None for the first."""
    if after is None or not after[1]:
        return None
    if is_by_name:
        return after
    try:
        moment = datetime.fromisoformat(after[0])
        # PostgreSQL takes a moment without a zone for one of the session's, which is UTC, and no
        # offset of 16 hours or more, which Python has up to 24.
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC), after[1]
    except (ValueError, OverflowError):
        return None


def ids_named(tx: TenantTransaction, name: str, *, limit: int) -> tuple[str, ...]:
    """The external ids of the companies with exactly that name, of any status."""
    found = tx.execute(
        "SELECT external_id FROM companies WHERE tenant_id = :tenant_id AND name > ''"
        " AND status = ANY(CAST(:statuses AS text[])) AND name = :name"
        " ORDER BY external_id LIMIT :limit",
        statuses=list(CompanyStatus),
        name=name,
        limit=limit,
    )
    return tuple(str(row.external_id) for row in found)


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
WITH listed AS MATERIALIZED (
    SELECT of_status.{column}, of_status.external_id
    FROM unnest(CAST(:statuses AS text[])) AS wanted (status) CROSS JOIN LATERAL (
        SELECT {column}, external_id FROM companies
        WHERE tenant_id = :tenant_id AND status = wanted.status AND {every} AND {follows}
            AND {contains}
        ORDER BY {column} {direction}, external_id {direction} LIMIT :limit
    ) AS of_status
    ORDER BY {column} {direction}, external_id {direction} LIMIT :limit
), found AS (
    SELECT external_id FROM listed
    UNION
    SELECT external_id FROM companies WHERE tenant_id = :tenant_id AND external_id = :exact
)
SELECT c.external_id, c.name, c.status, c.status_reason, c.updated_at, c.custom_fields
FROM found CROSS JOIN LATERAL (SELECT external_id, name, status, status_reason, updated_at,
        custom_fields::text AS custom_fields FROM companies one
    WHERE one.tenant_id = :tenant_id AND one.external_id = found.external_id LIMIT 1) AS c
WHERE c.status = ANY(CAST(:statuses AS text[]))
ORDER BY c.{column} {direction}, c.external_id {direction} LIMIT :limit
"""
