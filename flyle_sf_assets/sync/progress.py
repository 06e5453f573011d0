"""Progress of a running refresh, reported to listeners in this process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


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
