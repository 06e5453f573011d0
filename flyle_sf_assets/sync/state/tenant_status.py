"""The status of each tenant: link, companies, rejected values, and which assets are stale."""

from dataclasses import dataclass, field
from datetime import datetime

from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.store.companies.counts import (
    companies_by_status,
    count_kept,
    count_rejected,
)
from flyle_sf_assets.store.tenants.links import Link, get_link
from flyle_sf_assets.store.tenants.settings_versions import (
    latest_settings,
    tenants_with_settings,
)
from flyle_sf_assets.sync.state.staleness import stale_assets
from flyle_sf_assets.tenants.registration import registered_settings


@dataclass(frozen=True, slots=True)
class TenantStatus:
    """One tenant. ``companies`` are numbers by status; ``stale_assets`` are keys in order.

    ``rolled_back``: how many values each rolled-back sync keeps from Salesforce, by its number.
    """

    link: Link
    companies: dict[str, int]
    rejected: int
    stale_assets: tuple[str, ...]
    rolled_back: dict[int, int] = field(default_factory=dict)
    is_stopped: bool = False
    """Not tried again automatically: these very settings failed permanently."""

    @property
    def next_attempt_at(self) -> datetime | None:
        """When the platform next tries it automatically; None when it does not, or at once."""
        if self.is_stopped:
            return None
        return self.link.retry_at or self.link.next_due_at


def tenant_statuses(
    installation: Installation, tenant: str | None = None
) -> tuple[TenantStatus, ...]:
    """Every tenant that has settings, or only one."""
    if tenant is None:
        with installation.database.fleet() as tx:
            names = tenants_with_settings(tx)
    else:
        names = (tenant,)
    return tuple(_tenant_status(installation, name) for name in names)


def _tenant_status(installation: Installation, tenant: str) -> TenantStatus:
    settings = registered_settings(installation, tenant)
    with installation.database.tenant(tenant) as tx:
        link, latest = get_link(tx), latest_settings(tx)
        return TenantStatus(
            link=link,
            companies=companies_by_status(tx).get(tenant, {}),
            rejected=count_rejected(tx),
            stale_assets=stale_assets(tx, settings) if settings else (),
            rolled_back=count_kept(tx).get(tenant, {}),
            is_stopped=link.stopped_version is not None
            and (latest is None or link.stopped_version >= latest.version),
        )
