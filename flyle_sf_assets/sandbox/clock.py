"""Time as an org sees it: passed in, so that a test can move it.

What does not belong here: date literals of SOQL (``soql/dates.py``).
"""

import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Protocol


class Clock(Protocol):
    """Any source of the time."""

    def now(self) -> datetime:
        """The present moment, UTC-aware."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment, UTC-aware."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that changes only when it is moved."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock needs an aware datetime")
        self._now = start.astimezone(UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The moment to which the clock was last moved."""
        return self._now

    def advance(self, seconds: float) -> datetime:
        """Move on by ``seconds`` and return the new time."""
        with self._lock:
            self._now += timedelta(seconds=seconds)
            return self._now

    def move_to(self, moment: datetime) -> None:
        """Move to ``moment``, forwards or backwards."""
        with self._lock:
            self._now = moment.astimezone(UTC)


def unpadded_http_date(moment: datetime) -> str:
    """``Wed, 6 May 2026 07:08:09 GMT``: real orgs write Last-Modified's day without a zero."""
    day, _, rest = format_datetime(moment.astimezone(UTC), usegmt=True).partition(", ")
    return f"{day}, {rest.removeprefix('0')}"


def wire_datetime(moment: datetime) -> str:
    """``2024-01-01T00:00:00.000Z``, cut to the second as Salesforce keeps its stamps."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
