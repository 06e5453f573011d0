"""``flyle-sf status``: the status of each tenant."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from flyle_sf_assets.cli.output import language, to_stdout
from flyle_sf_assets.errors import NotConnected, Text
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.sync.state.tenant_status import TenantStatus, tenant_statuses

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
        raise NotConnected(
            "unknown_tenant",
            tried=Text(f"テナント {tenant} の状態を調べました", f"Looked at tenant {tenant}"),
            came_back="No settings of this tenant are registered.",
            remedy=Text("flyle-sf apply を実行してください", "Run flyle-sf apply"),
        )
    return found


def print_status(states: Sequence[TenantStatus]) -> None:
    """A table of the tenants, then what is stale and what needs a person."""
    console = to_stdout()
    if not states:
        console.print(NO_TENANTS.in_language(language()), markup=False)
        return
    table = Table(box=SIMPLE_HEAD)
    for name in ("tenant", "state"):
        table.add_column(name, no_wrap=True)
    for name in ("base object", "last synced", "next due"):
        table.add_column(name)
    for name in ("companies", "rejected"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in states:
        link = one.link
        table.add_row(
            link.tenant_id,
            link.state,
            link.source_object or "",
            _local(link.last_synced_at),
            _next(one),
            f"{one.companies.get('linked', 0):,}",
            f"{one.rejected:,}",
        )
    console.print(table)
    for one in states:
        if one.stale_assets:
            stale = ", ".join(one.stale_assets)
            console.print(f"{one.link.tenant_id}: stale: {stale}", markup=False)
    for one in states:
        for item in one.link.attention:
            where = f" {item.object or ''} {item.field or ''}".rstrip()
            console.print(
                f"[yellow]{one.link.tenant_id}[/] ({item.code}){where}"
                f" since / 発生 {_local(item.since)}"
            )
            console.print(f"  {item.message.in_language(language())}", markup=False)
            console.print(f"  {item.remedy.in_language(language())}", markup=False)


def _next(one: TenantStatus) -> str:
    """When it is next tried: by the interval, by the back-off, or not before a person acts."""
    if one.is_stopped:
        return "stopped / 停止中"
    after = f" (failed {one.link.failures}×)" if one.link.failures else ""
    return _local(one.next_attempt_at) + after


def _local(at: datetime | None) -> str:
    """For users: to the minute, in this machine's time zone."""
    return "-" if at is None else f"{at.astimezone():%Y-%m-%d %H:%M}"


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
