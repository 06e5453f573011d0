"""Progress of a refresh, stored for other processes, not more often than it is read.

What does not belong here: listeners in the same process (``progress.py``).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from flyle_sf_assets.store.postgres.database import Database, TenantTransaction
from flyle_sf_assets.store.syncs.progress import SyncProgress, put_progress

KEEP_EVERY_S = 1.0


@dataclass
class KeptProgress:
    """Of one sync; a new step is stored at once, the rows of a step about once a second."""

    database: Database
    tenant: str
    sync_id: int
    clock: Callable[[], datetime]
    _step: str = field(default="", init=False)
    _due_s: float = field(default=0.0, init=False)

    def keep(self, step: str, done: int = 0, expected: int | None = None) -> None:
        """Stores that ``done`` of ``expected`` rows of a step are done."""
        now_s = time.monotonic()
        is_whole = expected is not None and done >= expected > 0
        if step == self._step and now_s < self._due_s and not is_whole:
            return
        with self.database.tenant(self.tenant) as tx:
            self._keep(tx, step, done, expected)

    def begin(self, tx: TenantTransaction, step: str) -> None:
        """Stores that a step begins."""
        self._keep(tx, step, 0, None)

    def _keep(self, tx: TenantTransaction, step: str, done: int, expected: int | None) -> None:
        self._step, self._due_s = step, time.monotonic() + KEEP_EVERY_S
        put_progress(tx, SyncProgress(self.sync_id, step, done, expected, self.clock()))
