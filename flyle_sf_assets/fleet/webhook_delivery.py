"""Sends what the outbox holds: at least once each, with back-off, within a bounded time.

An attempt is counted before it is made. So a process that dies while it sends, or a receiver that
hangs, costs one attempt, and the event is sent again later with the same id.
"""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import SplitResult, urlsplit

from flyle_sf_assets.fleet.webhook_message import body_of, headers_of
from flyle_sf_assets.fleet.webhook_target import WebhookTarget
from flyle_sf_assets.installation.clock import Clock
from flyle_sf_assets.store.postgres.database import Database
from flyle_sf_assets.store.tenants.webhook_outbox import (
    Event,
    claim,
    delete_events,
    events_to_send,
    put_delivered,
    put_undelivered,
    tenants_in_outbox,
    waiting_events,
)
from flyle_sf_assets.telemetry.logs import logger

BACK_OFF_FIRST = timedelta(minutes=1)
BACK_OFF_MAX = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=3)
KEPT = timedelta(days=7)
"""Delivered events, and those that were given up, stay this long."""

EVENTS_MAX = 100
SENDS_FOR_S = 20.0
"""No event is begun after this time; a tick of Dagster may take 60 s."""

_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500
_log = logger("webhooks")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one round did, in events; ``answer`` is why the last that failed did."""

    delivered: int = 0
    failed: int = 0
    given_up: int = 0
    waiting: int = 0
    answer: str | None = None

    def in_words(self) -> str:
        """For the page of a tick."""
        parts = [f"{self.delivered} posted", f"{self.failed} failed", f"{self.waiting} waiting"]
        if self.given_up:
            parts.append(f"{self.given_up} given up after {GIVEN_UP_AFTER.days} days")
        return ", ".join(parts) + (f" (last: {self.answer})" if self.answer else "")


def deliver(database: Database, target: WebhookTarget, clock: Clock) -> Delivery:
    """Sends the events that are due; ends early when the receiver does not serve.

    Raises StoreError; an answer of the receiver never raises.
    """
    started = time.monotonic()
    delivered = failed = given_up = 0
    answer: str | None = None
    with database.fleet() as tx:
        events = events_to_send(tx, clock(), EVENTS_MAX)
    for event in events:
        if time.monotonic() - started > SENDS_FOR_S:
            break
        with database.tenant(event.tenant_id) as tenant:
            if not claim(tenant, event, clock() + back_off(event.attempts + 1)):
                continue
        sent = _post(target, event, clock())
        is_last = clock() - event.created_at > GIVEN_UP_AFTER
        with database.tenant(event.tenant_id) as tenant:
            if sent.is_delivered:
                put_delivered(tenant, event, clock())
            else:
                put_undelivered(tenant, event, sent.answer, clock() if is_last else None)
        delivered += sent.is_delivered
        failed += not sent.is_delivered
        given_up += is_last and not sent.is_delivered
        if not sent.is_delivered:
            answer = sent.answer
            _log.warning("webhook failed", event_id=event.event_id, answer=answer)
        if sent.is_down:
            break
    with database.fleet() as tx:
        return Delivery(delivered, failed, given_up, waiting_events(tx), answer)


def back_off(attempts: int) -> timedelta:
    """The wait after that many attempts: 1, 2, 4, … minutes, at most an hour.

    >>> [back_off(attempts).total_seconds() / 60 for attempts in (1, 2, 3, 7, 50)]
    [1.0, 2.0, 4.0, 60.0, 60.0]
    """
    return min(BACK_OFF_FIRST * (1 << min(attempts - 1, 10)), BACK_OFF_MAX)


def discard_events(database: Database, before: datetime) -> int:
    """Deletes the events older than that, sent or not; returns how many."""
    with database.fleet() as tx:
        tenants = tenants_in_outbox(tx, before)
    deleted = 0
    for tenant in tenants:
        with database.tenant(tenant) as tx_of_tenant:
            deleted += delete_events(tx_of_tenant, before)
    return deleted


@dataclass(frozen=True, slots=True)
class _Sent:
    is_delivered: bool
    answer: str
    """A status or a kind of failure; never a text of the receiver's."""
    is_down: bool = False
    """The receiver serves nobody now: the other events wait for the next round."""


def _post(target: WebhookTarget, event: Event, now: datetime) -> _Sent:
    """One attempt. No redirect is followed: the signature is for this receiver alone."""
    body = body_of(event, target)
    parts = urlsplit(target.url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = _connection(parts, target.timeout_s)
    # A receiver that sends byte by byte would never reach the timeout of a single wait.
    cut = threading.Timer(target.total_s, _cut_off, [connection])
    cut.daemon = True
    cut.start()
    try:
        connection.request("POST", path, body, headers_of(event, target, body, now))
        # Its body is not read: nothing of it is used, and it may be endless.
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        # Its text may have the address, which is a secret.
        return _Sent(is_delivered=False, answer=type(error).__name__, is_down=True)
    finally:
        cut.cancel()
        connection.close()
    is_down = status == _TOO_MANY_REQUESTS or status >= _SERVER_ERROR
    return _Sent(status in range(200, 300), f"HTTP {status}", is_down=is_down)


def _connection(parts: SplitResult, timeout_s: float) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port, timeout=timeout_s)
    context = ssl.create_default_context()
    return http.client.HTTPSConnection(host, parts.port, timeout=timeout_s, context=context)


def _cut_off(connection: http.client.HTTPConnection) -> None:
    """Ends whatever the connection waits for; it may have ended by itself."""
    opened = connection.sock
    if opened is not None:
        with contextlib.suppress(OSError):
            opened.shutdown(socket.SHUT_RDWR)
