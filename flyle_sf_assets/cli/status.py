"""``flyle-sf status``: the status of each tenant."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.table import Table

from flyle_sf_assets.cli.status_words import (
    companies_in_words,
    next_attempt,
    reasons,
    state_in_words,
)
from flyle_sf_assets.cli.terminal.language import language, say
from flyle_sf_assets.cli.terminal.moments import distance
from flyle_sf_assets.cli.terminal.output import listing, to_stdout
from flyle_sf_assets.errors import Text
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.sync.state.tenant_status import TenantStatus, tenant_statuses
from flyle_sf_assets.tenants.registration import not_registered

NO_TENANTS = Text(
    "テナントがありません。config/tenants に設定ファイルを置き、flyle-sf apply を実行してください",
    "There are no tenants yet. Put a settings file into config/tenants and run flyle-sf apply.",
)


def document(status: TenantStatus) -> dict[str, Any]:
    """What ``--json`` prints of one tenant."""
    link = status.link
    return {
        "tenant": link.tenant_id,
        "state": link.state,
        "org_id": link.org_id,
        "settings_version": link.settings_version,
        "source_object": link.source_object,
        "first_synced_at": _moment(link.first_synced_at),
        "last_synced_at": _moment(link.last_synced_at),
        "next_due_at": _moment(link.next_due_at),
        "next_attempt_at": _moment(status.next_attempt_at),
        "failures": link.failures,
        "is_stopped": status.is_stopped,
        "companies": status.companies.get("linked", 0),
        "companies_by_status": status.companies,
        "rejected": status.rejected,
        "rolled_back": [
            {"sync_id": number, "values": values} for number, values in status.rolled_back.items()
        ],
        "attention": [
            {
                "code": item.code,
                "object": item.object,
                "field": item.field,
                "message_ja": item.message.ja,
                "message_en": item.message.en,
                "remedy_ja": item.remedy.ja,
                "remedy_en": item.remedy.en,
                "since": _moment(item.since),
            }
            for item in link.attention
        ],
        "stale_assets": list(status.stale_assets),
    }


def states_of(opened: Installation, tenant: str | None) -> tuple[TenantStatus, ...]:
    """All tenants, or one; NotConnected for a tenant without settings."""
    found = tenant_statuses(opened, tenant)
    if tenant is not None and found[0].link.settings_version is None:
        raise not_registered(tenant)
    return found


def print_status(states: Sequence[TenantStatus], *, clock: Clock = utc_now) -> None:
    """A table of the tenants that fits 80 columns, then what is stale and what needs a person."""
    console = to_stdout()
    if not states:
        console.print(NO_TENANTS.in_language(language()))
        return
    console.print(_table(states, clock()))
    for one in states:
        if one.stale_assets:
            stale = say("未反映", "stale")
            console.print(f"{one.link.tenant_id}: {stale}: {', '.join(one.stale_assets)}")
    for one in states:
        for reason in reasons(one):
            console.print(reason)


def _table(statuses: Sequence[TenantStatus], now: datetime) -> Table:
    table = listing()
    table.add_column(say("テナント", "tenant"), overflow="fold")
    for name in (say("状態", "state"), say("最終同期", "last sync"), say("次の同期", "next")):
        table.add_column(name, no_wrap=True)
    table.add_column(say("企業", "companies"))
    table.add_column(say("除外", "rejected"), justify="right", no_wrap=True)
    for one in statuses:
        link = one.link
        table.add_row(
            link.tenant_id,
            state_in_words(link.state),
            distance(link.last_synced_at, now),
            next_attempt(one, distance(one.next_attempt_at, now)),
            companies_in_words(one.companies),
            f"{one.rejected:,}",
        )
    return table


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
