"""The work of a piece of a sync in counts that are the same on every machine.

What does not belong here: how much is allowed (``test_work.py``).
"""

import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from types import FrameType
from typing import Any
from unittest import mock

import requests

import flyle_sf_assets
from flyle_sf_assets_tests.flows.tenants import Tenant
from flyle_sf_assets_tests.store.postgres.ran import statements_run

_PRODUCT = f"{Path(flyle_sf_assets.__file__).parent}/"
_SANDBOX = f"{_PRODUCT}sandbox/"


@dataclass
class Work:
    """API calls, bytes of answers, SQL statements, buffers, and turns of the longest Python loop.

    ``turns`` is how often the product's busiest line ran: a loop over rows runs one once a row.
    """

    calls: int = 0
    answer_bytes: int = 0
    statements: int = 0
    buffers: int = 0
    turns: int = 0

    def above(self, limit: "Work") -> dict[str, tuple[int, int]]:
        """What exceeds the limit, by name: the count and its limit."""
        pairs = {f.name: (getattr(self, f.name), getattr(limit, f.name)) for f in fields(self)}
        return {name: pair for name, pair in pairs.items() if pair[0] > pair[1]}


@contextmanager
def work_of(tenant: Tenant) -> Iterator[Work]:
    """The work inside the block, known at its end."""
    work, answers = Work(), list[requests.Response]()
    send = requests.Session.send

    def sent(session: requests.Session, *args: Any, **options: Any) -> requests.Response:
        answers.append(send(session, *args, **options))
        return answers[-1]

    calls = tenant.there.usage.total
    with (
        mock.patch.object(requests.Session, "send", sent),
        statements_run() as ran,
        turns_counted() as turns,
    ):
        yield work
    work.turns = max(turns.values(), default=0)
    work.calls = tenant.there.usage.total - calls
    work.answer_bytes = sum(answer.raw.tell() for answer in answers)
    work.statements, work.buffers = len(ran), sum(one.total for one in ran)


@contextmanager
def turns_counted() -> Iterator[Mapping[tuple[str, int], int]]:
    """How often any thread runs each line of the product, the sandbox's apart."""
    ran: Counter[tuple[str, int]] = Counter()

    def line(frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line":
            ran[frame.f_code.co_filename, frame.f_lineno] += 1
        return line

    def call(frame: FrameType, _event: str, _argument: object) -> Any:
        file = frame.f_code.co_filename
        is_ours = file.startswith(_PRODUCT) and not file.startswith(_SANDBOX)
        return line if is_ours else None

    before = sys.gettrace()
    threading.settrace(call)
    sys.settrace(call)
    try:
        yield ran
    finally:
        sys.settrace(before)
        threading.settrace(before)
