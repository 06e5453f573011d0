"""What a tenant's newest settings require: a run of which assets, if any."""

from dataclasses import dataclass

from flyle_sf_assets.check.parts import reaches_new_places
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.settings.models import Flow, TenantSettings
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.syncs.generations import consumed
from flyle_sf_assets.store.tenants.connections import is_reread_asked
from flyle_sf_assets.store.tenants.links import Link, get_link
from flyle_sf_assets.store.tenants.settings_changes import SettingsChange, close_change
from flyle_sf_assets.sync.state.asset_names import SCHEMAS
from flyle_sf_assets.sync.state.staleness import stale_assets
from flyle_sf_assets.tenants.settings_changes import noted_change, settings_of

EVERYTHING: tuple[str, ...] = ()
"""Instead of asset keys: the whole job."""


@dataclass(frozen=True, slots=True)
class PendingRun:
    """What one tenant's newest settings require.

    ``assets`` are the keys of exactly the assets that have to be materialized, `EVERYTHING` for a
    first sync or a census, None when no run is needed or allowed.
    """

    tenant: str
    settings: TenantSettings
    change: SettingsChange
    assets: tuple[str, ...] | None

    @property
    def run_key(self) -> str:
        """Names the run that applies these settings: there is never a second one."""
        again = f":{self.change.attempt}" if self.change.attempt > 1 else ""
        return f"settings:{self.tenant}:{self.change.version}{again}"


def pending_run_of(
    installation: Installation,
    tenant: str,
    version: int,
    *,
    clock: Clock = utc_now,
) -> PendingRun:
    """The run that this newest version requires; its change is stored on the first call."""
    with installation.database.tenant(tenant) as tx:
        change = noted_change(tx, version, clock())
        settings = settings_of(tx, version)
        if settings is None:
            raise ValueError(f"{tenant} has no settings version {version}")
        return PendingRun(tenant, settings, change, _assets(tx, settings, change))


def record_run(
    installation: Installation,
    pending: PendingRun,
    run_id: str | None,
    *,
    clock: Clock = utc_now,
) -> None:
    """Stores that the run of these settings is known, or that none is needed."""
    with installation.database.tenant(pending.tenant) as tx:
        close_change(tx, pending.change.version, run_id, clock())


def _assets(
    tx: TenantTransaction, settings: TenantSettings, change: SettingsChange
) -> tuple[str, ...] | None:
    link = get_link(tx)
    if not _may_run(link, settings):
        return None
    # These settings may repair what failed, whichever asset it was.
    if link.first_synced_at is None or change.kind == "census" or link.state == "failing":
        return EVERYTHING
    if is_reread_asked(tx):
        return EVERYTHING
    stale = stale_assets(tx, settings)
    if not stale:
        return None
    schemas = f"salesforce/{SCHEMAS}"
    held = consumed(tx, SCHEMAS).get("link_settings")
    tried = settings_of(tx, held.generation) if held else None
    if schemas not in stale and (tried is None or reaches_new_places(tried, settings)):
        return (schemas, *stale)
    return stale


def _may_run(link: Link, settings: TenantSettings) -> bool:
    """False while a person has disconnected it, or has not yet logged in to Salesforce for it."""
    if link.state == "not_connected":
        return settings.connection.flow is not Flow.WEB_SERVER
    return link.state != "disconnected"
