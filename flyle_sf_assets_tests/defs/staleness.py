"""What Dagster's own partition pages call stale.

What does not belong here: what the product's ``status`` calls stale
(``sync/state/tenant_status.py``).
"""

from dagster import AssetKey, DagsterInstance
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from flyle_sf_assets.definitions import build_defs
from flyle_sf_assets.defs import keys


def stale_for(instance: DagsterInstance, tenant: str) -> set[AssetKey]:
    """The assets that Dagster's own pages call stale for a tenant."""
    graph = build_defs().resolve_asset_graph()
    resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
    return {key for key in keys.IN_ORDER if resolver.get_status(key, tenant) != StaleStatus.FRESH}
