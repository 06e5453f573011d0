"""The clock that is passed in: this machine's time.

Watermarks never come from it, but from Salesforce's clock.
"""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The machine's clock, with its time zone."""
    return datetime.now(UTC)
