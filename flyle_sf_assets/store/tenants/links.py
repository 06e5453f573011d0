"""The state of each tenant's link to Salesforce, and its items that need a person."""

# ruff: noqa: S608  the SQL is formatted only from this file's own column names

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any, Final, Literal

from flyle_sf_assets.errors import Text
from flyle_sf_assets.store.postgres.database import TenantTransaction

LinkState = Literal[
    "not_connected", "connected", "initial_sync", "linked", "failing", "held", "disconnected"
]


class _Unset(Enum):
    UNSET = "unset"


UNSET: Final = _Unset.UNSET
"""Does not change the column; None writes null."""

_NO_BACK_OFF: Final = {"failures": 0, "retry_at": None, "stopped_version": None}


@dataclass(frozen=True, slots=True)
class Attention:
    """An item that a person must check. ``code``, ``object`` and ``field`` identify it."""

    code: str
    object: str | None
    field: str | None
    message: Text
    remedy: Text
    since: datetime | None = None
    of_sync: bool = False
    """Whether it is why the sync fails (at most one item); its code is the error's."""

    @property
    def key(self) -> tuple[str, str | None, str | None]:
        """The identity of the item."""
        return (self.code, self.object, self.field)


@dataclass(frozen=True, slots=True)
class Link:
    """One tenant's link; all times are UTC."""

    tenant_id: str
    state: LinkState = "not_connected"
    org_id: str | None = None
    source_object: str | None = None
    settings_version: int | None = None
    first_synced_at: datetime | None = None
    last_synced_at: datetime | None = None
    next_due_at: datetime | None = None
    attention: tuple[Attention, ...] = ()
    failures: int = 0
    """The number of consecutive failures of the sync."""
    retry_at: datetime | None = None
    """No automatic retry before this time; None: when it is due."""
    stopped_version: int | None = None
    """No automatic retry while this is the newest settings version."""
    census_at: datetime | None = None
    sweep_at: datetime | None = None
    unanswered_since: datetime | None = None
    """The time of the org's last answer, while it does not answer now."""
    is_outage_told: bool = False


def locked_link(tx: TenantTransaction) -> Link:
    """The link, locked: it cannot change before the transaction ends."""
    return _link(tx, " FOR UPDATE")


def get_link(tx: TenantTransaction) -> Link:
    """The tenant's link; one that was never stored is ``not_connected``."""
    return _link(tx)


def put_link(
    tx: TenantTransaction,
    *,
    state: LinkState | _Unset = UNSET,
    org_id: str | _Unset | None = UNSET,
    source_object: str | _Unset | None = UNSET,
    settings_version: int | _Unset | None = UNSET,
    next_due_at: datetime | _Unset | None = UNSET,
) -> None:
    """Writes only the given columns; the link is created when it does not exist."""
    given = {
        "state": state,
        "org_id": org_id,
        "source_object": source_object,
        "settings_version": settings_version,
        "next_due_at": next_due_at,
    }
    _write(tx, {name: value for name, value in given.items() if value is not UNSET})


def record_synced(tx: TenantTransaction, at: datetime, next_due_at: datetime | None) -> None:
    """Notes that the sync succeeded at ``at``: as the last success, and the first if there is none.

    Clears earlier failures and the request of a person.
    """
    done = {"last_synced_at": at, "next_due_at": next_due_at, "tried_at": at}
    _write(
        tx,
        {**done, "asked_at": None, "unanswered_since": None, **_NO_BACK_OFF},
        "first_synced_at = coalesce(first_synced_at, :last_synced_at)",
    )


def record_held(tx: TenantTransaction, at: datetime, next_due_at: datetime | None) -> None:
    """Notes that a refresh at ``at`` read everything and that its companies wait for approval.

    Clears earlier failures and the request of a person; it is not a sync that succeeded.
    """
    held = {"state": "held", "next_due_at": next_due_at, "tried_at": at, "asked_at": None}
    _write(tx, {**held, **_NO_BACK_OFF})


def put_back_off(
    tx: TenantTransaction,
    *,
    failures: int,
    retry_at: datetime | None,
    stopped_version: int | None,
) -> None:
    """Stores the number of consecutive failures, and the time of the next automatic retry.

    With ``stopped_version`` there is none while that is the newest settings version.
    """
    _write(tx, {"failures": failures, "retry_at": retry_at, "stopped_version": stopped_version})


def record_tried(tx: TenantTransaction, at: datetime) -> None:
    """Notes an attempt that ended at ``at`` without success."""
    _write(tx, {"tried_at": at})


def record_asked(tx: TenantTransaction, at: datetime) -> None:
    """Notes a person's request for a sync: it is due at once, and redescribes the objects too."""
    _write(tx, {"next_due_at": at, "asked_at": at})


def record_figures(tx: TenantTransaction, *, companies: int, rejected: int | None = None) -> None:
    """Stores the number of linked companies, and of rejected values if given, for fleet health."""
    given = {"companies": companies, "rejected": rejected}
    _write(tx, {name: value for name, value in given.items() if value is not None})


def linked_figure(tx: TenantTransaction) -> int | None:
    """The number of linked companies that was stored last; None before the first."""
    found = tx.execute("SELECT companies FROM links WHERE tenant_id = :tenant_id").scalar()
    return None if found is None else int(found)


