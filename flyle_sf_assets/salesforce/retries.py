"""Requests that are sent again: one log event for each, with its reason and how many may follow.

What does not belong here: when a request is retried (``transport.py``), and showing it (``cli``).
Source: stamina, "Instrumentation".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import stamina

from flyle_sf_assets.errors import FlyleError
from flyle_sf_assets.telemetry.logs import logger

EVENT = "retry"
"""The event's name; its values: ``code`` and ``kind`` (class) of the error, ``attempt`` (the next
one, from 2), ``attempts`` (the most that there are), ``wait_s``."""

_attempts: ContextVar[int] = ContextVar("attempts", default=0)
_component: ContextVar[str] = ContextVar("component", default="salesforce")


@contextmanager
def limited_to(attempts: int, component: str = "salesforce") -> Iterator[None]:
    """Retries inside the block are logged with this number of attempts, for this component."""
    tokens = _attempts.set(attempts), _component.set(component)
    try:
        yield
    finally:
        _attempts.reset(tokens[0])
        _component.reset(tokens[1])


def log_retry(details: stamina.instrumentation.RetryDetails, error: FlyleError) -> None:
    """Logs a retry that stamina has scheduled."""
    logger(_component.get()).warning(
        EVENT,
        code=error.code,
        kind=type(error).__name__,
        attempt=details.retry_num + 1,
        attempts=_attempts.get(),
        wait_s=round(details.wait_for, 2),
    )
