"""Times as people read them in a terminal: this machine's time zone, and how far away they are.

What does not belong here: times in ``--json``, which are ISO 8601 in UTC.
"""

from datetime import datetime, timedelta

from flyle_sf_assets.cli.terminal.language import say

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400


def local(at: datetime | None) -> str:
    """To the minute, in this machine's time zone; a dash for never."""
    return "-" if at is None else f"{at.astimezone():%Y-%m-%d %H:%M}"


def distance(at: datetime | None, now: datetime) -> str:
    """``4 min ago``, ``in 2 h``; a dash for never."""
    if at is None:
        return "-"
    seconds = (at - now).total_seconds()
    if abs(seconds) < MINUTE_S:
        return say("たった今", "just now") if seconds <= 0 else say("まもなく", "in a moment")
    span = _span(timedelta(seconds=abs(seconds)))
    return say(f"{span}前", f"{span} ago") if seconds < 0 else say(f"{span}後", f"in {span}")


def local_with_distance(at: datetime | None, now: datetime) -> str:
    """``2026-11-30 12:00 (4 min ago)``; a dash for never."""
    return "-" if at is None else f"{local(at)} ({distance(at, now)})"


def _span(span: timedelta) -> str:
    """The largest unit that fits, as a whole number."""
    seconds = int(span.total_seconds())
    if seconds < HOUR_S:
        return say(f"{seconds // MINUTE_S}分", f"{seconds // MINUTE_S} min")
    if seconds < 2 * DAY_S:
        return say(f"{seconds // HOUR_S}時間", f"{seconds // HOUR_S} h")
    return say(f"{seconds // DAY_S}日", f"{seconds // DAY_S} days")