def put_outage(tx: TenantTransaction, *, unanswered_since: datetime | None, is_told: bool) -> None:
    """Stores since when the org does not answer (None: it does), and if people were notified."""
    _write(tx, {"unanswered_since": unanswered_since, "is_outage_told": is_told})


def record_comparison(
    tx: TenantTransaction, kind: Literal["census", "sweep"], at: datetime
) -> None:
    """Stores the time of the last full comparison with the org, or of the last sweep."""
    _write(tx, {f"{kind}_at": at})


def add_attention(tx: TenantTransaction, items: Iterable[Attention], now: datetime) -> bool:
    """Adds the items; an existing one gets the new texts and keeps its ``since``.

    Returns whether a new item was added.
    """
    current = {item.key: item for item in _locked_attention(tx)}
    added = False
    for item in items:
        known = current.get(item.key)
        added = added or known is None
        since = known.since if known is not None else item.since or now
        current[item.key] = replace(item, since=since)
    _write_attention(tx, current.values())
    return added


def clear_attention(tx: TenantTransaction, code: str) -> bool:
    """Removes the items of that code; returns whether there were any."""
    return _remove(tx, lambda item: item.code == code)


def replace_attention(
    tx: TenantTransaction, codes: Sequence[str], items: Sequence[Attention], now: datetime
) -> bool:
    """Replaces the items with these codes by exactly ``items``; others stay.

    Returns whether a new item was added.
    """
    wanted = {item.key for item in items}
    current = _locked_attention(tx)
    kept = [i for i in current if i.code not in codes or i.key in wanted]
    if len(kept) != len(current):
        _write_attention(tx, kept)
    return bool(items) and add_attention(tx, items, now)


def put_failure(tx: TenantTransaction, item: Attention, now: datetime) -> None:
    """Stores why the sync fails now; the same reason keeps its ``since``, any other is removed."""
    since = item.since or now
    kept = []
    for one in _locked_attention(tx):
        if not one.of_sync:
            kept.append(one)
        elif one.code == item.code:
            since = one.since or since
    _write_attention(tx, [*kept, replace(item, since=since, of_sync=True)])


def clear_failure(tx: TenantTransaction) -> bool:
    """Removes the reason why the sync failed; returns whether there was one."""
    return _remove(tx, lambda item: item.of_sync)


def _remove(tx: TenantTransaction, is_removed: Callable[[Attention], bool]) -> bool:
    current = _locked_attention(tx)
    kept = [item for item in current if not is_removed(item)]
    if len(kept) != len(current):
        _write_attention(tx, kept)
    return len(kept) != len(current)


_SELECT = (
    "SELECT tenant_id, state, org_id, source_object, settings_version, first_synced_at,"
    " last_synced_at, next_due_at, attention, failures, retry_at, stopped_version, census_at,"
    " sweep_at, unanswered_since, is_outage_told FROM links WHERE tenant_id = :tenant_id"
)


def _link(tx: TenantTransaction, lock: str = "") -> Link:
    row = tx.execute(_SELECT + lock).first()
    if row is None:
        return Link(tx.tenant_id)
    return Link(**{**row._asdict(), "attention": tuple(map(_read_attention, row.attention))})


def _write(tx: TenantTransaction, values: dict[str, object], *more: str) -> None:
    """Sets columns; ``more`` are assignments by what they are made of."""
    assignments = ", ".join([*(f"{name} = :{name}" for name in values), *more])
    update = f"UPDATE links SET {assignments} WHERE tenant_id = :tenant_id"
    if assignments and tx.execute(update, **values).rowcount:
        return
    tx.execute("INSERT INTO links (tenant_id) VALUES (:tenant_id) ON CONFLICT DO NOTHING")
    if assignments:
        tx.execute(update, **values)


def _locked_attention(tx: TenantTransaction) -> list[Attention]:
    """The current items; the row stays locked, so that no other process's item is overwritten."""
    _write(tx, {})
    found = tx.execute(
        "SELECT attention FROM links WHERE tenant_id = :tenant_id FOR UPDATE"
    ).scalar_one()
    return [_read_attention(item) for item in found]


def _write_attention(tx: TenantTransaction, items: Iterable[Attention]) -> None:
    documents = []
    for item in items:
        document = asdict(item)
        message, remedy = document.pop("message"), document.pop("remedy")
        document |= {f"message_{language}": text for language, text in message.items()}
        document |= {f"remedy_{language}": text for language, text in remedy.items()}
        document["since"] = item.since.isoformat() if item.since else None
        if not item.of_sync:
            del document["of_sync"]
        documents.append(document)
    tx.execute(
        "UPDATE links SET attention = CAST(:attention AS jsonb) WHERE tenant_id = :tenant_id",
        attention=json.dumps(documents, ensure_ascii=False),
    )


def _read_attention(item: dict[str, Any]) -> Attention:
    since = item.get("since")
    return Attention(
        code=str(item["code"]),
        object=item.get("object"),
        field=item.get("field"),
        message=Text(str(item.get("message_ja")), str(item.get("message_en"))),
        remedy=Text(str(item.get("remedy_ja")), str(item.get("remedy_en"))),
        since=datetime.fromisoformat(since) if since else None,
        # Version 0.1.0 wrote this one code for every reason.
        of_sync=bool(item.get("of_sync")) or item["code"] == "sync_failed",
    )
