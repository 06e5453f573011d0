"""What a failure means for the link: when it is tried again, and whether a person must act.

Failures that may pass wait longer each time. One that no retry can help stops the tenant until
its settings change or a person runs it, and sends one notice. The next sync that runs to its end
clears all of it (``store/tenants/links.py``, `record_synced`).

What does not belong here: how a sync ends (``sync/session.py``), an org that does not answer
for a long time (``outage.py``), and Dagster's own retries of a run.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from flyle_sf_assets.errors import (
    ApiBudgetSpent,
    FieldRefused,
    FlyleError,
    NotPermitted,
    ObjectRefused,
    OrgUnavailable,
    Postponed,
    RunLost,
    SalesforceRefused,
    SettingsInvalid,
    Text,
    UsageError,
)
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.environment import Environment
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.versions import from_document
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.syncs.syncs import finish_sync, sync_of_run
from flyle_sf_assets.store.tenants.links import (
    Attention,
    Link,
    clear_failure,
    locked_link,
    put_back_off,
    put_failure,
    put_link,
    record_tried,
)
from flyle_sf_assets.store.tenants.notices import add_notice
from flyle_sf_assets.store.tenants.settings_versions import latest_settings
from flyle_sf_assets.telemetry.logs import logger
from flyle_sf_assets.telemetry.redaction import redacted_text
from flyle_sf_assets.tenants.api_budget import LOOK_AGAIN, forget_postponed, note_postponed
from flyle_sf_assets.tenants.due_times import interval_s
from flyle_sf_assets.tenants.error_guidance import TITLE, explained
from flyle_sf_assets.tenants.outage import forget_outage, record_answer, record_unanswered

BACK_OFF_FIRST = timedelta(minutes=5)
BACK_OFF_MAX = timedelta(hours=6)

UNSURE_ATTEMPTS = 3
"""How often a refused login that may soon work is tried again: over 35 minutes."""

_STOPPING = (NotPermitted, SalesforceRefused, SettingsInvalid, UsageError)

_log = logger("refresh")


def back_off(failures: int) -> timedelta:
    """How long to wait after this many failures in a row: 5 minutes, doubled up to 6 hours."""
    doublings = min(max(failures, 1) - 1, 16)
    return min(BACK_OFF_FIRST * (1 << doublings), BACK_OFF_MAX)


def stops(error: BaseException) -> bool:
    """Whether only a person can help, and a retry would get the same answer.

    A cause that concerns every tenant (a full disk) stops none of them, nor does a person who
    materialized one asset too early.
    """
    if not isinstance(error, _STOPPING) or error.retryable:
        return False
    return error.code != "upstream_not_materialized"


def _may_pass(error: BaseException, link: Link, failures: int) -> bool:
    """Whether a refused login may soon work although the refusal looks permanent.

    Salesforce knows a new app's key only after ten minutes. And a refusal in words that we do not
    know (of another language) may come from two logins at the same moment.
    """
    if not isinstance(error, FlyleError) or failures > UNSURE_ATTEMPTS:
        return False
    is_new = error.code == "app_unknown" and link.first_synced_at is None
    return is_new or error.code == "grant_unclear"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What failed: the settings ``version``, refreshed at ``every`` interval in that time zone.

    ``contact`` is whom an administrator may ask, named at the end of the notice.
    ``is_retry``: Dagster repeated the same attempt after its failure; the failure counts once.
    """

    version: int | None
    every: timedelta
    time_zone: str
    contact: str
    is_retry: bool = False

    @staticmethod
    def of(
        settings: TenantSettings, version: int, environment: Environment, *, is_retry: bool = False
    ) -> "Attempt":
        """An attempt with these settings in this installation."""
        every = timedelta(seconds=interval_s(settings, environment))
        return Attempt(version, every, settings.time_zone, environment.support_contact, is_retry)


def record_failure(
    tx: TenantTransaction, error: BaseException, now: datetime, attempt: Attempt
) -> None:
    """Stores a failure on the link.

    An interrupt is no failure: it is tried again soon. A disconnected link stays disconnected.
    """
    link = locked_link(tx)
    if link.state == "disconnected":
        return
    if not isinstance(error, Exception):
        record_interruption(tx, now)
        return
    record_tried(tx, now)
    if not isinstance(error, FlyleError):
        raise TypeError("what nobody foresaw is made one of ours first (telemetry/incidents.py)")
    is_spent = isinstance(error, ApiBudgetSpent)
    failures = link.failures if is_spent else max(link.failures + (not attempt.is_retry), 1)
    retry_at = _retry_at(tx, link, error, now, attempt, failures)
    version = attempt.version
    put_back_off(
        tx,
        failures=failures,
        retry_at=retry_at,
        stopped_version=version if retry_at is None else None,
    )
    if isinstance(error, ApiBudgetSpent):
        note_postponed(tx, error, now)
    if isinstance(error, Postponed):
        return
    put_link(tx, state="failing")
    put_failure(tx, _attention(error, attempt.contact, _failing_since(link)), now)
    is_told = link.stopped_version is not None and link.stopped_version == version
    if retry_at is None and not is_told:
        told = explained(error, attempt.contact)
        body = Text(told.in_language("ja"), told.in_language("en"))
        add_notice(tx, "attention", TITLE, body, now)


