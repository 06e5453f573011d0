"""What a failure means for the link: when it is tried again, and whether a person must act.

Failures that may pass wait longer each time. One that no retry can help stops the tenant until
its settings change or a person runs it, and is told once. The next sync that runs to its end
forgets all of it (``store/links.py``, `record_synced`).

What does not belong here: how a sync ends (``lifecycle.py``), and Dagster's own retries of a run.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flyle_sf_assets.errors import (
    FlyleError,
    NotPermitted,
    Postponed,
    SalesforceRefused,
    SettingsInvalid,
    Text,
    UsageError,
)
from flyle_sf_assets.refresh.context import Clock, utc_now
from flyle_sf_assets.refresh.installation import Installation
from flyle_sf_assets.refresh.link_refusals import TITLE, explained
from flyle_sf_assets.store.database import TenantTransaction
from flyle_sf_assets.store.links import (
    Attention,
    Link,
    add_attention,
    clear_attention,
    locked_link,
    put_back_off,
    put_link,
)
from flyle_sf_assets.store.notices import add_notice
from flyle_sf_assets.store.settings_versions import latest_settings
from flyle_sf_assets.store.syncs import finish_sync, sync_of_run
from flyle_sf_assets.telemetry.logs import logger
from flyle_sf_assets.telemetry.redaction import redacted_text

FAILURE = "sync_failed"
"""The code of the attention that says that the sync does not work."""

BACK_OFF_FIRST = timedelta(minutes=5)
BACK_OFF_MAX = timedelta(hours=6)

UNSURE_ATTEMPTS = 3
"""So often a login is tried again that may work in a while: over 35 minutes."""

_STOPPING = (NotPermitted, SalesforceRefused, SettingsInvalid, UsageError)

_log = logger("refresh")


def back_off(failures: int) -> timedelta:
    """How long to wait after so many failures in a row: 5 minutes, doubled up to 6 hours."""
    doublings = min(max(failures, 1) - 1, 16)
    return min(BACK_OFF_FIRST * (1 << doublings), BACK_OFF_MAX)


def stops(error: BaseException) -> bool:
    """Whether only a person can help, and trying again would only repeat the answer.

    What stands in the way of every tenant (a full disk) does not stop any of them, nor does a
    person who materialized one asset too early.
    """
    if not isinstance(error, _STOPPING) or error.retryable:
        return False
    return error.code != "upstream_not_materialized"


def _may_pass(error: BaseException, link: Link, failures: int) -> bool:
    """Whether a refused login may work in a while although it looks final.

    An app answers ten minutes after it was made: until then its key is unknown. And a refusal in
    words that we do not know (of another language) may be two logins at the same moment.
    """
    if not isinstance(error, FlyleError) or failures > UNSURE_ATTEMPTS:
        return False
    is_new = error.code == "app_unknown" and link.first_synced_at is None
    return is_new or error.code == "grant_unclear"


def record_failure(
    tx: TenantTransaction,
    error: BaseException,
    now: datetime,
    *,
    version: int | None,
    contact: str,
    is_retry: bool = False,
) -> None:
    """Keeps a failure on the link. ``version`` are the settings that failed.

    ``contact`` is whom an administrator may ask, named at the end of what is told.
    ``is_retry``: the failure before it was this very attempt, which Dagster had tried again; it
    counts once. Being interrupted is no failure: it is tried again soon. A link that a person
    has ended stays ended.
    """
    link = locked_link(tx)
    if link.state == "disconnected":
        return
    if not isinstance(error, Exception):
        put_back_off(
            tx,
            failures=link.failures,
            retry_at=now + BACK_OFF_FIRST,
            stopped_version=link.stopped_version,
        )
        return
    failures = max(link.failures + (not is_retry), 1)
    is_stopping = stops(error) and version is not None and not _may_pass(error, link, failures)
    put_back_off(
        tx,
        failures=failures,
        retry_at=None if is_stopping else now + back_off(failures),
        stopped_version=version if is_stopping else None,
    )
    if isinstance(error, Postponed):
        return
    put_link(tx, state="failing")
    add_attention(tx, [_attention(error, contact)], now)
    is_told = link.stopped_version is not None and link.stopped_version == version
    if is_stopping and not is_told:
        told = (
            explained(error, contact).in_language("ja")
            if isinstance(error, FlyleError)
            else str(error)
        )
        add_notice(tx, "attention", TITLE.ja, told, now)


def record_recovery(tx: TenantTransaction, now: datetime) -> None:
    """After a sync that ran to its end: what a failure had left on the link is gone, and told."""
    if clear_attention(tx, FAILURE):
        add_notice(
            tx,
            "recovered",
            "連携が復旧しました",
            "Salesforceとの連携が再び正常に完了しました。\nThe Salesforce link works again.",
            now,
        )


@dataclass(frozen=True, slots=True)
class LostRun:
    """A run that Dagster says has failed; ``message`` is what it knows of the reason."""

    tenant: str
    run_id: str
    failed_at: datetime
    message: str
    is_retry: bool = False


class RunLost(Exception):  # not a FlyleError: nobody caught it while it happened
    """A run ended without saying how: killed, out of memory, its machine gone."""


def record_lost_run(installation: Installation, lost: LostRun, *, clock: Clock = utc_now) -> bool:
    """Tells the link of a run that could not tell it itself; returns whether there was need.

    Nothing is recorded when the run's sync has ended as it should, when the tenant has been in
    step since, or while somebody else is working on it already.
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
        error = RunLost(f"Dagster run {lost.run_id}: {redacted_text(lost.message)}")
        if sync is not None:
            finish_sync(tx, sync.sync_id, "failed", now, str(error))
        record_failure(
            tx,
            error,
            now,
            version=latest.version,
            contact=installation.places.support_contact,
            is_retry=lost.is_retry,
        )
    if link.state == "disconnected":
        return False
    _log.error("run lost", tenant=lost.tenant, run_id=lost.run_id, reason=lost.message)
    return True


def _attention(error: Exception, contact: str) -> Attention:
    if isinstance(error, FlyleError):
        told = explained(error, contact)
        message = Text(f"{told.tried.ja} → {told.came_back}", f"{told.tried.en}: {told.came_back}")
        return Attention(FAILURE, None, None, message, told.remedy)
    name = type(error).__name__
    message = Text(
        f"{TITLE.ja}: 同期が予期せず終了しました ({name})",
        f"{TITLE.en}: the sync ended unexpectedly ({name})",
    )
    remedy = Text(
        "自動的に再試行します。続く場合は Dagster の実行ログを確認してください",
        "It is tried again by itself; if that goes on, look at the run in Dagster",
    )
    return Attention(FAILURE, None, None, message, remedy)
