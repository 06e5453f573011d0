"""The outbox: events to post to FLYLE_WEBHOOK_URL, stored in the transaction that made them.

An event stays until it was delivered or given up, and some days longer. A process claims an event
before it sends it, so that two do not send it at the same time.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flyle_sf_assets.store.postgres.database import FleetTransaction, TenantTransaction

ALL_TENANTS = "*"
"""No tenant can have this name: the events of the fleet."""

CODES_MAX = 10

ALERT, ALERT_OVER = "fleet_alert", "fleet_recovered"
"""The kinds of the fleet's events; those of tenants are the kinds of notices."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event to post; ``attempts`` were made. ``payload`` has numbers and codes only."""

    tenant_id: str
    event_id: str
    kind: str
    subject: str
    payload: Mapping[str, Any]
    created_at: datetime
    attempts: int


def put_notice_event(tx: TenantTransaction, kind: str, notification_id: int, now: datetime) -> None:
    """Stores the event of a notice: the link's state, figures and codes, and no text of it."""
    tx.execute(
        "INSERT INTO webhook_outbox (tenant_id, kind, subject, payload, created_at,"
        " next_attempt_at) SELECT :tenant_id, :kind, :subject, jsonb_strip_nulls("
        "jsonb_build_object('state', l.state, 'companies', l.companies, 'rejected', l.rejected,"
        " 'codes', coalesce((SELECT jsonb_agg(c.code) FROM"
        " (SELECT DISTINCT a.one ->> 'code' AS code"
        " FROM jsonb_array_elements(l.attention) AS a (one) ORDER BY 1 LIMIT :codes_max) AS c),"
        " '[]'))), :now, :now FROM (SELECT 1) AS always LEFT JOIN links AS l"
        " ON l.tenant_id = :tenant_id",
        kind=kind,
        subject=f"notice:{notification_id}",
        codes_max=CODES_MAX,
        now=now,
    )


def put_fleet_event(
    tx: TenantTransaction, kind: str, subject: str, payload: Mapping[str, float], now: datetime
) -> None:
    """Stores an event of the fleet, in a transaction of `ALL_TENANTS`."""
    tx.execute(
        "INSERT INTO webhook_outbox (tenant_id, kind, subject, payload, created_at,"
        " next_attempt_at) VALUES (:tenant_id, :kind, :subject, CAST(:payload AS jsonb), :now,"
        " :now)",
        kind=kind,
        subject=subject,
        payload=json.dumps(dict(payload)),
        now=now,
    )


def open_alerts(tx: TenantTransaction) -> frozenset[str]:
    """The subjects of fleet alerts that are not over, in a transaction of `ALL_TENANTS`.

    Until its end no other transaction reads them: two processes must not both tell an alert.
    """
    tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('flyle.fleet_alerts', 0))")
    newest = tx.execute(
        "SELECT DISTINCT ON (subject) subject, kind FROM webhook_outbox"
        " WHERE tenant_id = :tenant_id ORDER BY subject, created_at DESC, kind = :over DESC",
        over=ALERT_OVER,
    )
    return frozenset(str(row.subject) for row in newest if row.kind == ALERT)


def events_to_send(tx: FleetTransaction, now: datetime, limit: int) -> tuple[Event, ...]:
    """The events whose next attempt is due, those that have waited longest first."""
    return tx.rows(
        Event,
        "SELECT tenant_id, CAST(event_id AS text) AS event_id, kind, subject, payload, created_at,"
        " attempts FROM webhook_outbox WHERE delivered_at IS NULL AND given_up_at IS NULL"
        " AND next_attempt_at <= :now ORDER BY next_attempt_at, created_at LIMIT :limit",
        now=now,
        limit=limit,
    )


def claim(tx: TenantTransaction, event: Event, next_attempt_at: datetime) -> bool:
    """Counts an attempt before it is made; False when another process has made it."""
    claimed = tx.execute(
        "UPDATE webhook_outbox SET attempts = attempts + 1, next_attempt_at = :next"
        " WHERE tenant_id = :tenant_id AND event_id = CAST(:event_id AS uuid)"
        " AND attempts = :attempts AND delivered_at IS NULL AND given_up_at IS NULL",
        event_id=event.event_id,
        attempts=event.attempts,
        next=next_attempt_at,
    )
    return claimed.rowcount == 1


def put_delivered(tx: TenantTransaction, event: Event, now: datetime) -> None:
    """Stores that the receiver has it."""
    tx.execute(
        "UPDATE webhook_outbox SET delivered_at = :now, last_answer = NULL"
        " WHERE tenant_id = :tenant_id AND event_id = CAST(:event_id AS uuid)",
        event_id=event.event_id,
        now=now,
    )


def put_undelivered(
    tx: TenantTransaction, event: Event, answer: str, given_up_at: datetime | None
) -> None:
    """Stores why the attempt failed; with ``given_up_at`` it was the last one."""
    tx.execute(
        "UPDATE webhook_outbox SET last_answer = :answer, given_up_at = :given_up_at"
        " WHERE tenant_id = :tenant_id AND event_id = CAST(:event_id AS uuid)",
        event_id=event.event_id,
        answer=answer,
        given_up_at=given_up_at,
    )


def tenants_in_outbox(tx: FleetTransaction, before: datetime) -> tuple[str, ...]:
    """Whose events are older than that."""
    found = tx.execute(
        "SELECT DISTINCT tenant_id FROM webhook_outbox WHERE created_at < :before ORDER BY 1",
        before=before,
    )
    return tuple(found.scalars())


def delete_events(tx: TenantTransaction, before: datetime) -> int:
    """Deletes the tenant's older events and returns how many.

    The newest of each fleet alert stays: it says whether the alert is over.
    """
    return tx.execute(
        "DELETE FROM webhook_outbox AS o WHERE tenant_id = :tenant_id AND created_at < :before"
        " AND (tenant_id <> :fleet OR EXISTS (SELECT FROM webhook_outbox AS n"
        " WHERE n.tenant_id = o.tenant_id AND n.subject = o.subject"
        " AND n.created_at > o.created_at))",
        before=before,
        fleet=ALL_TENANTS,
    ).rowcount


def waiting_events(tx: FleetTransaction) -> int:
    """The number of events that are neither delivered nor given up."""
    return int(
        tx.execute(
            "SELECT count(*) FROM webhook_outbox WHERE delivered_at IS NULL AND given_up_at IS NULL"
        ).scalar_one()
    )