def record_interruption(tx: TenantTransaction, now: datetime) -> None:
    """The tenant is tried again soon, and does not count as failing."""
    link = locked_link(tx)
    if link.state == "disconnected":
        return
    record_tried(tx, now)
    put_back_off(
        tx,
        failures=link.failures,
        retry_at=now + BACK_OFF_FIRST,
        stopped_version=link.stopped_version,
    )


def _retry_at(
    tx: TenantTransaction,
    link: Link,
    error: Exception,
    now: datetime,
    attempt: Attempt,
    failures: int,
) -> datetime | None:
    """When the tenant is next tried automatically; None: not before a person acts."""
    if stops(error) and attempt.version is not None and not _may_pass(error, link, failures):
        record_answer(tx, link, error)
        return None
    if isinstance(error, ApiBudgetSpent):
        record_answer(tx, link, error)
        return error.retry_at or now + LOOK_AGAIN
    retry_at = now + back_off(failures)
    if isinstance(error, OrgUnavailable):
        at_last = record_unanswered(
            tx,
            link,
            error,
            now,
            failures=failures,
            every=attempt.every,
            time_zone=attempt.time_zone,
        )
        return retry_at if at_last is None else min(retry_at, at_last)
    record_answer(tx, link, error)
    return retry_at


def _failing_since(link: Link) -> datetime | None:
    """Since when the link fails; a failure for another reason does not restart the time."""
    return min((one.since for one in link.attention if one.of_sync and one.since), default=None)


def record_recovery(tx: TenantTransaction, now: datetime) -> None:
    """After a complete sync: clears what a failure stored on the link, and sends a notice."""
    forget_postponed(tx)
    was_failing = clear_failure(tx)
    was_told = forget_outage(tx)
    if was_failing or was_told:
        add_notice(
            tx,
            "recovered",
            Text("連携が復旧しました", "The link has recovered"),
            Text(
                "Salesforceとの連携が再び正常に完了しました。", "The Salesforce link works again."
            ),
            now,
        )


@dataclass(frozen=True, slots=True)
class LostRun:
    """A run that Dagster reports as failed; ``message`` is the reason that Dagster knows."""

    tenant: str
    run_id: str
    failed_at: datetime
    message: str
    is_retry: bool = False
    code: str | None = None
    """The code of the error that ended one of its steps, None without one."""


def record_lost_run(installation: Installation, lost: LostRun, *, clock: Clock = utc_now) -> bool:
    """Records a run on the link that could not do it itself; returns whether that was needed.

    Nothing is recorded when the run's sync has ended properly, when the tenant has been in
    step since, or while another process already works on it.
    """
    database = installation.database
    with (
        database.tenant_lock(lost.tenant, wait=False) as is_free,
        database.tenant(lost.tenant) as tx,
    ):
        sync = sync_of_run(tx, lost.run_id)
        link = locked_link(tx)
        is_told = sync is not None and sync.state != "running"
        is_over = link.last_synced_at is not None and link.last_synced_at >= lost.failed_at
        latest = latest_settings(tx)
        if not is_free or is_told or is_over or latest is None:
            return False
        now = clock()
        error = _run_lost(lost)
        if sync is not None:
            finish_sync(tx, sync.sync_id, "failed", now, str(error))
        settings = from_document(json.loads(latest.document))
        attempt = Attempt.of(
            settings, latest.version, installation.environment, is_retry=lost.is_retry
        )
        record_failure(tx, error, now, attempt)
    if link.state == "disconnected":
        return False
    _log.error("run lost", tenant=lost.tenant, run_id=lost.run_id, reason=error.came_back.en)
    return True


def _run_lost(lost: LostRun) -> RunLost:
    """The run's loss as an error; ``lost.message`` contains no exception text."""
    return RunLost(
        lost.code or "run_lost",
        tried=Text(
            f"テナント {lost.tenant} を同期しようとしました (Dagster の実行 {lost.run_id})",
            f"Tried to sync {lost.tenant} in Dagster's run {lost.run_id}",
        ),
        came_back=Text.quoted(redacted_text(lost.message)),
        remedy=Text(
            "自動的に再試行します。続く場合は Dagster の実行ログを確認してください",
            "It is tried again by itself; if that goes on, look at the run in Dagster",
        ),
    )


def _attention(error: FlyleError, contact: str, since: datetime | None) -> Attention:
    field = error.field if isinstance(error, FieldRefused) else None
    of = error.object if isinstance(error, FieldRefused | ObjectRefused) else None
    told = explained(error, contact)
    return Attention(error.code, of, field, told.history, told.remedy, since)
