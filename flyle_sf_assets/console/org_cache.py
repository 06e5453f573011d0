"""The schemas of the most recently used orgs, separate for each tenant."""

import threading
from collections import OrderedDict

from flyle_sf_assets.preview.org_browser import KnownSchemas
from flyle_sf_assets.salesforce.schema.objects import ObjectSchema

TENANTS_KEPT = 200


class KnownOrgs:
    """Schemas of the most recently used orgs; each tenant sees only its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], KnownSchemas] = OrderedDict()

    def of(self, tenant: str, org_url: str) -> KnownSchemas:
        """The known schemas of one tenant's org."""
        key = (tenant, org_url)
        with self._lock:
            known = self._kept.setdefault(key, KnownSchemas())
            self._kept.move_to_end(key)
            if len(self._kept) > TENANTS_KEPT:
                self._kept.popitem(last=False)
            return known

    def schemas(self, tenant: str) -> dict[str, ObjectSchema | None]:
        """What is known of the org that the tenant used last."""
        with self._lock:
            known = [one for key, one in self._kept.items() if key[0] == tenant]
        return known[-1].schemas() if known else {}

    def forget(self, tenant: str) -> None:
        """Forgets the tenant's schemas: they are described again."""
        with self._lock:
            for key in [key for key in self._kept if key[0] == tenant]:
                del self._kept[key]
