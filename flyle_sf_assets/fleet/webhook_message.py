"""What is posted of an event: one JSON object, which Slack's incoming webhooks take, and signed.

It has the kind, the tenant's name, numbers, error codes and a link. The texts of notices stay out:
they name customers' fields and companies.
"""

import hashlib
import hmac
import json
import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from flyle_sf_assets.errors import Text
from flyle_sf_assets.fleet.alerts import alert_text
from flyle_sf_assets.fleet.webhook_target import WebhookTarget
from flyle_sf_assets.store.tenants.webhook_outbox import ALL_TENANTS, Event

BODY_BYTES_MAX = 8_192

ID_HEADER = "X-Flyle-Event-Id"
TIMESTAMP_HEADER = "X-Flyle-Timestamp"
SIGNATURE_HEADER = "X-Flyle-Signature"

_CODE = re.compile(r"[a-z][a-z0-9_]{0,62}")
"""The shape of our codes: nothing else is passed on."""

_TEXTS = {
    "first_sync_done": Text("初回の連携が完了しました", "The first sync is complete"),
    "attention": Text("連携に確認が必要です", "The link needs a person"),
    "held": Text("多数の企業の変更を保留しています", "A change of many companies is held"),
    "recovered": Text("連携が復旧しました", "The link has recovered"),
    "disconnected": Text("連携が解除されました", "The link was disconnected"),
}


def body_of(event: Event, target: WebhookTarget) -> bytes:
    """The JSON of an event, the same for each attempt."""
    data = _data(event)
    link = f"{target.console_url}/" if target.console_url else None
    is_fleet = event.tenant_id == ALL_TENANTS
    document = {
        "text": _text(event, data, None if is_fleet else link),
        "id": event.event_id,
        "kind": event.kind,
        "tenant": None if is_fleet else event.tenant_id,
        "created_at": event.created_at.isoformat(),
        "data": data,
        **({"link": link} if link and not is_fleet else {}),
    }
    body = json.dumps(document, ensure_ascii=False).encode()
    if len(body) > BODY_BYTES_MAX:
        raise ValueError(f"an event of kind {event.kind} has {len(body)} bytes")
    return body


def headers_of(event: Event, target: WebhookTarget, body: bytes, now: datetime) -> dict[str, str]:
    """The headers of one attempt, with its time and signature."""
    timestamp = str(int(now.timestamp()))
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "flyle-sf-assets",
        ID_HEADER: event.event_id,
        TIMESTAMP_HEADER: timestamp,
        SIGNATURE_HEADER: f"v1={signature(target.secret, timestamp, body)}",
    }


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over the timestamp, a full stop and the body, in hexadecimal digits."""
    signed = timestamp.encode() + b"." + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _data(event: Event) -> dict[str, Any]:
    """Numbers, and codes of ours."""
    data: dict[str, Any] = {
        name: float(value) if isinstance(value, Decimal) else value
        for name, value in event.payload.items()
        if isinstance(value, int | Decimal) and not isinstance(value, bool)
    }
    codes = event.payload.get("codes", [])
    if event.tenant_id == ALL_TENANTS:
        return {"alert": event.subject, **data}
    known = [code for code in codes if isinstance(code, str) and _CODE.fullmatch(code)]
    return {"state": event.payload.get("state", "not_connected"), **data, "codes": known}


def _text(event: Event, data: dict[str, Any], link: str | None) -> str:
    """One line for people in both languages, and the link."""
    if event.tenant_id == ALL_TENANTS:
        words = alert_text(event.kind, event.subject, data)
        return f"{words.ja} / {words.en}"
    words = _TEXTS[event.kind]
    told = ", ".join(data["codes"]) if event.kind in ("attention", "held") else ""
    if event.kind == "first_sync_done" and "companies" in data:
        told = f"{data['companies']:,} companies"
    line = f"{event.tenant_id}: {words.ja} / {words.en}" + (f" ({told})" if told else "")
    return f"{line}\n{link}" if link else line
