"""The companies that one sync changed, one page at a time, with the old and new values.

A new company is no change: its creation is in ``companies.created_at``.
"""

# ruff: noqa: S608  the SQL is formatted only from this file's own text

from dataclasses import dataclass
from itertools import groupby

from flyle_sf_assets.store.companies.history import CompanyChange
from flyle_sf_assets.store.postgres.database import TenantTransaction

PAGE_ROWS = 25
FIELDS_MAX = 1_000
"""More than the fields of a company: a bound for the planner."""


@dataclass(frozen=True, slots=True)
class ChangedCompany:
    """One company with what the sync changed; ``name`` and ``status`` are those of now."""

    external_id: str
    name: str
    status: str
    changes: tuple[CompanyChange, ...]


@dataclass(frozen=True, slots=True)
class ChangedPage:
    """Up to ``limit`` companies by id; ``next`` is the id after which the next page starts."""

    companies: tuple[ChangedCompany, ...]
    next: str | None


def companies_changed_by(
    tx: TenantTransaction, sync_id: int, *, after: str = "", limit: int = PAGE_ROWS
) -> ChangedPage:
    """The companies that the sync changed whose id is greater than ``after``."""
    since = tx.execute(_SINCE, sync_id=sync_id).scalar_one()
    tx.execute(_IN_ORDER_OF_INDEX, is_on="off")
    rows = tx.execute(
        _CHANGED, sync_id=sync_id, after=after, limit=limit, fields=FIELDS_MAX, since=since
    ).all()
    tx.execute(_IN_ORDER_OF_INDEX, is_on="on")
    found = []
    for (external_id, name, status), changes in groupby(
        rows, key=lambda row: (str(row.external_id), str(row.name), str(row.status))
    ):
        found.append(
            ChangedCompany(
                external_id,
                name,
                status,
                tuple(
                    CompanyChange(
                        row.field,
                        row.of_row,
                        row.old,
                        row.new,
                        row.changed_at,
                        sync_id,
                        row.reason,
                        row.change_id,
                    )
                    for row in changes
                ),
            )
        )
    page, rest = tuple(found[:limit]), found[limit:]
    return ChangedPage(page, page[-1].external_id if rest else None)


# Only the months since the sync began are looked at; machines' clocks may differ.
_SINCE = """
SELECT coalesce(CAST(min(started_at) - interval '1 day' AS text), '-infinity') FROM syncs
WHERE tenant_id = :tenant_id AND sync_id = :sync_id
"""
# Without statistics PostgreSQL takes a month for a few rows, which it would read and sort.
_IN_ORDER_OF_INDEX = """
SELECT set_config('enable_sort', :is_on, true), set_config('enable_incremental_sort', :is_on, true),
    set_config('enable_seqscan', :is_on, true), set_config('enable_bitmapscan', :is_on, true)
"""
# A loose index scan: one probe of changes_of_sync for each company, however many fields changed.
# Source: PostgreSQL wiki, "Loose indexscan". The order begins with sync_id, although it is the
# same: no other index has this order, so that none can serve instead.
_NEXT = """
SELECT sync_id, external_id FROM company_changes
WHERE tenant_id = :tenant_id AND changed_at >= CAST(:since AS timestamptz)
    AND sync_id > 0 AND (sync_id, external_id) > ({sync_id}, {after})
ORDER BY sync_id, external_id LIMIT 1
"""
_CHANGED = f"""
WITH RECURSIVE page AS (
    SELECT first.*, 1 AS place
    FROM ({_NEXT.format(sync_id="CAST(:sync_id AS bigint)", after=":after")}) AS first
    UNION ALL
    SELECT following.*, page.place + 1 FROM page CROSS JOIN LATERAL (
        {_NEXT.format(sync_id="page.sync_id", after="page.external_id")}
    ) AS following
    WHERE page.place <= :limit AND page.sync_id = :sync_id
)
SELECT page.external_id, company.name, company.status, change.field, change.of_row,
    change.old::text AS old, change.new::text AS new, change.changed_at, change.reason,
    change.change_id
FROM page CROSS JOIN LATERAL (SELECT one.name, one.status FROM companies one
    WHERE one.tenant_id = :tenant_id AND one.external_id = page.external_id LIMIT 1) AS company
CROSS JOIN LATERAL (SELECT * FROM company_changes one
    WHERE one.tenant_id = :tenant_id AND one.changed_at >= CAST(:since AS timestamptz)
        AND one.sync_id > 0 AND one.sync_id = page.sync_id
        AND one.external_id = page.external_id LIMIT :fields) AS change
WHERE page.sync_id = :sync_id
ORDER BY page.external_id, change.change_id
"""
