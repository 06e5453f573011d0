"""How each tenant stands: link, companies, rejected values, and which assets owe something.

What does not belong here: showing it (``cli``, ``console``).
"""

from dataclasses import dataclass
from datetime import datetime

from flyle_sf_assets.check.parts import part_digests
from flyle_sf_assets.lake.manifest import NOTHING
from flyle_sf_assets.raw.ownership import RAW_ASSETS
from flyle_sf_assets.refresh.debts import COMPANIES, ENRICHED, OPTIONS, SCHEMAS, enriched_of
from flyle_sf_assets.refresh.installation import Installation
from flyle_sf_assets.refresh.registration import registered_settings
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.store.company_counts import companies_by_status
from flyle_sf_assets.store.database import TenantTransaction
from flyle_sf_assets.store.generations import (
    Consumed,
    Generation,
    all_consumed,
    read_generations,
)
from flyle_sf_assets.store.links import Link, get_link
from flyle_sf_assets.store.rejected import count_rejected
from flyle_sf_assets.store.settings_versions import latest_settings, tenants_with_settings
from flyle_sf_assets.store.syncs import Sync, latest_syncs


@dataclass(frozen=True, slots=True)
class Standing:
    """One tenant. ``companies`` are numbers by status; ``stale_assets`` are keys in order."""

    link: Link
    companies: dict[str, int]
    rejected: int
    stale_assets: tuple[str, ...]
    last_sync: Sync | None
    is_stopped: bool = False
    """Not tried again by itself: these very settings failed for good."""

    @property
    def next_attempt_at(self) -> datetime | None:
        """When the platform tries it next by itself; None when it does not, or at once."""
        if self.is_stopped:
            return None
        return self.link.retry_at or self.link.next_due_at


def standings(installation: Installation, tenant: str | None = None) -> tuple[Standing, ...]:
    """Every tenant that has settings, or just one."""
    if tenant is None:
        with installation.database.fleet() as tx:
            names = tenants_with_settings(tx)
    else:
        names = (tenant,)
    return tuple(_standing(installation, name) for name in names)


def _standing(installation: Installation, tenant: str) -> Standing:
    settings = registered_settings(installation, tenant)
    with installation.database.tenant(tenant) as tx:
        syncs, link, latest = latest_syncs(tx, limit=1), get_link(tx), latest_settings(tx)
        return Standing(
            link=link,
            companies=companies_by_status(tx).get(tenant, {}),
            rejected=count_rejected(tx),
            stale_assets=stale_assets(tx, settings) if settings else (),
            last_sync=syncs[0] if syncs else None,
            is_stopped=link.stopped_version is not None
            and (latest is None or link.stopped_version >= latest.version),
        )


def stale_assets(tx: TenantTransaction, settings: TenantSettings) -> tuple[str, ...]:
    """The assets whose inputs committed something that they have not consumed, in data's order.

    An asset downstream of a stale one is stale too: what it owes will come with the next run.
    """
    return stale_of(settings, read_generations(tx), all_consumed(tx))


def stale_of(
    settings: TenantSettings,
    standing: dict[str, Generation],
    consumed: dict[str, dict[str, Consumed]],
) -> tuple[str, ...]:
    """The same of what was read already: the generations, and by asset what it has consumed."""
    digests = part_digests(settings)
    stale: list[str] = []
    if SCHEMAS not in standing:
        stale.append(f"salesforce/{SCHEMAS}")
    for asset in RAW_ASSETS:
        taken = consumed.get(asset, {}).get(f"link_settings/{asset}")
        is_used = taken is not None or _is_used(settings, asset)
        is_lost = any(_is_lost(standing, name) for name in standing if _is_of(name, asset))
        if is_used and (is_lost or taken is None or taken.digest != digests[asset]):
            stale.append(f"salesforce/{asset}")
    for following in (ENRICHED, OPTIONS, COMPANIES):
        inputs = consumed.get(following, {})
        owes = _owes(inputs, standing) or _settings_changed(following, inputs, digests)
        if stale or owes or _is_lost(standing, _held_of(settings, following)):
            stale.append(f"flyle/{following}")
    return tuple(stale)


def _held_of(settings: TenantSettings, asset: str) -> str:
    return enriched_of(settings.source.object) if asset == ENRICHED else ""


def _is_lost(standing: dict[str, Generation], dataset: str) -> bool:
    return dataset in standing and standing[dataset].manifest == NOTHING


def _is_of(dataset: str, asset: str) -> bool:
    return dataset.startswith("related/") if asset == "related_records" else dataset == asset


def _is_used(settings: TenantSettings, asset: str) -> bool:
    unused = part_digests(settings.model_copy(update={"mapping": ()}))[asset]
    is_base = asset == ("accounts" if settings.source.object == "Account" else "opportunities")
    return is_base or part_digests(settings)[asset] != unused


def _owes(taken: dict[str, Consumed], standing: dict[str, Generation]) -> bool:
    if not taken:
        return True
    return any(
        one.input in standing and standing[one.input].generation > one.generation
        for one in taken.values()
    )


def _settings_changed(asset: str, inputs: dict[str, Consumed], digests: dict[str, str]) -> bool:
    if asset not in (OPTIONS, COMPANIES):
        return False
    taken = inputs.get("link_settings/companies")
    return taken is None or taken.digest != digests["companies"]
