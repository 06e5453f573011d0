"""Retries as people see them: one updating line on a terminal, plain lines elsewhere.

What does not belong here: when a request is retried (``salesforce/transport.py``), and the log
event of each retry (``salesforce/retries.py``), which arrives here.
"""

import sys
import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.status import Status

from flyle_sf_assets.cli.terminal.language import say

EVENT = "retry"
"""The log event's name."""

_lock = threading.Lock()
_shown: list[Status] = []
_elsewhere: list[Callable[[str], None]] = []


def show(event: MutableMapping[str, Any]) -> None:
    """Shows a retry: in the line of a running progress display, else in one of its own."""
    if event["kind"] == "OrgUnavailable":
        what = say("Salesforceの組織が応答しません", "The org does not answer")
    elif event["kind"] == "S3Failed":
        what = say("S3が応答しません", "S3 does not answer")
    else:
        what = say("応答を受け取れませんでした", "The org's answer could not be used")
    which, why = f"{event['attempt']}/{event['attempts']}", f"{what} ({event['code']})"
    line = say(f"{why}。再試行しています {which}", f"{why}, trying again {which}")
    with _lock:
        if not sys.stderr.isatty():
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
        elif _elsewhere:
            _elsewhere[-1](line)
        elif _shown:
            _shown[-1].update(line)
        else:
            status = Status(line, console=Console(stderr=True, highlight=False, markup=False))
            status.start()
            _shown.append(status)


def clear() -> None:
    """Removes the line: something else is printed, or the command ends."""
    with _lock:
        while _shown:
            _shown.pop().stop()


@contextmanager
def shown_by(display: Callable[[str], None]) -> Iterator[None]:
    """Inside the block ``display`` shows the line, as a part of what it shows already."""
    clear()
    _elsewhere.append(display)
    try:
        yield
    finally:
        _elsewhere.remove(display)
