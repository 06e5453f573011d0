"""What the numbers of a held change were counted from: while it is the same, they are the same."""

from collections.abc import Mapping

from flyle_sf_assets.check.parts import part_digests
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.store.syncs.generations import Generation
from flyle_sf_assets.sync.state.asset_names import OPTIONS, SCHEMAS, digest_of, enriched_of


def held_inputs(settings: TenantSettings, current: Mapping[str, Generation]) -> str:
    """A digest of everything that decides which companies a refresh would change, and the limits.

    ``current`` are the committed generations. Without a new one, a refresh of a held tenant need
    not write the whole change only to undo it.
    """
    names = (enriched_of(settings.source.object), OPTIONS, SCHEMAS)
    numbers = [current[name].generation if name in current else 0 for name in names]
    parts = sorted(part_digests(settings).items())
    return digest_of(numbers, parts, settings.guard.max_gone, settings.guard.max_blanked)
