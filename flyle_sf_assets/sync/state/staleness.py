"""Which assets of a tenant are stale: an input has a newer generation than they consumed."""

from flyle_sf_assets.check.parts import part_digests
from flyle_sf_assets.lake.manifest import NOTHING
from flyle_sf_assets.raw.ownership import RAW_ASSETS
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.syncs.generations import (
    Consumed,
    Generation,
    all_consumed,
    read_generations,
)
from flyle_sf_assets.sync.state.asset_names import (
    COMPANIES,
    ENRICHED,
    OPTIONS,
    SCHEMAS,
    enriched_of,
)


def stale_assets(tx: TenantTransaction, settings: TenantSettings) -> tuple[str, ...]:
    """The assets with an input generation that they have not consumed, in order of data flow.

    An asset downstream of a stale one is stale too: the next run brings it up to date.
    """
    return stale_of(settings, read_generations(tx), all_consumed(tx))


def stale_of(
    settings: TenantSettings,
    current: dict[str, Generation],
    consumed: dict[str, dict[str, Consumed]],
) -> tuple[str, ...]:
    """The same from values already read: the generations, and what each asset has consumed."""
    digests = part_digests(settings)
    stale: list[str] = []
    if SCHEMAS not in current:
        stale.append(f"salesforce/{SCHEMAS}")
    for asset in RAW_ASSETS:
        taken = consumed.get(asset, {}).get(f"link_settings/{asset}")
        is_used = taken is not None or _is_used(settings, asset, digests)
        is_lost = any(_is_lost(current, name) for name in current if _is_of(name, asset))
        if is_used and (is_lost or taken is None or taken.digest != digests[asset]):
            stale.append(f"salesforce/{asset}")
    for following in (ENRICHED, OPTIONS, COMPANIES):
        inputs = consumed.get(following, {})
        has_unconsumed = _has_unconsumed(inputs, current) or _settings_changed(
            following, inputs, digests
        )
        if stale or has_unconsumed or _is_lost(current, _held_of(settings, following)):
            stale.append(f"flyle/{following}")
    return tuple(stale)


def _held_of(settings: TenantSettings, asset: str) -> str:
    return enriched_of(settings.source.object) if asset == ENRICHED else ""


def _is_lost(current: dict[str, Generation], dataset: str) -> bool:
    return dataset in current and current[dataset].manifest == NOTHING


def _is_of(dataset: str, asset: str) -> bool:
    return dataset.startswith("related/") if asset == "related_records" else dataset == asset


def _is_used(settings: TenantSettings, asset: str, digests: dict[str, str]) -> bool:
    if asset == ("accounts" if settings.source.object == "Account" else "opportunities"):
        return True
    return digests[asset] != part_digests(settings.model_copy(update={"mapping": ()}))[asset]


def _has_unconsumed(taken: dict[str, Consumed], current: dict[str, Generation]) -> bool:
    if not taken:
        return True
    return any(
        one.input in current and current[one.input].generation > one.generation
        for one in taken.values()
    )


def _settings_changed(asset: str, inputs: dict[str, Consumed], digests: dict[str, str]) -> bool:
    if asset not in (OPTIONS, COMPANIES):
        return False
    taken = inputs.get("link_settings/companies")
    return taken is None or taken.digest != digests["companies"]
