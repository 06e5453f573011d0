"""Progress of a running refresh, for listeners in this process and for other processes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

from flyle_sf_assets.store.postgres.database import Database, TenantTransaction
from flyle_sf_assets.store.syncs.progress import SyncProgress, put_progress

KEEP_EVERY_S = 1.0
"""As often as it is read."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step is: ``done`` of ``expected`` rows (None when unknown)."""

    tenant: str
    step: str
    done: int = 0
    expected: int | None = None


Listener = Callable[[Progress], None]

_listener: ContextVar[Listener | None] = ContextVar("progress_listener", default=None)


def tell(progress: Progress) -> None:
    """Passes progress on; without a listener it is not shown."""
    listener = _listener.get()
    if listener is not None:
        listener(progress)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """All progress reported inside this block goes to ``listener``."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@dataclass
class KeptProgress:
    """One sync's progress, stored for other processes.

    A new step is stored at once, the rows of a step about once a second.
    """

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
