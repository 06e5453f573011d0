"""Polls many tenants within a time budget: which of them have something to do.

The error of a poll is stored on the link where it is clear who must act; otherwise the run
reports it in full. A tenant that the budget does not reach stays due. Record files that cannot be
reached cost their tenants this tick, or the tick itself when no tenant's can be.
"""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from flyle_sf_assets.errors import (
    ApiBudgetSpent,
    FlyleError,
    NotPermitted,
    Postponed,
    StoreUnavailable,
)
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.lake.damage import RecordFilesUnavailable
from flyle_sf_assets.raw.plan import objects_missing, plan
from flyle_sf_assets.raw.sweep import needs_sweep
from flyle_sf_assets.salesforce.transport import Network, RetryPolicy
from flyle_sf_assets.settings.refresh_limits import Refresh as EverySetting
from flyle_sf_assets.store.syncs.object_schemas import read_schemas
from flyle_sf_assets.store.syncs.schedule_inputs import Agenda
from flyle_sf_assets.store.syncs.syncs import SyncKind
from flyle_sf_assets.store.tenants.links import record_comparison
from flyle_sf_assets.sync.poll import check_idle
from flyle_sf_assets.telemetry.logs import logger
from flyle_sf_assets.telemetry.raised import raised
from flyle_sf_assets.tenants.api_budget import delays_refreshes, require_budget
from flyle_sf_assets.tenants.backoff import Attempt, record_failure, record_interruption
from flyle_sf_assets.tenants.object_schemas import known_schemas
from flyle_sf_assets.tenants.registration import registered_settings

BUDGET_S = 25.0
"""No poll begins later than this in a tick, which Dagster ends after 60 seconds."""

GRACE_S = 15.0
"""How long a poll in progress is waited for beyond the budget."""

WORKERS = 8

BRIEFLY = Network(
    connect_timeout_s=5.0,
    read_timeout_s=8.0,
    retry=RetryPolicy(attempts=2, total_s=10.0),
    login_retry=RetryPolicy(attempts=4, total_s=10.0, wait_longest_s=5.0),
)
"""An org that does not answer a poll at once is asked again after its back-off."""

Verdict = Literal["work", "idle", "busy", "failed", "postponed"]

_log = logger("refresh")


@dataclass(frozen=True, slots=True)
class PollResult:
    """The tenants that need a run, and how many other tenants had which result."""

    work: tuple[Agenda, ...] = ()
    idle: int = 0
    busy: int = 0
    failed: int = 0
    postponed: int = 0
    unreached: int = 0
    without_files: tuple[tuple[Agenda, RecordFilesUnavailable], ...] = ()
    """The tenants whose record files could not be reached, and why; see `record_without_files`."""

    def in_words(self) -> str:
        """One line for the tick's page."""
        counts = (
            (len(self.work), "with something to do"),
            (self.idle, "idle"),
            (self.busy, "busy"),
            (self.failed, "failed"),
            (self.postponed, "postponed by their API budget"),
            (len(self.without_files), "whose record files cannot be reached"),
            (self.unreached, "not reached, still due"),
        )
        return ", ".join(f"{count:,} {what}" for count, what in counts if count) or "nobody is due"


@dataclass
class _Round:
    """The tenants of one round, claimed one by one by several threads."""

    agendas: tuple[Agenda, ...]
    poll_one: Callable[[Agenda], Verdict]
    ends_at: float
    enough: int
    lock: threading.Lock = field(default_factory=threading.Lock)
    next_place: int = 0
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    without_files: dict[str, RecordFilesUnavailable] = field(default_factory=dict)
    found: int = 0

    def work_through(self) -> None:
        """Polls one tenant after the other while there is time and need."""
        while (agenda := self._next()) is not None:
            try:
                verdict = self.poll_one(agenda)
            except RecordFilesUnavailable as error:
                with self.lock:
                    self.without_files[agenda.tenant_id] = error
                continue
            with self.lock:
                self.verdicts[agenda.tenant_id] = verdict
                self.found += verdict == "work"

    def _next(self) -> Agenda | None:
        with self.lock:
            is_over = time.monotonic() >= self.ends_at or self.found >= self.enough
            if is_over or self.next_place == len(self.agendas):
                return None
            self.next_place += 1
            return self.agendas[self.next_place - 1]


