"""``flyle-sf status``: how each tenant stands.

What does not belong here: finding it out (``refresh/standing.py``).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.table import Table

from flyle_sf_assets.cli.output import language, to_stdout
from flyle_sf_assets.errors import NotConnected, Text
from flyle_sf_assets.refresh.installation import Installation
from flyle_sf_assets.refresh.standing import Standing, standings


@dataclass(frozen=True)
class TenantState:
    """One tenant's standing as the command shows it."""

    standing: Standing

    def document(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        link = self.standing.link
        return {
            "tenant": link.tenant_id,
            "state": link.state,
            "source_object": link.source_object,
            "first_synced_at": _moment(link.first_synced_at),
            "last_synced_at": _moment(link.last_synced_at),
            "next_due_at": _moment(link.next_due_at),
            "companies": self.standing.companies.get("linked", 0),
            "companies_by_status": self.standing.companies,
            "rejected": self.standing.rejected,
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
            "stale_assets": list(self.standing.stale_assets),
        }


def tenant_states(opened: Installation, tenant: str | None) -> list[TenantState]:
    """All tenants, or one; NotConnected for a tenant without settings."""
    found = [TenantState(standing) for standing in standings(opened, tenant)]
    if tenant is not None and found[0].standing.link.settings_version is None:
        raise NotConnected(
            "unknown_tenant",
            tried=Text(f"テナント {tenant} の状態を調べました", f"Looked at tenant {tenant}"),
            came_back="No settings of this tenant are registered.",
            remedy=Text("flyle-sf apply を実行してください", "Run flyle-sf apply"),
        )
    return found


def print_status(states: list[TenantState]) -> None:
    """A table of the tenants, and below it what needs a person."""
    console = to_stdout()
    table = Table("tenant", "state", "base object", "last synced", "next due")
    for name in ("companies", "rejected"):
        table.add_column(name, justify="right")
    table.add_column("stale assets")
    for state in states:
        one = state.document()
        table.add_row(
            one["tenant"],
            one["state"],
            one["source_object"] or "",
            one["last_synced_at"] or "-",
            one["next_due_at"] or "-",
            f"{one['companies']:,}",
            f"{one['rejected']:,}",
            ", ".join(one["stale_assets"]),
        )
    console.print(table)
    for state in states:
        for item in state.standing.link.attention:
            console.print(f"[yellow]{state.standing.link.tenant_id}[/] ({item.code})")
            console.print(f"  {item.message.in_language(language())}", markup=False)
            console.print(f"  {item.remedy.in_language(language())}", markup=False)


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
