"""A tenant whose syncs are rolled back, and what PostgreSQL has of it: read without the product."""

from typing import Any

from flyle_sf_assets.tenants.rollback import Rollback, resume, roll_back
from flyle_sf_assets_tests.flows.content import content
from flyle_sf_assets_tests.flows.guarded import guarded
from flyle_sf_assets_tests.flows.oracle import Company
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.tenant_fixtures import Link


def small(link: Link) -> Tenant:
    """60 linked companies: what the guard would hold is above its floor of 50 rows."""
    return guarded(link, accounts=60)


def synced(tenant: Tenant) -> int:
    """The number of one refresh that was made now."""
    tenant.sync()
    return last_sync_id(tenant)


def back(tenant: Tenant, sync_id: int) -> Rollback:
    """A rollback of that sync."""
    return roll_back(tenant.installation, tenant.name, sync_id, by="test", clock=tenant.clock.now)


def resumed(tenant: Tenant, sync_id: int) -> Rollback:
    """The end of that rollback."""
    return resume(tenant.installation, tenant.name, sync_id, by="test", clock=tenant.clock.now)


def last_sync_id(tenant: Tenant) -> int:
    """The newest sync."""
    [(number,)] = tenant.query("SELECT max(sync_id) FROM flyle.syncs WHERE tenant_id = %s")
    return int(number)


def contents(tenant: Tenant) -> dict[str, Company]:
    """The companies without blanks."""
    return {key: content(row) for key, row in tenant.companies().items()}


def kept(tenant: Tenant) -> list[tuple[Any, ...]]:
    """What is kept: company, of the row, field, Salesforce's value."""
    return tenant.query(
        "SELECT external_id, of_row, field, salesforce FROM flyle.rolled_back"
        " WHERE tenant_id = %s ORDER BY 1, 2, 3"
    )


def sync_row(tenant: Tenant, sync_id: int) -> tuple[Any, ...]:
    """A sync's row."""
    found = tenant.query(
        "SELECT sync_id, kind, state, pulled, created, changed, gone, api_calls, rolls_back,"
        " asked_by FROM flyle.syncs WHERE tenant_id = %s"
    )
    return {row[0]: row[1:] for row in found}[sync_id]


def rollback_history(tenant: Tenant, sync_id: int) -> list[tuple[Any, ...]]:
    """Company, field, old, new and reason of each change of a sync."""
    found = tenant.query(
        "SELECT sync_id, external_id, field, old, new, reason FROM flyle.company_changes"
        " WHERE tenant_id = %s ORDER BY external_id, field"
    )
    return [row[1:] for row in found if row[0] == sync_id]


def census_of(tenant: Tenant) -> tuple[int, int, int]:
    """Records checked and matched, and companies written again, of the newest census."""
    [(census,)] = tenant.query(
        "SELECT census FROM flyle.syncs WHERE tenant_id = %s AND census IS NOT NULL"
        " ORDER BY sync_id DESC LIMIT 1"
    )
    return census["checked"], census["matched"], census["companies_healed"]