def poll(
    agendas: Iterable[Agenda],
    poll_one: Callable[[Agenda], Verdict],
    *,
    enough: int,
    budget_s: float = BUDGET_S,
    grace_s: float = GRACE_S,
) -> PollResult:
    """Polls tenants in their order until the budget is spent or ``enough`` need a run.

    A poll that hangs beyond the grace time is abandoned; its tenant counts as not reached.

    ``enough`` counts tenants with something to do, ``budget_s`` and ``grace_s`` are seconds. Raises
    what ``poll_one`` raises, except RecordFilesUnavailable, which is in the result;
    `refresh_needed` turns a tenant's own error into a verdict.

    >>> due = [Agenda(name, 1, "3h", "Asia/Tokyo", "jwt_bearer") for name in ("acme", "globex")]
    >>> result = poll(due, lambda one: "work" if one.tenant_id == "acme" else "idle", enough=10)
    >>> [one.tenant_id for one in result.work], result.in_words()
    (['acme'], '1 with something to do, 1 idle')
    """
    round_ = _Round(tuple(agendas), poll_one, time.monotonic() + budget_s, enough)
    if not round_.agendas:
        return PollResult()
    workers = min(WORKERS, len(round_.agendas))
    pool = ThreadPoolExecutor(workers, thread_name_prefix="look")
    try:
        threads = [pool.submit(round_.work_through) for _ in range(workers)]
        done, _ = wait(threads, timeout=budget_s + grace_s)
        for thread in done:
            thread.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    with round_.lock:
        verdicts, without_files = dict(round_.verdicts), dict(round_.without_files)
    found = list(verdicts.values())
    return PollResult(
        work=tuple(a for a in round_.agendas if verdicts.get(a.tenant_id) == "work"),
        idle=found.count("idle"),
        busy=found.count("busy"),
        failed=found.count("failed"),
        postponed=found.count("postponed"),
        unreached=len(round_.agendas) - len(found) - len(without_files),
        without_files=tuple(
            (one, without_files[one.tenant_id])
            for one in round_.agendas
            if one.tenant_id in without_files
        ),
    )


def record_without_files(
    installation: Installation, polled: PollResult, *, clock: Clock = utc_now
) -> None:
    """Stores on the links of `PollResult.without_files` why, and when each is tried again.

    Raises one of the errors when no other tenant was found idle or in need of a run: then it
    concerns the lake, not the tenants. They do not count as failing, and are asked again soon.
    """
    if polled.without_files and not polled.work and not polled.idle:
        for agenda, _ in polled.without_files:
            with installation.database.tenant(agenda.tenant_id) as tx:
                record_interruption(tx, clock())
        raise polled.without_files[0][1]
    for agenda, error in polled.without_files:
        _record(installation, agenda, error, clock)
        _log.warning("look failed", tenant=agenda.tenant_id, code=error.code)


def refresh_needed(
    installation: Installation, agenda: Agenda, *, clock: Clock = utc_now
) -> Verdict:
    """Whether a due tenant needs a run; an idle one counts as synced from now on."""
    tenant = agenda.tenant_id
    try:
        check = check_idle(
            installation,
            tenant,
            is_asked_for=agenda.asked_at is not None,
            clock=clock,
            patience=BRIEFLY,
        )
    except (NotPermitted, Postponed) as error:
        _record(installation, agenda, error, clock)
        _log.warning("look failed", tenant=tenant, code=error.code)
        return "postponed" if isinstance(error, ApiBudgetSpent) else "failed"
    except StoreUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - one tenant's bug must not end the whole tick
        _log.warning("left to the run", tenant=tenant, raised=raised(error))
        return "work"
    if check.is_busy:
        return "busy"
    if check.is_idle:
        return "idle"
    kind: SyncKind = "refresh" if agenda.first_synced_at else "initial"
    return within_budget(installation, agenda, kind, clock=clock)


def within_budget(
    installation: Installation, agenda: Agenda, kind: SyncKind, *, clock: Clock = utc_now
) -> Verdict:
    """``work`` if a sync of that kind may start, else ``postponed``.

    The link says so where the tenant's refreshes wait.
    """
    settings = registered_settings(installation, agenda.tenant_id)
    if settings is None:
        return "work"
    try:
        require_budget(installation, settings, kind, clock())
    except ApiBudgetSpent as error:
        if delays_refreshes(error, kind):
            _record(installation, agenda, error, clock)
        return "postponed"
    return "work"


def _record(installation: Installation, agenda: Agenda, error: FlyleError, clock: Clock) -> None:
    attempt = _attempt(installation.environment, agenda)
    with installation.database.tenant(agenda.tenant_id) as tx:
        record_failure(tx, error, clock(), attempt)


def _attempt(environment: Environment, agenda: Agenda) -> Attempt:
    every_s = environment.refresh_every_s or EverySetting(every=agenda.every).every_s
    return Attempt(
        agenda.settings_version,
        timedelta(seconds=every_s),
        agenda.time_zone,
        environment.support_contact,
    )


def sweep_needed(installation: Installation, agenda: Agenda, *, clock: Clock = utc_now) -> Verdict:
    """Whether a sweep could find anything; if not, it counts as made."""
    settings = registered_settings(installation, agenda.tenant_id)
    if settings is None:
        return "idle"
    with installation.database.tenant(agenda.tenant_id) as tx:
        schemas = known_schemas(read_schemas(tx))
        is_needed = objects_missing(settings, schemas) or needs_sweep(
            plan(settings, schemas), settings
        )
        if not is_needed:
            record_comparison(tx, "sweep", clock())
            return "idle"
    return within_budget(installation, agenda, "sweep", clock=clock)
