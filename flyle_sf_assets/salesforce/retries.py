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

_log = logger("salesforce")
_attempts: ContextVar[int] = ContextVar("attempts", default=0)


@contextmanager
def limited_to(attempts: int) -> Iterator[None]:
    """Retries inside the block are logged with this number of attempts."""
    token = _attempts.set(attempts)
    try:
        yield
    finally:
        _attempts.reset(token)


def log_retry(details: stamina.instrumentation.RetryDetails, error: FlyleError) -> None:
    """Logs a retry that stamina has scheduled."""
    _log.warning(
        EVENT,
        code=error.code,
        kind=type(error).__name__,
        attempt=details.retry_num + 1,
        attempts=_attempts.get(),
        wait_s=round(details.wait_for, 2),
    )
