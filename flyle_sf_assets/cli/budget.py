"""``flyle-sf budget``: each org's daily API requests, who used them, and what may still be used.

What does not belong here: deciding whether a sync is postponed (``tenants/api_budget.py``).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flyle_sf_assets.cli.terminal.language import say
from flyle_sf_assets.cli.terminal.moments import local
from flyle_sf_assets.cli.terminal.output import listing, to_stdout
from flyle_sf_assets.installation.clock import Clock, utc_now
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.store.syncs.schedule_inputs import read_agendas
from flyle_sf_assets.store.tenants.links import get_link
from flyle_sf_assets.tenants.api_budget import SPENT, Budget, budget_of
from flyle_sf_assets.tenants.registration import not_registered, registered_settings


@dataclass(frozen=True, slots=True)
class TenantBudget:
    """One tenant's budget; ``postponed_until`` is None while it may sync."""

    tenant: str
    max_share: str
    budget: Budget
    postponed_until: datetime | None

    def document(self) -> dict[str, Any]:
        """The tenant's entry in ``--json``: requests of 24 hours, None where nothing is known."""
        usage, until = self.budget.usage, self.postponed_until
        return {
            "tenant": self.tenant,
            "org_id": usage.org_id,
            "limit": usage.daily_max,
            "used_by_org": usage.used_by_org,
            "used_by_us": usage.used_by_us,
            "used_by_tenant": usage.used_by_tenant,
            "share": self.max_share,
            "cap": self.budget.cap,
            "forecast": self.budget.forecast,
            "postponed_until": until.isoformat() if until else None,
        }


def budgets_of(
    opened: Installation, tenant: str | None, *, clock: Clock = utc_now
) -> tuple[TenantBudget, ...]:
    """The budget of that tenant, or of every tenant that has settings, by name.

    NotConnected ``unknown_tenant`` for a tenant without settings.
    """
    with opened.database.fleet() as tx:
        names = [agenda.tenant_id for agenda in read_agendas(tx)]
    if tenant is not None and tenant not in names:
        raise not_registered(tenant)
    return tuple(_budget(opened, name, clock) for name in names if tenant in (None, name))


def print_budgets(budgets: tuple[TenantBudget, ...]) -> None:
    """A table; it fits 80 columns."""
    console = to_stdout()
    if not budgets:
        console.print(say("テナントがありません。", "There is no tenant."))
        return
    table = listing(gap=1, fills=console.is_terminal)
    table.add_column(say("テナント", "tenant"), no_wrap=True, ratio=1)
    for name in (
        say("組織の上限", "org limit"),
        say("組織全体", "org used"),
        say("この連携", "we used"),
        say("上限", "our cap"),
        say("次の予測", "next needs"),
    ):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column(say("延期", "postponed"), no_wrap=True)
    for one in budgets:
        usage, budget = one.budget.usage, one.budget
        until = one.postponed_until
        table.add_row(
            one.tenant,
            *(_number(n) for n in (usage.daily_max, usage.used_by_org, usage.used_by_us)),
            _number(budget.cap),
            _number(budget.forecast),
            local(until) if until else "-",
        )
    console.print(table)
    console.print(
        say(
            "24時間のAPIリクエスト数。「この連携」は同じ組織のすべてのテナントの合計です。",
            "API requests of 24 hours; “we used” counts all tenants of the same org.",
        )
    )


def _budget(opened: Installation, tenant: str, clock: Clock) -> TenantBudget:
    settings = registered_settings(opened, tenant)
    if settings is None:
        raise not_registered(tenant)
    with opened.database.tenant(tenant) as tx:
        link = get_link(tx)
    is_first = link.first_synced_at is None
    with opened.database.fleet() as fleet:
        budget = budget_of(fleet, settings, "initial" if is_first else "refresh", clock())
    is_waiting = any(item.code == SPENT for item in link.attention)
    share = settings.api_budget.max_share
    return TenantBudget(tenant, share, budget, link.retry_at if is_waiting else None)


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"
