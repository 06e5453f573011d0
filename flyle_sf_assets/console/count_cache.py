"""Numbers that are slow to count, cached for some seconds, so that pages need not wait again."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from flyle_sf_assets.store.companies.counts import companies_of
from flyle_sf_assets.store.postgres.database import TenantTransaction

KEPT_S = 10.0
TENANTS_MAX = 1_000


@dataclass
class CompanyFigures:
    """Companies by status per tenant; ``moment`` changes when a sync may have changed them."""

    clock_s: Callable[[], float] = time.monotonic
    _kept: dict[str, tuple[object, float, dict[str, int]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, tx: TenantTransaction, moment: object) -> dict[str, int]:
        """Numbers by status, counted again at another ``moment`` or after some seconds."""
        now_s = self.clock_s()
        kept = self._kept.get(tx.tenant_id)
        if kept is not None and kept[0] == moment and now_s < kept[1]:
            return kept[2]
        counted = companies_of(tx)
        with self._lock:
            if len(self._kept) >= TENANTS_MAX:
                self._kept.clear()
            self._kept[tx.tenant_id] = (moment, now_s + KEPT_S, counted)
        return counted
