"""An org that does not answer: since when, when the link says so, and when a notice is sent.

A failure that may pass is not reported: it is tried again. After two of the tenant's intervals the
companies are older than users expect, so the link is ``failing``; after a day the administrators
get one notice. Both end automatically with the next sync that runs to its end.

What does not belong here: other failures (``backoff.py``), and an org whose API requests are used
up: it answers.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flyle_sf_assets.errors import (
    ApiBudgetSpent,
    NotPermitted,
    OrgUnavailable,
    SalesforceRefused,
    Text,
    sentences,
)
from flyle_sf_assets.store.postgres.database import TenantTransaction
from flyle_sf_assets.store.tenants.links import (
    Attention,
    Link,
    clear_attention,
    get_link,
    put_link,
    put_outage,
    replace_attention,
)
from flyle_sf_assets.store.tenants.notices import add_notice

OUTAGE = "org_not_answering"
"""The code of the notice that says that the org does not answer."""

INTERVALS = 2
TOLD_AFTER = timedelta(hours=24)

ATTEMPTS_MIN = 2
"""The first attempt after the platform itself was stopped proves nothing yet."""

_ANSWERS = (ApiBudgetSpent, NotPermitted, SalesforceRefused)

_TITLE = Text("Salesforceの組織が応答していません", "The Salesforce org does not answer")


def unanswered_since(link: Link, now: datetime) -> datetime:
    """When the org of a link that fails to answer now last answered, as far as is known."""
    if link.unanswered_since is not None:
        return link.unanswered_since
    # After another failure the last sync does not say when the org last answered.
    return link.last_synced_at if link.last_synced_at and not link.failures else now


def record_unanswered(
    tx: TenantTransaction,
    link: Link,
    error: OrgUnavailable,
    now: datetime,
    *,
    failures: int,
    every: timedelta,
    time_zone: str,
) -> datetime | None:
    """Stores that the org did not answer at ``now``; ``link`` is its state before.

    ``failures`` are those in a row, this one included. Returns until when the link must be tried
    again, so that changes that depend on time are noticed in time; None when nothing more
    changes.
    """
    since = unanswered_since(link, now)
    shown_at = since + INTERVALS * every
    told_at = max(since + TOLD_AFTER, shown_at)
    is_shown = failures >= ATTEMPTS_MIN and now >= shown_at
    is_news = is_shown and now >= told_at and not link.is_outage_told
    put_outage(tx, unanswered_since=since, is_told=link.is_outage_told or is_news)
    if is_shown:
        put_link(tx, state="failing")
        item = _attention(error, since)
        replace_attention(tx, (OUTAGE,), [item], now)
        if is_news:
            at = f"{since.astimezone(ZoneInfo(time_zone)):%Y-%m-%d %H:%M} ({time_zone})"
            last = Text(f"最後に応答があったのは {at} です", f"It last answered at {at}")
            add_notice(tx, "attention", _TITLE, sentences(last, item.message, item.remedy), now)
    return next((moment for moment in (shown_at, told_at) if moment > now), None)


def record_answer(tx: TenantTransaction, link: Link, error: BaseException) -> None:
    """An error by which the org answered ends the outage; the error itself still counts."""
    if not isinstance(error, _ANSWERS) or link.unanswered_since is None:
        return
    put_outage(tx, unanswered_since=None, is_told=link.is_outage_told)
    if clear_attention(tx, OUTAGE) and is_outage_alone(link):
        put_link(tx, state="linked" if link.first_synced_at else "initial_sync")


def is_outage_alone(link: Link) -> bool:
    """Whether an outage is the only reason why a link is ``failing``."""
    codes = {item.code for item in link.attention}
    is_more = any(item.of_sync for item in link.attention)
    return link.state == "failing" and OUTAGE in codes and not is_more


def forget_outage(tx: TenantTransaction) -> bool:
    """Ends the outage on the link; returns whether the administrators had been notified."""
    is_told = get_link(tx).is_outage_told
    clear_attention(tx, OUTAGE)
    put_outage(tx, unanswered_since=None, is_told=False)
    return is_told


def _attention(error: OrgUnavailable, since: datetime) -> Attention:
    return Attention(
        OUTAGE,
        None,
        None,
        sentences(
            Text(
                f"{_TITLE.ja}。企業の更新が止まっています",
                f"{_TITLE.en}, so the companies are not updated",
            ),
            error.history,
        ),
        Text(
            f"自動的に再試行し、応答があれば更新を再開します。続く場合: {error.remedy.ja}",
            "It is tried again by itself, and updates go on when the org answers. If it lasts:"
            f" {error.remedy.en}",
        ),
        since,
    )
