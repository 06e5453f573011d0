"""Faults on demand: which wrong answer an org gives, for which requests, how often.

What does not belong here: how a fault is sent (``front.py``).
"""

import threading
from dataclasses import dataclass, field
from enum import StrEnum

from flyle_sf_assets.sandbox.recorded_answers import RECORDED_ANSWERS, RecordedAnswer

OAUTH_PATHS = "/services/oauth2/"
TOKEN_PATH = f"{OAUTH_PATHS}token"
AUTHORIZE_PATH = f"{OAUTH_PATHS}authorize"


class FaultKind(StrEnum):
    """What goes wrong."""

    SESSION_EXPIRED = "session_expired"
    LIMIT_EXCEEDED = "limit_exceeded"
    STATUS = "status"
    """An error status with a plain body; `Fault.status` says which (500, 502, 503, 429, …)."""

    RESET = "reset"
    """The connection is reset before an answer."""

    TRUNCATED = "truncated"
    """The body ends too soon; Content-Length announced all of it."""

    TRUNCATED_SILENTLY = "truncated_silently"
    """The body ends too soon without any sign: no Content-Length, closed cleanly."""

    SLOW = "slow"
    """The answer comes after `Fault.seconds`."""

    JOB_FAILED = "job_failed"
    """The Bulk job that the request creates ends Failed."""

    JOB_ABORTED = "job_aborted"
    """The Bulk job that the request creates ends Aborted."""

    LOCATOR_LOST = "locator_lost"
    """The query locator that the request names is unknown."""

    WRONG_ROW_COUNT = "wrong_row_count"
    """``Sforce-NumberOfRecords`` is larger than the number of rows in the body."""

    RECORDED = "recorded"
    """The recorded answer of a real org: `Fault.answer` in `Fault.language`."""


@dataclass
class Fault:
    """``kind`` for the next ``times`` requests whose path starts with ``path_prefix``.

    ``skip`` requests that match are first answered normally. ``path_prefix`` is compared without
    the version: ``/query``, ``/jobs/query``, ``/composite``, ``/services/oauth2/token``.
    """

    kind: FaultKind
    path_prefix: str = "/"
    times: int = 1
    skip: int = 0
    status: int = 503
    seconds: float = 0.0
    fraction: float = 0.5
    method: str | None = None
    answer: str = ""
    language: str = "en"
    hits: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.kind == FaultKind.RECORDED and self.answer not in RECORDED_ANSWERS:
            raise ValueError(f"{self.answer} is not one of {', '.join(sorted(RECORDED_ANSWERS))}")

    @property
    def recorded(self) -> RecordedAnswer | None:
        """The recorded answer to give, None for the other kinds."""
        return RECORDED_ANSWERS[self.answer] if self.kind == FaultKind.RECORDED else None

    @property
    def dooms_job(self) -> bool:
        """Whether the Bulk job that the request creates does not complete."""
        of_job = self.recorded is not None and self.recorded.way == "job"
        return of_job or self.kind in (FaultKind.JOB_FAILED, FaultKind.JOB_ABORTED)

    @property
    def words(self) -> str:
        """The message of the recorded answer, in its language."""
        return self.recorded.words(self.language) if self.recorded else ""


class FaultPlan:
    """The faults that an org still has to produce."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        """Plan a fault; its ``hits`` counts how often it happened."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Answer correctly from now on."""
        with self._lock:
            self._faults.clear()

    def pending(self) -> list[Fault]:
        """The faults that have not happened as often as planned."""
        with self._lock:
            return [fault for fault in self._faults if fault.times > 0]

    def take(self, method: str, path: str, *, has_locator: bool = False) -> Fault | None:
        """The fault for this request, if any; it then counts as used once."""
        if not self._faults:
            return None
        with self._lock:
            for fault in self._faults:
                if fault.times <= 0 or not path.startswith(fault.path_prefix):
                    continue
                if fault.method not in (None, method):
                    continue
                if not _concerns(fault, method, path, has_locator=has_locator):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                fault.hits += 1
                return fault
            return None


def _concerns(fault: Fault, method: str, path: str, *, has_locator: bool) -> bool:
    """Whether a request can have that fault at all."""
    makes_job = method == "POST" and path.rstrip("/") == "/jobs/query"
    if fault.kind in (FaultKind.JOB_FAILED, FaultKind.JOB_ABORTED):
        return makes_job
    if fault.kind == FaultKind.WRONG_ROW_COUNT:
        return path.endswith("/results")
    if fault.kind == FaultKind.LOCATOR_LOST:
        return has_locator
    if fault.recorded is not None:
        is_of = {
            "token": path == TOKEN_PATH,
            "callback": path == AUTHORIZE_PATH,
            "job": makes_job,
            "rest": not path.startswith(OAUTH_PATHS),
        }
        return is_of[fault.recorded.way]
    return True
